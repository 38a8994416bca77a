import { expect, test } from 'vitest';
import { subscriptions } from '../src/subscriptions.ts';

/** What an event means to a payment. */
function meaningOf(type: string, fields: Record<string, unknown>) {
  return subscriptions.find(subscription => subscription.type === type)?.toCommand(fields as never);
}

test('the payment of a canceled order is canceled, with a reason', () => {
  const canceled = { type: 'orderCanceled', orderId: 7 };
  expect(meaningOf('OrderCanceled', { id: 7, reason: 'out of stock: 1 left' })).toEqual({
    ...canceled,
    reason: 'out of stock: 1 left',
  });
  const reason = 'the order was canceled';
  expect(meaningOf('OrderCanceled', { id: 7, reason: null })).toEqual({ ...canceled, reason });
  expect(meaningOf('OrderCanceled', { id: 7 })).toEqual({ ...canceled, reason });
});

test('the payment of what was delivered stands', () => {
  expect(meaningOf('DeliveryCompleted', { id: 1, orderId: 7 })).toEqual({ type: 'delivered', orderId: 7 });
});

test('nothing else means anything to a payment', () => {
  expect(subscriptions).toHaveLength(2);
});
