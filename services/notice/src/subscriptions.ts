import {
  DeliveryCanceled,
  DeliveryCompleted,
  DeliveryPrepared,
  DeliveryStarted,
  OrderCanceled,
  Ordered,
  PayCanceled,
} from '@jumun/contracts';
import { on, type Received, type Subscription } from '@jumun/messaging';
import type { NoticeCommand } from './store.ts';
import type { NoticeKind } from './texts.ts';

function ofOrder(kind: NoticeKind, event: Received<typeof OrderCanceled>): NoticeCommand {
  const { id: orderId, item = null, orderQty: quantity, price, reason = null, customerId = null } = event;
  return { kind, customerId, facts: { orderId, item, quantity, price, reason }, at: event.timestamp };
}

function ofDelivery(kind: NoticeKind, event: Received<typeof DeliveryStarted>): NoticeCommand {
  const { orderId, productName: item = null, qtyp: quantity = null, price = null, customerId = null } = event;
  return { kind, customerId, facts: { orderId, item, quantity, price, reason: null }, at: event.timestamp };
}

/** What customers are told of. */
export const subscriptions: Subscription<NoticeCommand>[] = [
  on(Ordered, event => ofOrder('Ordered', event)),
  on(OrderCanceled, event => ofOrder('OrderCanceled', event)),
  on(DeliveryPrepared, event => {
    const { orderId, item = null, orderQty: quantity, price = null, customerId = null } = event;
    const facts = { orderId, item, quantity, price, reason: null };
    return { kind: 'DeliveryPrepared', customerId, facts, at: event.timestamp };
  }),
  on(DeliveryStarted, event => ofDelivery('DeliveryStarted', event)),
  on(DeliveryCompleted, event => ofDelivery('DeliveryCompleted', event)),
  on(DeliveryCanceled, event => ofDelivery('DeliveryCanceled', event)),
  on(PayCanceled, event => {
    // A payment voided before there was an order: the customer was told that there is none.
    if (event.voided) return undefined;
    const { orderId, item = null, orderQty: quantity, price, reason = null, customerId = null } = event;
    return {
      kind: 'PayCanceled',
      customerId,
      facts: { orderId, item, quantity, price, reason },
      at: event.timestamp,
    };
  }),
];
