import { setTimeout as delay } from 'node:timers/promises';
import { type ServiceName, services } from '@jumun/contracts';
import { expect } from 'vitest';
import { catalogueFollows, distinct, eachIsSaidOnce, viewFollows } from '../e2e/follows.ts';
import { assertInvariants, eventsOf, heard } from '../e2e/invariants.ts';
import type { Json } from '../e2e/steps.ts';
import type { System } from '../support/system.ts';

/** What the clients of a history were told. */
export interface Told {
  /** The orders that were answered with 201. */
  placed: { id: number; itemcd: number; orderQty: number; price: number; key?: string | undefined }[];
  /** Requests without a key that got no answer: whether there is an order is not known to their clients. */
  unanswered: number;
  /** The answers to each key, in order. */
  keys: Map<string, { status: number; body: Json }[]>;
  /** What the log was made to carry once more under a new id, in this history or one before. */
  repeats: Set<string>;
  /** The id after which the history's own orders begin. */
  since: number;
}

const PATIENCE_MS = 45_000;

/** What each service still has to do of its own. */
const work: Partial<Record<ServiceName, string>> = {
  order: 'SELECT FROM intent',
  pay: `SELECT FROM refund WHERE state = 'due' UNION ALL SELECT FROM pay WHERE status = 'voided' AND checks = 0`,
  product: `SELECT FROM stock_line WHERE hold = 'reserved' AND paid_price IS NULL AND ordered_price IS NULL`,
  notice: `SELECT FROM notice WHERE status = 'queued'`,
};

/** Whether nobody has anything to do any more, whether or not what was done is right. */
export async function isAtRest(system: System): Promise<boolean> {
  const ends = await system.sql<{ partition: number; position: number; type: string }>(
    'events',
    'SELECT partition, type, max(position) AS position FROM log GROUP BY partition, type',
  );
  const idle = await Promise.all(
    services.map(async name => {
      const [row] = await system.sql<{ busy: boolean }>(
        name,
        `SELECT EXISTS (SELECT FROM outbox)
             OR EXISTS (SELECT FROM dead_letter WHERE state IN ('retrying', 'waiting'))
             OR EXISTS (${work[name] ?? 'SELECT WHERE false'}) AS busy`,
      );
      const cursors = await system.sql<{ partition: number; position: number }>(
        name,
        'SELECT partition, position FROM consumer_cursor',
      );
      const read = new Map(cursors.map(({ partition, position }) => [partition, position]));
      return (
        row?.busy === false &&
        ends.every(
          ({ partition, position, type }) =>
            !heard[name].includes(type) || position <= (read.get(partition) ?? 0),
        )
      );
    }),
  );
  return idle.every(Boolean);
}

/** A minute passes for all that waits for the clock. */
export async function letTimePass(system: System): Promise<void> {
  await system.sql(
    'order',
    `UPDATE intent SET settle_after = now(), created_at = created_at - interval '30 s' WHERE settle_after > now()`,
  );
  await system.sql('pay', `UPDATE refund SET next_attempt_at = now() WHERE state = 'due'`);
  await system.sql('pay', `UPDATE pay SET check_at = now() WHERE status = 'voided' AND checks = 0`);
  await system.sql('notice', `UPDATE notice SET next_attempt_at = now() WHERE status = 'queued'`);
}

/** Reservations that nobody needs any more run out. */
async function letReservationsExpire(system: System): Promise<void> {
  if ((await system.sql('order', 'SELECT FROM intent')).length > 0) return;
  await system.sql(
    'product',
    `UPDATE stock_line SET expires_at = now() WHERE hold = 'reserved' AND paid_price IS NULL AND ordered_price IS NULL`,
  );
}

/** Something still goes on, or is tried again and again. */
export class RestlessError extends Error {
  override name = 'RestlessError';
}

/**
 * Waits until there is nothing to do any more and asserts that all is as it has to be then. What is wrong at rest stays
 * wrong, and is said at once.
 * @throws RestlessError where it does not come to that
 */
export async function expectRest(system: System, told: Told): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  let wrong: unknown;
  for (;;) {
    await letTimePass(system);
    await letReservationsExpire(system);
    for (let i = 0; i < 20 && !(await isAtRest(system)); i++) await delay(50);
    const resting = await isAtRest(system);
    try {
      await assertInvariants(system);
      await assertTold(system, told);
      return;
    } catch (error) {
      // What passes between two looks at different databases is not wrong yet.
      if (resting && (await isAtRest(system)) && String(wrong) === String(error)) throw error;
      if (Date.now() > until)
        throw new RestlessError(`no end within ${PATIENCE_MS} ms: ${(error as Error).message}`);
      wrong = error;
      await delay(100);
    }
  }
}

/** What the clients know is true, each thing was told once, and what follows from the log is what others hold. */
async function assertTold(system: System, told: Told): Promise<void> {
  const events = distinct(await eventsOf(system));
  await clientsAreRight(system, told);
  eachIsSaidOnce(events, told.repeats);
  await catalogueFollows(system, events);
  await viewFollows(system, events);
}

async function clientsAreRight(system: System, { placed, unanswered, keys, since }: Told): Promise<void> {
  const orders = await system.sql<{
    id: number;
    itemcd: number;
    orderQty: number;
    price: number;
    status: string;
  }>('order', 'SELECT id, itemcd, order_qty AS "orderQty", price, status FROM orders WHERE id > $1', [since]);
  const known = new Map(orders.map(({ status: _, ...order }) => [order.id, order]));
  for (const { id, itemcd, orderQty, price } of placed) {
    expect(known.get(id), `the order that was answered 201 with id ${id}`).toEqual({
      id,
      itemcd,
      orderQty,
      price,
    });
  }
  const bound = await system.sql<{ id: number }>('order', 'SELECT order_id AS id FROM order_request');
  const named = new Set([...placed, ...bound].map(({ id }) => id));
  const standing = orders.filter(({ id, status }) => status !== 'orderCanceled' && !named.has(id));
  expect(standing.length, 'orders that stand and whose clients were told there is none').toBeLessThanOrEqual(
    unanswered,
  );
  for (const [key, answers] of keys) {
    const placed = answers.filter(({ status }) => status === 201).map(({ body }) => body);
    for (const body of placed) expect(body, `another answer to key ${key}`).toEqual(placed[0]);
  }
}
