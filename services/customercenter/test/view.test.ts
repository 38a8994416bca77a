import { deliveryStatuses, eventContracts, orderStatuses } from '@jumun/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { subscriptions } from '../src/subscriptions.ts';
import { emptyPage, evolve, type MyPage, type ViewChange } from '../src/view.ts';

/** An event as it is received: its name, its time, and the fields that it has. */
type Event = { eventType: string; timestamp: number } & Record<string, unknown>;

const byType = new Map(subscriptions.map(subscription => [subscription.type, subscription]));

function changeOf(event: Event): ViewChange {
  const change = byType.get(event.eventType)?.toCommand(event as never);
  if (!change) throw new Error(`${event.eventType} means nothing to the view`);
  return change;
}

const fold = (events: Event[], page: MyPage = emptyPage(7)) => events.map(changeOf).reduce(evolve, page);

const sale = { item: 'milk', orderQty: 3, price: 6000, itemcd: 2, customerId: 11, address: 'Seoul' };
const ofOrder = (eventType: string, timestamp: number, more = {}): Event => ({
  eventType,
  timestamp,
  id: 7,
  ...sale,
  ...more,
});
const ofOthers = (eventType: string, timestamp: number): Event => ({
  eventType,
  timestamp,
  id: 5,
  orderId: 7,
  ...sale,
});
const ofDelivery = (eventType: string, timestamp: number): Event => ({
  eventType,
  timestamp,
  id: 1,
  orderId: 7,
  customerId: 11,
  productName: 'milk',
  qtyp: 3,
  price: 6000,
});

const approved = ofOthers('PayApproved', 100);
const ordered = ofOrder('Ordered', 200);
const prepared = ofOthers('DeliveryPrepared', 300);
const requested = ofDelivery('DeliveryRequested', 400);
const started = ofDelivery('DeliveryStarted', 500);
const completed = ofDelivery('DeliveryCompleted', 600);
const canceled = ofOrder('OrderCanceled', 700, { reason: 'changed my mind' });
const payCanceled = ofOthers('PayCanceled', 800);
const deliveryCanceled = ofDelivery('DeliveryCanceled', 900);
const all = [
  approved,
  ordered,
  prepared,
  requested,
  started,
  completed,
  canceled,
  payCanceled,
  deliveryCanceled,
];

describe('a row of the view', () => {
  test('tells of an order from its payment to its arrival', () => {
    expect(fold([approved, ordered, prepared, requested, started, completed])).toEqual({
      orderId: 7,
      shown: true,
      status: 'deliverycompleted',
      item: 'milk',
      quantity: 3,
      price: 6000,
      itemcd: 2,
      customerId: 11,
      deliveryStatus: 'deliverycompleted',
      deliveryId: 1,
      payStatus: 'approved',
      reason: null,
      updatedAt: 600,
      timeline: {
        payApproved: 100,
        ordered: 200,
        deliveryPrepared: 300,
        deliveryRequested: 400,
        deliverystarted: 500,
        deliverycompleted: 600,
      },
    });
  });

  test('is not shown for a payment alone, nor for a delivery whose order is not known yet', () => {
    expect(fold([approved]).shown).toBe(false);
    expect(fold([prepared, requested, started]).shown).toBe(false);
    expect(fold([approved, ordered]).shown).toBe(true);
  });

  test('is shown for an order of which only the end is known', () => {
    expect(fold([canceled])).toMatchObject({ shown: true, status: 'orderCanceled', item: 'milk' });
  });

  test('says why the order was canceled, and what became of payment and delivery', () => {
    expect(
      fold([ordered, approved, prepared, requested, canceled, payCanceled, deliveryCanceled]),
    ).toMatchObject({
      status: 'orderCanceled',
      reason: 'changed my mind',
      payStatus: 'canceled',
      deliveryStatus: 'deliveryCanceled',
    });
  });

  test('has the status that is furthest along, whatever the times say', () => {
    const early = { ...completed, timestamp: 1 };
    expect(fold([early, ordered, started]).status).toBe('deliverycompleted');
    expect(fold([ordered, { ...started, timestamp: 1 }]).status).toBe('deliverystarted');
    expect(fold([{ ...started, timestamp: 9_999 }, completed]).status).toBe('deliverycompleted');
  });

  test('is canceled where anything said so, before or after', () => {
    expect(fold([canceled, started, completed]).status).toBe('orderCanceled');
    expect(fold([completed, { ...canceled, timestamp: 1 }]).status).toBe('orderCanceled');
  });

  test('of an order that arrived and was paid back stays delivered', () => {
    expect(fold([ordered, completed, payCanceled])).toMatchObject({
      status: 'deliverycompleted',
      payStatus: 'canceled',
    });
  });

  test('keeps the first time of each step, and the last time of all', () => {
    const again = { ...ordered, timestamp: 250 };
    expect(fold([again, ordered, started])).toMatchObject({ updatedAt: 500, timeline: { ordered: 200 } });
  });

  test('is made of what is known: old publishers leave things out', () => {
    const bare: Event = { eventType: 'Ordered', timestamp: 1, id: 7, orderQty: 3, price: 6000, itemcd: 2 };
    expect(fold([bare])).toMatchObject({ item: null, customerId: null, quantity: 3 });
    const poor: Event = { eventType: 'DeliveryPrepared', timestamp: 1, orderId: 7, orderQty: 3, itemcd: 2 };
    expect(fold([poor])).toMatchObject({ price: null });
    expect(fold([{ ...canceled, reason: undefined }]).reason).toBeNull();
    expect(fold([bare, ordered])).toMatchObject({ item: 'milk', customerId: 11 });
  });
});

describe('the fold of events', () => {
  /** Some of an order's events, some of them more than once, with clocks that cannot be trusted. */
  const history = fc
    .array(fc.tuple(fc.nat(all.length - 1), fc.nat(1_000)), { minLength: 1, maxLength: 12 })
    .map(picks => picks.map(([which, timestamp]) => ({ ...(all[which] as Event), timestamp })));
  /** Two orders in which the same events come in, each as often as the broker likes. */
  const deliveries = history.chain(events => {
    const indices = [...events.keys()];
    const arrival = fc
      .tuple(
        fc.shuffledSubarray(indices, { minLength: indices.length }),
        fc.array(fc.constantFrom(...indices)),
      )
      .chain(([once, repeats]) =>
        fc.shuffledSubarray([...once, ...repeats], { minLength: once.length + repeats.length }),
      );
    return fc.tuple(arrival, arrival).map(arrivals => arrivals.map(at => at.map(i => events[i] as Event)));
  });

  test('is the same row in whatever order and however often they come', () => {
    fc.assert(
      fc.property(deliveries, ([one, other]) => {
        expect(fold(one ?? [])).toEqual(fold(other ?? []));
      }),
      { numRuns: 1_000 },
    );
  });

  test('never goes back', () => {
    const rank = (words: readonly string[], word: string | null) =>
      word === null ? -1 : words.indexOf(word);
    fc.assert(
      fc.property(history, events => {
        let page = emptyPage(7);
        for (const event of events) {
          const next = fold([event], page);
          expect(rank(orderStatuses, next.status)).toBeGreaterThanOrEqual(rank(orderStatuses, page.status));
          expect(rank(deliveryStatuses, next.deliveryStatus)).toBeGreaterThanOrEqual(
            rank(deliveryStatuses, page.deliveryStatus),
          );
          expect(next.updatedAt).toBeGreaterThanOrEqual(page.updatedAt);
          expect(page.shown && !next.shown).toBe(false);
          page = next;
        }
      }),
    );
  });
});

test('the view reads every event of an order, and none of the catalogue or the stock', () => {
  const unread = eventContracts.map(({ type }) => type).filter(type => !byType.has(type));
  expect(unread).toEqual(['StockShort', 'ProductChanged']);
});
