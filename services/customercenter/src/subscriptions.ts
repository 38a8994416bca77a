import {
  DeliveryCanceled,
  DeliveryCompleted,
  DeliveryPrepared,
  DeliveryRequested,
  DeliveryStarted,
  type DeliveryStatus,
  OrderCanceled,
  Ordered,
  type OrderStatus,
  PayApproved,
  PayCanceled,
} from '@jumun/contracts';
import { on, type Received, type Subscription } from '@jumun/messaging';
import type { ViewChange } from './view.ts';

interface Sale {
  item?: string | null;
  orderQty: number;
  price?: number | null;
  itemcd: number;
  customerId?: number | null;
}

const factsOf = ({ item = null, orderQty: quantity, price = null, itemcd, customerId = null }: Sale) => ({
  item,
  quantity,
  price,
  itemcd,
  customerId,
});

function ofDelivery(
  event: Received<typeof DeliveryStarted>,
  deliveryStatus: DeliveryStatus,
  status?: OrderStatus,
): ViewChange {
  const { orderId, timestamp: at, id: deliveryId } = event;
  return { orderId, at, deliveryId, deliveryStatus, step: deliveryStatus, ...(status && { status }) };
}

/** What each event adds to the view. */
export const subscriptions: Subscription<ViewChange>[] = [
  on(Ordered, event => ({
    orderId: event.id,
    at: event.timestamp,
    shown: true,
    status: 'ordered',
    step: 'ordered',
    facts: factsOf(event),
  })),
  on(OrderCanceled, event => ({
    orderId: event.id,
    at: event.timestamp,
    shown: true,
    status: 'orderCanceled',
    step: 'orderCanceled',
    facts: { ...factsOf(event), reason: event.reason ?? null },
  })),
  on(PayApproved, event => ({
    orderId: event.orderId,
    at: event.timestamp,
    payStatus: 'approved',
    step: 'payApproved',
    facts: factsOf(event),
  })),
  on(PayCanceled, event => ({
    orderId: event.orderId,
    at: event.timestamp,
    payStatus: 'canceled',
    step: 'payCanceled',
    facts: factsOf(event),
  })),
  on(DeliveryPrepared, event => ({
    orderId: event.orderId,
    at: event.timestamp,
    status: 'deliveryPrepared',
    step: 'deliveryPrepared',
    facts: factsOf(event),
  })),
  on(DeliveryRequested, event => ofDelivery(event, 'deliveryRequested')),
  on(DeliveryStarted, event => ofDelivery(event, 'deliverystarted', 'deliverystarted')),
  on(DeliveryCompleted, event => ofDelivery(event, 'deliverycompleted', 'deliverycompleted')),
  on(DeliveryCanceled, event => ofDelivery(event, 'deliveryCanceled')),
];
