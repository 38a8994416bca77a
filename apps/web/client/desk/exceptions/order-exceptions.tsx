import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { answer, deskApi } from '../../api/client.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorState, StatusBadge } from '../../ui/state.tsx';
import { toast } from '../../ui/toast.tsx';
import { Confirm } from '../operations/confirm.tsx';
import listStyles from '../operations/list.module.css';
import { type Column, List } from '../operations/list.tsx';
import { Nothing, Panel } from '../operations/page.tsx';
import { OrderLink } from '../operations/words.tsx';
import styles from './exceptions.module.css';
import { type OrderException, readOrderExceptions } from './exceptions.ts';

/** Orders whose goods are out while their money is not there. */
export function OrderExceptions() {
  const t = useTranslations('operations.exceptions');
  const queries = useQueryClient();
  const [asked, setAsked] = useState<OrderException>();
  const exceptions = useQuery({
    queryKey: ['orders', 'exceptions'],
    queryFn: ({ signal }) => readOrderExceptions(signal),
  });
  const settle = useMutation({
    mutationFn: ({ id }: OrderException) =>
      answer(deskApi.order.POST('/orders/exceptions/{id}/settled', { params: { path: { id } } })),
    onSuccess: (_, { orderId }) => {
      setAsked(undefined);
      toast(t('settled', { id: String(orderId) }));
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ['orders'] }),
  });
  const columns: Column<OrderException>[] = [
    { id: 'order', title: t('order'), cell: ({ orderId }) => <OrderLink id={orderId} /> },
    { id: 'status', title: t('status'), cell: ({ status }) => <StatusBadge status={status} /> },
    {
      id: 'what',
      title: t('what'),
      cell: ({ exception, status }) => (
        <span className={styles.what}>
          {status === 'orderCanceled' ? t('goodsOutCanceled') : t('goodsOutPaidBack')}
          <span>{exception}</span>
        </span>
      ),
    },
    {
      id: 'actions',
      title: t('actions'),
      hidesTitle: true,
      cell: exception => (
        <span className={listStyles.actions}>
          <Button small onPress={() => setAsked(exception)}>
            {t('settle')}
          </Button>
        </span>
      ),
    },
  ];
  return (
    <Panel title={t('ordersTitle')}>
      <p className={styles.explained}>{t('ordersText')}</p>
      {exceptions.error ? (
        <ErrorState error={exceptions.error} onRetry={() => void exceptions.refetch()} />
      ) : exceptions.data?.length === 0 ? (
        <Nothing>{t('noOrders')}</Nothing>
      ) : (
        <List caption={t('ordersTitle')} columns={columns} rows={exceptions.data} rowId={({ id }) => id} />
      )}
      <Confirm
        title={t('settleTitle')}
        action={t('settle')}
        isOpen={asked !== undefined}
        isPending={settle.isPending}
        error={settle.error}
        onConfirm={() => asked && settle.mutate(asked)}
        onClose={() => {
          settle.reset();
          setAsked(undefined);
        }}
      >
        <p>{t('settleOrderText')}</p>
      </Confirm>
    </Panel>
  );
}
