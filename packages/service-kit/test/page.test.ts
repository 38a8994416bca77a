import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '../src/database.ts';
import { readPage } from '../src/page.ts';
import { createCleanup, openEmpty } from './harness.ts';

const cleanup = createCleanup();
let db: Database;
beforeAll(async () => {
  ({ db } = await openEmpty(cleanup));
  await db.query('CREATE TABLE piece (id int PRIMARY KEY, color text, hidden boolean)');
  await db.query(
    `INSERT INTO piece VALUES (1, 'red', false), (2, 'blue', false), (3, 'red', false), (4, 'blue', true)`,
  );
});
afterAll(() => cleanup.run());

const page = (limit: number, offset: number, order: { column: string; descending: boolean }[] = []) =>
  readPage<{ id: number }>(
    db,
    { columns: 'id', from: 'piece WHERE NOT hidden', tieBreaker: 'id' },
    { limit, offset, order },
  );

test('a page has its rows in the order of the tie-breaker, and the count of all', async () => {
  expect(await page(2, 0)).toEqual({ items: [{ id: 1 }, { id: 2 }], total: 3 });
  expect(await page(2, 2)).toEqual({ items: [{ id: 3 }], total: 3 });
  expect(await page(2, 4)).toEqual({ items: [], total: 3 });
});

test('an order that leaves ties is made total', async () => {
  const { items } = await page(10, 0, [{ column: 'color', descending: true }]);
  expect(items).toEqual([{ id: 1 }, { id: 3 }, { id: 2 }]);
});
