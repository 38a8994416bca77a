import { Link } from '@tanstack/react-router';
import { useFormatter, useNow, useTranslations } from 'use-intl';
import { isService } from './services.ts';
import styles from './words.module.css';

/** A service's name for people; a name that is none of them stands as it is. */
export function useServiceName(): (name: string) => string {
  const t = useTranslations('operations.services');
  return name => (isService(name) ? t(name) : name);
}

/** Leads to the whole story of an order. */
export function OrderLink({ id }: { id: number | string }) {
  const t = useTranslations('common');
  return (
    <Link to="/desk/orders/$id" params={{ id: String(id) }} className={styles.link}>
      {t('order', { id: String(id) })}
    </Link>
  );
}

/** How long ago an instant was, with the instant itself behind it. */
export function Since({ at }: { at: string }) {
  const format = useFormatter();
  const now = useNow({ updateInterval: 10_000 });
  return (
    <time dateTime={at} title={format.dateTime(new Date(at), { dateStyle: 'medium', timeStyle: 'medium' })}>
      {format.relativeTime(new Date(at), now)}
    </time>
  );
}
