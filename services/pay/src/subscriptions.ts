import { DeliveryCompleted, OrderCanceled } from '@jumun/contracts';
import { on, type Subscription } from '@jumun/messaging';
import type { PayCommand } from './pay.ts';

/** What the other services' events mean to a payment. */
export const subscriptions: Subscription<PayCommand>[] = [
  on(OrderCanceled, ({ id, reason }) => ({
    type: 'orderCanceled',
    orderId: id,
    reason: reason ?? 'the order was canceled',
  })),
  on(DeliveryCompleted, ({ orderId }) => ({ type: 'delivered', orderId })),
];
