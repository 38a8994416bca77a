import type { OrderExceptionResource, OrderResource } from '@jumun/contracts';
import { type Aggregate, carryOut, type Outbox, type Outcome, type Traced } from '@jumun/messaging';
import {
  columns,
  type Database,
  isDue,
  type Page,
  type PageRequest,
  type Queryable,
  readPage,
  type Tx,
} from '@jumun/service-kit';
import {
  decide,
  evolve,
  type Intent,
  type Order,
  type OrderCommand,
  type OrderEvent,
  type Standing,
} from './order.ts';

/** How long the request that opened an intent has it to itself, in ms; then the reconciler takes it up. */
export const REQUEST_BUDGET_MS = 8_000;
/** An hour more than is promised, so that a clock that jumps by an hour does not break the promise. */
const KEY_LIFETIME = `interval '25 hours'`;

/** What a client's Idempotency-Key stands for: the key's scope is the customer. */
export interface RequestKey {
  customerId: number;
  key: string;
  bodyHash: string;
}

/** A request that was made under a key before. */
export interface BoundRequest {
  bodyHash: string;
  orderId: number;
  refusal: string | null;
}

/** A product as the order service last heard of it. */
export interface CatalogueEntry {
  id: number;
  name: string | null;
  price: number | null;
}

/** What can happen to the order service's state in one transaction. */
export type StoreCommand = OrderCommand | { type: 'productChanged'; entry: CatalogueEntry };

const INTENT = `id, payment_key AS "paymentKey", item, order_qty AS "orderQty", price, itemcd,
  customer_id AS "customerId", address, keyed, traceparent, voiding`;
const ORDER = `id, item, order_qty AS "orderQty", status, price, itemcd, customer_id AS "customerId", address`;
const STANDING = `${ORDER}, reason, exception, exception_settled AS "exceptionSettled"`;

const orders: Aggregate<number, OrderCommand, Order, OrderEvent> = {
  idOf: command => command.id,
  initial: { kind: 'none' },
  decide,
  evolve,

  async load(tx, commands) {
    const states = new Map<number, Order>();
    const ids = new Set(commands.filter(command => command.type !== 'open').map(command => command.id));
    const ofIntents = commands.filter(command => mayBeIntent(command)).map(command => command.id);
    if (ofIntents.length > 0) {
      const rows = await tx.query<Intent & { voiding: boolean }>(
        `SELECT ${INTENT} FROM intent WHERE id = ANY($1) ORDER BY id FOR UPDATE`,
        [ofIntents],
      );
      for (const row of rows) {
        states.set(row.id, { kind: 'intent', ...row });
        ids.delete(row.id);
      }
    }
    if (ids.size > 0) {
      const rows = await tx.query<Omit<Standing, 'kind'>>(
        `SELECT ${STANDING} FROM orders WHERE id = ANY($1) ORDER BY id FOR UPDATE`,
        [[...ids]],
      );
      for (const row of rows) states.set(row.id, { kind: 'order', ...row });
    }
    return states;
  },

  save(tx, changes) {
    const opened = changes.filter(({ before, after }) => before.kind === 'none' && after.kind === 'intent');
    const voiding = changes.filter(
      ({ before, after }) => before.kind === 'intent' && after.kind === 'intent',
    );
    const closed = changes.filter(({ before, after }) => before.kind === 'intent' && after.kind !== 'intent');
    const ended = changes.filter(({ after }) => after.kind === 'ended');
    const established = closed.filter(({ after }) => after.kind === 'order');
    const updated = changes.filter(({ before }) => before.kind === 'order');
    if (opened.length > 0)
      insertIntents(
        tx,
        opened.map(({ after }) => after as Intent),
      );
    if (voiding.length > 0) tx.send('UPDATE intent SET voiding = true WHERE id = ANY($1)', [idsOf(voiding)]);
    if (established.length > 0)
      insertOrders(
        tx,
        established.map(({ after }) => after as Standing),
      );
    if (updated.length > 0)
      updateOrders(
        tx,
        updated.map(({ after }) => after as Standing),
      );
    if (ended.length > 0) closeRequests(tx, ended);
    if (closed.length > 0) tx.send('DELETE FROM intent WHERE id = ANY($1)', [idsOf(closed)]);
  },

  publish(event) {
    if (event.type !== 'Ordered' && event.type !== 'OrderCanceled') return undefined;
    const { type, ...fields } = event;
    return { type, key: String(event.id), fields };
  },
};

const idsOf = (changes: { id: number }[]) => changes.map(change => change.id);

function mayBeIntent({ type }: OrderCommand): boolean {
  return ['establish', 'refuse', 'abandon', 'void', 'voided', 'payCanceled'].includes(type);
}

function insertIntents(tx: Tx, intents: Intent[]): void {
  tx.send(
    `INSERT INTO intent (id, payment_key, item, order_qty, price, itemcd, customer_id, address, keyed, traceparent, settle_after)
     SELECT i.*, now() + $11::float8 * interval '1 ms'
     FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::int[], $5::bigint[], $6::bigint[], $7::bigint[],
                 $8::text[], $9::boolean[], $10::text[]) AS i`,
    [
      ...columns(
        intents,
        'id',
        'paymentKey',
        'item',
        'orderQty',
        'price',
        'itemcd',
        'customerId',
        'address',
        'keyed',
        'traceparent',
      ),
      REQUEST_BUDGET_MS,
    ],
  );
}

function insertOrders(tx: Tx, established: Standing[]): void {
  tx.send(
    `INSERT INTO orders (id, item, order_qty, status, price, itemcd, customer_id, address, reason)
     SELECT * FROM unnest($1::bigint[], $2::text[], $3::int[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
                          $8::text[], $9::text[])`,
    columns(
      established,
      'id',
      'item',
      'orderQty',
      'status',
      'price',
      'itemcd',
      'customerId',
      'address',
      'reason',
    ),
  );
}

function updateOrders(tx: Tx, updated: Standing[]): void {
  tx.send(
    `UPDATE orders o SET status = u.status, reason = u.reason, exception = u.exception,
            exception_settled = u.settled, updated_at = now()
     FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::boolean[])
          AS u(id, status, reason, exception, settled) WHERE o.id = u.id`,
    columns(updated, 'id', 'status', 'reason', 'exception', 'exceptionSettled'),
  );
}

/** A refused payment binds its key; whatever else ends an intent leaves the key free for another try. */
function closeRequests(tx: Tx, ended: { id: number; after: Order }[]): void {
  const refusals = ended.map(({ after }) => (after.kind === 'ended' ? after.refusal : null));
  tx.send(
    `WITH refused AS (
       UPDATE order_request r SET refusal = e.refusal
       FROM unnest($1::bigint[], $2::text[]) AS e(id, refusal) WHERE r.order_id = e.id AND e.refusal IS NOT NULL
     )
     DELETE FROM order_request r USING unnest($1::bigint[], $2::text[]) AS e(id, refusal)
     WHERE r.order_id = e.id AND e.refusal IS NULL`,
    [idsOf(ended), refusals],
  );
}

/** Carries out commands in order within a transaction. */
export async function execute(
  tx: Tx,
  outbox: Outbox,
  commands: Traced<StoreCommand>[],
): Promise<Outcome<Order>[]> {
  const entries: CatalogueEntry[] = [];
  const ofOrders: Traced<OrderCommand>[] = [];
  for (const { command, traceparent } of commands) {
    if (command.type === 'productChanged') entries.push(command.entry);
    else ofOrders.push({ command, traceparent });
  }
  if (entries.length > 0) saveCatalogue(tx, entries);
  return ofOrders.length > 0 ? carryOut(tx, outbox, orders, ofOrders) : [];
}

function saveCatalogue(tx: Tx, entries: CatalogueEntry[]): void {
  // The last word on each product counts.
  const latest = [...new Map(entries.map(entry => [entry.id, entry])).values()];
  tx.send(
    `INSERT INTO catalogue (id, name, price)
     SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[])
     ON CONFLICT (id) DO UPDATE SET name = excluded.name, price = excluded.price`,
    [latest.map(entry => entry.id), latest.map(entry => entry.name), latest.map(entry => entry.price)],
  );
}

/**
 * Binds clients' keys to their orders in the transaction of the intents; a key that is bound already (and has not
 * expired) stays with its order.
 * @returns the order ids whose key was free
 */
export async function bindRequests(
  tx: Tx,
  requests: (RequestKey & { orderId: number })[],
): Promise<Set<number>> {
  const rows = await tx.query<{ orderId: number }>(
    `INSERT INTO order_request (customer_id, key, body_hash, order_id, expires_at)
     SELECT r.*, now() + ${KEY_LIFETIME} FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[]) AS r
     ON CONFLICT (customer_id, key) DO UPDATE
       SET body_hash = excluded.body_hash, order_id = excluded.order_id, refusal = NULL, expires_at = excluded.expires_at
       WHERE order_request.expires_at < now()
     RETURNING order_id AS "orderId"`,
    columns(requests, 'customerId', 'key', 'bodyHash', 'orderId'),
  );
  return new Set(rows.map(row => row.orderId));
}

/** What a key was used for, if it was and still counts. */
export async function findRequest(
  db: Queryable,
  { customerId, key }: RequestKey,
): Promise<BoundRequest | undefined> {
  const [row] = await db.query<BoundRequest & Record<string, unknown>>(
    `SELECT body_hash AS "bodyHash", order_id AS "orderId", refusal FROM order_request
     WHERE customer_id = $1 AND key = $2 AND expires_at >= now()`,
    [customerId, key],
  );
  return row;
}

/** Forgets keys whose time is over, some at a time; gives whether there may be more. */
export async function forgetRequests(db: Database, limit: number): Promise<boolean> {
  const rows = await db.query(
    `DELETE FROM order_request WHERE ctid IN
       (SELECT ctid FROM order_request WHERE expires_at < now() LIMIT $1) RETURNING 1`,
    [limit],
  );
  return rows.length === limit;
}

export type PendingIntent = Intent & { voiding: boolean; ageMs: number };

const PENDING = `${INTENT}, (extract(epoch FROM now() - created_at) * 1000)::float8 AS "ageMs"`;

export async function findIntent(db: Queryable, id: number): Promise<PendingIntent | undefined> {
  const [row] = await db.query<PendingIntent & Record<string, unknown>>(
    `SELECT ${PENDING} FROM intent WHERE id = $1`,
    [id],
  );
  return row;
}

/**
 * Takes up intents that are overdue or named, and leaves them to the caller for a while.
 * @param named ids of intents whose request has ended without an outcome
 * @param leaveMs no more than REQUEST_BUDGET_MS
 */
export async function claimIntents(
  db: Database,
  named: number[],
  leaveMs: number,
  limit: number,
): Promise<PendingIntent[]> {
  return db.query<PendingIntent & Record<string, unknown>>(
    `UPDATE intent SET settle_after = now() + $2::float8 * interval '1 ms'
     WHERE id IN (
       SELECT id FROM intent WHERE ${isDue('settle_after', REQUEST_BUDGET_MS)} OR id = ANY($1) ORDER BY settle_after LIMIT $3 FOR UPDATE SKIP LOCKED
     ) RETURNING ${PENDING}`,
    [named, leaveMs, limit],
  );
}

/** Has intents taken up again soon, and less often as they get older: after a fifth of their age, 1 to 5 s. */
export async function postponeIntents(db: Queryable, ids: number[]): Promise<void> {
  await db.query(
    `UPDATE intent SET settle_after = now() + least(greatest((now() - created_at) / 5, interval '1 s'), interval '5 s')
     WHERE id = ANY($1)`,
    [ids],
  );
}

export async function findOrder(db: Queryable, id: number): Promise<OrderResource | undefined> {
  const [row] = await db.query<OrderResource & Record<string, unknown>>(
    `SELECT ${ORDER} FROM orders WHERE id = $1`,
    [id],
  );
  return row;
}

export function pageOrders(db: Queryable, request: PageRequest): Promise<Page<OrderResource>> {
  return readPage(db, { columns: ORDER, from: 'orders', tieBreaker: 'id' }, request);
}

/** The orders that wait for a person. */
export function pageExceptions(db: Queryable, request: PageRequest): Promise<Page<OrderExceptionResource>> {
  const from = 'orders WHERE exception IS NOT NULL AND NOT exception_settled';
  return readPage(db, { columns: 'id, id AS "orderId", status, exception', from, tieBreaker: 'id' }, request);
}

/** Which of these ids are orders, or may still become one. */
export async function knownOrders(db: Queryable, ids: number[]): Promise<Set<number>> {
  const rows = await db.query<{ id: number }>(
    'SELECT id FROM orders WHERE id = ANY($1) UNION ALL SELECT id FROM intent WHERE id = ANY($1)',
    [ids],
  );
  return new Set(rows.map(row => row.id));
}

export async function findProduct(db: Queryable, id: number): Promise<CatalogueEntry | undefined> {
  const [row] = await db.query<CatalogueEntry & Record<string, unknown>>(
    'SELECT id, name, price FROM catalogue WHERE id = $1',
    [id],
  );
  return row;
}

/** Orders that have not come to their end, and intents that wait for their outcome. */
export async function countOpen(db: Queryable): Promise<{ sagas: number; intents: number }> {
  const [row] = await db.query<{ sagas: number; intents: number }>(
    `SELECT (SELECT count(*) FROM orders WHERE status NOT IN ('deliverycompleted', 'orderCanceled')) AS sagas,
            (SELECT count(*) FROM intent) AS intents`,
  );
  return row ?? { sagas: 0, intents: 0 };
}
