import { useTranslations } from 'use-intl';
import { useLive } from '../../live/live.tsx';
import { Page } from '../operations/page.tsx';
import { OrderExceptions } from './order-exceptions.tsx';
import { RefundExceptions } from './refund-exceptions.tsx';

/** What the system cannot put right by itself, since goods or money are out of its hands. */
export function ExceptionsPage() {
  const t = useTranslations('operations.exceptions');
  useLive({ follow: ['orders', 'pays'] });
  return (
    <Page title={t('title')} intro={t('intro')}>
      <OrderExceptions />
      <RefundExceptions />
    </Page>
  );
}
