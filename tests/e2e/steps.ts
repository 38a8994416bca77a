import type { ServiceName } from '@jumun/contracts';
import { expect } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type Answer, SERVICE_TOKEN, type System } from '../support/system.ts';

/** Any answer of the system: a resource, a collection or a problem. */
// biome-ignore lint/suspicious/noExplicitAny: what an answer has is what these tests ask.
export type Json = any;

export const asService = { authorization: `Bearer ${SERVICE_TOKEN}` };

export interface ProductWish {
  itemcd: number;
  totalQuantity?: number;
  price?: number;
  name?: string;
}

/** Puts a product on the shelf, and waits until the order service has heard of it. */
export async function stock(system: System, product: ProductWish): Promise<void> {
  const answer = await system.call('product', 'POST', '/products', product);
  expect(answer.status).toBe(201);
  await eventually(async () => {
    const known = await system.sql('order', 'SELECT FROM catalogue WHERE id = $1', [product.itemcd]);
    expect(known).toHaveLength(1);
  });
}

export interface OrderWish {
  itemcd: number;
  orderQty?: number;
  price?: number | string;
  customerId?: number;
}

/** POST /orders, whatever the answer. */
export function order(system: System, wish: OrderWish, key?: string): Promise<Answer<Json>> {
  const body = { orderQty: 1, ...wish };
  return system.call('order', 'POST', '/orders', body, key ? { 'idempotency-key': key } : {});
}

/** POST /orders that is to stand; gives its id. */
export async function ordered(system: System, wish: OrderWish, key?: string): Promise<number> {
  const { status, body } = await order(system, wish, key);
  expect({ status, body }).toMatchObject({ status: 201 });
  return body.id;
}

/** Waits until the order's pieces are taken and its delivery is requested; gives the delivery's id. */
export async function prepared(system: System, orderId: number): Promise<number> {
  return eventually(async () => {
    const [row] = await system.sql<{ id: string }>(
      'delivery',
      'SELECT id FROM delivery WHERE order_id = $1',
      [orderId],
    );
    const [known] = await system.sql<{ status: string }>('order', 'SELECT status FROM orders WHERE id = $1', [
      orderId,
    ]);
    expect(known?.status).toBe('deliveryPrepared');
    expect(row).toBeDefined();
    return Number(row?.id);
  });
}

/** Orders something and waits until it can be sent. */
export async function orderedAndPrepared(system: System, wish: OrderWish) {
  const orderId = await ordered(system, wish);
  return { orderId, deliveryId: await prepared(system, orderId) };
}

export async function move(system: System, deliveryId: number, step: string): Promise<Answer<Json>> {
  return system.call('delivery', 'POST', `/deliveries/${deliveryId}/${step}`, { test: '1' });
}

export async function payIdOf(system: System, orderId: number): Promise<number> {
  return eventually(async () => {
    const [row] = await system.sql<{ id: string }>('pay', 'SELECT id FROM pay WHERE order_id = $1', [
      orderId,
    ]);
    expect(row).toBeDefined();
    return Number(row?.id);
  });
}

export async function count(system: System, name: ServiceName | 'events', from: string): Promise<number> {
  const [row] = await system.sql<{ n: number }>(name, `SELECT count(*)::int AS n FROM ${from}`);
  return row?.n ?? 0;
}

/** One item to a batch route between services; gives its line of the answer. */
export function internal(system: System, part: ServiceName, path: string, item: unknown): Promise<Json> {
  return internalAt(system.url(part), path, item);
}

export async function internalAt(base: string, path: string, item: unknown): Promise<Json> {
  const response = await fetch(`${base}/internal/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...asService },
    body: JSON.stringify([{ item }]),
  });
  expect(response.status).toBe(200);
  return JSON.parse(await response.text());
}

/** Keeps a service from reading events, as one that lags behind, until what it gives is called. */
export async function lag(system: System, name: ServiceName): Promise<() => Promise<void>> {
  const client = await system.connect(name);
  await client.query('BEGIN');
  await client.query('LOCK TABLE consumer_cursor IN SHARE ROW EXCLUSIVE MODE');
  return async () => {
    await client.query('COMMIT');
    await client.end();
  };
}

/** How many answers have each status. */
export function tally(answers: { status: number }[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

export const times = <T>(n: number, make: (i: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: n }, (_, i) => make(i)));
