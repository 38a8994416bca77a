import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { expect } from 'vitest';
import { type Databases, settled } from '../../../tests/e2e/invariants.ts';
import { eventually } from '../../../tests/support/eventually.ts';
import { connectAudit } from '../src/audit-client.ts';
import { ensureDatabases, ensurePostgres } from '../src/postgres/index.ts';
import { type Answer, call, type Place } from './jumun.ts';

export const ITEM = 1;
export const SHELF = 1_000_000;

interface Wish {
  itemcd: number;
  orderQty: number;
  price: number;
  /** Unlike any other order's. */
  address: string;
}

/** What customers were told, which has to hold whatever dies afterwards. */
export interface Told {
  /** Orders that were answered with 201, by id. */
  orders: Map<number, Wish>;
  canceled: Set<number>;
  /** Orders whose delivery was told to have got as far. */
  moved: Map<number, 'deliverystarted' | 'deliverycompleted'>;
  /** Orders with a key whose answer never came or was 503: the customer asks again. */
  unanswered: { key: string; wish: Wish }[];
  /** How often each status came, 0 for an answer that did not. */
  statuses: Map<number, number>;
}

export const nothingTold = (): Told => ({
  orders: new Map(),
  canceled: new Set(),
  moved: new Map(),
  unanswered: [],
  statuses: new Map(),
});

export interface TrafficOptions {
  customers?: number;
  /** Whether orders are also canceled, and deliveries go on their way. */
  changes?: boolean;
  /** From 0 up to 1, as Math.random. */
  random?: () => number;
}

/**
 * Customers who order one after the other, every other time with an `Idempotency-Key`, and a carrier. What they are
 * told is noted. Ends when each has its last answer.
 */
export function startTraffic(
  place: Place,
  told: Told,
  { customers = 20, changes = false, random = Math.random }: TrafficOptions = {},
): { end(): Promise<void> } {
  let on = true;

  async function ask(method: string, url: string, body?: unknown, key?: string): Promise<Answer | undefined> {
    const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
    const answer = await call(method, url, body, headers).catch(() => undefined);
    const status = answer?.status ?? 0;
    told.statuses.set(status, (told.statuses.get(status) ?? 0) + 1);
    return answer;
  }

  async function order(): Promise<void> {
    const wish: Wish = {
      itemcd: ITEM,
      orderQty: 1 + Math.floor(random() * 3),
      price: 1_000 + told.orders.size,
      address: randomUUID(),
    };
    const key = random() < 0.5 ? randomUUID() : undefined;
    const answer = await ask('POST', `${place.url('order')}/orders`, wish, key);
    if (answer?.status === 201) told.orders.set(answer.body.id, wish);
    else {
      if (key !== undefined) told.unanswered.push({ key, wish });
      await delay(100);
    }
    if (changes && answer?.status === 201 && random() < 0.2) await cancel(answer.body.id);
  }

  async function cancel(id: number): Promise<void> {
    const answer = await ask('DELETE', `${place.url('order')}/orders/${id}`);
    if (answer?.status === 204) told.canceled.add(id);
  }

  async function carry(): Promise<void> {
    const deliveries = `${place.url('delivery')}/deliveries`;
    const latest = await ask('GET', `${deliveries}?size=20&sort=id,desc`);
    for (const { id, orderId } of latest?.status === 200 ? latest.body._embedded.deliveries : []) {
      const step = random() < 0.6 ? 'deliverystarted' : 'deliverycompleted';
      const answer = await ask('POST', `${deliveries}/${id}/${step}`, {});
      if (answer?.status === 200) told.moved.set(orderId, step);
    }
    await delay(50);
  }

  async function keepOn(work: () => Promise<void>): Promise<void> {
    while (on) await work();
  }
  const running = Array.from({ length: customers }, () => keepOn(order));
  if (changes) running.push(keepOn(carry));
  return {
    async end() {
      on = false;
      await Promise.all(running);
    },
  };
}

/** Waits until so many more orders have been confirmed. */
export async function confirmed(told: Told, more: number): Promise<void> {
  const goal = told.orders.size + more;
  await eventually(() => expect(told.orders.size).toBeGreaterThanOrEqual(goal), 60_000);
}

/** The customers who had no answer ask again, under the same key, until they have one. */
export async function askAgain(place: Place, told: Told): Promise<void> {
  await Promise.all(
    told.unanswered.splice(0).map(async ({ key, wish }) => {
      const { body } = await eventually(async () => {
        const answer = await call('POST', `${place.url('order')}/orders`, wish, { 'idempotency-key': key });
        expect(answer.status).toBe(201);
        return answer;
      }, 60_000);
      told.orders.set(body.id, wish);
    }),
  );
}

/** The databases of a place whose PostgreSQL runs, for as long as the work takes. */
export async function withDatabases<T>(place: Place, work: (databases: Databases) => Promise<T>): Promise<T> {
  const server = await ensurePostgres(place.dataDir);
  const pools = new Map<string, pg.Pool>();
  const databases: Databases = {
    async sql<Row>(name: string, text: string, values: unknown[] = []) {
      let pool = pools.get(name);
      if (!pool) {
        const urls = await ensureDatabases(server, [name]);
        pool = new pg.Pool({ connectionString: urls[name], max: 1 });
        pool.on('error', () => undefined);
        pools.set(name, pool);
      }
      return (await pool.query(text, values)).rows as Row[];
    },
  };
  try {
    return await work(databases);
  } finally {
    await Promise.all([...pools.values()].map(pool => pool.end()));
  }
}

/** What customers were told is there, and nothing that one of them asked for is there twice. */
export async function expectKept({ sql }: Databases, told: Told): Promise<void> {
  const rows = await sql<{ id: number; price: number; orderQty: number; address: string; itemcd: number }>(
    'order',
    `SELECT id::float8 AS id, price::float8 AS price, order_qty AS "orderQty", address, itemcd::float8 AS itemcd
       FROM orders`,
  );
  const statuses = await sql<{ id: number; status: string }>(
    'order',
    'SELECT id::float8 AS id, status FROM orders WHERE id = ANY($1)',
    [[...told.canceled]],
  );
  const deliveries = await sql<{ id: number; status: string }>(
    'delivery',
    'SELECT order_id::float8 AS id, status FROM delivery WHERE order_id = ANY($1)',
    [[...told.moved.keys()]],
  );
  const orders = new Map(rows.map(({ id, ...wish }) => [id, wish]));
  for (const [id, wish] of told.orders) expect(orders.get(id), `order ${id}`).toEqual(wish);
  const addresses = new Set(rows.map(row => row.address));
  expect(addresses.size, 'orders that one customer asked for once').toBe(rows.length);
  expect(
    statuses.filter(({ status }) => status !== 'orderCanceled'),
    'canceled orders that stand',
  ).toEqual([]);
  expect(statuses).toHaveLength(told.canceled.size);
  const movedTo = new Map(deliveries.map(({ id, status }) => [id, status]));
  for (const [id, step] of told.moved) {
    const reached = step === 'deliverystarted' ? [step, 'deliverycompleted', 'deliveryCanceled'] : [step];
    expect(reached, `delivery of order ${id}`).toContain(movedTo.get(id));
  }
}

/** The audit finds nothing; a reservation that a crash left has run out by then. */
async function expectClean(place: Place): Promise<void> {
  const client = await connectAudit({ data: place.dataDir, 'port-base': String(place.portBase) });
  await eventually(async () => {
    expect((await client.audit(() => undefined)).differences).toEqual([]);
  }, 60_000);
}

/** Everything comes to rest, agrees over all databases and in the eyes of the audit, and holds what customers were told; gives the orders' number. */
export async function expectWhole(place: Place, told: Told): Promise<number> {
  return withDatabases(place, async databases => {
    await settled(databases, 90_000);
    await expectKept(databases, told);
    await expectClean(place);
    const [orders] = await databases.sql<{ n: number }>('order', 'SELECT count(*)::int AS n FROM orders');
    return orders?.n ?? 0;
  });
}
