import { type PayStatus, payStatuses } from '@jumun/contracts/status';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { answer, deskApi } from '../../api/client.ts';
import { usePages } from '../../api/pages.ts';
import { ApiProblem } from '../../api/problem.ts';
import type { components } from '../../api/schema/pay.ts';
import { useLive } from '../../live/live.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import formStyles from '../../ui/form.module.css';
import { Money } from '../../ui/format.tsx';
import { StatusBadge, useProblemText } from '../../ui/state.tsx';
import { DataTable } from '../../ui/table.tsx';
import { toast } from '../../ui/toast.tsx';
import { RefundExceptions } from '../exceptions/refund-exceptions.tsx';
import filterStyles from '../filter.module.css';
import { Filter, NumberFilter } from '../filter.tsx';
import { Nothing, Page, Panel } from '../operations/page.tsx';
import { OrderLink } from '../operations/words.tsx';

type Pay = Pick<
  components['schemas']['Pay'],
  'id' | 'orderId' | 'item' | 'itemcd' | 'customerId' | 'price' | 'status'
>;

interface Filters {
  status?: PayStatus;
  orderId?: number;
  customerId?: number;
}

const PAGE = 50;

/** Payments and refunds, the newest first, and the refunds that failed. */
export function PaymentsPage() {
  const t = useTranslations('operations.payments');
  const common = useTranslations('common');
  const [filters, setFilters] = useState<Filters>({});
  const [canceling, setCanceling] = useState<Pay>();
  const { refetchInterval } = useLive({ follow: ['pays'] });
  const query = usePages<Pay>({
    queryKey: ['pays', 'find', filters],
    size: PAGE,
    read: async (range, signal) => {
      const wanted = { ...filters, ...range };
      const found = await answer(deskApi.pay.GET('/pays/search/find', { params: { query: wanted }, signal }));
      return found._embedded.pays;
    },
    refetchInterval,
  });
  const change = (part: { [K in keyof Filters]: Filters[K] | undefined }) => {
    const entries = Object.entries({ ...filters, ...part }).filter(([, value]) => value !== undefined);
    setFilters(Object.fromEntries(entries));
  };
  const asText = Object.entries(filters).map(([name, value]) => [name, String(value)]);

  return (
    <Page
      title={t('title')}
      actions={
        <a download href={`/desk/api/pay/pays/search/find.csv?${new URLSearchParams(asText)}`}>
          {t('csv')}
        </a>
      }
    >
      <RefundExceptions />
      <Panel title={t('title')}>
        <search className={filterStyles.filters}>
          <Filter label={t('status')}>
            {id => (
              <select
                id={id}
                value={filters.status ?? ''}
                onChange={({ target }) => change({ status: payStatuses.find(it => it === target.value) })}
              >
                <option value="">{t('all')}</option>
                {payStatuses.map(status => (
                  <option key={status} value={status}>
                    {common(`status.${status}`)}
                  </option>
                ))}
              </select>
            )}
          </Filter>
          <NumberFilter
            label={t('order')}
            value={filters.orderId}
            onChange={orderId => change({ orderId })}
          />
          <NumberFilter
            label={t('customer')}
            value={filters.customerId}
            onChange={customerId => change({ customerId })}
          />
        </search>
        <DataTable
          label={t('title')}
          query={query}
          columns={[
            { id: 'order', title: t('order'), show: ({ orderId }) => <OrderLink id={orderId} /> },
            { id: 'item', title: t('item'), show: ({ item, itemcd }) => item ?? itemcd },
            {
              id: 'customer',
              title: t('customer'),
              isNumber: true,
              show: ({ customerId }) => customerId ?? common('none'),
            },
            { id: 'status', title: t('status'), show: ({ status }) => <StatusBadge status={status} /> },
            {
              id: 'price',
              title: t('amount'),
              isNumber: true,
              show: ({ price }) => <Money amount={price} />,
            },
            {
              id: 'cancel',
              title: t('cancel.column'),
              show: pay =>
                pay.status === 'approved' && (
                  <Button small look="danger" onPress={() => setCanceling(pay)}>
                    {t('cancel.open')}
                  </Button>
                ),
            },
          ]}
          empty={<Nothing>{t('nothing')}</Nothing>}
        />
      </Panel>
      {canceling && <Cancel pay={canceling} onClose={() => setCanceling(undefined)} />}
    </Page>
  );
}

function Cancel({ pay, onClose }: { pay: Pay; onClose(): void }) {
  const t = useTranslations('operations.payments.cancel');
  const problem = useProblemText();
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => answer(deskApi.pay.DELETE('/pays/{id}', { params: { path: { id: pay.id } } })),
    // To cancel it twice changes nothing.
    retry: (failures, error) => failures < 3 && error instanceof ApiProblem && error.isTransient,
    onSuccess() {
      onClose();
      toast(t('done'));
      void queries.invalidateQueries({ queryKey: ['pays'] });
    },
  });
  return (
    <Dialog title={t('title', { id: String(pay.orderId) })} isOpen onClose={onClose}>
      <p>{t('text')}</p>
      {cancel.isError && <p role="alert">{problem(cancel.error)}</p>}
      <div className={formStyles.end}>
        <Button onPress={onClose}>{t('keep')}</Button>
        <Button look="danger" isPending={cancel.isPending} onPress={() => cancel.mutate()}>
          {t('confirm')}
        </Button>
      </div>
    </Dialog>
  );
}
