import { expect, test } from 'vitest';
import { subscriptions } from '../src/subscriptions.ts';

/** What an event means to the order service. */
function meaningOf(type: string, fields: Record<string, unknown>) {
  return subscriptions.find(subscription => subscription.type === type)?.toCommand(fields as never);
}

test.each([
  ['DeliveryPrepared', 'deliveryPrepared'],
  ['DeliveryStarted', 'deliverystarted'],
  ['DeliveryCompleted', 'deliverycompleted'],
])('%s moves its order to %s', (type, status) => {
  expect(meaningOf(type, { id: 1, orderId: 7 })).toEqual({ type: 'advance', id: 7, status });
});

test('PayCanceled and StockShort speak of their order', () => {
  expect(meaningOf('PayCanceled', { id: 1, orderId: 7 })).toEqual({ type: 'payCanceled', id: 7 });
  expect(meaningOf('StockShort', { orderId: 7, totalQuantity: 2 })).toEqual({
    type: 'stockShort',
    id: 7,
    left: 2,
  });
});

test('ProductChanged is kept, for when the product service cannot be asked', () => {
  expect(meaningOf('ProductChanged', { id: 2, name: 'milk', price: 2000, totalQuantity: 1 })).toEqual({
    type: 'productChanged',
    entry: { id: 2, name: 'milk', price: 2000 },
  });
  expect(meaningOf('ProductChanged', { id: 2, totalQuantity: 1 })).toMatchObject({
    entry: { name: null, price: null },
  });
});

test('nothing else means anything to an order', () => {
  expect(subscriptions).toHaveLength(6);
});
