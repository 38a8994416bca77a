import { useInfiniteQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslations } from 'use-intl';
import { answer, api } from '../api/client.ts';
import type { components } from '../api/schema/customercenter.ts';
import { useCustomer } from '../app/settings.ts';
import { usePageTitle } from '../app/title.ts';
import { useLive } from '../live/live.tsx';
import { LiveBadge } from '../live/live-badge.tsx';
import { Button, ButtonLink } from '../ui/button.tsx';
import { Money, Time } from '../ui/format.tsx';
import { EmptyState, ErrorState, Skeleton, StatusBadge } from '../ui/state.tsx';
import styles from './orders-page.module.css';
import { Progress } from './progress.tsx';

type MyPage = components['schemas']['MyPage'];

const PAGE = 20;

/** The customer's orders, as they are now. */
export function OrdersPage() {
  const t = useTranslations('shop.orders');
  usePageTitle(t('title'));
  const customerId = useCustomer();
  const { state, refetchInterval } = useLive({ customerId, follow: ['myPages'] });
  const orders = useInfiniteQuery({
    queryKey: ['myPages', 'find', customerId],
    queryFn: async ({ pageParam, signal }) => {
      const query = { customerId, size: PAGE, ...(pageParam !== undefined && { after: pageParam }) };
      const found = await answer(
        api.customercenter.GET('/myPages/search/find', { params: { query }, signal }),
      );
      return found._embedded.myPages;
    },
    initialPageParam: undefined as number | undefined,
    getNextPageParam: page => (page.length === PAGE ? page.at(-1)?.id : undefined),
    refetchInterval,
  });

  return (
    <>
      <div className={styles.head}>
        <h1>{t('title')}</h1>
        <LiveBadge state={state} />
      </div>
      {orders.data ? (
        <Orders orders={orders.data.pages.flat()} />
      ) : orders.isError ? (
        <ErrorState error={orders.error} onRetry={() => void orders.refetch()} />
      ) : (
        <div className={styles.orders}>
          <Skeleton height="6.5rem" />
          <Skeleton height="6.5rem" />
          <Skeleton height="6.5rem" />
        </div>
      )}
      {orders.hasNextPage && (
        <div className={styles.more}>
          <Button isPending={orders.isFetchingNextPage} onPress={() => void orders.fetchNextPage()}>
            {t('more')}
          </Button>
        </div>
      )}
    </>
  );
}

function Orders({ orders }: { orders: MyPage[] }) {
  const t = useTranslations('shop.orders');
  if (orders.length === 0) {
    return (
      <EmptyState title={t('empty.title')} text={t('empty.text')}>
        <ButtonLink to="/" look="primary">
          {t('empty.shop')}
        </ButtonLink>
      </EmptyState>
    );
  }
  return (
    <ul className={styles.orders}>
      {orders.map(order => (
        <li key={order.id}>
          <Row order={order} />
        </li>
      ))}
    </ul>
  );
}

function Row({ order }: { order: MyPage }) {
  const t = useTranslations('common');
  const ordered = order.timeline.find(({ status }) => status === 'ordered')?.at;
  return (
    <Link to="/my/orders/$id" params={{ id: String(order.id) }} className={styles.order}>
      <span className={styles.what}>
        <strong>{order.item ?? t('order', { id: String(order.id) })}</strong>
        <span>
          {t('pieces', { count: order.quantity })} · <Money amount={order.price} />
        </span>
        <span className={styles.when}>
          {t('order', { id: String(order.id) })}
          {ordered && (
            <>
              {' · '}
              <Time at={ordered} />
            </>
          )}
        </span>
      </span>
      <span className={styles.state}>
        <StatusBadge status={order.status} />
        <Progress status={order.status} />
      </span>
    </Link>
  );
}
