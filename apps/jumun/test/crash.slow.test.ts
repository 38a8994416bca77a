import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { ensureDatabases, ensurePostgres } from '../src/postgres/index.ts';
import { call, openPlace, type Place, type Started, stock } from './jumun.ts';

const ITEM = 1;
const SHELF = 1_000_000;

let place: Place;
let system: Started;

beforeEach(async () => {
  place = await openPlace();
  system = place.start();
  await system.ready();
  await stock(place, ITEM, SHELF);
});

afterEach(async () => {
  await place.clean();
});

interface Placed {
  id: number;
  price: number;
  orderQty: number;
  address: string;
}

/** Customers who order one after the other, each with a key for each order; what was confirmed is noted. */
function load(customers: number) {
  const confirmed: Placed[] = [];
  let on = true;
  const running = Array.from({ length: customers }, async (_, customer) => {
    while (on) {
      const order = {
        itemcd: ITEM,
        orderQty: 1 + (confirmed.length % 3),
        price: 1_000 + confirmed.length,
        address: `${customer}/${randomUUID()}`,
      };
      const answer = await call('POST', `${place.url('order')}/orders`, order, {
        'idempotency-key': randomUUID(),
      }).catch(() => undefined);
      if (answer?.status === 201) confirmed.push(answer.body);
      else await new Promise(resolve => setTimeout(resolve, 20));
    }
  });
  return {
    confirmed,
    async end() {
      on = false;
      await Promise.all(running);
    },
  };
}

async function rows<Row>(database: string, text: string): Promise<Row[]> {
  const urls = await ensureDatabases(await ensurePostgres(place.dataDir), [database]);
  const client = new pg.Client({ connectionString: urls[database] });
  await client.connect();
  try {
    return (await client.query(text)).rows as Row[];
  } finally {
    await client.end();
  }
}

const count = async (database: string, text: string) =>
  Number((await rows<{ count: string }>(database, text))[0]?.count);

/** All that was confirmed is there as it was confirmed, every order has come to rest, and nothing was done twice. */
async function expectWhole(confirmed: Placed[]): Promise<void> {
  // Intents whose fate the crash left open are settled first.
  await eventually(async () => {
    expect(await count('order', 'SELECT count(*) FROM intent')).toBe(0);
    expect(await count('order', `SELECT count(*) FROM orders WHERE status = 'ordered'`)).toBe(0);
    for (const name of ['order', 'pay', 'product', 'delivery', 'notice', 'customercenter'])
      expect(await count(name, 'SELECT count(*) FROM outbox')).toBe(0);
    expect(await count('pay', `SELECT count(*) FROM refund WHERE state = 'due'`)).toBe(0);
  }, 90_000);

  const orders = new Map(
    (
      await rows<{ id: string; price: string; order_qty: number; address: string; status: string }>(
        'order',
        'SELECT * FROM orders',
      )
    ).map(row => [Number(row.id), row]),
  );
  for (const { id, price, orderQty, address } of confirmed) {
    const row = orders.get(id);
    expect({ price: Number(row?.price), orderQty: row?.order_qty, address: row?.address }).toEqual({
      price,
      orderQty,
      address,
    });
  }
  const ids = [...orders.keys()].sort((a, b) => a - b);
  // One delivery and one standing payment for each order, none for anything else.
  await eventually(async () => {
    const deliveries = await rows<{ order_id: string }>('delivery', 'SELECT order_id FROM delivery');
    expect(deliveries.map(row => Number(row.order_id)).sort((a, b) => a - b)).toEqual(ids);
    const pages = await rows<{ order_id: string }>(
      'customercenter',
      `SELECT order_id FROM my_page WHERE shown AND delivery_status = 'deliveryRequested'`,
    );
    expect(pages.map(row => Number(row.order_id)).sort((a, b) => a - b)).toEqual(ids);
  }, 30_000);
  const paid = await rows<{ order_id: string; price: string }>(
    'pay',
    `SELECT order_id, price FROM pay WHERE status = 'approved'`,
  );
  expect(paid.map(row => Number(row.order_id)).sort((a, b) => a - b)).toEqual(ids);
  // The provider holds exactly what the orders cost, and the shelf lacks exactly what they take.
  const cost = [...orders.values()].reduce((sum, row) => sum + Number(row.price), 0);
  const pieces = [...orders.values()].reduce((sum, row) => sum + row.order_qty, 0);
  expect(await count('pay', `SELECT sum(amount) AS count FROM sandbox_charge WHERE state = 'captured'`)).toBe(
    cost,
  );
  expect(await count('product', 'SELECT total AS count FROM product')).toBe(SHELF - pieces);
  for (const name of ['order', 'pay', 'product', 'delivery', 'notice', 'customercenter'])
    expect(await count(name, 'SELECT count(*) FROM dead_letter')).toBe(0);
}

async function loadUntil(confirmedAtLeast: number) {
  const customers = load(20);
  await eventually(() => expect(customers.confirmed.length).toBeGreaterThan(confirmedAtLeast), 30_000);
  return customers;
}

it('kill -9 of the process: the next start joins the PostgreSQL that was left, and loses nothing', async () => {
  const customers = await loadUntil(300);
  const postmaster = await place.postmaster();
  system.signal('SIGKILL');
  await system.exited;
  await customers.end();
  expect(await place.postmaster()).toBe(postmaster);

  system = place.start();
  const ms = await system.ready();
  process.stdout.write(
    `ready ${Math.round(ms)} ms after kill -9 (${customers.confirmed.length} confirmed)\n`,
  );
  expect(await place.postmaster()).toBe(postmaster);
  await expectWhole(customers.confirmed);
  // It was joined, and is now ours to stop.
  system.signal('SIGTERM');
  expect(await system.exited).toEqual({ code: 0, signal: null });
  expect(await place.postmaster()).toBeUndefined();
}, 240_000);

it('kill -9 of everything, PostgreSQL too: the next start recovers, and loses nothing', async () => {
  const customers = await loadUntil(300);
  const postmaster = await place.postmaster();
  const children = (await readFile(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8'))
    .split(' ')
    .filter(Boolean)
    .map(Number);
  system.signal('SIGKILL');
  for (const pid of [postmaster as number, ...children]) process.kill(pid, 'SIGKILL');
  await system.exited;
  await customers.end();
  expect(await readFile(join(place.dataDir, 'pg/postmaster.pid'), 'utf8')).toMatch(`${postmaster}\n`);
  expect(await place.postmaster()).toBeUndefined();

  system = place.start();
  const ms = await system.ready();
  process.stdout.write(
    `ready ${Math.round(ms)} ms after the crash of all (${customers.confirmed.length} confirmed)\n`,
  );
  await expectWhole(customers.confirmed);
}, 240_000);

it('kill -9 of the postmaster: it is brought back while the process runs, and orders go on', async () => {
  const customers = await loadUntil(300);
  for (let i = 0; i < 3; i++) {
    const postmaster = (await place.postmaster()) as number;
    const killed = performance.now();
    const before = customers.confirmed.length;
    process.kill(postmaster, 'SIGKILL');
    await eventually(async () => expect(await place.postmaster()).not.toBe(postmaster), 30_000);
    // Not merely those that were on their way.
    await eventually(() => expect(customers.confirmed.length).toBeGreaterThan(before + 50), 30_000);
    process.stdout.write(
      `orders again ${Math.round(performance.now() - killed)} ms after the postmaster's end\n`,
    );
  }
  await customers.end();
  expect(system.isRunning()).toBe(true);
  await expectWhole(customers.confirmed);
  system.signal('SIGTERM');
  expect(await system.exited).toEqual({ code: 0, signal: null });
  expect(await place.postmaster()).toBeUndefined();
}, 240_000);
