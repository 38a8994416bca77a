import { useQuery } from '@tanstack/react-query';
import { useTranslations } from 'use-intl';
import { answer, api } from '../api/client.ts';
import { useCustomer } from '../app/settings.ts';
import styles from './unread.module.css';

const FRESH_MS = 5_000;
const MOST = 99;

/** How many notices the customer has not seen. */
export function Unread() {
  const t = useTranslations('common.navigation');
  const customerId = useCustomer();
  const { data } = useQuery({
    queryKey: ['notices', 'unread', customerId],
    queryFn: ({ signal }) =>
      answer(api.notice.GET('/notices/search/countUnread', { params: { query: { customerId } }, signal })),
    refetchInterval: FRESH_MS,
  });
  if (!data?.unread) return null;
  return (
    <span className={styles.unread}>
      <span aria-hidden="true">{data.unread > MOST ? `${MOST}+` : data.unread}</span>
      <span className={styles.spoken}>{t('unread', { count: data.unread })}</span>
    </span>
  );
}
