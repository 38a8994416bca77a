import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslations } from 'use-intl';
import { answer, api } from '../api/client.ts';
import type { components } from '../api/schema/notice.ts';
import { useCustomer } from '../app/settings.ts';
import { usePageTitle } from '../app/title.ts';
import { Button } from '../ui/button.tsx';
import { Time } from '../ui/format.tsx';
import { EmptyState, ErrorState, Skeleton } from '../ui/state.tsx';
import styles from './notices-page.module.css';

type Notice = components['schemas']['Notice'];

const PAGE = 30;
/** Notices are sent some time after what they tell of. */
const FRESH_MS = 3_000;

/** What the customer was told. */
export function NoticesPage() {
  const t = useTranslations('shop.notices');
  usePageTitle(t('title'));
  const customerId = useCustomer();
  const queries = useQueryClient();
  const notices = useInfiniteQuery({
    queryKey: ['notices', 'find', customerId],
    queryFn: async ({ pageParam, signal }) => {
      const query = { customerId, size: PAGE, ...(pageParam !== undefined && { after: pageParam }) };
      const found = await answer(api.notice.GET('/notices/search/find', { params: { query }, signal }));
      return found._embedded.notices;
    },
    initialPageParam: undefined as number | undefined,
    getNextPageParam: page => (page.length === PAGE ? page.at(-1)?.id : undefined),
    refetchInterval: FRESH_MS,
  });
  const all = notices.data?.pages.flat() ?? [];
  const newest = all[0]?.id;
  const markRead = useMutation({
    mutationFn: (upTo: number) => answer(api.notice.POST('/notices/read', { body: { customerId, upTo } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['notices'] }),
  });

  return (
    <>
      <div className={styles.head}>
        <h1>{t('title')}</h1>
        {newest !== undefined && all.some(({ readAt }) => readAt === null) && (
          <Button isPending={markRead.isPending} onPress={() => markRead.mutate(newest)}>
            {t('markRead')}
          </Button>
        )}
      </div>
      {notices.data ? (
        all.length === 0 ? (
          <EmptyState title={t('empty.title')} text={t('empty.text')} />
        ) : (
          <ul className={styles.notices}>
            {all.map(notice => (
              <li key={notice.id}>
                <Row notice={notice} />
              </li>
            ))}
          </ul>
        )
      ) : notices.isError ? (
        <ErrorState error={notices.error} onRetry={() => void notices.refetch()} />
      ) : (
        <div className={styles.notices}>
          <Skeleton height="4.5rem" />
          <Skeleton height="4.5rem" />
        </div>
      )}
      {notices.hasNextPage && (
        <Button isPending={notices.isFetchingNextPage} onPress={() => void notices.fetchNextPage()}>
          {t('more')}
        </Button>
      )}
    </>
  );
}

function Row({ notice }: { notice: Notice }) {
  const t = useTranslations('shop.notices');
  return (
    <Link
      to="/my/orders/$id"
      params={{ id: String(notice.orderId) }}
      className={styles.notice}
      data-unread={notice.readAt === null || undefined}
    >
      <span>
        {notice.readAt === null && <span className={styles.unread}>{t('unread')}</span>}
        {notice.text}
      </span>
      <Time at={notice.at} />
    </Link>
  );
}
