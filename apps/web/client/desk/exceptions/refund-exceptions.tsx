import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslations } from 'use-intl';
import { answer, deskApi } from '../../api/client.ts';
import { Button } from '../../ui/button.tsx';
import { Money } from '../../ui/format.tsx';
import { ErrorState, useProblemText } from '../../ui/state.tsx';
import { toast } from '../../ui/toast.tsx';
import { Confirm } from '../operations/confirm.tsx';
import listStyles from '../operations/list.module.css';
import { type Column, List } from '../operations/list.tsx';
import { Nothing, Panel } from '../operations/page.tsx';
import { OrderLink } from '../operations/words.tsx';
import styles from './exceptions.module.css';
import { type RefundException, readRefundExceptions } from './exceptions.ts';

/** Refunds that the provider refused for good: tried again, or given back by hand. */
export function RefundExceptions() {
  const t = useTranslations('operations.exceptions');
  const problem = useProblemText();
  const queries = useQueryClient();
  const [asked, setAsked] = useState<RefundException>();
  const exceptions = useQuery({
    queryKey: ['pays', 'exceptions'],
    queryFn: ({ signal }) => readRefundExceptions(signal),
  });
  const refresh = () => queries.invalidateQueries({ queryKey: ['pays'] });
  const retry = useMutation({
    mutationFn: ({ id }: RefundException) =>
      answer(deskApi.pay.POST('/pays/exceptions/{id}/retried', { params: { path: { id } } })),
    onSuccess: (_, { orderId }) => toast(t('retried', { id: String(orderId) })),
    onError: error => toast(problem(error)),
    onSettled: refresh,
  });
  const settle = useMutation({
    mutationFn: ({ id }: RefundException) =>
      answer(deskApi.pay.POST('/pays/exceptions/{id}/settled', { params: { path: { id } } })),
    onSuccess: (_, { orderId }) => {
      setAsked(undefined);
      toast(t('settled', { id: String(orderId) }));
    },
    onSettled: refresh,
  });
  const columns: Column<RefundException>[] = [
    { id: 'order', title: t('order'), cell: ({ orderId }) => <OrderLink id={orderId} /> },
    { id: 'amount', title: t('amount'), numeric: true, cell: ({ amount }) => <Money amount={amount} /> },
    {
      id: 'what',
      title: t('what'),
      cell: ({ exception, payId }) => (
        <span className={styles.what}>
          {payId === null ? t('refusedUnknown') : t('refused')}
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
          <Button
            small
            isPending={retry.isPending && retry.variables.id === exception.id}
            onPress={() => retry.mutate(exception)}
          >
            {t('retry')}
          </Button>
          <Button small look="danger" onPress={() => setAsked(exception)}>
            {t('settleByHand')}
          </Button>
        </span>
      ),
    },
  ];
  return (
    <Panel title={t('refundsTitle')}>
      <p className={styles.explained}>{t('refundsText')}</p>
      {exceptions.error ? (
        <ErrorState error={exceptions.error} onRetry={() => void exceptions.refetch()} />
      ) : exceptions.data?.length === 0 ? (
        <Nothing>{t('noRefunds')}</Nothing>
      ) : (
        <List caption={t('refundsTitle')} columns={columns} rows={exceptions.data} rowId={({ id }) => id} />
      )}
      <Confirm
        title={t('settleTitle')}
        action={t('settleByHand')}
        isOpen={asked !== undefined}
        isPending={settle.isPending}
        error={settle.error}
        onConfirm={() => asked && settle.mutate(asked)}
        onClose={() => {
          settle.reset();
          setAsked(undefined);
        }}
      >
        <p>{t.rich('settleRefundText', { amount: () => <Money amount={asked?.amount ?? 0} /> })}</p>
      </Confirm>
    </Panel>
  );
}
