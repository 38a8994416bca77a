import { eventContracts, type States } from '@jumun/contracts';
import fc from 'fast-check';
import { Check } from 'typebox/value';
import { describe, expect, test } from 'vitest';
import { choose } from '../src/reseed/choose.ts';
import { eventOfProduct, eventsOf, toHand, type Whole } from '../src/reseed/events.ts';

const terms = { item: 'milk', orderQty: 2, price: 2_000, itemcd: 1, customerId: 7, address: 'Seoul' };
const order: States['order'] = {
  ...{ orderId: 5, ...terms, status: 'ordered', reason: null },
  ...{ orderedAt: 1_010, updatedAt: 1_010 },
};
const pay: States['pay'] = {
  ...{ orderId: 5, id: 50, ...terms, status: 'approved', reason: null },
  ...{ approvedAt: 1_000, canceledAt: null },
};
const product: States['product'] = {
  ...{ orderId: 5, itemcd: 1, orderQty: 2, payId: 50, hold: 'taken', preparedAt: 1_020, available: 8 },
};
const delivery: States['delivery'] = {
  ...{ orderId: 5, id: 500, customerId: 7, productName: 'milk', qtyp: 2, price: 2_000, address: 'Seoul' },
  ...{
    status: 'deliveryRequested',
    requestedAt: 1_030,
    startedAt: null,
    completedAt: null,
    canceledAt: null,
  },
};

const told = (whole: Whole) => eventsOf(whole).map(({ event, at }) => `${event.type} ${at}`);
const find = (whole: Whole, type: string) => eventsOf(whole).find(({ event }) => event.type === type)?.event;

describe('of an order is told again', () => {
  test('that it was paid, ordered, prepared and its delivery opened, each at its time', () => {
    expect(told({ order, pay, product, delivery })).toEqual([
      'PayApproved 1000',
      'Ordered 1010',
      'DeliveryPrepared 1020',
      'DeliveryRequested 1030',
    ]);
    const parcel = { item: 'milk', customerId: 7, address: 'Seoul', price: 2_000 };
    expect(find({ order, pay, product, delivery }, 'DeliveryPrepared')).toEqual({
      ...{ type: 'DeliveryPrepared', id: 50, orderId: 5, itemcd: 1, orderQty: 2, ...parcel },
    });
  });

  test('that it arrived, with the steps on the way', () => {
    const arrived = {
      ...delivery,
      status: 'deliverycompleted',
      startedAt: 1_040,
      completedAt: 1_050,
    } as const;
    expect(told({ delivery: arrived })).toEqual([
      'DeliveryRequested 1030',
      'DeliveryStarted 1040',
      'DeliveryCompleted 1050',
    ]);
    // Of before the times were written down.
    expect(told({ delivery: { ...arrived, startedAt: null, completedAt: null } })).toEqual([
      'DeliveryRequested 1030',
      'DeliveryStarted 1030',
      'DeliveryCompleted 1030',
    ]);
  });

  test('that it was canceled and paid back, after its delivery had started', () => {
    const whole: Whole = {
      order: { ...order, status: 'orderCanceled', reason: 'late', updatedAt: 1_050 },
      pay: { ...pay, status: 'canceled', reason: 'late', canceledAt: 1_060 },
      product: { ...product, hold: 'released' },
      delivery: { ...delivery, status: 'deliveryCanceled', startedAt: 1_040, canceledAt: 1_070 },
    };
    expect(told(whole).slice(3)).toEqual([
      'DeliveryRequested 1030',
      'DeliveryStarted 1040',
      'OrderCanceled 1050',
      'PayCanceled 1060',
      'DeliveryCanceled 1070',
    ]);
    expect(find(whole, 'OrderCanceled')).toMatchObject({ id: 5, reason: 'late', status: 'orderCanceled' });
    expect(find(whole, 'PayCanceled')).not.toHaveProperty('voided');
  });

  test('that there was not enough, with what can be had now', () => {
    const short = { ...product, hold: 'short', preparedAt: null, available: 1 } as const;
    expect(find({ order, pay, product: short }, 'StockShort')).toMatchObject({
      orderId: 5,
      totalQuantity: 1,
    });
    expect(find({ order, pay, product: short }, 'DeliveryPrepared')).toBeUndefined();
  });

  test('that a payment was voided only where there never was an order', () => {
    const voided = { ...pay, status: 'canceled', reason: 'voided', canceledAt: 1_005 } as const;
    expect(find({ pay: voided }, 'PayCanceled')).toMatchObject({ voided: true });
    expect(find({ order, pay: voided }, 'PayCanceled')).not.toHaveProperty('voided');
  });

  test('nothing of pieces that are only set aside, or that were released before they were taken', () => {
    for (const hold of ['none', 'reserved', 'expired', 'released'] as const)
      expect(told({ order, product: { ...product, hold, preparedAt: null } })).toEqual(['Ordered 1010']);
  });

  test('nothing of pieces taken for an order that nobody knew of when asked: the log has it', () => {
    expect(told({ product })).toEqual([]);
  });
});

describe('what is handed over', () => {
  const types = eventContracts.map(({ type }) => type);

  test('keeps its contract, and has the same ids when it is made again', () => {
    const maybe = <T>(value: T) => fc.constantFrom(value, undefined);
    const orders = fc.constantFrom('ordered', 'deliveryPrepared', 'orderCanceled');
    const holds = fc.constantFrom('none', 'taken', 'short', 'released');
    const deliveries = fc.constantFrom(
      'deliveryRequested',
      'deliverystarted',
      'deliverycompleted',
      'deliveryCanceled',
    );
    fc.assert(
      fc.property(
        orders.map(status => ({ ...order, status }) as States['order']),
        maybe(pay),
        holds.map(hold => ({ ...product, hold }) as States['product']),
        deliveries.map(status => ({ ...delivery, status }) as States['delivery']),
        (order, pay, product, delivery) => {
          const whole = { order, product, delivery, ...(pay && { pay }) };
          const item = toHand('5', eventsOf(whole));
          expect(toHand('5', eventsOf(whole))).toEqual(item);
          expect(new Set(item.events.map(({ eventId }) => eventId)).size).toBe(item.events.length);
          for (const { type, payload } of item.events) {
            const schema = eventContracts.find(contract => contract.type === type)?.schema;
            expect(schema && Check(schema, JSON.parse(payload)), payload).toBe(true);
          }
        },
      ),
    );
  });

  test('names a product by what is said of it: another price is another event', () => {
    const milk = { name: 'milk', totalQuantity: 3, availableQuantity: 3, imageUrl: null };
    const legacy = { address: null, orderQty: null, orderId: null };
    const idAt = (price: number) =>
      toHand('product-1', [eventOfProduct({ id: 1, itemcd: 1, price, ...milk, ...legacy })]).events[0]
        ?.eventId;
    expect(idAt(5)).toBe(idAt(5));
    expect(idAt(6)).not.toBe(idAt(5));
  });

  test('to product says first that an order was canceled, so that it takes nothing for it', () => {
    const canceled = { ...order, status: 'orderCanceled', updatedAt: 1_050 } as const;
    const { events } = choose('product', types, { order: canceled, pay });
    expect(events.map(({ event }) => event.type)).toEqual(['OrderCanceled', 'PayApproved', 'Ordered']);
  });

  test('to delivery does not send a second time what is out or has arrived', () => {
    for (const status of ['deliverystarted', 'deliverycompleted'] as const) {
      const whole = { order: { ...order, status }, product };
      expect(choose('delivery', ['DeliveryPrepared'], whole)).toEqual({ events: [], rowGone: true });
      expect(choose('delivery', ['DeliveryPrepared'], { ...whole, delivery }).rowGone).toBe(false);
    }
    expect(choose('delivery', ['DeliveryPrepared'], { order, product }).events).toHaveLength(1);
  });
});
