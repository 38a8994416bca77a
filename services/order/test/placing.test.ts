import {
  CommitUnknownError,
  createLogger,
  type Database,
  drawIds,
  PeerError,
  Problem,
} from '@jumun/service-kit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { givenDatabase, type ServiceDatabase } from '../../../tests/support/given.ts';
import type { Peers } from '../src/peers.ts';
import { createPlacing, type PlacingParts } from '../src/placing.ts';
import { ageOf, createReconciler } from '../src/reconciler.ts';
import { bindRequests, countOpen, execute, findOrder } from '../src/store.ts';

let it: ServiceDatabase;
beforeAll(async () => {
  it = await givenDatabase('order');
});
afterAll(() => it.close());

const log = createLogger('order', 'silent');
const wish = { item: 'milk', orderQty: 1, price: 2000, itemcd: 2, customerId: 1, address: 'Seoul' };

/** Peers that do all they are asked. */
const willing: Peers = {
  reserve: async () => ({ name: 'milk', unitPrice: 2000, availableQuantity: 9 }),
  release: async () => undefined,
  charge: async ({ price, itemcd, item }) => ({ id: 1, price, itemcd, item }),
  findPayment: async () => ({ payment: null, captured: null }),
  void: async () => ({ captured: null }),
  canCharge: () => true,
  close: async () => undefined,
};

function placingWith(parts: Partial<PlacingParts>) {
  const submit: PlacingParts['submit'] = async traced => {
    const [outcome] = await it.db.transaction(tx => execute(tx, it.outbox, [traced]));
    if (!outcome) throw new Error('no outcome');
    return outcome;
  };
  return createPlacing({
    db: it.db,
    log,
    peers: willing,
    admit: () => undefined,
    drawId: async () => (await drawIds(it.db, 'order_id', 1))[0] as number,
    async open({ intent, request, traceparent }) {
      await it.db.transaction(async tx => {
        if (request) await bindRequests(tx, [{ ...request, orderId: intent.id }]);
        await execute(tx, it.outbox, [{ command: { type: 'open', id: intent.id, intent }, traceparent }]);
      });
      return undefined;
    },
    submit: parts.submit ?? submit,
    ...parts,
  });
}

/** Carries a command out, and loses the answer of the commit that establishes the order. */
const losesTheAnswer: PlacingParts['submit'] = async traced => {
  const [outcome] = await it.db.transaction(tx => execute(tx, it.outbox, [traced]));
  if (traced.command.type === 'establish') throw new CommitUnknownError();
  if (!outcome) throw new Error('no outcome');
  return outcome;
};

async function lastOrder() {
  const [row] = await it.db.query<{ id: number }>('SELECT max(id) AS id FROM orders');
  return findOrder(it.db, row?.id ?? 0);
}

test('an order that was established though its client was told otherwise is withdrawn', async () => {
  const placing = placingWith({ submit: losesTheAnswer });
  await expect(placing.place(wish, undefined, 'trace')).rejects.toMatchObject({ slug: 'payment-unknown' });
  expect(await lastOrder()).toMatchObject({ status: 'ordered' });
  await createReconciler(it.db, placing, log)();
  expect(await lastOrder()).toMatchObject({ status: 'orderCanceled' });
  expect(await countOpen(it.db)).toEqual({ sagas: 0, intents: 0 });
});

test('one whose client can ask again stands', async () => {
  const placing = placingWith({ submit: losesTheAnswer });
  const request = { customerId: 1, key: 'k1', bodyHash: 'h' };
  await expect(placing.place(wish, request, 'trace')).rejects.toMatchObject({ slug: 'payment-unknown' });
  await createReconciler(it.db, placing, log)();
  const order = await lastOrder();
  expect(order).toMatchObject({ status: 'ordered' });
  expect(await placing.place(wish, request, 'trace')).toEqual(order);
});

test('an intent that cannot be settled yet is left for later, and no sooner', async () => {
  const away = async () => Promise.reject(new PeerError('pay is away'));
  const placing = placingWith({ peers: { ...willing, charge: away, findPayment: away, void: away } });
  await expect(
    placing.place(wish, { customerId: 1, key: 'k2', bodyHash: 'h' }, 'trace'),
  ).rejects.toMatchObject({ slug: 'payment-unknown' });
  const round = createReconciler(it.db, placing, log);
  await round();
  const [intent] = await it.db.query<{ later: boolean }>('SELECT settle_after > now() AS later FROM intent');
  expect(intent).toEqual({ later: true });
  // Nobody has named it again.
  expect(placing.takeUnsettled()).toEqual([]);
});

test.each([
  ['as the clock has it', 5_000, Number.POSITIVE_INFINITY, 5_000],
  ['from a jump forward on', 3_605_000, 2_000, 2_000],
  ['from a jump back on', -3_595_000, 2_000, 2_000],
  ['as the clock has it, where it was opened after the jump', 1_000, 2_000, 1_000],
  [
    'long, where it is from the future and the jump was not seen',
    -3_595_000,
    Number.POSITIVE_INFINITY,
    Infinity,
  ],
  ['not long, where two clocks do not quite agree', -3, Number.POSITIVE_INFINITY, -3],
])('an intent has been open %s', (_, ageMs, steadyMs, age) => {
  expect(ageOf({ ageMs }, steadyMs)).toBe(age);
});

test.each([3_600_000, -3_600_000])(
  'after a jump of the clock by %i ms an intent has its full time again, unless its request has ended',
  async jumpMs => {
    await it.db.query('DELETE FROM intent');
    // Both clocks are in the test's hands: that of the process, and the database's as the guard asks for it.
    vi.useFakeTimers({ toFake: ['performance'] });
    let ahead = 0;
    const db: Database = {
      ...it.db,
      query: async (text, values) =>
        text.includes('clock_timestamp()')
          ? ([{ ms: performance.now() + ahead }] as never)
          : it.db.query(text, values),
    };
    const settled: string[] = [];
    const placing = {
      ...placingWith({}),
      resume: async () => void settled.push('resumed') as never,
      giveUp: async () => settled.push('given up') > 0,
      giveUpUnlessPaid: async () => void settled.push('given up'),
    };
    const round = createReconciler(db, placing, log);
    try {
      await round();
      const [id = 0] = await drawIds(it.db, 'order_id', 1);
      const intent = { ...wish, id, paymentKey: crypto.randomUUID(), keyed: true, traceparent: null };
      await it.db.transaction(tx =>
        execute(tx, it.outbox, [{ command: { type: 'open', id, intent }, traceparent: null }]),
      );
      const shift = (ms: number) =>
        it.db.query(
          `UPDATE intent SET created_at = created_at - $1::float8 * interval '1 ms',
                  settle_after = settle_after - $1::float8 * interval '1 ms'`,
          [ms],
        );
      ahead += jumpMs;
      await shift(jumpMs);
      await round();
      expect(settled, 'at the jump').toEqual([]);
      vi.advanceTimersByTime(7_900);
      await shift(7_900);
      await round();
      expect(settled, 'before its time').toEqual([]);
      vi.advanceTimersByTime(200);
      await shift(200);
      await round();
      expect(settled, 'when its time is over it is carried on: it is not old for the jump').toEqual([
        'resumed',
      ]);
    } finally {
      vi.useRealTimers();
    }
  },
);

test('while nothing can be paid for, or too much waits, no order is begun', async () => {
  const asked: string[] = [];
  const noting: Peers = {
    ...willing,
    reserve: async () => {
      asked.push('reserve');
      return { name: 'milk', unitPrice: 2000, availableQuantity: 9 };
    },
  };
  const [last, open] = [await lastOrder(), await countOpen(it.db)];
  const closed = placingWith({ peers: { ...noting, canCharge: () => false } });
  await expect(closed.place(wish, undefined, 'trace')).rejects.toMatchObject({
    slug: 'peer-unavailable',
    more: { retryAfter: 1 },
  });
  const backlog = new Problem('backlog', 'Too much waits.', { retryAfter: 5 });
  const full = placingWith({
    peers: noting,
    admit() {
      throw backlog;
    },
  });
  await expect(full.place(wish, { customerId: 1, key: 'k9', bodyHash: 'h' }, 'trace')).rejects.toBe(backlog);
  expect(asked).toEqual([]);
  expect(await lastOrder()).toEqual(last);
  expect(await countOpen(it.db)).toEqual(open);
  // Its key is free.
  const place = placingWith({}).place(wish, { customerId: 1, key: 'k9', bodyHash: 'h' }, 'trace');
  expect(await place).toMatchObject({ status: 'ordered' });
});

test.each([
  ['pay', 'charge', undefined],
  ['pay, with a key', 'charge', { customerId: 1, key: 'k10', bodyHash: 'h' }],
  ['product', 'reserve', undefined],
  ['product, with a key', 'reserve', { customerId: 1, key: 'k11', bodyHash: 'h' }],
] as const)(
  'what %s has no room for leaves nothing behind, and the next are not even begun',
  async (_, call, request) => {
    let asked = 0;
    const refusal = new Problem('backlog', 'Too much waits.', { retryAfter: 5 });
    const released: number[] = [];
    const peers: Peers = {
      ...willing,
      [call]: async () => {
        asked++;
        throw refusal;
      },
      release: async ({ orderId }) => void released.push(orderId),
    };
    const [last, open] = [await lastOrder(), await countOpen(it.db)];
    const placing = placingWith({ peers });
    for (let n = 0; n < 10; n++) await expect(placing.place(wish, request, 'trace')).rejects.toBe(refusal);
    expect(asked).toBe(1);
    expect(released).toHaveLength(1);
    expect(placing.takeUnsettled()).toEqual([]);
    expect(await countOpen(it.db)).toEqual(open);
    expect(await lastOrder()).toEqual(last);
  },
);
