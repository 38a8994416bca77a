import type { MyPageResource } from '@jumun/contracts';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState } from 'react';
import { Form } from 'react-aria-components/Form';
import { useTranslations } from 'use-intl';
import { answer, api } from '../api/client.ts';
import { ApiProblem } from '../api/problem.ts';
import { useCustomer } from '../app/settings.ts';
import { usePageTitle } from '../app/title.ts';
import { useLive } from '../live/live.tsx';
import { LiveBadge } from '../live/live-badge.tsx';
import { Button, ButtonLink } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { TextField } from '../ui/field.tsx';
import formStyles from '../ui/form.module.css';
import { Money, Time } from '../ui/format.tsx';
import { EmptyState, ErrorState, Skeleton, StatusBadge, useProblemText } from '../ui/state.tsx';
import { Toasts, toast } from '../ui/toast.tsx';
import styles from './order-page.module.css';
import { canCancel, stepsOf } from './timeline.ts';

const route = getRouteApi('/shop/my/orders/$id');
/** An order that was placed just now takes a moment until the view has it. */
const NEW_MS = 500;
const NEW_TRIES = 20;

/** One order, as it is now. */
export function OrderPage() {
  const id = Number(route.useParams().id);
  const t = useTranslations('shop.order');
  usePageTitle(t('title', { id: String(id) }));
  const customerId = useCustomer();
  const { state, refetchInterval } = useLive({ customerId, follow: ['deliveries'] });
  const order = useQuery({
    queryKey: ['myPages', id],
    queryFn: async ({ signal }) => {
      const { _links, ...page } = await answer(
        api.customercenter.GET('/myPages/{id}', { params: { path: { id } }, signal }),
      );
      return page as MyPageResource;
    },
    retry: (failures, error) =>
      error instanceof ApiProblem &&
      (error.isTransient || (error.reason === 'unknown-order' && failures < NEW_TRIES)),
    retryDelay: NEW_MS,
    refetchInterval,
  });

  if (order.data) {
    return (
      <>
        <div className={styles.head}>
          <h1>{t('title', { id: String(id) })}</h1>
          <LiveBadge state={state} />
        </div>
        <Order order={order.data} />
        <Toasts />
      </>
    );
  }
  if (order.isError) {
    return order.error instanceof ApiProblem && order.error.reason === 'unknown-order' ? (
      <EmptyState title={t('unknown')}>
        <ButtonLink to="/my/orders">{t('all')}</ButtonLink>
      </EmptyState>
    ) : (
      <ErrorState error={order.error} onRetry={() => void order.refetch()} />
    );
  }
  return (
    <div role="status">
      <h1>{t('title', { id: String(id) })}</h1>
      <p className={styles.soon}>{t('soon')}</p>
      <Skeleton height="18rem" />
    </div>
  );
}

function Order({ order }: { order: MyPageResource }) {
  const t = useTranslations('shop.order');
  const c = useTranslations('common');
  const reason = useReason();
  return (
    <div className={styles.order}>
      <section className={styles.card} aria-label={t('what')}>
        <div role="status">
          <StatusBadge status={order.status} />
        </div>
        <h2>{order.item ?? c('order', { id: String(order.id) })}</h2>
        <dl className={styles.facts}>
          <dt>{t('quantity')}</dt>
          <dd>{c('pieces', { count: order.quantity })}</dd>
          <dt>{t('price')}</dt>
          <dd>
            <Money amount={order.price} />
          </dd>
          {order.payStatus && (
            <>
              <dt>{t('payment')}</dt>
              <dd>{c(`status.${order.payStatus}`)}</dd>
            </>
          )}
          {order.reason && (
            <>
              <dt>{t('reason')}</dt>
              <dd>{reason(order.reason)}</dd>
            </>
          )}
          {order.deliveryId !== null && <Delivery id={order.deliveryId} />}
        </dl>
        {canCancel(order.status) && <Cancel id={order.id} />}
      </section>
      <section className={styles.card}>
        <h2>{t('timeline')}</h2>
        <Timeline order={order} />
      </section>
    </div>
  );
}

/** The system's own reasons in the reader's language; a customer's as they are. */
function useReason(): (reason: string) => string {
  const t = useTranslations('shop.order.reasons');
  return reason => {
    const [, left] = /^out of stock: (\d+) left$/.exec(reason) ?? [];
    if (left !== undefined) return t('outOfStock', { left: Number(left) });
    return reason === 'the payment was canceled' ? t('payCanceled') : reason;
  };
}

function Delivery({ id }: { id: number }) {
  const t = useTranslations('shop.order');
  const delivery = useQuery({
    queryKey: ['deliveries', id],
    queryFn: ({ signal }) =>
      answer(api.delivery.GET('/deliveries/{id}', { params: { path: { id } }, signal })),
  });
  const { address, carrier, trackingNumber } = delivery.data ?? {};
  return (
    <>
      {address && (
        <>
          <dt>{t('address')}</dt>
          <dd>{address}</dd>
        </>
      )}
      {carrier && (
        <>
          <dt>{t('carrier')}</dt>
          <dd>
            {carrier} {trackingNumber}
          </dd>
        </>
      )}
    </>
  );
}

function Timeline({ order }: { order: MyPageResource }) {
  const t = useTranslations('shop.order');
  return (
    <ol className={styles.timeline}>
      {stepsOf(order).map(({ name, at }) => (
        <li
          key={name}
          data-reached={at !== undefined || undefined}
          data-canceled={name.endsWith('Canceled') || undefined}
        >
          <span>{t(`steps.${name}`)}</span>
          {at === undefined ? <span className={styles.toCome}>{t('toCome')}</span> : <Time at={at} />}
        </li>
      ))}
    </ol>
  );
}

function Cancel({ id }: { id: number }) {
  const t = useTranslations('shop.order.cancel');
  const problem = useProblemText();
  const queries = useQueryClient();
  const [isOpen, setOpen] = useState(false);
  const [reason, setReason] = useState('');
  const cancel = useMutation({
    mutationFn: () =>
      answer(
        api.order.DELETE('/orders/{id}', {
          params: { path: { id }, query: reason.trim() ? { reason: reason.trim() } : {} },
        }),
      ),
    // To cancel it twice changes nothing.
    retry: (failures, error) => failures < 3 && error instanceof ApiProblem && error.isTransient,
    onSuccess() {
      setOpen(false);
      toast(t('done'));
      void queries.invalidateQueries({ queryKey: ['myPages'] });
    },
  });
  return (
    <>
      <Button look="danger" onPress={() => setOpen(true)}>
        {t('open')}
      </Button>
      <Dialog title={t('title')} isOpen={isOpen} onClose={() => setOpen(false)}>
        <Form
          className={formStyles.form ?? ''}
          onSubmit={event => {
            event.preventDefault();
            cancel.mutate();
          }}
        >
          <p>{t('text')}</p>
          <TextField label={t('reason')} value={reason} onChange={setReason} maxLength={200} rows={2} />
          {cancel.isError && <p role="alert">{problem(cancel.error)}</p>}
          <div className={formStyles.end}>
            <Button onPress={() => setOpen(false)}>{t('keep')}</Button>
            <Button type="submit" look="danger" isPending={cancel.isPending}>
              {t('confirm')}
            </Button>
          </div>
        </Form>
      </Dialog>
    </>
  );
}
