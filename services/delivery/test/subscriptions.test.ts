import { expect, test } from 'vitest';
import { subscriptions } from '../src/subscriptions.ts';

/** What an event means to a delivery. */
function meaningOf(type: string, fields: Record<string, unknown>) {
  return subscriptions.find(subscription => subscription.type === type)?.toCommand(fields as never);
}

test('what is prepared is delivered, with all that is known of it', () => {
  const parcel = {
    orderId: 7,
    customerId: 11,
    productName: 'milk',
    qtyp: 3,
    price: 6000,
    address: 'Seoul',
  };
  expect(
    meaningOf('DeliveryPrepared', {
      id: 5,
      orderId: 7,
      customerId: 11,
      item: 'milk',
      itemcd: 2,
      orderQty: 3,
      price: 6000,
      address: 'Seoul',
    }),
  ).toEqual({ type: 'prepare', orderId: 7, parcel });
  expect(meaningOf('DeliveryPrepared', { orderId: 7, itemcd: 2, orderQty: 3 })).toEqual({
    type: 'prepare',
    orderId: 7,
    parcel: { orderId: 7, customerId: null, productName: null, qtyp: 3, price: null, address: null },
  });
});

test('a cancel of the order or of its payment cancels the delivery', () => {
  const cancel = { type: 'cancel', orderId: 7 };
  expect(meaningOf('OrderCanceled', { id: 7 })).toEqual(cancel);
  expect(meaningOf('PayCanceled', { id: 5, orderId: 7 })).toEqual(cancel);
});

test('nothing else means anything to a delivery', () => {
  expect(subscriptions).toHaveLength(3);
});
