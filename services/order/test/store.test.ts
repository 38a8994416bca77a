import { randomUUID } from 'node:crypto';
import { type Database, drawIds } from '@jumun/service-kit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { planOf } from '../../../tests/support/explain.ts';
import { givenDatabase, type ServiceDatabase } from '../../../tests/support/given.ts';
import type { Intent, OrderCommand } from '../src/order.ts';
import {
  bindRequests,
  claimIntents,
  countOpen,
  execute,
  findIntent,
  findOrder,
  findProduct,
  findRequest,
  forgetRequests,
  knownOrders,
  pageExceptions,
  pageOrders,
  type StoreCommand,
} from '../src/store.ts';

let it: ServiceDatabase;
beforeAll(async () => {
  it = await givenDatabase('order');
});
afterAll(() => it.close());

const everything = { limit: 1_000, offset: 0, order: [] };

function intentOf(id: number, fields: Partial<Intent> = {}): Intent {
  return {
    id,
    item: null,
    orderQty: 2,
    price: null,
    itemcd: 3,
    customerId: 11,
    address: 'Seoul',
    paymentKey: randomUUID(),
    keyed: true,
    traceparent: null,
    ...fields,
  };
}

const run = (...commands: StoreCommand[]) =>
  it.db.transaction(tx =>
    execute(
      tx,
      it.outbox,
      commands.map(command => ({ command, traceparent: null })),
    ),
  );
const drawId = async () => (await drawIds(it.db, 'order_id', 1))[0] as number;
const open = (intent: Intent): OrderCommand => ({ type: 'open', id: intent.id, intent });
const establish = (id: number): OrderCommand => ({ type: 'establish', id, price: 4000, item: 'milk' });

async function givenIntent(fields: Partial<Intent> = {}): Promise<Intent> {
  const intent = intentOf(await drawId(), fields);
  await run(open(intent));
  return intent;
}

async function givenOrder(): Promise<number> {
  const { id } = await givenIntent();
  await run(establish(id));
  return id;
}

test('ids begin at 1 and leave out none, however many are drawn at once', async () => {
  expect(await drawIds(it.db, 'order_id', 3)).toEqual([1, 2, 3]);
  expect(await drawIds(it.db, 'order_id', 1)).toEqual([4]);
});

describe('an intent', () => {
  test('is nowhere to be seen until it is an order', async () => {
    const before = await pageOrders(it.db, everything);
    const events = (await it.published()).length;
    const { id } = await givenIntent();
    expect(await findOrder(it.db, id)).toBeUndefined();
    expect(await pageOrders(it.db, everything)).toEqual(before);
    expect(await pageExceptions(it.db, everything)).toEqual({ items: [], total: 0 });
    expect(await it.published()).toHaveLength(events);

    await run(establish(id));
    const order = {
      id,
      item: 'milk',
      orderQty: 2,
      status: 'ordered',
      price: 4000,
      itemcd: 3,
      customerId: 11,
      address: 'Seoul',
    };
    expect(await findOrder(it.db, id)).toEqual(order);
    expect((await pageOrders(it.db, everything)).total).toBe(before.total + 1);
    expect((await it.published()).slice(events)).toEqual([
      {
        key: String(id),
        type: 'Ordered',
        fields: { eventType: 'Ordered', timestamp: expect.any(Number), ...order },
      },
    ]);
    expect(await findIntent(it.db, id)).toBeUndefined();
  });

  test('is known to whoever asks whether there is or may be an order', async () => {
    const intent = await givenIntent();
    const order = await givenOrder();
    expect(await knownOrders(it.db, [intent.id, order, 987_654])).toEqual(new Set([intent.id, order]));
  });

  test('is read back as it was opened', async () => {
    const intent = await givenIntent({ price: 9_007_199_254_740_991, item: '우유 🥛', customerId: null });
    expect(await findIntent(it.db, intent.id)).toEqual({
      ...intent,
      voiding: false,
      ageMs: expect.any(Number),
    });
  });

  test('is taken up by one reconciler at a time, once it is named', async () => {
    const { id } = await givenIntent();
    expect(await claimIntents(it.db, [], 60_000, 100)).toEqual([]);
    const claims = await Promise.all([
      claimIntents(it.db, [id], 60_000, 100),
      claimIntents(it.db, [id], 60_000, 100),
    ]);
    expect(claims.flat().map(claim => claim.id)).toContain(id);
    await it.db.query(`UPDATE intent SET settle_after = now() WHERE id = $1`, [id]);
    expect((await claimIntents(it.db, [], 60_000, 100)).map(claim => claim.id)).toEqual([id]);
    expect(await claimIntents(it.db, [], 60_000, 100)).toEqual([]);
  });

  test('is due too when a clock that was set back since put it off, and by its index', async () => {
    const [stuck, young] = [await givenIntent(), await givenIntent()];
    await it.db.query(`UPDATE intent SET settle_after = now() + interval '1 h' WHERE id = $1`, [stuck.id]);
    const claimed = (await claimIntents(it.db, [], 8_000, 100)).map(claim => claim.id);
    expect(claimed).toContain(stuck.id);
    expect(claimed).not.toContain(young.id);
    expect((await claimIntents(it.db, [], 8_000, 100)).map(claim => claim.id)).not.toContain(stuck.id);
    await it.db.query(
      `INSERT INTO intent (id, payment_key, order_qty, itemcd, keyed, settle_after)
       SELECT n, gen_random_uuid(), 1, 1, true, now() + interval '8 s' FROM generate_series(1000001, 1005000) AS n`,
    );
    await it.db.query('ANALYZE intent');
    expect(await planOf(it.db, db => claimIntents(db as Database, [1], 8_000, 100))).toMatch(
      /intent_settle_after/,
    );
    await it.db.query('DELETE FROM intent WHERE id > 1000000');
  });

  test('is voided in two commits, between which it cannot be established', async () => {
    const { id } = await givenIntent();
    await run({ type: 'void', id });
    expect((await findIntent(it.db, id))?.voiding).toBe(true);
    expect(await run(establish(id))).toMatchObject([{ rejected: 'payment-unknown' }]);
    await run({ type: 'voided', id });
    expect(await findIntent(it.db, id)).toBeUndefined();
    expect(await findOrder(it.db, id)).toBeUndefined();
  });

  test('whose payment was canceled is not established', async () => {
    const { id } = await givenIntent();
    await run({ type: 'payCanceled', id });
    expect(await run(establish(id))).toMatchObject([{ rejected: 'payment-unknown' }]);
    expect(await findOrder(it.db, id)).toBeUndefined();
  });

  test('is established or voided where both are tried at once, never both', async () => {
    for (let round = 0; round < 10; round++) {
      const { id } = await givenIntent();
      const outcomes = await Promise.all([run(establish(id)), run({ type: 'void', id })]);
      const refused = outcomes.flat().filter(outcome => 'rejected' in outcome);
      expect(refused).toHaveLength(1);
      const [order, intent] = await Promise.all([findOrder(it.db, id), findIntent(it.db, id)]);
      expect(Boolean(order)).not.toBe(Boolean(intent));
    }
  });
});

describe('an order', () => {
  test('goes its way and is counted while it does', async () => {
    const { sagas } = await countOpen(it.db);
    const id = await givenOrder();
    expect((await countOpen(it.db)).sagas).toBe(sagas + 1);
    await run({ type: 'advance', id, status: 'deliverystarted' });
    expect((await findOrder(it.db, id))?.status).toBe('deliverystarted');
    await run({ type: 'cancel', id, reason: 'changed my mind' });
    expect((await findOrder(it.db, id))?.status).toBe('orderCanceled');
    expect((await countOpen(it.db)).sagas).toBe(sagas);
  });

  test('that cannot be canceled says why', async () => {
    const id = await givenOrder();
    await run({ type: 'advance', id, status: 'deliverycompleted' });
    expect(await run({ type: 'cancel', id, reason: null })).toMatchObject([
      { rejected: 'delivery-completed' },
    ]);
    const { id: intent } = await givenIntent();
    expect(await run({ type: 'cancel', id: intent, reason: null })).toMatchObject([
      { rejected: 'unknown-order' },
    ]);
  });

  test('with an exception waits for a person until it is settled', async () => {
    const id = await givenOrder();
    await run({ type: 'cancel', id, reason: null }, { type: 'advance', id, status: 'deliverycompleted' });
    expect(await pageExceptions(it.db, everything)).toEqual({
      items: [{ id, orderId: id, status: 'orderCanceled', exception: expect.stringContaining('delivered') }],
      total: 1,
    });
    await run({ type: 'settleException', id });
    expect((await pageExceptions(it.db, everything)).total).toBe(0);
  });

  test('is canceled once by many at once', async () => {
    const id = await givenOrder();
    await Promise.all(Array.from({ length: 6 }, () => run({ type: 'cancel', id, reason: null })));
    const events = (await it.published()).filter(({ key }) => key === String(id));
    expect(events.map(({ type }) => type)).toEqual(['Ordered', 'OrderCanceled']);
  });
});

test('the events of each order stand in the outbox as they happened, whatever stands between them', async () => {
  const ids = await drawIds(it.db, 'order_id', 40);
  await run(...ids.map(id => open(intentOf(id))));
  // Two batches at once that go through the orders from both ends, and cancels in the same batch as the orders.
  const early = ids.filter(id => id % 2 === 0);
  const late = ids.filter(id => id % 2 === 1);
  await Promise.all([
    run(...early.flatMap(id => [establish(id), { type: 'cancel', id, reason: null } as const])),
    run(...late.reverse().map(establish)),
  ]);
  await Promise.all(late.map(id => run({ type: 'cancel', id, reason: null })));
  const events = await it.published();
  for (const id of ids) {
    expect(events.filter(({ key }) => key === String(id)).map(({ type }) => type)).toEqual([
      'Ordered',
      'OrderCanceled',
    ]);
  }
});

test('two batches over the same orders in opposite order both go through', async () => {
  const ids = await Promise.all(Array.from({ length: 30 }, givenOrder));
  const advance = (id: number, status: 'deliverystarted' | 'deliverycompleted'): OrderCommand => ({
    type: 'advance',
    id,
    status,
  });
  for (let round = 0; round < 5; round++) {
    await Promise.all([
      run(...ids.map(id => advance(id, 'deliverystarted'))),
      run(...ids.toReversed().map(id => advance(id, 'deliverycompleted'))),
    ]);
  }
  const rows = await Promise.all(ids.map(id => findOrder(it.db, id)));
  expect(new Set(rows.map(row => row?.status))).toEqual(new Set(['deliverycompleted']));
});

describe('the key of a request', () => {
  const key = (name: string, bodyHash = 'a') => ({ customerId: 11, key: name, bodyHash });
  const bind = (...requests: (ReturnType<typeof key> & { orderId: number })[]) =>
    it.db.transaction(tx => bindRequests(tx, requests));

  test('is bound by the first, and says to what', async () => {
    expect(await bind({ ...key('first'), orderId: 101 })).toEqual(new Set([101]));
    expect(await bind({ ...key('first'), orderId: 102 }, { ...key('fresh'), orderId: 103 })).toEqual(
      new Set([103]),
    );
    expect(await findRequest(it.db, key('first'))).toEqual({ bodyHash: 'a', orderId: 101, refusal: null });
    expect(await findRequest(it.db, key('never'))).toBeUndefined();
  });

  test('is bound once by many at once', async () => {
    const bound = await Promise.all([201, 202, 203, 204].map(orderId => bind({ ...key('raced'), orderId })));
    expect(bound.filter(free => free.size === 1)).toHaveLength(1);
  });

  test('belongs to one customer', async () => {
    await bind({ ...key('mine'), orderId: 301 });
    expect(await bind({ ...key('mine'), customerId: 12, orderId: 302 })).toEqual(new Set([302]));
  });

  test('is free again when its day is over', async () => {
    await bind({ ...key('old'), orderId: 401 });
    await it.db.query(`UPDATE order_request SET expires_at = now() - interval '1 s' WHERE key = 'old'`);
    expect(await findRequest(it.db, key('old'))).toBeUndefined();
    expect(await bind({ ...key('old', 'b'), orderId: 402 })).toEqual(new Set([402]));
    expect(await findRequest(it.db, key('old', 'b'))).toEqual({ bodyHash: 'b', orderId: 402, refusal: null });
  });

  test('is kept for a day, and forgotten after it', async () => {
    await bind({ ...key('day'), orderId: 501 });
    const [row] = await it.db.query<{ hours: number }>(
      `SELECT extract(epoch FROM expires_at - now()) / 3600 AS hours FROM order_request WHERE key = 'day'`,
    );
    // An hour more than is promised: see docs/adr/0017-clocks.md.
    expect(row?.hours).toBeCloseTo(25, 1);
    await it.db.query(`UPDATE order_request SET expires_at = now() - interval '1 s' WHERE key = 'day'`);
    expect(await forgetRequests(it.db, 1)).toBe(true);
    expect(await forgetRequests(it.db, 1)).toBe(false);
    expect(await it.db.query(`SELECT 1 FROM order_request WHERE key = 'mine'`)).toHaveLength(2);
  });

  test('stays with a refused payment, and is free after an order that was not agreed to', async () => {
    const refused = await givenIntent();
    const abandoned = await givenIntent();
    await bind({ ...key('refused'), orderId: refused.id }, { ...key('abandoned'), orderId: abandoned.id });
    await run(
      { type: 'refuse', id: refused.id, refusal: 'card declined' },
      { type: 'abandon', id: abandoned.id },
    );
    expect(await findRequest(it.db, key('refused'))).toMatchObject({ refusal: 'card declined' });
    expect(await findRequest(it.db, key('abandoned'))).toBeUndefined();
    expect(await findIntent(it.db, refused.id)).toBeUndefined();
  });
});

test('the catalogue has the last word on each product', async () => {
  const say = (id: number, price: number | null): StoreCommand => ({
    type: 'productChanged',
    entry: { id, name: 'milk', price },
  });
  expect(await run(say(1, 1000), say(2, null), say(1, 2000))).toEqual([]);
  expect(await findProduct(it.db, 1)).toEqual({ id: 1, name: 'milk', price: 2000 });
  await run(say(1, 3000));
  expect(await findProduct(it.db, 1)).toEqual({ id: 1, name: 'milk', price: 3000 });
  expect(await findProduct(it.db, 9)).toBeUndefined();
});
