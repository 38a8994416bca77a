import {
  type InfiniteData,
  type QueryClient,
  useMutation,
  useMutationState,
  useQueryClient,
} from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { Button as AriaButton } from 'react-aria-components/Button';
import { Form } from 'react-aria-components/Form';
import { GridList, GridListItem } from 'react-aria-components/GridList';
import { useDragAndDrop } from 'react-aria-components/useDragAndDrop';
import { useTranslations } from 'use-intl';
import { answer, deskApi } from '../../api/client.ts';
import { usePages } from '../../api/pages.ts';
import { ApiProblem } from '../../api/problem.ts';
import type { components } from '../../api/schema/delivery.ts';
import { store, stored } from '../../app/stored.ts';
import { useLive } from '../../live/live.tsx';
import { LiveBadge } from '../../live/live-badge.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import formStyles from '../../ui/form.module.css';
import { PageHead } from '../../ui/page.tsx';
import { ErrorState, Skeleton, useProblemText } from '../../ui/state.tsx';
import { toast } from '../../ui/toast.tsx';
import styles from './board.module.css';
import { type ColumnName, cardsOf, columns, nextStep, type StepUnderWay } from './board.ts';

type Delivery = Pick<
  components['schemas']['Delivery'],
  'id' | 'orderId' | 'productName' | 'qtyp' | 'address' | 'status' | 'carrier' | 'trackingNumber'
>;

const PAGE = 50;
const MOVES = ['deliveries', 'move'];
const DRAGGED = 'application/x-jumun-delivery';
const CARRIER = 'jumun.carrier';

interface Move extends StepUnderWay<Delivery> {
  tracking: { carrier?: string; trackingNumber?: string };
}

/** What is to be delivered, and how far it has come. */
export function BoardPage() {
  const t = useTranslations('desk.deliveries');
  const problem = useProblemText();
  const queries = useQueryClient();
  const { state, refetchInterval } = useLive({ follow: ['deliveries'] });
  /** A delivery that waits for its carrier to be named. */
  const [starting, setStarting] = useState<Delivery>();
  const move = useMutation({
    mutationKey: MOVES,
    mutationFn: ({ delivery, step, tracking }: Move) => {
      const params = { path: { id: delivery.id } };
      return answer(
        step === 'deliverystarted'
          ? deskApi.delivery.POST('/deliveries/{id}/deliverystarted', { params, body: tracking })
          : deskApi.delivery.POST('/deliveries/{id}/deliverycompleted', { params, body: {} }),
      );
    },
    // A step that was taken already stays as it is.
    retry: (failures, error) => failures < 3 && error instanceof ApiProblem && error.isTransient,
    onSuccess: (_, { delivery, step }) => toast(t(`done.${step}`, { id: String(delivery.orderId) })),
    onError: (error, { delivery }) =>
      toast(t('refused', { id: String(delivery.orderId), why: problem(error) })),
    // Under way until the columns say the same: no card goes back and forth.
    onSettled: () => queries.invalidateQueries({ queryKey: ['deliveries'] }),
  });

  const underWay = useMutationState({
    filters: { mutationKey: MOVES, status: 'pending' },
    select: ({ state: { variables } }) => variables as Move,
  });

  function bring(delivery: Delivery, to: ColumnName): void {
    if (to === delivery.status) return;
    const step = nextStep(delivery.status);
    if (step !== to) toast(t('noStep'));
    else if (step === 'deliverystarted') setStarting(delivery);
    else move.mutate({ delivery, step, tracking: {} });
  }

  return (
    <>
      <PageHead title={t('title')} beside={<LiveBadge state={state} />} />
      <div className={styles.board}>
        {columns.map(name => (
          <Column
            key={name}
            name={name}
            underWay={underWay}
            refetchInterval={refetchInterval}
            bring={bring}
          />
        ))}
      </div>
      {starting && (
        <Start
          delivery={starting}
          onClose={() => setStarting(undefined)}
          onStart={tracking => {
            setStarting(undefined);
            move.mutate({ delivery: starting, step: 'deliverystarted', tracking });
          }}
        />
      )}
    </>
  );
}

function Column({
  name,
  underWay,
  refetchInterval,
  bring,
}: {
  name: ColumnName;
  underWay: readonly Move[];
  refetchInterval: number | false;
  bring(delivery: Delivery, to: ColumnName): void;
}) {
  const t = useTranslations('desk.deliveries');
  const c = useTranslations('common');
  const queries = useQueryClient();
  const deliveries = usePages<Delivery>({
    queryKey: ['deliveries', 'board', name],
    size: PAGE,
    read: async (range, signal) => {
      const query = { status: name, ...range };
      const found = await answer(
        deskApi.delivery.GET('/deliveries/search/find', { params: { query }, signal }),
      );
      return found._embedded.deliveries;
    },
    refetchInterval,
  });
  const cards = deliveries.rows && cardsOf(name, deliveries.rows, underWay);
  const { dragAndDropHooks } = useDragAndDrop<Delivery>({
    getItems: (_, items) =>
      items.map(({ id, orderId }) => ({ [DRAGGED]: String(id), 'text/plain': String(orderId) })),
    acceptedDragTypes: [DRAGGED],
    getDropOperation: () => 'move',
    async onRootDrop({ items }) {
      for (const item of items) {
        if (item.kind !== 'text' || !item.types.has(DRAGGED)) continue;
        // What is dropped may come from anywhere: only a delivery that the board knows can be moved.
        const id = Number(await item.getText(DRAGGED));
        const delivery = knownDelivery(queries, id);
        if (delivery) bring(delivery, name);
      }
    },
  });
  const to = nextStep(name);

  return (
    <section className={styles.column}>
      <h2>
        {t(`columns.${name}`)}
        {cards && (
          <span className={styles.count}>{deliveries.hasMore ? `${cards.length}+` : cards.length}</span>
        )}
      </h2>
      {deliveries.error && !cards ? (
        <ErrorState error={deliveries.error} onRetry={deliveries.retry} />
      ) : cards ? (
        <GridList
          aria-label={t(`columns.${name}`)}
          className={styles.cards ?? ''}
          items={cards}
          dragAndDropHooks={dragAndDropHooks}
          renderEmptyState={() => <p className={styles.empty}>{t('empty')}</p>}
        >
          {delivery => (
            <GridListItem
              className={styles.card ?? ''}
              textValue={`${c('order', { id: String(delivery.orderId) })} ${delivery.productName ?? ''}`}
            >
              <div className={styles.top}>
                <Link to="/desk/orders/$id" params={{ id: String(delivery.orderId) }}>
                  {c('order', { id: String(delivery.orderId) })}
                </Link>
                <AriaButton slot="drag" className={styles.handle ?? ''} aria-label={t('drag')}>
                  ⠿
                </AriaButton>
              </div>
              <strong>
                {delivery.productName}
                {delivery.qtyp !== null && ` · ${c('pieces', { count: delivery.qtyp })}`}
              </strong>
              {delivery.address && <span className={styles.address}>{delivery.address}</span>}
              {delivery.carrier && (
                <span className={styles.address}>
                  {delivery.carrier} {delivery.trackingNumber}
                </span>
              )}
              {to && (
                <Button small onPress={() => bring(delivery, to)}>
                  {t(`steps.${to}`)}
                </Button>
              )}
            </GridListItem>
          )}
        </GridList>
      ) : (
        <>
          <Skeleton height="6rem" />
          <Skeleton height="6rem" />
        </>
      )}
      {deliveries.hasMore && (
        <Button small isPending={deliveries.isFetchingMore} onPress={deliveries.more}>
          {c('more')}
        </Button>
      )}
    </section>
  );
}

/** A delivery as a column of the board last read it. */
function knownDelivery(queries: QueryClient, id: number): Delivery | undefined {
  return queries
    .getQueriesData<InfiniteData<Delivery[]>>({ queryKey: ['deliveries', 'board'] })
    .flatMap(([, read]) => read?.pages.flat() ?? [])
    .find(delivery => delivery.id === id);
}

function Start({
  delivery,
  onClose,
  onStart,
}: {
  delivery: Delivery;
  onClose(): void;
  onStart(tracking: Move['tracking']): void;
}) {
  const t = useTranslations('desk.deliveries.start');
  const [carrier, setCarrier] = useState(() => stored(CARRIER, ''));
  const [trackingNumber, setTrackingNumber] = useState('');
  return (
    <Dialog title={t('title', { id: String(delivery.orderId) })} isOpen onClose={onClose}>
      <Form
        className={formStyles.form ?? ''}
        onSubmit={event => {
          event.preventDefault();
          store(CARRIER, carrier);
          onStart({ ...(carrier && { carrier }), ...(trackingNumber && { trackingNumber }) });
        }}
      >
        <TextField label={t('carrier')} value={carrier} onChange={setCarrier} maxLength={100} />
        <TextField
          label={t('trackingNumber')}
          value={trackingNumber}
          onChange={setTrackingNumber}
          maxLength={100}
        />
        <div className={formStyles.end}>
          <Button onPress={onClose}>{t('close')}</Button>
          <Button type="submit" look="primary">
            {t('confirm')}
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
