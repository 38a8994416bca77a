import type { Accounts, Progress, ServiceName } from '@jumun/contracts';
import { services } from '@jumun/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { check, type OrderFacts } from '../src/audit/check.ts';
import { type AllProgress, advance, beginHorizon } from '../src/audit/horizon.ts';
import { createPace } from '../src/audit/pace.ts';
import { explain, standingServices } from '../src/audit/standstills.ts';
import { tellStory } from '../src/audit/story.ts';

const order: Accounts['order'] = {
  orderId: 1,
  state: 'deliveryPrepared',
  price: 2_000,
  itemcd: 2,
  orderQty: 3,
  exception: false,
  createdAt: 1_000,
};
const pay: Accounts['pay'] = {
  orderId: 1,
  status: 'approved',
  price: 2_000,
  itemcd: 2,
  orderQty: 3,
  captured: 2_000,
  owed: 0,
  refused: 0,
  settledByHand: 0,
};
const view: Accounts['customercenter'] = {
  orderId: 1,
  shown: true,
  status: 'deliveryPrepared',
  payStatus: 'approved',
  deliveryStatus: 'deliveryRequested',
  price: 2_000,
  itemcd: 2,
  quantity: 3,
};
/** An order that is prepared, as all services have it. */
const prepared: OrderFacts = {
  orderId: 1,
  order,
  pay,
  product: { orderId: 1, hold: 'taken', itemcd: 2, orderQty: 3 },
  delivery: { orderId: 1, status: 'deliveryRequested' },
  notice: { orderId: 1, kinds: ['DeliveryPrepared', 'Ordered'] },
  customercenter: view,
};
/** The same after it was canceled and paid back. */
const canceled: OrderFacts = {
  orderId: 1,
  order: { ...order, state: 'orderCanceled' },
  pay: { ...pay, status: 'canceled', captured: 0 },
  product: { orderId: 1, hold: 'released', itemcd: 2, orderQty: 3 },
  delivery: { orderId: 1, status: 'deliveryCanceled' },
  notice: {
    orderId: 1,
    kinds: ['DeliveryCanceled', 'DeliveryPrepared', 'OrderCanceled', 'Ordered', 'PayCanceled'],
  },
  customercenter: {
    ...view,
    status: 'orderCanceled',
    payStatus: 'canceled',
    deliveryStatus: 'deliveryCanceled',
  },
};
const kinds = (facts: OrderFacts, noticesSince = 0) => check(facts, noticesSince).map(({ kind }) => kind);

describe('what all services say of an order', () => {
  it('agrees', () => {
    expect(check(prepared, 0)).toEqual([]);
    expect(check(canceled, 0)).toEqual([]);
    expect(check({ orderId: 1 }, 0)).toEqual([]);
  });

  it('is not judged while it is being placed', () => {
    expect(check({ orderId: 1, order: { ...order, state: 'intent' } }, 0)).toEqual([]);
  });

  it('agrees where money is still owed, or the provider will not give it back, or it went back by hand', () => {
    for (const where of ['owed', 'refused', 'settledByHand'] as const) {
      const held = { ...pay, status: 'canceled' as const, captured: 2_000, [where]: 2_000 };
      expect(check({ ...canceled, pay: held }, 0)).toEqual([]);
    }
  });

  it('agrees where goods are out for a canceled order, or their money went back after they had arrived', () => {
    const out = { ...order, exception: true };
    const delivered = ['DeliveryCompleted', 'DeliveryPrepared', 'DeliveryStarted', 'Ordered', 'PayCanceled'];
    const goodsOut: OrderFacts = {
      ...canceled,
      order: { ...out, state: 'orderCanceled' },
      delivery: { orderId: 1, status: 'deliverycompleted' },
      notice: { orderId: 1, kinds: [...delivered, 'OrderCanceled'] },
      customercenter: {
        ...view,
        status: 'orderCanceled',
        payStatus: 'canceled',
        deliveryStatus: 'deliverycompleted',
      },
    };
    expect(check(goodsOut, 0)).toEqual([]);
    const paidBack: OrderFacts = {
      ...goodsOut,
      order: { ...out, state: 'deliverycompleted' },
      notice: { orderId: 1, kinds: delivered },
      customercenter: {
        ...view,
        status: 'deliverycompleted',
        payStatus: 'canceled',
        deliveryStatus: 'deliverycompleted',
      },
    };
    expect(check(paidBack, 0)).toEqual([]);
  });

  const broken: [string, OrderFacts, string[]][] = [
    ['money that is not there', { ...prepared, pay: { ...pay, captured: 0 } }, ['money']],
    ['money that was not given back', { ...canceled, pay: { ...pay, status: 'canceled' } }, ['money']],
    ['a payment of no order', { orderId: 1, pay }, ['money', 'payment']],
    ['a payment of another price', { ...prepared, pay: { ...pay, price: 1 } }, ['payment']],
    [
      'pieces of a canceled order',
      { ...canceled, product: { orderId: 1, hold: 'taken', itemcd: 2, orderQty: 3 } },
      ['stock'],
    ],
    [
      'pieces of another number',
      { ...prepared, product: { orderId: 1, hold: 'taken', itemcd: 2, orderQty: 1 } },
      ['stock'],
    ],
    [
      'a reservation of no order',
      { orderId: 1, product: { orderId: 1, hold: 'reserved', itemcd: 2, orderQty: 3 } },
      ['reservation'],
    ],
    [
      'a delivery of no order',
      { orderId: 1, delivery: { orderId: 1, status: 'deliverystarted' } },
      ['delivery'],
    ],
    [
      'a delivery that goes on though the order is canceled',
      {
        ...canceled,
        delivery: { orderId: 1, status: 'deliverystarted' },
        notice: { orderId: 1, kinds: ['DeliveryPrepared', 'OrderCanceled', 'Ordered', 'PayCanceled'] },
        customercenter: {
          ...view,
          status: 'orderCanceled',
          payStatus: 'canceled',
          deliveryStatus: 'deliverystarted',
        },
      },
      ['delivery'],
    ],
    ['a notice too few', { ...prepared, notice: { orderId: 1, kinds: ['Ordered'] } }, ['notice']],
    [
      'a notice too many',
      { ...prepared, notice: { orderId: 1, kinds: ['DeliveryPrepared', 'DeliveryStarted', 'Ordered'] } },
      ['notice'],
    ],
    ['a view of nothing', { orderId: 1, customercenter: view }, ['view']],
    ['a view that lags for ever', { ...prepared, customercenter: { ...view, status: 'ordered' } }, ['view']],
  ];
  it.each(broken)('differs for %s', (_, facts, wanted) => {
    expect(kinds(facts)).toEqual(wanted);
  });

  it('differs where a saga has come to rest before its end', () => {
    const waiting = { ...prepared, order: { ...order, state: 'ordered' as const } };
    expect(kinds(waiting)).toContain('saga');
  });

  it('says nothing of notices that are older than those that are kept', () => {
    expect(check({ ...prepared, notice: { orderId: 1, kinds: [] } }, order.createdAt + 1)).toEqual([]);
  });

  it('never agrees when a service has lost what it knew', () => {
    fc.assert(
      fc.property(fc.constantFrom(...services), fc.constantFrom(prepared, canceled), (lost, facts) => {
        const { [lost]: _, ...rest } = facts;
        // A delivery may have been canceled before there was one; its notices tell that there was.
        expect(check(rest as OrderFacts, 0)).not.toEqual([]);
      }),
    );
  });
});

/** A system of six services that publish and handle, as far as progress shows it. */
function progressOf(parts: Partial<Record<ServiceName, Partial<Progress>>> = {}): AllProgress {
  return Object.fromEntries(
    services.map(name => [
      name,
      { outboxOldest: null, outboxLast: 0, cursors: { 0: 10 }, heads: { 0: 10 }, held: [], ...parts[name] },
    ]),
  ) as unknown as AllProgress;
}

describe('the horizon behind which everything was handled', () => {
  const waiting = { outboxOldest: 7, outboxLast: 8 };

  it('is not passed while something that was there waits in an outbox', () => {
    const begun = beginHorizon(progressOf({ pay: waiting }));
    expect(advance(begun, progressOf({ pay: waiting })).stage).toBe('publishing');
    expect(advance(begun, progressOf({ pay: { outboxOldest: 9, outboxLast: 12 } })).stage).toBe('published');
  });

  it('is not passed while a service has not read what the log then had', () => {
    const published = advance(beginHorizon(progressOf()), progressOf());
    const late = advance(published, progressOf({ notice: { cursors: { 0: 9 } } }));
    expect(late).toEqual({ stage: 'handling', heads: { 0: 10 } });
    // What came since does not matter.
    expect(advance(late, progressOf({ notice: { cursors: { 0: 10 }, heads: { 0: 500 } } })).stage).toBe(
      'passed',
    );
  });

  it('takes the log to be as long as the service says that has seen most of it', () => {
    const published = advance(beginHorizon(progressOf()), progressOf());
    expect(advance(published, progressOf({ order: { heads: { 0: 11 } } })).stage).toBe('handling');
  });
});

describe('an order that stands still', () => {
  const standing = { orderId: 5, step: 'product: take the pieces', why: null, since: 2 };

  it('says which event of its was set aside, and the reason', () => {
    const letter = {
      id: 1,
      key: '5',
      type: 'PayApproved',
      state: 'parked',
      attempts: 6,
      reason: 'no',
      since: 1,
    };
    const [first, second] = explain([standing], progressOf({ product: { held: [letter] } }));
    expect(first).toEqual({
      orderId: 5,
      step: 'product: handle PayApproved',
      why: 'parked after 6 attempts: no',
      since: 1,
    });
    expect(second?.why).toBe('product: handle PayApproved is parked after 6 attempts: no');
  });

  it('says who is late', () => {
    const why = (progress: AllProgress) => explain([standing], progress)[0]?.why;
    expect(why(progressOf({ pay: { outboxOldest: 3 } }))).toBe('pay has events that are not in the log yet');
    expect(why(progressOf({ product: { cursors: { 0: 4 } } }))).toBe('product is 6 events behind');
    const lost = { 3: 'partition 3 was pruned up to 9; read up to 4' };
    expect(why(progressOf({ product: { lost } }))).toBe(
      'product stands still until it is re-seeded: partition 3 was pruned up to 9; read up to 4',
    );
    expect(standingServices(progressOf({ product: { lost } }))).toEqual([
      {
        subject: 'service product',
        kind: 'saga',
        detail: 'has to be re-seeded: partition 3 was pruned up to 9; read up to 4',
      },
    ]);
    expect(standingServices(progressOf())).toEqual([]);
    expect(why(progressOf())).toBe('nothing is known to be in its way');
    const { product: _, ...rest } = progressOf();
    expect(explain([standing], rest)[0]?.why).toBe('product does not answer');
  });
});

describe('the story of an order', () => {
  it('tells causes before effects, whatever the clocks of the services say', () => {
    const event = (eventId: string, type: string, position: number, timestamp: number) => ({
      eventId,
      type,
      position,
      payload: JSON.stringify({ timestamp }),
      traceparent: null,
      appendedAt: timestamp,
    });
    const empty = Object.fromEntries(
      services.map(name => [name, { happened: [], rows: [], handled: [], waiting: [], held: [] }]),
    ) as never as Parameters<typeof tellStory>[0]['stories'] & Parameters<typeof tellStory>[0]['handling'];
    const told = tellStory({
      stories: { ...empty, order: { happened: [{ at: 100, what: 'order established' }], rows: [] } },
      // The product's clock is slow.
      events: [event('a', 'Ordered', 1, 100), event('b', 'DeliveryPrepared', 2, 40)],
      handling: { ...empty, product: { handled: [{ eventId: 'a', at: 39 }], waiting: [], held: [] } },
    });
    expect(told.map(({ service, what }) => `${service} ${what.split(' (')[0]}`)).toEqual([
      'order order established',
      'order published Ordered',
      'product published DeliveryPrepared',
      'product handled Ordered',
    ]);
  });
});

describe('the pace of the audit', () => {
  it('keeps to its share of the time over any run of looks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 500 })), {
          minLength: 50,
        }),
        steps => {
          let now = 0;
          let spent = 0;
          const pace = createPace(2, () => now);
          for (const [look, pause] of steps) {
            if (pace.mayLook()) {
              spent += look;
              now += look;
              pace.took(look);
            }
            now += pause;
          }
          // What was saved up at first, and one look more.
          expect(spent).toBeLessThanOrEqual(500 + 40 + now * 0.02);
        },
      ),
    );
  });
});
