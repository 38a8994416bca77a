import {
  DeliveryCompleted,
  DeliveryPrepared,
  DeliveryRequested,
  DeliveryStarted,
  OrderCanceled,
  Ordered,
  PayApproved,
  PayCanceled,
} from '@jumun/contracts';
import { type LogRetention, readCursors, startConsumer, type Transport, toMessage } from '@jumun/messaging';
import { openPostgresTransport, openReplay } from '@jumun/messaging/postgres';
import { createLogger, type Database, openDatabase } from '@jumun/service-kit';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logPruning } from '../../../packages/messaging/src/retention.ts';
import { type Cleanup, createCleanup } from '../../../tests/support/cleanup.ts';
import { freshDatabase } from '../../../tests/support/database.ts';
import { eventually } from '../../../tests/support/eventually.ts';
import { givenDatabase } from '../../../tests/support/given.ts';
import { rebuildView } from '../src/rebuild.ts';
import { carryOver, compareViews, createNextView, dropNextView, endedOrders, execute } from '../src/store.ts';
import { subscriptions } from '../src/subscriptions.ts';

const cleanup: Cleanup = createCleanup();
const log = createLogger('test', 'silent');
let view: Database;
let events: Database;
let transport: Transport;
let retention: LogRetention;

beforeAll(async () => {
  const service = await givenDatabase('customercenter');
  cleanup.add(service.close);
  view = service.db;
  const database = await freshDatabase('events');
  cleanup.add(database.drop);
  events = openDatabase({ url: database.url, name: 'events', connections: 6, log });
  transport = await openPostgresTransport(events);
  cleanup.add(() => transport.close());
  if (!transport.retention) throw new Error('this log is not pruned');
  retention = transport.retention;
  const consumer = startConsumer({
    name: 'customercenter',
    db: view,
    transport,
    subscriptions,
    execute: (tx, batch) => execute(tx, batch as never),
    partitions: () => Array.from({ length: transport.partitions }, (_, i) => i),
    from: 'beginning',
    log,
  });
  transport.onAppend(consumer.wake);
  cleanup.add(() => consumer.stop());
});
afterAll(() => cleanup.run());

/** The events of one order's life, in the order in which they happen; how far it comes, and whether it is canceled. */
const sale = { item: 'milk', orderQty: 3, price: 6000, itemcd: 2, customerId: 11, address: 'Seoul' };
const life = [PayApproved, Ordered, DeliveryPrepared, DeliveryRequested, DeliveryStarted, DeliveryCompleted];
const end = [OrderCanceled, PayCanceled];

let orders = 0;
let clock = Date.UTC(2026, 0, 1);

/** Has an order come so far, and tells the log. */
function lifeOf(steps: number, canceled: boolean) {
  const id = ++orders;
  const contracts = [...life.slice(0, steps), ...(canceled ? end : [])];
  return contracts.map(({ type }) => {
    const fields = type.startsWith('Order') ? { id } : { id: 1_000_000 + id, orderId: id };
    const key = String(id);
    return toMessage({ type, key, fields: { ...sale, ...fields }, traceparent: null }, clock++);
  });
}

async function publish(messages: ReturnType<typeof lifeOf>): Promise<void> {
  await transport.append('test', await transport.fence('test'), messages);
  await eventually(async () => expect(await readCursors(view)).toEqual(await transport.heads()));
}

/** The view, but for when each row was written. */
const rows = async () =>
  (await view.query('SELECT * FROM my_page ORDER BY order_id')).map(({ changed, ...row }) => row);

async function rebuild(seed?: number) {
  const replay = await openReplay(events);
  try {
    return await rebuildView(view, replay, { seed });
  } finally {
    await replay.close();
  }
}

async function prune(): Promise<number> {
  await transport.report('customercenter', await readCursors(view));
  const { step } = logPruning(retention, transport.partitions, {
    days: 90,
    ended: ids => endedOrders(view, ids),
  });
  let total = 0;
  for (;;) {
    const { removed, more } = await step();
    total += removed;
    if (!more) return total;
  }
}

const anOrder = fc.record({ steps: fc.integer({ min: 1, max: life.length }), canceled: fc.boolean() });

test('the view is the fold of what is left in the log and the rows of what has ended, in any order', async () => {
  let pruned = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(anOrder, { minLength: 1, maxLength: 12 }),
      fc.integer({ min: 0, max: 12 * transport.partitions }),
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      async (added, old, seed) => {
        await publish(added.flatMap(({ steps, canceled }) => lifeOf(steps, canceled)));
        const before = await rows();
        // Some more of the log has come of age; each run goes on with what the one before has left.
        await events.query(
          `UPDATE log SET appended_at = now() - interval '91 days' WHERE (partition, position) IN
             (SELECT partition, position FROM log WHERE appended_at > now() - interval '1 day'
              ORDER BY position LIMIT $1)`,
          [old],
        );
        pruned += await prune();
        for (const order of [undefined, seed]) {
          const { differences, sample } = await rebuild(order);
          expect({ differences, sample }).toEqual({ differences: 0, sample: [] });
          expect(await rows()).toEqual(before);
        }
      },
    ),
    { numRuns: 10 },
  );
  expect(pruned).toBeGreaterThan(0);
  const [left] = await events.query<{ open: number }>('SELECT count(*)::int AS open FROM log');
  expect(left?.open).toBeGreaterThan(0);
});

test('an order that is open when others of its age have gone is built from nothing and found out where it is wrong', async () => {
  const open = lifeOf(3, false);
  const done = lifeOf(life.length, false);
  await publish([...open, ...done]);
  await events.query(`UPDATE log SET appended_at = now() - interval '91 days'`);
  expect(await prune()).toBeGreaterThanOrEqual(done.length);
  const id = Number(open[0]?.key);
  const right = await rows();
  await view.query('UPDATE my_page SET price = 1 WHERE order_id = $1', [id]);
  const { differences, sample, carried } = await rebuild();
  expect(carried).toBeGreaterThan(0);
  expect(differences).toBe(1);
  expect(sample).toMatchObject([{ orderId: id, old: { price: 1 }, next: { price: 6000 } }]);
  expect(await rows()).toEqual(right);
});

test('an order whose old records are gone still takes what comes of it', async () => {
  const done = lifeOf(life.length, false);
  await publish(done);
  await events.query(`UPDATE log SET appended_at = now() - interval '91 days'`);
  expect(await prune()).toBeGreaterThanOrEqual(done.length);
  const id = Number(done[0]?.key);
  const fields = { ...sale, id: 1, orderId: id, reason: 'late' };
  await publish([toMessage({ type: PayCanceled.type, key: String(id), fields, traceparent: null }, clock++)]);
  const before = await rows();
  expect((await rebuild(5)).differences).toBe(0);
  expect(await rows()).toEqual(before);
  expect(before.at(-1)).toMatchObject({ status: 'deliverycompleted', pay_status: 'canceled' });
});

test('a rebuild that dies leaves the view as it was, and the next one goes through, with all indexes', async () => {
  const indexes = () =>
    view.query('SELECT indexname, indexdef FROM pg_indexes WHERE tablename = $1 ORDER BY 1', ['my_page']);
  await view.query('CREATE INDEX my_page_price ON my_page (price) WHERE shown');
  const [before, indexed] = [await rows(), await indexes()];
  const replay = await openReplay(events);
  const dying: typeof replay = {
    ...replay,
    async *read(...args) {
      await view.query(
        `SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database d ON d.oid = database
         WHERE locktype = 'advisory' AND objid = 7216016 AND datname = current_database()`,
      );
      yield* replay.read(...args);
    },
  };
  await expect(rebuildView(view, dying)).rejects.toThrow();
  await replay.close();
  expect(await view.query(`SELECT to_regclass('my_page_next') AS left`)).toEqual([{ left: 'my_page_next' }]);
  expect(await rows()).toEqual(before);
  for (const seed of [undefined, 1]) {
    expect((await rebuild(seed)).differences).toBe(0);
    expect(await indexes()).toEqual(indexed);
  }
  expect(await rows()).toEqual(before);
});

test('rows are taken over and compared in steps, and each difference is found once', async () => {
  await publish(Array.from({ length: 12 }, () => lifeOf(life.length, false)).flat());
  const ids = (await view.query<{ id: number }>('SELECT order_id AS id FROM my_page ORDER BY 1')).map(
    row => row.id,
  );
  const [first = 0, second = 0] = ids;
  const last = ids.at(-1) ?? 0;
  await createNextView(view);
  let carried = 0;
  for (
    let step = await carryOver(view, -1, { lastOrder: last - 1, before: 0 }, 2);
    step;
    step = await carryOver(view, step.last, { lastOrder: last - 1, before: 0 }, 2)
  ) {
    expect(step.rows).toBeLessThanOrEqual(2);
    carried += step.rows;
  }
  const ended = await endedOrders(view, ids);
  expect(carried).toBe([...ended].filter(id => id < last).length);
  await view.query('DELETE FROM my_page_next WHERE order_id = $1', [first]);
  await view.query('UPDATE my_page_next SET price = 1 WHERE order_id = $1', [second]);
  await view.query(
    `INSERT INTO my_page_next (order_id, shown, updated_at, timeline) VALUES ($1, true, 0, '{}')`,
    [last + 5],
  );

  const found: number[] = [];
  let differences = 0;
  for (let after: number | undefined = -1; after !== undefined; ) {
    const step = await compareViews(view, after, 2, 100);
    differences += step.differences;
    found.push(...step.sample.map(({ orderId }) => orderId));
    after = step.last;
  }
  const open = ids.filter(id => !ended.has(id) && id < last);
  const wanted = [...new Set([first, second, ...open, last, last + 5])];
  expect(found).toEqual(wanted.sort((a, b) => a - b));
  expect(differences).toBe(wanted.length);
  expect(await compareViews(view, -1, 2, 0)).toMatchObject({ sample: [] });
  await dropNextView(view);
});

test('rows of orders to which something happened before the log begins are taken over, open ones too', async () => {
  const since = clock;
  await publish([...lifeOf(2, false), ...lifeOf(life.length, true)]);
  const old = await view.query<{ id: number }>(
    'SELECT order_id AS id FROM my_page WHERE updated_at > 0 AND updated_at < $1 ORDER BY 1',
    [since],
  );
  expect(
    await endedOrders(
      view,
      old.map(({ id }) => id),
    ).then(ended => ended.size),
  ).toBeLessThan(old.length);
  await createNextView(view);
  const carried = await carryOver(view, -1, { lastOrder: 0, before: since }, 10_000);
  expect(carried?.rows).toBe(old.length);
  const rows = await view.query<{ id: number }>('SELECT order_id AS id FROM my_page_next ORDER BY 1');
  expect(rows).toEqual(old);
  await dropNextView(view);
});
