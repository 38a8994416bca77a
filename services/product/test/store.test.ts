import { isRejection } from '@jumun/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { planOf } from '../../../tests/support/explain.ts';
import { givenDatabase, type ServiceDatabase } from '../../../tests/support/given.ts';
import {
  execute,
  expiredLines,
  findProduct,
  getProduct,
  listMovements,
  nextProductId,
  pageProducts,
  type StoreCommand,
} from '../src/store.ts';

let it: ServiceDatabase;
beforeAll(async () => {
  it = await givenDatabase('product');
});
afterAll(() => it.close());

const RESERVATION_MS = 60_000;
let lastOrder = 0;
const nextOrder = () => ++lastOrder;

const run = (...commands: StoreCommand[]) =>
  it.db.transaction(tx =>
    execute(
      tx,
      it.outbox,
      commands.map(command => ({ command, traceparent: null })),
      RESERVATION_MS,
    ),
  );
const create = (itemcd: number, total: number): StoreCommand => ({
  type: 'create',
  itemcd,
  catalogue: { name: `product ${itemcd}`, price: 2000 },
  total,
});
const reserve = (itemcd: number, orderId = nextOrder(), orderQty = 1): StoreCommand => ({
  type: 'reserve',
  itemcd,
  orderId,
  orderQty,
});
const sale = (itemcd: number, orderId: number, orderQty = 1) => ({
  itemcd,
  orderId,
  orderQty,
  price: 2000 * orderQty,
  item: 'milk',
  customerId: 11,
  address: 'Seoul',
});
const paid = (itemcd: number, orderId: number, orderQty = 1): StoreCommand => ({
  type: 'paid',
  payId: orderId,
  ...sale(itemcd, orderId, orderQty),
});
const ordered = (itemcd: number, orderId: number, orderQty = 1): StoreCommand => ({
  type: 'ordered',
  ...sale(itemcd, orderId, orderQty),
});
const cancel = (itemcd: number, orderId: number, orderQty = 1): StoreCommand => ({
  type: 'cancel',
  itemcd,
  orderId,
  orderQty,
});
const stockOf = async (itemcd: number) => {
  const { resource, version } = await getProduct(it.db, itemcd);
  return { total: resource.totalQuantity, available: resource.availableQuantity, version };
};

describe('a hot product', () => {
  test('is reserved by as many as there are pieces, in one change of its row', async () => {
    await run(create(1, 120));
    const outcomes = await run(...Array.from({ length: 300 }, () => reserve(1)));
    expect(outcomes.filter(isRejection)).toHaveLength(180);
    // In the order in which they came.
    expect(outcomes.slice(0, 120).some(isRejection)).toBe(false);
    expect(outcomes.at(-1)).toMatchObject({ rejected: 'out-of-stock', extra: { availableQuantity: 0 } });
    expect(await stockOf(1)).toEqual({ total: 120, available: 0, version: 2 });
  });

  test('is taken by as many as there are pieces, and the others are told', async () => {
    await run(create(2, 50));
    const orders = Array.from({ length: 80 }, nextOrder);
    await run(...orders.map(order => paid(2, order)));
    expect((await stockOf(2)).version).toBe(1);
    await run(...orders.map(order => ordered(2, order)));
    expect(await stockOf(2)).toEqual({ total: 0, available: 0, version: 2 });
    const events = (await it.published()).filter(({ key }) => orders.includes(Number(key)));
    expect(events.map(({ type }) => type)).toEqual([
      ...Array(50).fill('DeliveryPrepared'),
      ...Array(30).fill('StockShort'),
    ]);
    expect(events[0]?.fields).toMatchObject({ totalQuantity: 49, id: orders[0], orderId: orders[0] });
  });

  test('is never oversold by batches that come at once', async () => {
    await run(create(3, 100));
    const outcomes = await Promise.all(
      Array.from({ length: 4 }, () => run(...Array.from({ length: 50 }, () => reserve(3)))),
    );
    expect(outcomes.flat().filter(isRejection)).toHaveLength(100);
    expect(await stockOf(3)).toMatchObject({ total: 100, available: 0 });
  });
});

test('two batches over the same products in opposite order both go through', async () => {
  const ids = Array.from({ length: 20 }, (_, i) => 100 + i);
  await run(...ids.map(id => create(id, 1_000)));
  for (let round = 0; round < 10; round++) {
    await Promise.all([run(...ids.map(id => reserve(id))), run(...ids.toReversed().map(id => reserve(id)))]);
  }
  for (const id of ids) expect((await stockOf(id)).available).toBe(980);
});

test('two batches over the same orders in opposite order take each line once', async () => {
  await run(create(4, 1_000));
  const orders = Array.from({ length: 30 }, nextOrder);
  await Promise.all([
    run(...orders.map(order => paid(4, order))),
    run(...orders.toReversed().map(order => ordered(4, order))),
  ]);
  await Promise.all([
    run(...orders.map(order => ordered(4, order))),
    run(...orders.toReversed().map(order => paid(4, order))),
  ]);
  expect(await stockOf(4)).toMatchObject({ total: 970, available: 970 });
  await Promise.all([
    run(...orders.map(order => cancel(4, order))),
    run(...orders.toReversed().map(order => cancel(4, order))),
  ]);
  expect(await stockOf(4)).toMatchObject({ total: 1_000, available: 1_000 });
});

describe('a line', () => {
  test('is kept from its reservation to its return', async () => {
    await run(create(5, 10));
    const order = nextOrder();
    await run(reserve(5, order, 3));
    expect(await stockOf(5)).toMatchObject({ total: 10, available: 7 });
    await run(paid(5, order, 3), ordered(5, order, 3));
    expect(await stockOf(5)).toMatchObject({ total: 7, available: 7 });
    await run(cancel(5, order, 3));
    await run(cancel(5, order, 3));
    expect(await stockOf(5)).toMatchObject({ total: 10, available: 10 });
    const events = (await it.published()).filter(({ key }) => key === String(order));
    expect(events.map(({ type }) => type)).toEqual(['DeliveryPrepared']);
  });

  test('is for one product: what names another is not about it', async () => {
    await run(create(6, 10), create(7, 10));
    const order = nextOrder();
    await run(reserve(6, order));
    expect(await run(reserve(7, order), cancel(7, order))).toMatchObject([
      { rejected: 'reservation-closed' },
      { rejected: 'reservation-closed' },
    ]);
    expect(await stockOf(6)).toMatchObject({ available: 9 });
    expect(await stockOf(7)).toMatchObject({ available: 10 });
  });

  test('expires when its time is over, unless a payment or an order was seen', async () => {
    await run(create(8, 10));
    const [idle, paidFor, wanted, young] = [nextOrder(), nextOrder(), nextOrder(), nextOrder()];
    await run(reserve(8, idle), reserve(8, paidFor), reserve(8, wanted), reserve(8, young));
    await run(paid(8, paidFor), ordered(8, wanted));
    await it.db.query(`UPDATE stock_line SET expires_at = now() WHERE itemcd = 8 AND order_id <> $1`, [
      young,
    ]);
    const expired = (await expiredLines(it.db, 100, 120_000)).filter(({ itemcd }) => itemcd === 8);
    expect(expired).toEqual([{ orderId: idle, itemcd: 8 }]);
    await run({ type: 'expire', orderId: idle, itemcd: 8 });
    expect(await stockOf(8)).toMatchObject({ available: 7 });
  });

  test('of which a clock that was set back since says that it lasts for long is over, and by its index', async () => {
    await run(create(80, 10));
    const [stuck, inUse] = [nextOrder(), nextOrder()];
    await run(reserve(80, stuck), reserve(80, inUse));
    await it.db.query(`UPDATE stock_line SET expires_at = now() + interval '1 h' WHERE order_id = $1`, [
      stuck,
    ]);
    const expired = (await expiredLines(it.db, 100, RESERVATION_MS)).filter(({ itemcd }) => itemcd === 80);
    expect(expired).toEqual([{ orderId: stuck, itemcd: 80 }]);
    await it.db.query(
      `INSERT INTO stock_line (order_id, itemcd, order_qty, hold, expires_at)
       SELECT n, 80, 1, 'reserved', now() + interval '1 min' FROM generate_series(1000001, 1005000) AS n`,
    );
    await it.db.query('ANALYZE stock_line');
    const plan = await planOf(it.db, db => expiredLines(db, 100, RESERVATION_MS));
    expect(plan.match(/Index Scan using stock_line_expires/g)).toHaveLength(2);
    await it.db.query('DELETE FROM stock_line WHERE order_id > 1000000');
  });

  test('that is reserved again does not last longer for it; one that had expired does', async () => {
    await run(create(9, 10));
    const order = nextOrder();
    const lasts = async () => {
      const [row] = await it.db.query<{ ms: number }>(
        'SELECT extract(epoch FROM expires_at - now()) * 1000 AS ms FROM stock_line WHERE order_id = $1',
        [order],
      );
      return row?.ms ?? 0;
    };
    await run(reserve(9, order));
    expect(await lasts()).toBeGreaterThan(RESERVATION_MS - 10_000);
    await it.db.query(`UPDATE stock_line SET expires_at = now() + interval '5 s' WHERE order_id = $1`, [
      order,
    ]);
    await run(reserve(9, order));
    expect(await lasts()).toBeLessThan(5_001);
    await run({ type: 'expire', orderId: order, itemcd: 9 }, reserve(9, nextOrder()));
    await run(reserve(9, order));
    expect(await lasts()).toBeGreaterThan(RESERVATION_MS - 10_000);
  });

  test('of an unknown product is kept, and the order told that there is none', async () => {
    const order = nextOrder();
    await run(paid(999, order), ordered(999, order));
    const events = (await it.published()).filter(({ key }) => key === String(order));
    expect(events).toMatchObject([{ type: 'StockShort', fields: { totalQuantity: 0 } }]);
  });
});

describe('the catalogue', () => {
  test('has each product once, whoever comes first', async () => {
    const outcomes = await Promise.all([run(create(20, 1)), run(create(20, 2)), run(create(20, 3))]);
    expect(outcomes.flat().filter(isRejection)).toMatchObject([
      { rejected: 'product-exists' },
      { rejected: 'product-exists' },
    ]);
  });

  test('gives the next free number to each, even at once', async () => {
    await run(create(500, 1));
    const createNext = () =>
      it.db.transaction(async tx => {
        const itemcd = await nextProductId(tx);
        await execute(tx, it.outbox, [{ command: create(itemcd, 1), traceparent: null }], RESERVATION_MS);
        return itemcd;
      });
    const ids = await Promise.all([createNext(), createNext(), createNext()]);
    expect(ids.sort()).toEqual([501, 502, 503]);
  });

  test('changes a product only as it was read', async () => {
    await run(create(21, 10));
    const change = (price: number, ifVersion: number): StoreCommand => ({
      type: 'change',
      itemcd: 21,
      catalogue: { price },
      ifVersion,
    });
    expect(await run(change(100, 1))).toMatchObject([{ changed: true }]);
    expect(await run(change(200, 1))).toMatchObject([{ rejected: 'stale-etag' }]);
    expect((await findProduct(it.db, 21))?.resource.price).toBe(100);
  });

  test('changes a product once for all who read it as it was, also where they come in one batch', async () => {
    await run(create(22, 10));
    const change = (price: number): StoreCommand => ({
      type: 'change',
      itemcd: 22,
      catalogue: { price },
      ifVersion: 1,
    });
    expect(await run(change(100), change(200))).toMatchObject([
      { changed: true },
      { rejected: 'stale-etag' },
    ]);
    expect((await findProduct(it.db, 22))?.resource.price).toBe(100);
  });

  test('keeps what was supplied, newest first, and tells of it', async () => {
    await run(create(23, 10), { type: 'move', itemcd: 23, quantity: -4, reason: 'broken' });
    await run({ type: 'change', itemcd: 23, catalogue: {}, total: 9 });
    expect(await listMovements(it.db, 23)).toMatchObject([
      { quantity: 3, reason: 'set by the administrator' },
      { quantity: -4, reason: 'broken' },
      { quantity: 10, reason: 'first supply' },
    ]);
    const events = (await it.published()).filter(({ key }) => key === 'product-23');
    expect(events.map(({ fields }) => fields.totalQuantity)).toEqual([10, 6, 9]);
  });

  test('is read in pages', async () => {
    const page = await pageProducts(it.db, {
      limit: 2,
      offset: 1,
      order: [{ column: 'id', descending: false }],
    });
    expect(page.items.map(item => item.id)).toEqual([2, 3]);
    expect(page.total).toBeGreaterThan(20);
    await expect(getProduct(it.db, 998)).rejects.toMatchObject({ slug: 'unknown-product' });
  });
});
