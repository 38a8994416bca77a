import { spawn } from 'node:child_process';
import { type ServiceName, services } from '@jumun/contracts';
import { createLogger, type Database, openDatabase } from '@jumun/service-kit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FreshDatabase, freshDatabase } from '../support/database.ts';
import { eventually } from '../support/eventually.ts';
import { SERVICE_TOKEN, type System, startSystem } from '../support/system.ts';

let system: System;
/** Orders by what became of them. */
let orders: Record<string, number[]>;

const SUPPLY = { 1: 100_000, 2: 5 } as const;

beforeEach(async () => {
  system = await startSystem({
    env: { LOG_LEVEL: 'error' },
    logTo: { write: line => void lines.push(line) },
  });
  lines.splice(0);
  for (const [itemcd, totalQuantity] of Object.entries(SUPPLY))
    await system.call('product', 'POST', '/products', {
      itemcd: Number(itemcd),
      name: 'milk',
      price: 500,
      totalQuantity,
    });
  orders = await liveThrough();
});
afterEach(() => system?.close());

const lines: string[] = [];
const log = createLogger('test', 'silent');

async function place(itemcd = 1, orderQty = 1): Promise<number> {
  return eventually(async () => {
    const body = { itemcd, orderQty, price: 500 * orderQty, customerId: 7, address: 'Seoul' };
    const { status, body: order } = await system.call<{ id: number }>('order', 'POST', '/orders', body);
    expect(status).toBe(201);
    return order.id;
  });
}

const statusOf = async (id: number) =>
  (await system.call<{ status: string }>('order', 'GET', `/orders/${id}`)).body.status;

async function step(orderId: number, step: 'deliverystarted' | 'deliverycompleted'): Promise<void> {
  const [row] = await system.sql<{ id: string }>('delivery', 'SELECT id FROM delivery WHERE order_id = $1', [
    orderId,
  ]);
  expect((await system.call('delivery', 'POST', `/deliveries/${row?.id}/${step}`, {})).status).toBe(200);
}

/** Orders in all states in a random order: prepared, on their way, arrived, canceled at each step, paid back, short of stock. */
async function liveThrough(): Promise<Record<string, number[]>> {
  const fates = ['prepared', 'started', 'completed', 'canceled', 'canceledOnTheWay', 'paidBack'];
  const found: Record<string, number[]> = {};
  const lives = fates.flatMap(fate => Array.from({ length: 1 + Math.floor(Math.random() * 3) }, () => fate));
  for (const fate of lives.sort(() => Math.random() - 0.5)) {
    const id = await place();
    found[fate] = [...(found[fate] ?? []), id];
    // Some are canceled before anything has come of them.
    if (fate !== 'canceled' || Math.random() < 0.5)
      await eventually(async () => expect(await statusOf(id)).toBe('deliveryPrepared'));
    if (['started', 'completed', 'canceledOnTheWay'].includes(fate)) {
      await eventually(() => step(id, 'deliverystarted'));
      await eventually(async () => expect(await statusOf(id)).toBe('deliverystarted'));
    }
    if (fate === 'completed') await step(id, 'deliverycompleted');
    if (fate.startsWith('canceled')) await system.call('order', 'DELETE', `/orders/${id}`);
    if (fate === 'paidBack') {
      const [pay] = await system.sql<{ id: string }>('pay', 'SELECT id FROM pay WHERE order_id = $1', [id]);
      await system.call('pay', 'DELETE', `/pays/${pay?.id}`);
    }
  }
  // Placed while the product service is away, from the catalogue: more than there is.
  await settled();
  await system.stop('product');
  found.short = [await place(2, 7)];
  await system.start('product');
  await eventually(async () => expect(await statusOf(found.short?.[0] ?? 0)).toBe('orderCanceled'));
  await settled();
  return found;
}

/** Waits until every service that is named has read all that is in the log, and nothing is on its way into it. */
const settled = (who: readonly ServiceName[] = services) =>
  eventually(async () => {
    const heads = () =>
      system.sql('events', 'SELECT partition, position FROM log_partition ORDER BY partition');
    const before = await heads();
    for (const name of who) {
      expect(await system.sql(name, 'SELECT FROM outbox')).toEqual([]);
      const cursors = 'SELECT partition, position FROM consumer_cursor ORDER BY partition';
      expect(await system.sql(name, cursors)).toEqual(before);
    }
    expect(await system.sql('pay', `SELECT FROM refund WHERE state = 'due'`)).toEqual([]);
    expect(await heads()).toEqual(before);
  });

/** All records of the log go, as those that are too old do. */
async function loseLog(): Promise<void> {
  await system.sql('events', 'DELETE FROM log');
  await system.sql(
    'events',
    `UPDATE log_pruned l SET position = p.position, order_id = (SELECT max(order_id) FROM log_pruned)
     FROM log_partition p WHERE p.partition = l.partition`,
  );
}

/** A service loses all that it knows, and is as far behind as a service can be. */
async function empty(name: ServiceName, tables: string[]): Promise<void> {
  await system.sql(name, `TRUNCATE ${[...tables, 'inbox', 'dead_letter'].join(', ')} RESTART IDENTITY`);
  await system.sql(name, 'UPDATE consumer_cursor SET position = 0');
}

/** `npm run jumun -- reseed …` on this system. */
async function reseed(name: ServiceName): Promise<string> {
  const main = new URL('../../apps/jumun/src/main.ts', import.meta.url).pathname;
  const urls = services.map(service => [`${service.toUpperCase()}_URL`, system.url(service)]);
  const child = spawn(process.execPath, ['--import', 'tsx', main, 'reseed', name], {
    env: { PATH: process.env.PATH, SERVICE_TOKEN, ...Object.fromEntries(urls) },
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', chunk => {
    out += chunk;
  });
  child.stderr.on('data', chunk => {
    err += chunk;
  });
  const code = await new Promise(resolve => child.on('close', resolve));
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out;
}

const VIEW = 'SELECT * FROM my_page ORDER BY order_id';
/** A row of the view with the steps that its order took; the times at which it did are those of its owners' rows. */
const toSteps = ({ timeline, updated_at: _, ordered_at, changed, ...row }: Record<string, unknown>) => ({
  ...row,
  timeline: Object.keys(timeline as object).sort(),
});
const view = async () => (await system.sql('customercenter', VIEW)).map(toSteps);
/** One pool gives numbers for what another gives as text. */
const asText = (_: string, value: unknown) => (typeof value === 'number' ? String(value) : value);

const DELIVERIES = `SELECT order_id, customer_id, product_name, qtyp, price, address, status
  FROM delivery WHERE order_id <> ALL($1::bigint[]) AND status <> 'tombstone' ORDER BY order_id`;
const deliveries = (without: number[] = []) => system.sql('delivery', DELIVERIES, [without]);
const stock = async () => [
  await system.sql('product', 'SELECT id, total, reserved FROM product ORDER BY id'),
  await system.sql('product', 'SELECT order_id, itemcd, order_qty, hold FROM stock_line ORDER BY order_id'),
];
const notices = () => system.sql('notice', 'SELECT id, order_id, kind, text FROM notice ORDER BY id');
const standing = async (name: ServiceName) => {
  const metrics = await fetch(`${system.url(name)}/metrics`).then(answer => answer.text());
  return metrics.split('\n').filter(line => /^jumun_consumer_pruned\{.* 1$/.test(line)).length;
};

/** A service stands still with an alarm; requests are served. */
async function expectStandstill(name: ServiceName): Promise<void> {
  await eventually(async () => expect(await standing(name)).toBeGreaterThan(0));
  await eventually(() => {
    const said = lines.filter(line => line.includes('stands still'));
    expect(said.join()).toContain(`npm run jumun -- reseed ${name}`);
  });
  const health = await system.call(name, 'GET', '/actuator/health');
  expect([health.status, health.body.status]).toEqual([200, 'UP']);
}

/** It goes on by itself with what is new, as all others do. */
async function expectOn(name: ServiceName): Promise<void> {
  expect(await standing(name)).toBe(0);
  const id = await place();
  await settled();
  expect(await statusOf(id)).toBe('deliveryPrepared');
  const { body } = await system.call('customercenter', 'GET', `/myPages/${id}`);
  expect(body).toMatchObject({ status: 'deliveryPrepared', deliveryStatus: 'deliveryRequested' });
}

describe('a service whose events are gone from the log stands still until it is re-seeded:', () => {
  test('customercenter, which has lost its view', async () => {
    const [right, told] = [await view(), await notices()];
    await system.stop('customercenter');
    await empty('customercenter', ['my_page']);
    await loseLog();
    await system.start('customercenter');
    await expectStandstill('customercenter');
    await eventually(async () => {
      const findings = await system.sql('customercenter', 'SELECT subject, kind, detail FROM audit_finding');
      expect(findings).toContainEqual(
        expect.objectContaining({ subject: 'service customercenter', kind: 'saga' }),
      );
    });
    const out = await reseed('customercenter');
    expect(out).toMatch(
      /^\d+ orders looked at; of their events customercenter has handled \d+ now and 0 before$/m,
    );
    expect(out).toMatch(/^partition \d goes on behind \d+$/m);
    await settled();
    expect(await view()).toEqual(right);
    expect(await reseed('customercenter')).toMatch(
      /handled 0 now and \d+ before\nall that it has to read next/,
    );
    expect(await view()).toEqual(right);
    expect(await notices()).toEqual(told);
    await eventually(async () => {
      const findings = await system.sql('customercenter', 'SELECT subject, kind, detail FROM audit_finding');
      expect(findings).toEqual([]);
    });
    await expectOn('customercenter');
  });

  test('delivery, which opens what is to be delivered and sends nothing a second time', async () => {
    const gone = [...(orders.started ?? []), ...(orders.completed ?? [])];
    const [right, told] = [await deliveries(gone), await notices()];
    await system.stop('delivery');
    await empty('delivery', ['delivery']);
    await loseLog();
    await system.start('delivery');
    await expectStandstill('delivery');
    const out = await reseed('delivery');
    expect(out).toContain(
      `${gone.length} orders are out for delivery or have arrived, and delivery has no row of them`,
    );
    await settled();
    expect(await deliveries()).toEqual(right);
    expect(await notices()).toEqual(told);
    await expectOn('delivery');
  });

  test('product, whose stock is as it was', async () => {
    const [right, told] = [await stock(), await notices()];
    await system.stop('product');
    await empty('product', ['stock_line']);
    // As a backup of the first day has it.
    for (const [id, supply] of Object.entries(SUPPLY))
      await system.sql('product', 'UPDATE product SET total = $2, reserved = 0 WHERE id = $1', [id, supply]);
    await loseLog();
    await system.start('product');
    await expectStandstill('product');
    await reseed('product');
    await settled();
    expect(await stock()).toEqual(right);
    expect(await notices()).toEqual(told);
    await expectOn('product');
  });

  test('order and pay, which catch up with what others did meanwhile', async () => {
    const [arrived, refused, canceled] = [await place(), await place(), await place()];
    for (const id of [arrived, refused, canceled])
      await eventually(async () => expect(await statusOf(id)).toBe('deliveryPrepared'));
    await settled();
    await system.stop('pay');
    await system.call('order', 'DELETE', `/orders/${canceled}`);
    await settled(['order', 'product', 'delivery', 'notice', 'customercenter']);
    await system.stop('order');
    await step(arrived, 'deliverystarted');
    await step(arrived, 'deliverycompleted');
    await settled(['product', 'delivery', 'notice', 'customercenter']);
    await loseLog();
    await system.start('pay');
    await system.start('order');
    await expectStandstill('order');
    await expectStandstill('pay');
    await reseed('order');
    await reseed('pay');
    await settled();
    expect(await statusOf(arrived)).toBe('deliverycompleted');
    expect(await statusOf(canceled)).toBe('orderCanceled');
    expect(await statusOf(refused)).toBe('deliveryPrepared');
    const [row] = await system.sql('pay', 'SELECT status, delivered FROM pay WHERE order_id = $1', [
      canceled,
    ]);
    expect(row).toEqual({ status: 'canceled', delivered: false });
    const [paid] = await system.sql('pay', 'SELECT status, delivered FROM pay WHERE order_id = $1', [
      arrived,
    ]);
    expect(paid).toEqual({ status: 'approved', delivered: true });
    expect(await system.sql('pay', 'SELECT state FROM refund WHERE order_id = $1', [canceled])).toEqual([
      { state: 'done' },
    ]);
    await expectOn('pay');
  });

  test('notice, which tells nothing of what was', async () => {
    await system.stop('notice');
    await empty('notice', ['notice']);
    await loseLog();
    await system.start('notice');
    await expectStandstill('notice');
    expect(await reseed('notice')).toContain(
      'notice tells of what is new: nothing of before is handed to it',
    );
    await settled();
    expect(await notices()).toEqual([]);
    await expectOn('notice');
    const kinds = (await notices()).map(({ kind }) => kind);
    expect(kinds.sort()).toEqual(['DeliveryPrepared', 'Ordered']);
  });
});

test('services that join late read history from the log, and come to the same state; notice tells none of it', async () => {
  // What the carrier has done to a delivery is known to delivery alone.
  const steps = [...(orders.started ?? []), ...(orders.completed ?? []), ...(orders.canceledOnTheWay ?? [])];
  const right = [await view(), await deliveries(steps)];
  const fresh = await Promise.all(
    (['customercenter', 'delivery', 'notice'] as const).map(
      async name => [name, await freshDatabase(name)] as const,
    ),
  );
  const databases = new Map<ServiceName, FreshDatabase>(fresh);
  const settings = (name: ServiceName) => ({
    [`${name.toUpperCase()}__DATABASE_URL`]: databases.get(name)?.url ?? '',
  });
  for (const [name] of fresh) {
    await system.stop(name);
    await system.start(name, settings(name));
  }
  const heads = () =>
    system.sql('events', 'SELECT partition, position FROM log_partition ORDER BY partition');
  const pools = fresh.map(
    ([name, { url }]) => [name, openDatabase({ url, name, connections: 1, log })] as const,
  );
  const ask = (name: ServiceName, text: string, values: unknown[] = []) =>
    new Map<ServiceName, Database>(pools).get(name)?.query(text, values) ?? Promise.resolve([]);
  try {
    await eventually(async () => {
      const before = await heads();
      for (const [name] of fresh) {
        const cursors = await ask(name, 'SELECT partition, position FROM consumer_cursor ORDER BY partition');
        expect(cursors.map(row => [row.partition, row.position])).toEqual(
          before.map(row => [row.partition, Number(row.position)]),
        );
      }
      expect(await ask('delivery', 'SELECT FROM outbox')).toEqual([]);
      expect(await heads()).toEqual(before);
    });
    const untold = (rows: Record<string, unknown>[]) => JSON.parse(JSON.stringify(rows, asText));
    expect(untold((await ask('customercenter', VIEW)).map(toSteps))).toEqual(untold(right[0] ?? []));
    expect(untold(await ask('delivery', DELIVERIES, [steps]))).toEqual(untold(right[1] ?? []));
    expect(await ask('notice', 'SELECT FROM notice')).toEqual([]);
  } finally {
    for (const [, db] of pools) await db.close();
    for (const [name] of fresh) await system.stop(name);
    for (const [, { drop }] of fresh) await drop();
  }
});

test('what is handed to a service fails alone, is set aside with what follows it, and needs the credential', async () => {
  const events = ['{', JSON.stringify({ orderId: 1, id: 1, eventType: 'DeliveryStarted', timestamp: 1 })].map(
    (payload, i) => ({
      eventId: `00000000-0000-7000-8000-00000000000${i}`,
      key: '1',
      type: 'DeliveryStarted',
      payload,
    }),
  );
  const hand = (headers = {}) =>
    system.call('order', 'POST', '/internal/events', [{ item: { events } }], headers);
  expect((await hand()).status).toBe(404);
  const answer = await fetch(`${system.url('order')}/internal/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${SERVICE_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify([{ item: { events } }]),
  });
  expect(JSON.parse(await answer.text())).toEqual({ i: 0, ok: { handled: 0, repeated: 0, setAside: 2 } });
  const letters = await system.sql('order', 'SELECT event_id AS id FROM dead_letter ORDER BY id');
  expect(letters.map(({ id }) => id)).toEqual(events.map(({ eventId }) => eventId));
});
