import { setTimeout as delay } from 'node:timers/promises';
import autocannon from 'autocannon';
import type { BenchedSystem } from './system.ts';

export interface LoadResult {
  clients: number;
  /** Orders answered 201, a second. */
  ordersPerSecond: number;
  /** Orders whose delivery exists and whose view shows it, a second, from the first request to the last of them. */
  sagasPerSecond: number;
  /** Latency of POST /orders in ms. */
  p50: number;
  p99: number;
  /** Answers that were not 201. */
  failed: number;
  /** From the last answer to the end of the last saga, in ms. */
  lagMs: number;
  /** Transactions an order (those that only read too), in each database. */
  commitsPerOrder: Record<string, number>;
}

const LAG_LIMIT_MS = 60_000;

/** Puts products on the shelf that will not be sold out. */
export async function fillShelves(system: BenchedSystem, products: number[]): Promise<void> {
  for (const itemcd of products) {
    const product = { itemcd, name: `product ${itemcd}`, price: 1000, totalQuantity: 100_000_000 };
    await fetch(`${system.url('product')}/products`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(product),
    });
  }
}

/** Has `clients` place orders for `seconds` and follows each to its delivery. */
export async function placeOrders(
  system: BenchedSystem,
  { clients, seconds, products }: { clients: number; seconds: number; products: number[] },
): Promise<LoadResult> {
  const sagas = () => count(system, 'customercenter', `my_page WHERE delivery_status = 'deliveryRequested'`);
  const before = await sagas();
  const commitsBefore = await commits(system);
  const begun = performance.now();
  const result = await autocannon({
    url: system.url('order'),
    connections: clients,
    duration: seconds,
    requests: products.map(itemcd => ({
      method: 'POST',
      path: '/orders',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ itemcd, orderQty: 1, address: 'Seoul', customerId: itemcd }),
    })),
  });
  // What autocannon cut off at its end may have become an order too: all that stand are followed.
  const loaded = performance.now();
  const orders = result['2xx'];
  for (;;) {
    const [placed, done] = [await count(system, 'order', 'orders'), await sagas()];
    if (done >= placed && (await count(system, 'order', 'intent')) === 0) break;
    if (performance.now() - loaded > LAG_LIMIT_MS) throw new Error(`${placed - done} sagas did not end`);
    await delay(10);
  }
  const ended = performance.now();
  const finished = (await sagas()) - before;
  const commitsAfter = await commits(system);
  return {
    clients,
    ordersPerSecond: orders / ((loaded - begun) / 1000),
    sagasPerSecond: finished / ((ended - begun) / 1000),
    p50: result.latency.p50,
    p99: result.latency.p99,
    failed: result.non2xx + result.errors,
    lagMs: ended - loaded,
    commitsPerOrder: Object.fromEntries(
      [...commitsAfter].map(([name, value]) => [name, (value - (commitsBefore.get(name) ?? 0)) / finished]),
    ),
  };
}

async function count(system: BenchedSystem, database: string, from: string): Promise<number> {
  const [row] = await system.sql<{ count: string }>(database, `SELECT count(*) FROM ${from}`);
  return Number(row?.count ?? 0);
}

/** Transactions so far, by database. PostgreSQL counts those that only read as well. */
async function commits(system: BenchedSystem): Promise<Map<string, number>> {
  const rows = await system.sql<{ datname: string; xact_commit: string }>(
    'order',
    `SELECT datname, xact_commit FROM pg_stat_database WHERE datname IN
       ('order', 'product', 'pay', 'delivery', 'notice', 'customercenter', 'events')`,
  );
  return new Map(rows.map(row => [row.datname, Number(row.xact_commit)]));
}
