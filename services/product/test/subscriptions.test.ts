import { expect, test } from 'vitest';
import { subscriptions } from '../src/subscriptions.ts';

/** What an event means to the stock. */
function meaningOf(type: string, fields: Record<string, unknown>) {
  return subscriptions.find(subscription => subscription.type === type)?.toCommand(fields as never);
}

const sale = { itemcd: 2, orderQty: 3, price: 6000, item: 'milk', customerId: 11, address: 'Seoul' };

test('a payment and an order are two halves of one sale', () => {
  expect(meaningOf('PayApproved', { id: 5, orderId: 7, ...sale })).toEqual({
    type: 'paid',
    payId: 5,
    orderId: 7,
    ...sale,
  });
  expect(meaningOf('Ordered', { id: 7, ...sale })).toEqual({ type: 'ordered', orderId: 7, ...sale });
});

test('what an old publisher leaves out is not known', () => {
  expect(meaningOf('Ordered', { id: 7, itemcd: 2, orderQty: 3, price: 6000 })).toMatchObject({
    item: null,
    customerId: null,
    address: null,
  });
});

test('a cancel of the order or of its payment gives the pieces back', () => {
  const cancel = { type: 'cancel', orderId: 7, itemcd: 2, orderQty: 3 };
  expect(meaningOf('OrderCanceled', { id: 7, ...sale })).toEqual(cancel);
  expect(meaningOf('PayCanceled', { id: 5, orderId: 7, ...sale })).toEqual(cancel);
});

test('nothing else means anything to the stock', () => {
  expect(subscriptions).toHaveLength(4);
});
