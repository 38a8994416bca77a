import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rebuildView } from '@jumun/customercenter/rebuild';
import { openReplay } from '@jumun/messaging/postgres';
import { createLogger, type Database, openDatabase } from '@jumun/service-kit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rebuild as command } from '../../apps/jumun/src/commands/rebuild-view.ts';
import { eventually } from '../support/eventually.ts';
import { type System, startSystem } from '../support/system.ts';

let system: System;
let view: Database;
let events: Database;

beforeAll(async () => {
  system = await startSystem();
  const log = createLogger('test', 'silent');
  const open = (url: string) => openDatabase({ url, name: 'rebuild', connections: 2, log });
  view = open(system.database('customercenter'));
  events = open(system.database('events'));
  await system.call('product', 'POST', '/products', { itemcd: 1, name: 'milk', totalQuantity: 100_000 });
});
afterAll(async () => {
  await view.close();
  await events.close();
  await system.close();
});

async function rebuild(seed?: number) {
  const replay = await openReplay(events);
  try {
    return await rebuildView(view, replay, { seed });
  } finally {
    await replay.close();
  }
}

/** Places an order; gives nothing where it was not taken. */
async function tryToPlace(): Promise<number | undefined> {
  const body = { itemcd: 1, orderQty: 1, price: 1_000, customerId: 7, address: 'Seoul' };
  const { status, body: order } = await system.call<{ id: number }>('order', 'POST', '/orders', body);
  return status === 201 ? order.id : undefined;
}

const place = () =>
  eventually(async () => {
    const id = await tryToPlace();
    if (id === undefined) throw new Error('the order was not taken');
    return id;
  });

const services = ['order', 'product', 'pay', 'delivery', 'notice', 'customercenter'] as const;

/** Waits until every service has read all that is in the log, and nothing is on its way into it. */
const settled = () =>
  eventually(async () => {
    const heads = () =>
      system.sql('events', 'SELECT partition, position FROM log_partition ORDER BY partition');
    const before = await heads();
    for (const name of services) {
      const cursors = 'SELECT partition, position FROM consumer_cursor ORDER BY partition';
      expect(await system.sql(name, cursors)).toEqual(before);
    }
    for (const name of services) expect(await system.sql(name, 'SELECT FROM outbox')).toEqual([]);
    expect(await heads()).toEqual(before);
  });

/** The view, but for when each row was written. */
const rows = async () =>
  (await system.sql('customercenter', 'SELECT * FROM my_page ORDER BY order_id')).map(
    ({ changed, ...row }) => row,
  );

/** `npm run jumun -- rebuild-view …` on the databases of this system. */
async function rebuildByCommand(
  ...args: string[]
): Promise<{ code: number | null; out: string; err: string }> {
  const main = new URL('../../apps/jumun/src/main.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--import', 'tsx', main, 'rebuild-view', ...args], {
    env: {
      PATH: process.env.PATH,
      EVENTS_URL: system.database('events'),
      CUSTOMERCENTER__DATABASE_URL: system.database('customercenter'),
    },
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', chunk => {
    out += chunk;
  });
  child.stderr.on('data', chunk => {
    err += chunk;
  });
  const code = await new Promise<number | null>(resolve => child.on('close', resolve));
  return { code, out, err };
}

test('the view is built anew twice beside orders and readers, and no order is ever missing from it', async () => {
  const placed: number[] = [];
  const seen = new Set<number>();
  let running = true;
  async function order() {
    while (running) {
      const id = await tryToPlace();
      if (id === undefined) continue;
      placed.push(id);
      if (id % 3 === 0) await system.call('order', 'DELETE', `/orders/${id}`);
    }
  }
  async function read() {
    let total = 0;
    while (running) {
      const known = [...seen];
      const { status, body } = await system.call<{
        _embedded: { myPages: { orderId: number }[] };
        page: { totalElements: number };
      }>('customercenter', 'GET', '/myPages?size=1000&sort=id,desc');
      expect(status).toBe(200);
      expect(body.page.totalElements).toBeGreaterThanOrEqual(total);
      total = body.page.totalElements;
      const ids = new Set(body._embedded.myPages.map(({ orderId }) => orderId));
      for (const id of known) expect(ids.has(id), `order ${id}`).toBe(true);
      for (const id of ids) seen.add(id);
    }
  }
  const traffic = Promise.all([order(), order(), read(), read()]);
  try {
    await eventually(() => expect(seen.size).toBeGreaterThan(20));
    for (const seed of [undefined, 7]) {
      const before = placed.length;
      const { differences, sample } = await rebuild(seed);
      expect({ differences, sample }).toEqual({ differences: 0, sample: [] });
      await eventually(() => expect(placed.length).toBeGreaterThan(before + 10));
    }
  } finally {
    running = false;
    await traffic;
  }
  await settled();
  expect((await rebuild()).differences).toBe(0);
  const shown = (await view.query<{ id: number }>('SELECT order_id AS id FROM my_page WHERE shown')).map(
    ({ id }) => id,
  );
  expect(shown).toEqual(expect.arrayContaining(placed));
  const tables = await view.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relname LIKE 'my_page%' AND relkind = 'r' ORDER BY 1`,
  );
  expect(tables.map(({ name }) => name)).toEqual(['my_page']);
});

test('the command says what it found, and in which order ids and fields, and puts it right', async () => {
  await place();
  await place();
  await settled();
  const right = await rows();
  const [first, second] = await view.query<{ id: number }>(
    'SELECT order_id AS id FROM my_page ORDER BY order_id',
  );
  await view.query(`UPDATE my_page SET status = 'deliverystarted', price = 5 WHERE order_id = $1`, [
    first?.id,
  ]);
  await view.query('DELETE FROM my_page WHERE order_id = $1', [second?.id]);
  await view.query(
    `INSERT INTO my_page (order_id, shown, updated_at, timeline) VALUES (999999, true, 0, '{}')`,
  );
  const { code, out, err } = await rebuildByCommand('--shuffle', '42');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/^folded \d+ of \d+ records$/m);
  expect(out).toMatch(/^the new view is in place: \d+ records in [\d.]+ s$/m);
  expect(out).toMatch(/^\d+ orders compared, differences: 3$/m);
  expect(out).toContain(`order ${first?.id}: `);
  expect(out).toMatch(/status was "deliverystarted" and is "\w+"/);
  expect(out).toMatch(/price was 5 and is 1000/);
  expect(out).toContain(`order ${second?.id}: was missing in the old view`);
  expect(out).toContain('order 999999: no event in the log tells of it: not in the new view');
  expect(await rows()).toEqual(right);
  expect((await rebuild()).differences).toBe(0);
});

test('of two at once the second is refused, and one that was killed leaves nothing in the way', async () => {
  const session = await system.connect('customercenter');
  await session.query('SELECT pg_advisory_lock(7216016)');
  await session.query('CREATE TABLE my_page_next (LIKE my_page)');
  await expect(rebuild()).rejects.toThrow('the view is being rebuilt already');
  await session.end();
  await eventually(async () => expect((await rebuild()).differences).toBe(0));
  await expect(command([], { data: undefined, shuffle: 'x' })).rejects.toThrow('--shuffle takes a number');
});

test('a reader that holds the view for long is waited for, and nobody behind it', async () => {
  await settled();
  const dump = await system.connect('customercenter');
  await dump.query('BEGIN');
  await dump.query('SELECT count(*) FROM my_page');
  const rebuilding = rebuild();
  const waiting = () =>
    view.query(`SELECT FROM pg_locks WHERE relation = 'my_page'::regclass AND mode = 'AccessExclusiveLock'`);
  await eventually(async () => expect(await waiting()).toHaveLength(1));
  await eventually(async () => expect(await waiting()).toHaveLength(0));
  const id = await place();
  await eventually(async () => {
    expect((await system.call('customercenter', 'GET', `/myPages/${id}`)).status).toBe(200);
  });
  await dump.query('COMMIT');
  expect((await rebuilding).differences).toBe(0);
});

test('what stands in dead letters is in neither view, and comes when it is replayed', async () => {
  const id = await place();
  await settled();
  const before = await rows();
  const [head] = await system.sql<{ partition: number }>(
    'events',
    'SELECT partition FROM log WHERE key = $1',
    [String(id)],
  );
  // A record that cannot be read (yet), and one that waits behind it.
  const broken = randomUUID();
  const started = { eventType: 'DeliveryStarted', timestamp: Date.now(), id, orderId: id };
  for (const [eventId, payload] of [
    [broken, '{'],
    [randomUUID(), JSON.stringify(started)],
  ]) {
    await system.sql(
      'events',
      `WITH head AS (UPDATE log_partition SET position = position + 1 WHERE partition = $1 RETURNING *)
       INSERT INTO log (partition, position, event_id, key, type, payload)
       SELECT partition, position, $2, $3, 'DeliveryStarted', $4 FROM head`,
      [head?.partition, eventId, String(id), payload],
    );
  }
  await eventually(async () => {
    const letters = await system.sql('customercenter', 'SELECT FROM dead_letter');
    expect(letters).toHaveLength(2);
  });
  await settled();
  const { setAside, differences } = await rebuild();
  expect({ setAside, differences }).toEqual({ setAside: 2, differences: 0 });
  expect(await rows()).toEqual(before);

  // The order service has set it aside too.
  for (const name of ['customercenter', 'order'] as const) {
    await system.sql(name, `UPDATE dead_letter SET state = 'discarded' WHERE event_id = $1`, [broken]);
  }
  await eventually(async () => {
    const { body } = await system.call('customercenter', 'GET', `/myPages/${id}`);
    expect(body.deliveryStatus).toBe('deliverystarted');
    expect(await system.sql('order', `SELECT FROM dead_letter WHERE state <> 'discarded'`)).toEqual([]);
  });
  const after = await rows();
  expect((await rebuild(3)).differences).toBe(0);
  expect(await rows()).toEqual(after);
});

test('what has ended goes from the log when it is old: the view stays right, and nobody is told anything twice', async () => {
  const [done, canceled, open] = [await place(), await place(), await place()];
  await system.call('order', 'DELETE', `/orders/${canceled}`);
  const delivery = await eventually(async () => {
    const { body } = await system.call<{ _embedded: { deliveries: { id: number; orderId: number }[] } }>(
      'delivery',
      'GET',
      '/deliveries?size=1000',
    );
    const found = body._embedded.deliveries.find(({ orderId }) => orderId === done);
    expect(found).toBeDefined();
    return found;
  });
  for (const step of ['deliverystarted', 'deliverycompleted'])
    expect((await system.call('delivery', 'POST', `/deliveries/${delivery?.id}/${step}`, {})).status).toBe(
      200,
    );
  await settled();
  const [before, notices] = [await rows(), await system.sql('notice', 'SELECT * FROM notice ORDER BY id')];

  await events.query(`UPDATE log SET appended_at = now() - interval '91 days'`);
  await eventually(async () => {
    const behind = await events.query(
      'SELECT name FROM log_group g JOIN log_partition p USING (partition) WHERE g.position < p.position',
    );
    expect(behind).toEqual([]);
  });
  // A pass begins with the service.
  await system.stop('customercenter');
  await system.start('customercenter');
  const keys = () => events.query<{ key: string }>('SELECT DISTINCT key FROM log');
  await eventually(async () => {
    const left = (await keys()).map(({ key }) => key);
    expect(left).not.toContain(String(done));
    expect(left).not.toContain(String(canceled));
    expect(left).toContain(String(open));
    expect(left).toContain('product-1');
  });
  const metrics = await fetch(`${system.url('customercenter')}/metrics`).then(answer => answer.text());
  expect(metrics).toMatch(/^jumun_pruned_total\{what="log",service="customercenter"\} [1-9]\d*$/m);
  expect(metrics).toMatch(/^jumun_log_oldest_seconds\{service="customercenter"\} 78\d{5}/m);
  expect(metrics).toMatch(/^jumun_log_group_lag\{group="pay",service="customercenter"\} 0$/m);

  for (const seed of [undefined, 11]) {
    const { differences, carried } = await rebuild(seed);
    expect(differences).toBe(0);
    expect(carried).toBeGreaterThan(1);
    expect(await rows()).toEqual(before);
  }
  await place();
  await settled();
  expect((await rebuild()).differences).toBe(0);
  const after = await system.sql('notice', 'SELECT * FROM notice ORDER BY id');
  expect(after.slice(0, notices.length)).toEqual(notices);
});

test('all events that come once more after the inbox has forgotten them change nothing', async () => {
  const [paidBack] = [await place(), await place()];
  await settled();
  await system.call('order', 'DELETE', `/orders/${paidBack}`);
  await settled();
  /** All rows of a service but those of messaging, without when they were written. */
  async function state(service: (typeof services)[number]) {
    const tables = await system.sql<{ name: string }>(
      service,
      `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
         AND relname NOT IN ('inbox', 'consumer_cursor', 'read_log', 'lease', 'transaction_mark', 'migration', 'dead_letter', 'audit_state')
       ORDER BY 1`,
    );
    const found: unknown[] = [];
    for (const { name } of tables) {
      const text = `SELECT to_jsonb(t) - 'updated_at' - 'changed' AS row FROM "${name}" t ORDER BY 1`;
      found.push(name, await system.sql(service, text));
    }
    return found;
  }
  // A payment that was given back is noted as done some time after it was.
  await eventually(async () => {
    const { body } = await system.call('pay', 'GET', '/pays/exceptions');
    expect(body).toMatchObject({ page: { totalElements: 0 } });
  });
  const before = Object.fromEntries(
    await Promise.all(services.map(async name => [name, await state(name)] as const)),
  );
  for (const name of services) await system.sql(name, 'TRUNCATE inbox');
  await system.sql(
    'events',
    `WITH heads AS (SELECT * FROM log_partition FOR UPDATE), again AS (
       INSERT INTO log (partition, position, event_id, key, type, payload, traceparent)
       SELECT l.partition, h.position + row_number() OVER (PARTITION BY l.partition ORDER BY l.position),
              event_id, key, type, payload, traceparent
       FROM log l JOIN heads h USING (partition) RETURNING partition, position
     )
     UPDATE log_partition p SET position = a.position
     FROM (SELECT partition, max(position) AS position FROM again GROUP BY partition) a
     WHERE a.partition = p.partition`,
  );
  await settled();
  for (const name of services) expect(await state(name), name).toEqual(before[name]);
  expect((await rebuild(9)).differences).toBe(0);
});
