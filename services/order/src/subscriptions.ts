import {
  DeliveryCompleted,
  DeliveryPrepared,
  DeliveryStarted,
  PayCanceled,
  ProductChanged,
  StockShort,
} from '@jumun/contracts';
import { on, type Subscription } from '@jumun/messaging';
import type { StoreCommand } from './store.ts';

/** What the other services' events mean to an order. */
export const subscriptions: Subscription<StoreCommand>[] = [
  on(DeliveryPrepared, event => ({ type: 'advance', id: event.orderId, status: 'deliveryPrepared' })),
  on(DeliveryStarted, event => ({ type: 'advance', id: event.orderId, status: 'deliverystarted' })),
  on(DeliveryCompleted, event => ({ type: 'advance', id: event.orderId, status: 'deliverycompleted' })),
  on(PayCanceled, event => ({ type: 'payCanceled', id: event.orderId })),
  on(StockShort, event => ({ type: 'stockShort', id: event.orderId, left: event.totalQuantity })),
  on(ProductChanged, ({ id, name, price }) => ({
    type: 'productChanged',
    entry: { id, name: name ?? null, price: price ?? null },
  })),
];
