import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sandboxAmounts } from '../../services/pay/src/sandbox/provider.ts';
import { eventually } from '../support/eventually.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';
import { type System, startSystem } from '../support/system.ts';
import { settled } from './invariants.ts';
import { asService, count, internal, internalAt, type Json, order, ordered, stock, times } from './steps.ts';

const PRICE = 2_000;

let system: System;
let proxy: TcpProxy;
/** A product of the test's own, and what an order of it says. */
let itemcd = 1;
let wish = { itemcd, price: PRICE };
/** What the tests before have left. */
let before = { orders: 0, captured: 0, charged: 0, notices: 0 };

beforeAll(async () => {
  system = await startSystem({ without: ['order'], env: { DRAIN_MS: '200', ORDER__PAY_TIMEOUT_MS: '300' } });
  proxy = await startProxy(system.url('pay'));
  await startOrder();
  await stock(system, { itemcd, totalQuantity: 1_000, price: PRICE });
});
afterAll(async () => {
  await proxy.close();
  await system.close();
});

beforeEach(async () => {
  // The circuit to pay may still be open from the test before.
  await eventually(() => ordered(system, { itemcd: 1, price: PRICE }));
  await settled(system);
  itemcd++;
  wish = { itemcd, price: PRICE };
  await stock(system, { itemcd, totalQuantity: 100, price: PRICE, name: 'milk' });
  before = { orders: 0, captured: 0, charged: 0, notices: 0 };
  before = {
    orders: await orders(),
    captured: await captured(),
    charged: await charged(),
    notices: await notices(),
  };
});

const startOrder = () => system.start('order', { ORDER__PAY_URL: proxy.url });
const orders = async () => (await count(system, 'order', 'orders')) - before.orders;
const listed = async () =>
  (await system.call<Json>('order', 'GET', '/orders')).body.page.totalElements - before.orders;
const captured = async () =>
  (await count(system, 'pay', `sandbox_charge WHERE state = 'captured'`)) - before.captured;
const charged = async () => (await count(system, 'pay', 'sandbox_charge')) - before.charged;
const notices = async () => (await count(system, 'notice', 'notice')) - before.notices;
const breaker = async (state: string) => {
  const text = await (await fetch(`${system.url('order')}/metrics`)).text();
  return new RegExp(`jumun_breaker_state\\{[^}]*peer="pay",state="${state}"[^}]*\\} 1`).test(text);
};

async function expectUnknown(answer: { status: number; headers: Headers; body: Json }): Promise<void> {
  expect(answer).toMatchObject({ status: 503, body: { type: '/problems/payment-unknown' } });
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
}

/** Ways in which the outcome of a charge stays unknown, and how each comes to an end. */
const ways: { name: string; begin(): Promise<void>; end(): Promise<void> }[] = [
  {
    name: 'pay is down',
    begin: () => system.stop('pay'),
    end: () => system.start('pay'),
  },
  {
    name: 'pay hangs, and then takes up what waited',
    begin: async () => proxy.hang(),
    end: async () => proxy.pass(),
  },
  {
    name: 'pay hangs, and what waited is lost',
    begin: async () => proxy.hang(),
    end: async () => {
      proxy.cut();
      proxy.pass();
    },
  },
  {
    name: 'pay charges and answers too late',
    begin: async () => proxy.holdAnswers(),
    end: async () => proxy.pass(),
  },
  {
    name: 'pay charges and the answer is lost',
    begin: async () => proxy.holdAnswers(),
    end: async () => {
      proxy.cut();
      proxy.pass();
    },
  },
];

describe.each(ways)('$name', ({ begin, end }) => {
  it('with a key: 503, and the same request again gets its 201 with exactly one charge', async () => {
    const key = randomUUID();
    await begin();
    await expectUnknown(await order(system, wish, key));
    expect(await listed()).toBe(0);
    await end();
    const { body } = await eventually(async () => {
      const answer = await order(system, wish, key);
      expect(answer.status).toBe(201);
      return answer;
    });
    await settled(system);
    expect(await charged()).toBe(1);
    expect(await listed()).toBe(1);
    expect((await order(system, wish, key)).body).toEqual(body);
  });

  it('with a key and without another request: the order is established when pay is back', async () => {
    await begin();
    await expectUnknown(await order(system, wish, randomUUID()));
    await end();
    await eventually(async () => expect(await orders()).toBe(1));
    await settled(system);
    expect(await captured()).toBe(1);
  });

  it('without a key: 503, nothing stands, and what was captured is refunded', async () => {
    await begin();
    await expectUnknown(await order(system, wish));
    await end();
    await eventually(async () => expect(await count(system, 'order', 'intent')).toBe(0));
    await settled(system);
    expect(await captured()).toBe(0);
    expect(await listed()).toBe(0);
    expect(await notices()).toBe(0);
    expect((await system.call<Json>('product', 'GET', `/products/${itemcd}`)).body).toMatchObject({
      totalQuantity: 100,
      availableQuantity: 100,
    });
  });
});

describe('a provider that captures and never answers', () => {
  const dear = { itemcd: 1_001, price: sandboxAmounts.hangsAfterCharge };

  beforeAll(() => stock(system, { itemcd: dear.itemcd, totalQuantity: 1_000 }));

  it('without a key: the order is void, and what was captured is refunded', async () => {
    await expectUnknown(await order(system, dear));
    await settled(system);
    expect(await charged()).toBe(1);
    expect(await captured()).toBe(0);
    expect(await orders()).toBe(0);
  });

  it('with a key: what was captured is found, and the order established', async () => {
    const key = randomUUID();
    await expectUnknown(await order(system, dear, key));
    const { body } = await eventually(async () => {
      const answer = await order(system, dear, key);
      expect(answer.status).toBe(201);
      return answer;
    });
    expect(body.price).toBe(dear.price);
    await settled(system);
    expect(await charged()).toBe(1);
    expect(await captured()).toBe(1);
    expect(await orders()).toBe(1);
  });

  it('does not hold up other orders, however many of its charges hang', async () => {
    for (let hanging = 1; hanging <= 20; hanging++) {
      void order(system, dear);
      await eventually(async () => expect(await charged()).toBe(hanging));
    }
    await eventually(() => ordered(system, wish), 8_000);
    await settled(system);
    expect(await captured()).toBe(1);
  });
});

it('a provider that fails before it charges: nothing is captured and nothing stands', async () => {
  await stock(system, { itemcd: 1_002, totalQuantity: 1 });
  await expectUnknown(await order(system, { itemcd: 1_002, price: sandboxAmounts.failsBeforeCharge }));
  await settled(system);
  expect(await charged()).toBe(0);
  expect(await orders()).toBe(0);
});

it('an order with a key that cannot be charged is tried for a minute, and then given up', async () => {
  await stock(system, { itemcd: 1_003, totalQuantity: 1 });
  const failing = { itemcd: 1_003, price: sandboxAmounts.failsBeforeCharge };
  const key = randomUUID();
  await expectUnknown(await order(system, failing, key));
  await expectUnknown(await order(system, failing, key));
  await system.sql('order', `UPDATE intent SET created_at = now() - interval '61 seconds'`);
  await settled(system);
  expect(await charged()).toBe(0);
  expect(await orders()).toBe(0);
});

describe('a void', () => {
  /** Ids that no order has. */
  let orderId = 900_000;
  let paymentKey = randomUUID();
  beforeEach(() => {
    orderId++;
    paymentKey = randomUUID();
  });
  const terms = { price: PRICE, itemcd: 1, item: 'milk', orderQty: 1, customerId: null, address: null };

  it('refuses the charge that arrives after it', async () => {
    const voided = await internal(system, 'pay', 'voids', { paymentKey, orderId, unlessCaptured: false });
    expect(voided.ok).toEqual({ captured: null });
    const late = await internal(system, 'pay', 'charges', { ...terms, orderId, paymentKey });
    expect(late.problem).toMatchObject({ slug: 'payment-voided' });
    await settled(system);
    expect(await captured()).toBe(0);
    expect(await count(system, 'pay', `pay WHERE id IS NOT NULL AND order_id = ${orderId}`)).toBe(0);
  });

  it('that crosses its charge leaves nothing captured, however they meet', async () => {
    await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const own = { paymentKey: randomUUID(), orderId: 910_000 + i };
        const acts = [
          () => internal(system, 'pay', 'charges', { ...terms, ...own }),
          () => internal(system, 'pay', 'voids', { ...own, unlessCaptured: false }),
        ];
        if (i % 2) acts.reverse();
        await Promise.all(acts.map(act => act()));
      }),
    );
    await settled(system);
    expect(await captured()).toBe(0);
    expect(await count(system, 'pay', `pay WHERE order_id >= 910000 AND status = 'approved'`)).toBe(0);
  });

  it('that another replica does while its charge is being written down cancels the payment', async () => {
    const waiting = (statement: string) =>
      count(
        system,
        'pay',
        `pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
           AND query LIKE 'INSERT INTO pay%${statement}%'`,
      );
    const replica = await system.join('pay');
    const holder = await system.connect('pay');
    try {
      await holder.query('BEGIN');
      // Lets everybody read, and nobody write down a payment.
      await holder.query('LOCK TABLE pay IN SHARE MODE');
      const charging = internal(system, 'pay', 'charges', { ...terms, orderId, paymentKey });
      await eventually(async () => expect(await waiting('(id, order_id')).toBe(1));
      let isVoid = false;
      const item = { orderId, paymentKey, unlessCaptured: false };
      const voiding = internalAt(replica.url, 'voids', item).then(() => {
        isVoid = true;
      });
      await eventually(async () => expect(isVoid || (await waiting('voided')) > 0).toBe(true));
      await holder.query('COMMIT');
      await Promise.all([charging, voiding]);
    } finally {
      await holder.end();
      await replica.stop();
    }
    await settled(system);
    expect(await captured()).toBe(0);
    expect(await count(system, 'pay', `pay WHERE order_id = ${orderId} AND status = 'approved'`)).toBe(0);
  });

  it('unless captured leaves a payment as it is, and says which', async () => {
    const paid = await internal(system, 'pay', 'charges', { ...terms, orderId, paymentKey });
    const kept = await internal(system, 'pay', 'voids', { paymentKey, orderId, unlessCaptured: true });
    expect(kept.ok.captured).toEqual(paid.ok);
    await internal(system, 'pay', 'voids', { paymentKey, orderId, unlessCaptured: false });
    await settled(system);
    expect(await captured()).toBe(0);
  });
});

describe('an order service that crashed between the charge and the order', () => {
  /** What such a crash leaves: an intent, and a payment of it. */
  async function crashed(keyed: boolean): Promise<number> {
    const paymentKey = randomUUID();
    await system.stop('order');
    const [row] = await system.sql<{ id: number }>(
      'order',
      `INSERT INTO intent (id, payment_key, order_qty, price, itemcd, keyed, settle_after)
       VALUES (nextval('order_id'), $1, 1, $2, $3, $4, now()) RETURNING id`,
      [paymentKey, PRICE, itemcd, keyed],
    );
    const orderId = Number(row?.id);
    const terms = { paymentKey, orderId, price: PRICE, itemcd, item: 'milk', orderQty: 1 };
    const paid = await internal(system, 'pay', 'charges', { ...terms, customerId: null, address: null });
    expect(paid.ok).toMatchObject({ price: PRICE });
    await eventually(async () => {
      expect(await count(system, 'product', `stock_line WHERE order_id = ${orderId}`)).toBe(1);
    });
    await startOrder();
    return orderId;
  }

  it('establishes it where the client has a key', async () => {
    const orderId = await crashed(true);
    await eventually(async () => {
      const { status, body } = await system.call<Json>('order', 'GET', `/orders/${orderId}`);
      expect({ status, body }).toMatchObject({ status: 200, body: { status: 'deliveryPrepared' } });
    });
    await settled(system);
    expect(await charged()).toBe(1);
    expect(await captured()).toBe(1);
  });

  it('refunds it where the client has none', async () => {
    const orderId = await crashed(false);
    await eventually(async () => expect(await captured()).toBe(0));
    await settled(system);
    expect((await system.call('order', 'GET', `/orders/${orderId}`)).status).toBe(404);
    expect(await notices()).toBe(0);
  });
});

it('no read betrays an order whose payment is under way', async () => {
  const standing = before.orders;
  proxy.hang();
  const placing = order(system, wish);
  const id = await eventually(async () => {
    const [intent] = await system.sql<{ id: number }>('order', 'SELECT id FROM intent');
    expect(intent).toBeDefined();
    return Number(intent?.id);
  });
  const noTraceIn = async (part: 'order' | 'customercenter', path: string) => {
    const { body } = await system.call<Json>(part, 'GET', path);
    expect(body.page.totalElements).toBe(standing);
    const shown = Object.values<Json[]>(body._embedded).flat();
    expect(shown.map(({ _links }) => _links.self.href.split('/').at(-1))).not.toContain(String(id));
  };
  await noTraceIn('order', '/orders?sort=id,desc&size=1000');
  await noTraceIn('customercenter', '/myPages?sort=orderId,desc&size=1000');
  expect((await system.call('order', 'GET', `/orders/${id}`)).status).toBe(404);
  expect((await system.call('customercenter', 'GET', `/myPages/${id}`)).status).toBe(404);
  const search = `/myPages/search/findByOrderId?orderId=${id}`;
  expect((await system.call('customercenter', 'GET', search)).status).toBe(404);
  expect((await system.call('order', 'DELETE', `/orders/${id}`)).body).toMatchObject({
    type: '/problems/unknown-order',
  });
  expect(await count(system, 'events', `log WHERE key = '${id}'`)).toBe(0);
  await expectUnknown(await placing);
  proxy.pass();
  await settled(system);
});

it('the circuit to pay opens while it is down and closes when it is back', async () => {
  expect(await breaker('closed')).toBe(true);
  await system.stop('pay');
  await times(20, () => order(system, wish));
  await eventually(async () => expect(await breaker('open')).toBe(true));
  // No order is begun now, but for the one in a second that is the first to find pay well again.
  const refused = await eventually(async () => {
    const answer = await order(system, wish);
    expect(answer.body.type).toBe('/problems/peer-unavailable');
    return answer;
  });
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  await system.start('pay');
  await eventually(() => ordered(system, wish));
  expect(await breaker('closed')).toBe(true);
  await settled(system);
  expect(await captured()).toBe(1);
});

it('an order service can be stopped at once while pay hangs', async () => {
  proxy.hang();
  void order(system, wish, randomUUID()).catch(() => undefined);
  await eventually(async () => expect(await count(system, 'order', 'intent')).toBe(1));
  const begun = Date.now();
  await system.stop('order');
  expect(Date.now() - begun).toBeLessThan(10_000);
  proxy.pass();
  await system.sql('order', 'UPDATE intent SET settle_after = now()');
  await startOrder();
  await eventually(async () => expect(await orders()).toBe(1));
  await settled(system);
});

describe('an order service of the first implementation, which shows no credential', () => {
  let old: System;
  beforeAll(async () => {
    old = await startSystem({ without: ['order', 'gateway'], env: { DRAIN_MS: '200' } });
  });
  afterAll(() => old.close());

  const terms = { orderId: '3', item: 'milk', orderQty: '1', status: 'ordered', price: '2000', itemcd: '2' };
  const charges = () => count(old, 'pay', 'sandbox_charge');

  it('creates no payment', async () => {
    expect(await old.call('pay', 'POST', '/pays', terms)).toMatchObject({
      status: 404,
      body: { type: '/problems/unknown-order' },
    });
    expect(await charges()).toBe(0);
  });

  it('creates payments where LEGACY_ORDER=true, one for each order', async () => {
    await old.stop('pay');
    await old.start('pay', { PAY__LEGACY_ORDER: 'true' });
    const answers = await times(5, () => old.call<Json>('pay', 'POST', '/pays', terms));
    for (const { status, body } of answers) {
      expect([200, 201]).toContain(status);
      expect(body).toMatchObject({ orderId: 3, price: PRICE, status: 'approved', id: answers[0]?.body.id });
    }
    await eventually(async () => {
      expect(await count(old, 'pay', `refund WHERE state = 'done'`)).toBe((await charges()) - 1);
    });
    expect(await count(old, 'pay', `sandbox_charge WHERE state = 'captured'`)).toBe(1);
    await eventually(async () =>
      expect(await count(old, 'events', `log WHERE type = 'PayApproved'`)).toBe(1),
    );
    expect((await old.call('pay', 'POST', '/pays', { ...terms, price: '1' })).status).toBe(409);
  });

  it('has to name the terms, and a service has to send a key', async () => {
    const made = await charges();
    expect((await old.call('pay', 'POST', '/pays', { orderId: '4' })).status).toBe(400);
    expect((await old.call('pay', 'POST', '/pays', { ...terms, orderId: '5' }, asService)).status).toBe(400);
    expect(await charges()).toBe(made);
  });
});
