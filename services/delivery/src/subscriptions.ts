import { DeliveryPrepared, OrderCanceled, PayCanceled } from '@jumun/contracts';
import { on, type Subscription } from '@jumun/messaging';
import type { StoreCommand } from './store.ts';

/** What the other services' events mean to a delivery. */
export const subscriptions: Subscription<StoreCommand>[] = [
  on(
    DeliveryPrepared,
    ({ orderId, customerId = null, item = null, orderQty, price = null, address = null }) => ({
      type: 'prepare',
      orderId,
      parcel: { orderId, customerId, productName: item, qtyp: orderQty, price, address },
    }),
  ),
  on(OrderCanceled, ({ id }) => ({ type: 'cancel', orderId: id })),
  on(PayCanceled, ({ orderId }) => ({ type: 'cancel', orderId })),
];
