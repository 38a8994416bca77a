import type { ServiceName } from '@jumun/contracts';
import { eventsOf, type Retold, type Whole } from './events.ts';

/** What a service is handed of one order. */
export interface Chosen {
  events: Retold[];
  /** Whether its own row of the order is gone, and only its backup can bring it back. */
  rowGone: boolean;
}

/**
 * Chooses what a service is handed of one order, so that nothing is done again that has an end: pieces for an order
 * that was canceled are not taken, and none that is out for delivery or has arrived is sent a second time.
 * @param types what the service takes
 */
export function choose(target: ServiceName, types: readonly string[], whole: Whole): Chosen {
  const events = eventsOf(whole).filter(({ event }) => types.includes(event.type));
  if (target === 'product') {
    // Told of the cancellation first, it takes nothing from orders that stand, and tells nobody of a delivery.
    const isEnd = ({ event }: Retold) => event.type === 'OrderCanceled' || event.type === 'PayCanceled';
    return { events: [...events.filter(isEnd), ...events.filter(it => !isEnd(it))], rowGone: false };
  }
  const status = whole.order?.status;
  const isOut = status === 'deliverystarted' || status === 'deliverycompleted';
  if (target === 'delivery' && isOut && !whole.delivery)
    return { events: events.filter(({ event }) => event.type !== 'DeliveryPrepared'), rowGone: true };
  return { events, rowGone: false };
}
