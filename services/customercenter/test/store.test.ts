import { afterAll, beforeAll, expect, test } from 'vitest';
import { givenDatabase, type ServiceDatabase } from '../../../tests/support/given.ts';
import { execute, findMyPage, pageMyPages } from '../src/store.ts';
import type { ViewChange } from '../src/view.ts';

let it: ServiceDatabase;
beforeAll(async () => {
  it = await givenDatabase('customercenter');
});
afterAll(() => it.close());

const run = (...changes: ViewChange[]) =>
  it.db.transaction(tx =>
    execute(
      tx,
      changes.map(command => ({ command, traceparent: null })),
    ),
  );
const facts = { item: 'milk', quantity: 3, price: 6000, itemcd: 2, customerId: 11 };
const ordered = (orderId: number, at = 2_000): ViewChange => ({
  orderId,
  at,
  shown: true,
  status: 'ordered',
  step: 'ordered',
  facts,
});
const paid = (orderId: number): ViewChange => ({
  orderId,
  at: 1_000,
  payStatus: 'approved',
  step: 'payApproved',
  facts,
});
const started = (orderId: number): ViewChange => ({
  orderId,
  at: 3_000,
  status: 'deliverystarted',
  deliveryStatus: 'deliverystarted',
  deliveryId: 5,
  step: 'deliverystarted',
});
const canceled = (orderId: number): ViewChange => ({
  orderId,
  at: 4_000,
  shown: true,
  status: 'orderCanceled',
  step: 'orderCanceled',
  facts: { ...facts, reason: 'changed my mind' },
});
const all = { limit: 100, offset: 0, order: [] };

test('a row is the fold of the events of its order', async () => {
  await run(paid(7), ordered(7), started(7));
  expect(await findMyPage(it.db, 7)).toEqual({
    id: 7,
    orderId: 7,
    ...facts,
    status: 'deliverystarted',
    deliveryStatus: 'deliverystarted',
    deliveryId: 5,
    payStatus: 'approved',
    reason: null,
    updatedAt: '1970-01-01T00:00:03.000Z',
    timeline: [
      { status: 'payApproved', at: '1970-01-01T00:00:01.000Z' },
      { status: 'ordered', at: '1970-01-01T00:00:02.000Z' },
      { status: 'deliverystarted', at: '1970-01-01T00:00:03.000Z' },
    ],
  });
});

test('the row is the same whether they come at once or one by one, in any order and again', async () => {
  const { id: _, orderId: __, ...row } = (await findMyPage(it.db, 7)) ?? {};
  for (const change of [started(8), started(8), ordered(8), paid(8), ordered(8)]) await run(change);
  expect(await findMyPage(it.db, 8)).toMatchObject(row);
  await Promise.all([run(ordered(9)), run(started(9)), run(paid(9)), run(ordered(9), paid(9))]);
  expect(await findMyPage(it.db, 9)).toMatchObject(row);
});

test('an order that was not seen yet is not there, and does not count', async () => {
  const { total } = await pageMyPages(it.db, all);
  await run(paid(20), started(20));
  expect(await findMyPage(it.db, 20)).toBeUndefined();
  expect((await pageMyPages(it.db, all)).total).toBe(total);
  await run(canceled(20));
  expect(await findMyPage(it.db, 20)).toMatchObject({ status: 'orderCanceled', reason: 'changed my mind' });
  expect((await pageMyPages(it.db, all)).total).toBe(total + 1);
});

test('two batches over the same orders in opposite order both go through', async () => {
  const ids = Array.from({ length: 50 }, (_, i) => 100 + i);
  await Promise.all([run(...ids.map(id => ordered(id))), run(...ids.toReversed().map(canceled))]);
  await Promise.all([run(...ids.map(started)), run(...ids.toReversed().map(paid))]);
  const page = await pageMyPages(it.db, { ...all, order: [{ column: 'order_id', descending: true }] });
  const rows = page.items.filter(({ orderId }) => orderId >= 100);
  expect(rows).toHaveLength(50);
  expect(new Set(rows.map(row => row.status))).toEqual(new Set(['orderCanceled']));
  expect(new Set(rows.map(row => row.timeline.length))).toEqual(new Set([4]));
});
