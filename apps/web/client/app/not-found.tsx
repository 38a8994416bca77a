import { useTranslations } from 'use-intl';
import { ButtonLink } from '../ui/button.tsx';
import { EmptyState } from '../ui/state.tsx';

/** Stands where an address leads nowhere. */
export function NotFound() {
  const t = useTranslations('common.notFound');
  return (
    <EmptyState title={t('title')} text={t('text')}>
      <ButtonLink to="/" look="primary">
        {t('home')}
      </ButtonLink>
    </EmptyState>
  );
}
