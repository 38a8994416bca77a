import { type OrderStatus, orderStatuses } from '@jumun/contracts/status';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useTranslations } from 'use-intl';
import { answer, deskApi } from '../../api/client.ts';
import { usePages } from '../../api/pages.ts';
import type { components } from '../../api/schema/customercenter.ts';
import { useLive } from '../../live/live.tsx';
import { LiveBadge } from '../../live/live-badge.tsx';
import { Button } from '../../ui/button.tsx';
import { Money, Time } from '../../ui/format.tsx';
import { PageHead } from '../../ui/page.tsx';
import { SearchField } from '../../ui/search-field.tsx';
import { EmptyState, StatusBadge } from '../../ui/state.tsx';
import { DataTable } from '../../ui/table.tsx';
import filterStyles from '../filter.module.css';
import { Filter, NumberFilter } from '../filter.tsx';
import { exportUrl, type Filters, queryOf } from './filters.ts';
import styles from './orders.module.css';

type MyPage = components['schemas']['MyPage'];

const PAGE = 50;
const route = getRouteApi('/desk/orders');

/** All orders, to find some of them. */
export function OrdersPage() {
  const t = useTranslations('desk.orders');
  const c = useTranslations('common');
  const filters = route.useSearch();
  const { state, refetchInterval } = useLive({ follow: ['myPages'] });
  const query = usePages<MyPage>({
    queryKey: ['myPages', 'desk', filters],
    size: PAGE,
    read: async (range, signal) => {
      const wanted = { ...queryOf(filters), ...range };
      const found = await answer(
        deskApi.customercenter.GET('/myPages/search/find', { params: { query: wanted }, signal }),
      );
      return found._embedded.myPages;
    },
    refetchInterval,
  });
  return (
    <>
      <PageHead title={t('title')} beside={<LiveBadge state={state} />}>
        <a className={styles.export} href={exportUrl(filters)} download>
          {t('export')}
        </a>
      </PageHead>
      <FilterBar filters={filters} />
      <DataTable
        label={t('title')}
        query={query}
        hrefOf={({ id }) => `/desk/orders/${id}`}
        columns={[
          { id: 'id', title: t('number'), show: ({ id }) => <strong>{id}</strong> },
          { id: 'status', title: t('status'), show: ({ status }) => <StatusBadge status={status} /> },
          {
            id: 'ordered',
            title: t('ordered'),
            show: ({ timeline, updatedAt }) => (
              <Time at={timeline.find(({ status }) => status === 'ordered')?.at ?? updatedAt} />
            ),
          },
          { id: 'item', title: t('item'), show: ({ item, itemcd }) => item ?? itemcd },
          { id: 'quantity', title: t('quantity'), isNumber: true, show: ({ quantity }) => quantity },
          { id: 'price', title: t('price'), isNumber: true, show: ({ price }) => <Money amount={price} /> },
          {
            id: 'customer',
            title: t('customer'),
            isNumber: true,
            show: ({ customerId }) => customerId ?? c('none'),
          },
          {
            id: 'pay',
            title: t('payment'),
            show: ({ payStatus }) => (payStatus ? <StatusBadge status={payStatus} /> : c('none')),
          },
        ]}
        empty={<EmptyState title={t('none')} />}
      />
    </>
  );
}

function FilterBar({ filters }: { filters: Filters }) {
  const t = useTranslations('desk.orders');
  const c = useTranslations('common');
  const navigate = useNavigate();
  const change = (part: Partial<Record<keyof Filters, Filters[keyof Filters] | undefined>>) => {
    const entries = Object.entries({ ...filters, ...part }).filter(
      ([, value]) => value !== undefined && value !== '',
    );
    void navigate({ to: '/desk/orders', search: Object.fromEntries(entries), replace: true });
  };
  return (
    <search className={filterStyles.filters}>
      <SearchField label={t('search')} value={filters.q ?? ''} onChange={q => change({ q })} />
      <Filter label={t('status')}>
        {id => (
          <select
            id={id}
            value={filters.status ?? ''}
            onChange={({ target }) =>
              change({ status: (target.value || undefined) as OrderStatus | undefined })
            }
          >
            <option value="">{t('any')}</option>
            {orderStatuses.map(status => (
              <option key={status} value={status}>
                {c(`status.${status}`)}
              </option>
            ))}
          </select>
        )}
      </Filter>
      <NumberFilter
        label={t('customer')}
        value={filters.customer}
        onChange={customer => change({ customer })}
      />
      <NumberFilter label={t('product')} value={filters.product} onChange={product => change({ product })} />
      <Filter label={t('from')}>
        {id => (
          <input
            id={id}
            type="date"
            value={filters.from ?? ''}
            onChange={({ target }) => change({ from: target.value })}
          />
        )}
      </Filter>
      <Filter label={t('to')}>
        {id => (
          <input
            id={id}
            type="date"
            value={filters.to ?? ''}
            onChange={({ target }) => change({ to: target.value })}
          />
        )}
      </Filter>
      {Object.keys(filters).length > 0 && (
        <Button look="quiet" onPress={() => void navigate({ to: '/desk/orders', search: {} })}>
          {t('clear')}
        </Button>
      )}
    </search>
  );
}
