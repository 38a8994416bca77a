import { Link, useRouter } from '@tanstack/react-router';
import { RouterProvider } from 'react-aria-components';
import { useTranslations } from 'use-intl';
import { Layout } from '../app/layout.tsx';
import { ButtonLink } from '../ui/button.tsx';
import { Toasts } from '../ui/toast.tsx';

/** The frame of the desk's pages. */
export function DeskLayout() {
  const t = useTranslations('desk.navigation');
  const router = useRouter();
  const navigation = (
    <>
      <Link to="/desk" activeOptions={{ exact: true }}>
        {t('overview')}
      </Link>
      <Link to="/desk/products">{t('products')}</Link>
      <Link to="/desk/orders">{t('orders')}</Link>
      <Link to="/desk/deliveries">{t('deliveries')}</Link>
      <Link to="/desk/payments">{t('payments')}</Link>
      <Link to="/desk/audit">{t('audit')}</Link>
      <Link to="/desk/dead-letters">{t('deadLetters')}</Link>
      <Link to="/desk/exceptions">{t('exceptions')}</Link>
    </>
  );
  const toShop = (
    <ButtonLink to="/" small look="quiet">
      {t('shop')}
    </ButtonLink>
  );
  return (
    // Rows that lead somewhere go by the router.
    <RouterProvider navigate={href => void router.navigate({ href })}>
      <Layout navigation={navigation} settings={toShop} wide />
      <Toasts />
    </RouterProvider>
  );
}
