import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planOf } from '../../../tests/support/explain.ts';
import { givenDatabase, type ServiceDatabase } from '../../../tests/support/given.ts';
import { countMinutes, countOpen, execute, findMyPages, type Wanted } from '../src/store.ts';
import type { ViewChange } from '../src/view.ts';

const ALL = 20_000;
const OPEN = 100;
const MINUTE = 60_000;
const start = Date.UTC(2026, 0, 1);
/** Ids are drawn before it is ordered, so an order may come a little later than one that has a greater id. */
const orderedAt = (id: number) => start + (id + (id % 10 === 0 ? 5 : 0)) * MINUTE;
const instant = (ms: number) => new Date(ms).toISOString();

let own: ServiceDatabase;
beforeAll(async () => {
  own = await givenDatabase('customercenter');
  await own.db.query(
    `INSERT INTO my_page (order_id, shown, status, item, itemcd, customer_id, reason, updated_at, timeline)
     SELECT id, true,
            CASE WHEN id > $1::bigint - ${OPEN} THEN 'ordered' WHEN id % 25 = 0 THEN 'orderCanceled' ELSE 'deliverycompleted' END,
            (ARRAY['서울 우유', '제주 감귤', '쌀'])[id % 3 + 1] || ' ' || id % 500, id % 500 + 1, id % 1000 + 1,
            CASE WHEN id = 700 THEN '상자가 젖어 있음' END, at, jsonb_build_object('ordered', at)
     FROM (SELECT id, $2::bigint + (id + CASE WHEN id % 10 = 0 THEN 5 ELSE 0 END) * ${MINUTE} AS at
           FROM generate_series(1, $1::bigint) AS id) AS made`,
    [ALL, start],
  );
  await own.db.query('VACUUM ANALYZE my_page');
});
afterAll(() => own.close());

const ids = async (wanted: Wanted, after?: number) =>
  (await findMyPages(own.db, wanted, { after, limit: 100 })).map(page => page.id);

const day = { from: instant(start + 5_000 * MINUTE), to: instant(start + 6_440 * MINUTE) };
it.each<[string, Wanted, RegExp]>([
  ['nothing', {}, /my_page_pkey/],
  ['a customer', { customerId: 7 }, /my_page_customer/],
  ['a customer and a status', { customerId: 7, status: 'orderCanceled' }, /my_page_customer/],
  ['a product', { itemcd: 7 }, /my_page_itemcd/],
  ['what is open', { status: 'ordered' }, /my_page_ended/],
  ['what was canceled', { status: 'orderCanceled' }, /my_page_(ended|pkey)/],
  ['what was delivered', { status: 'deliverycompleted' }, /my_page_(ended|pkey)/],
  ['a time', day, /my_page_ordered/],
  ['a time until', { to: day.from }, /my_page_ordered/],
  ['a time and a status', { ...day, status: 'orderCanceled' }, /my_page_(ordered|ended)/],
  ['a time and a product', { ...day, itemcd: 7 }, /my_page_(ordered|itemcd)/],
  ['a part of a word', { q: '젖어' }, /my_page_text/],
  ['what nobody said', { q: '없다' }, /my_page_text/],
  ['an order', { q: '77' }, /my_page_pkey/],
])('%s is found by an index, on a deep page too', async (_, wanted, index) => {
  for (const after of [undefined, ALL / 2]) {
    const plan = await planOf(own.db, db => findMyPages(db, wanted, { after, limit: 20 }));
    expect(plan).toMatch(index);
    expect(plan).not.toContain('Seq Scan');
  }
});

it('the figures read what is open and what is new', async () => {
  expect(await planOf(own.db, db => countOpen(db))).toMatch(/my_page_ended/);
  expect(await planOf(own.db, db => countMinutes(db, 60))).toMatch(/my_page_updated/);
  expect(await countOpen(own.db)).toEqual({ ordered: OPEN });
});

it('orders of a time come by when they were ordered, each once, on as many pages as there are', async () => {
  const seen: number[] = [];
  for (let page = await ids(day); page.length > 0; page = await ids(day, page.at(-1))) seen.push(...page);
  const wanted = Array.from({ length: ALL }, (_, i) => i + 1)
    .filter(id => orderedAt(id) >= Date.parse(day.from) && orderedAt(id) < Date.parse(day.to))
    .sort((a, b) => orderedAt(b) - orderedAt(a) || b - a);
  expect(seen).toEqual(wanted);
});

it('a part of a word is found, its letters in their order and in any case', async () => {
  expect(await ids({ q: '젖어' })).toEqual([700]);
  expect(await ids({ q: '젖' })).toEqual([700]);
  expect(await ids({ q: '자가 젖' })).toEqual([700]);
  expect(await ids({ q: '어젖' })).toEqual([]);
  expect(await ids({ q: '젖%있' })).toEqual([]);
});

describe('what the indexes cost those who write', () => {
  it('is nothing until an order has ended: its row is written anew in its page', async () => {
    const life: Omit<ViewChange, 'orderId' | 'at'>[] = [
      { shown: true, status: 'ordered', step: 'ordered', facts: { item: 'milk', itemcd: 1, customerId: 1 } },
      { payStatus: 'approved', step: 'payApproved' },
      { status: 'deliveryPrepared', step: 'deliveryPrepared' },
      { deliveryStatus: 'deliveryRequested', deliveryId: 1, step: 'deliveryRequested' },
      { status: 'deliverystarted', deliveryStatus: 'deliverystarted', step: 'deliverystarted' },
      { status: 'deliverycompleted', deliveryStatus: 'deliverycompleted', step: 'deliverycompleted' },
    ];
    const updates = await own.db.transaction(async tx => {
      for (const change of life) await execute(tx, [{ command: { ...change, orderId: ALL + 1, at: start } }]);
      const [row] = await tx.query<{ all: number; inPage: number }>(
        `SELECT n_tup_upd AS all, n_tup_hot_upd AS "inPage" FROM pg_stat_xact_user_tables WHERE relname = 'my_page'`,
      );
      return row;
    });
    expect(updates).toEqual({ all: life.length - 1, inPage: life.length - 2 });
  });
});
