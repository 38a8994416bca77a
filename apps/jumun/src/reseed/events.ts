import type {
  DeliveryCanceled,
  DeliveryCompleted,
  DeliveryPrepared,
  DeliveryRequested,
  DeliveryStarted,
  EventOf,
  HandOverItem,
  OrderCanceled,
  Ordered,
  OwnerName,
  PayApproved,
  PayCanceled,
  ProductChanged,
  ProductResource,
  States,
  StockShort,
} from '@jumun/contracts';
import { idFor, toMessage } from '@jumun/messaging';

/** One order as its owners know it; those that know nothing of it are missing. */
export type Whole = { [O in OwnerName]?: States[O] };

type OrderEvent =
  | EventOf<typeof Ordered>
  | EventOf<typeof OrderCanceled>
  | EventOf<typeof PayApproved>
  | EventOf<typeof PayCanceled>
  | EventOf<typeof DeliveryPrepared>
  | EventOf<typeof StockShort>
  | EventOf<typeof DeliveryRequested>
  | EventOf<typeof DeliveryStarted>
  | EventOf<typeof DeliveryCompleted>
  | EventOf<typeof DeliveryCanceled>;

/** An event that has happened, told again. */
export interface Retold<E = OrderEvent> {
  event: E;
  /** When it happened, in ms since 1970, as far as its owner wrote that down. */
  at: number;
}

/**
 * The events that have led to what the owners know of one order, in the order of their times. Each is told by its own
 * owner's state alone, so that owners who were asked one after the other cannot make up what never happened; the product
 * service does not keep for whom pieces were taken, which the order or its payment knows.
 */
export function eventsOf({ order, pay, product, delivery }: Whole): Retold[] {
  const told: Retold[] = [
    ...(order ? ofOrder(order) : []),
    ...(pay ? ofPay(pay, order === undefined) : []),
    ...(product ? ofProduct(product, order ?? pay, delivery?.requestedAt ?? order?.orderedAt) : []),
    ...(delivery ? ofDelivery(delivery) : []),
  ];
  return told.sort((a, b) => a.at - b.at);
}

function ofOrder(order: States['order']): Retold[] {
  const { orderId: id, status, reason, orderedAt, updatedAt, ...terms } = order;
  const told: Retold[] = [{ at: orderedAt, event: { type: 'Ordered', id, ...terms, status: 'ordered' } }];
  if (status === 'orderCanceled')
    told.push({ at: updatedAt, event: { type: 'OrderCanceled', id, ...terms, status, reason } });
  return told;
}

/** @param orderless whether there is no order that it was for */
function ofPay(
  { approvedAt, canceledAt, status, reason, ...terms }: States['pay'],
  orderless: boolean,
): Retold[] {
  const told: Retold[] = [{ at: approvedAt, event: { type: 'PayApproved', ...terms, status: 'approved' } }];
  if (status === 'canceled') {
    const voided = orderless && reason === 'voided';
    const event = { type: 'PayCanceled', ...terms, status, reason, ...(voided && { voided }) } as const;
    told.push({ at: canceledAt ?? approvedAt, event });
  }
  return told;
}

type Buyer = Pick<States['order'], 'item' | 'customerId' | 'address' | 'price'>;

/** @param otherwise when it was prepared at the latest, where that was not written down */
function ofProduct(
  { orderId, itemcd, orderQty, payId, hold, preparedAt, available }: States['product'],
  buyer: Buyer | undefined,
  otherwise: number | undefined,
): Retold[] {
  const at = preparedAt ?? otherwise;
  // An order that was established while the owners were asked: the log has what happened to it.
  if (!buyer || at === undefined) return [];
  const { item, customerId, address, price } = buyer;
  const sale = { orderId, itemcd, orderQty, customerId };
  if (hold === 'short') return [{ at, event: { type: 'StockShort', ...sale, totalQuantity: available } }];
  if (hold !== 'taken' && preparedAt === null) return [];
  return [{ at, event: { type: 'DeliveryPrepared', id: payId, ...sale, item, address, price } }];
}

function ofDelivery(delivery: States['delivery']): Retold[] {
  const { requestedAt, startedAt, completedAt, canceledAt, status, ...parcel } = delivery;
  const isCompleted = status === 'deliverycompleted';
  const isStarted = startedAt !== null || isCompleted || status === 'deliverystarted';
  const started = startedAt ?? completedAt ?? requestedAt;
  const told: Retold[] = [
    { at: requestedAt, event: { type: 'DeliveryRequested', ...parcel, status: 'deliveryRequested' } },
  ];
  if (isStarted)
    told.push({ at: started, event: { type: 'DeliveryStarted', ...parcel, status: 'deliverystarted' } });
  if (isCompleted)
    told.push({ at: completedAt ?? started, event: { type: 'DeliveryCompleted', ...parcel, status } });
  if (status === 'deliveryCanceled')
    told.push({ at: canceledAt ?? started, event: { type: 'DeliveryCanceled', ...parcel, status } });
  return told;
}

/** What a product's owner says of it; when it was last changed is not known. */
export function eventOfProduct({
  id,
  name,
  price,
  totalQuantity,
  imageUrl,
}: ProductResource): Retold<EventOf<typeof ProductChanged>> {
  return { at: 0, event: { type: 'ProductChanged', id, name, price, totalQuantity, imageUrl } };
}

/** Events as they are handed over; of an order each kind of event happens once, a product changes. */
export function toHand(key: string, told: Retold<{ type: string }>[]): HandOverItem {
  return {
    events: told.map(({ event: { type, ...fields }, at }) => {
      const message = toMessage({ type, key, fields, traceparent: null }, Math.trunc(at));
      const name = key.startsWith('product-') ? message.payload : `${type} ${key}`;
      return { eventId: idFor(name, Math.trunc(at)), key, type, payload: message.payload };
    }),
  };
}
