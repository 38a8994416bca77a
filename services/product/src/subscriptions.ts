import { OrderCanceled, Ordered, PayApproved, PayCanceled } from '@jumun/contracts';
import { on, type Subscription } from '@jumun/messaging';
import type { Sale } from './product.ts';
import type { StoreCommand } from './store.ts';

/** The part of the two events that has to be equal before pieces are taken, and what the delivery needs. */
function saleOf(
  orderId: number,
  event: Pick<Sale, 'itemcd' | 'orderQty' | 'price'> &
    Partial<Record<'item' | 'address', string | null>> & { customerId?: number | null },
): Sale {
  const { itemcd, orderQty, price, item = null, customerId = null, address = null } = event;
  return { orderId, itemcd, orderQty, price, item, customerId, address };
}

/** What the other services' events mean to the stock. */
export const subscriptions: Subscription<StoreCommand>[] = [
  on(PayApproved, event => ({ type: 'paid', payId: event.id, ...saleOf(event.orderId, event) })),
  on(Ordered, event => ({ type: 'ordered', ...saleOf(event.id, event) })),
  on(OrderCanceled, ({ id, itemcd, orderQty }) => ({ type: 'cancel', orderId: id, itemcd, orderQty })),
  on(PayCanceled, ({ orderId, itemcd, orderQty }) => ({ type: 'cancel', orderId, itemcd, orderQty })),
];
