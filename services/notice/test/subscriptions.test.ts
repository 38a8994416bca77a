import { expect, test } from 'vitest';
import type { NoticeCommand } from '../src/store.ts';
import { subscriptions } from '../src/subscriptions.ts';

const sale = { item: 'milk', orderQty: 3, price: 6000, itemcd: 2, customerId: 11 };
const delivery = { id: 1, orderId: 7, customerId: 11, productName: 'milk', qtyp: 3, price: 6000 };
const facts = { orderId: 7, item: 'milk', quantity: 3, price: 6000, reason: null };

/** What an event has the customer told, if anything. */
function told(type: string, fields: Record<string, unknown>): NoticeCommand | undefined {
  const subscription = subscriptions.find(other => other.type === type);
  if (!subscription) throw new Error(`${type} means nothing here`);
  return subscription.toCommand({ ...fields, timestamp: 1_000 } as never);
}

test('customers are told of these events and no others', () => {
  expect(subscriptions.map(({ type }) => type).sort()).toEqual([
    'DeliveryCanceled',
    'DeliveryCompleted',
    'DeliveryPrepared',
    'DeliveryStarted',
    'OrderCanceled',
    'Ordered',
    'PayCanceled',
  ]);
});

test.each([
  ['Ordered', { id: 7, ...sale }],
  ['OrderCanceled', { id: 7, ...sale }],
  ['DeliveryPrepared', { id: 5, orderId: 7, ...sale }],
  ['DeliveryStarted', delivery],
  ['DeliveryCompleted', delivery],
  ['DeliveryCanceled', delivery],
  ['PayCanceled', { id: 5, orderId: 7, ...sale }],
])('%s is told with what it says of the order', (kind, fields) => {
  expect(told(kind, fields)).toEqual({ kind, customerId: 11, facts, at: 1_000 });
});

test.each([
  ['Ordered', { id: 7 }],
  ['OrderCanceled', { id: 7 }],
  ['DeliveryPrepared', { orderId: 7 }],
  ['PayCanceled', { id: 5, orderId: 7 }],
])('%s of an old publisher is told with what it has', (kind, ids) => {
  const poor = { ...ids, orderQty: 3, itemcd: 2, ...(kind !== 'DeliveryPrepared' && { price: 6000 }) };
  expect(told(kind, poor)).toMatchObject({
    customerId: null,
    facts: { item: null, quantity: 3, reason: null },
  });
});

test('a delivery of an old publisher is told with what it has', () => {
  expect(told('DeliveryStarted', { id: 1, orderId: 7 })).toEqual({
    kind: 'DeliveryStarted',
    customerId: null,
    facts: { orderId: 7, item: null, quantity: null, price: null, reason: null },
    at: 1_000,
  });
});

test('a cancel is told with its reason', () => {
  expect(told('OrderCanceled', { id: 7, ...sale, reason: 'out of stock: 1 left' })?.facts.reason).toBe(
    'out of stock: 1 left',
  );
  expect(told('PayCanceled', { id: 5, orderId: 7, ...sale, reason: 'by the customer' })?.facts.reason).toBe(
    'by the customer',
  );
});

test('a payment that was voided before there was an order is not told of: there is no order to tell of', () => {
  expect(told('PayCanceled', { id: 5, orderId: 7, ...sale, reason: 'voided', voided: true })).toBeUndefined();
  // The word alone, which a customer can give as a reason, does not silence it.
  expect(told('PayCanceled', { id: 5, orderId: 7, ...sale, reason: 'voided' })).toBeDefined();
});
