import type { PayResource, RefundExceptionResource } from '@jumun/contracts';
import { type Aggregate, carryOut, type Outbox, type Outcome, type Traced } from '@jumun/messaging';
import {
  columns,
  type Database,
  drawIds,
  isDue,
  isFromTheFuture,
  type Page,
  type PageRequest,
  type Queryable,
  type Range,
  readNewest,
  readPage,
  type Tx,
} from '@jumun/service-kit';
import { decide, evolve, type Pay, type PayCommand, type PayEvent, type Payment } from './pay.ts';

/** After a void the provider is asked so often, and after so many ms, whether a charge came through after all. */
const VOID_CHECKS_MS = [1_000, 10_000, 60_000, 600_000];

/** The most that may lie between two tries of a refund, or that a caller may take for one. */
export const LONGEST_REFUND_WAIT_MS = 60_000;

const PAY = `id, order_id AS "orderId", status, price, itemcd, item, order_qty AS "orderQty",
  customer_id AS "customerId", address`;
const PAYMENT = `${PAY}, payment_key AS "paymentKey", reason, delivered`;

const pays: Aggregate<number, PayCommand, Pay, PayEvent> = {
  idOf: command => command.orderId,
  initial: { kind: 'none' },
  decide,
  evolve,

  load: (tx, commands) => loadPays(tx, [...new Set(commands.map(command => command.orderId))], 'FOR UPDATE'),

  save(tx, changes, events, traces) {
    const traceparentOf = (orderId: number) => traces.get(orderId) ?? null;
    const voided = changes.flatMap(({ id, after }) =>
      after.kind === 'voided' ? [{ id, key: after.paymentKey, traceparent: traceparentOf(id) }] : [],
    );
    const recorded = changes.flatMap(({ id, before, after }) =>
      after.kind === 'payment' && before.kind === 'none'
        ? [{ ...after, traceparent: traceparentOf(id) }]
        : [],
    );
    const updated = changes.flatMap(({ before, after }) =>
      after.kind === 'payment' && before.kind === 'payment' ? [after] : [],
    );
    const owed = [
      ...changes.flatMap(({ before, after }) =>
        isCanceled(after) && !isCanceled(before) ? [refundOf(after)] : [],
      ),
      ...events.filter(event => event.type === 'CaptureRejected'),
    ];
    if (recorded.length > 0) insertPayments(tx, recorded);
    if (updated.length > 0) updatePayments(tx, updated);
    if (owed.length > 0)
      oweRefunds(
        tx,
        owed.map(it => ({ ...it, traceparent: traceparentOf(it.orderId) })),
      );
    if (voided.length > 0) insertVoids(tx, voided);
  },

  publish(event) {
    if (event.type !== 'PayApproved' && event.type !== 'PayCanceled') return undefined;
    const { type, ...fields } = event;
    return { type, key: String(event.orderId), fields };
  },
};

const isCanceled = (pay: Pay): pay is Payment => pay.kind === 'payment' && pay.status === 'canceled';

interface Owed {
  paymentKey: string;
  orderId: number;
  amount: number;
  /** The trace of what made it owed. */
  traceparent: string | null;
}
const refundOf = ({ paymentKey, orderId, price }: Payment) => ({ paymentKey, orderId, amount: price });

/** A payment to record is given its id by the store. */
export type StoreCommand =
  | Exclude<PayCommand, { type: 'record' }>
  | Omit<Extract<PayCommand, { type: 'record' }>, 'id'>;

/** Carries out commands in order within a transaction. */
export async function execute(
  tx: Tx,
  outbox: Outbox,
  commands: Traced<StoreCommand>[],
): Promise<Outcome<Pay>[]> {
  const ids = await drawIds(tx, 'pay_id', commands.filter(({ command }) => command.type === 'record').length);
  const numbered = commands.map(({ command, traceparent }): Traced<PayCommand> => {
    if (command.type !== 'record') return { command, traceparent };
    return { command: { ...command, id: ids.shift() ?? 0 }, traceparent };
  });
  return carryOut(tx, outbox, pays, numbered);
}

async function loadPays(
  db: Queryable,
  orderIds: number[],
  lock: 'FOR UPDATE' | '',
): Promise<Map<number, Pay>> {
  const rows = await db.query<Row>(
    `SELECT ${PAYMENT} FROM pay WHERE order_id = ANY($1) ORDER BY order_id ${lock}`,
    [orderIds],
  );
  return new Map(rows.map(row => [row.orderId, toState(row)]));
}

type Row = (Omit<Payment, 'kind'> | { status: 'voided'; paymentKey: string }) & { orderId: number };

function toState(row: Row): Pay {
  if (row.status === 'voided') return { kind: 'voided', paymentKey: row.paymentKey };
  return { kind: 'payment', ...row };
}

/** The payments of some orders as they are, without a lock. */
export async function readPays(db: Queryable, orderIds: number[]): Promise<Pay[]> {
  const states = await loadPays(db, orderIds, '');
  return orderIds.map(id => states.get(id) ?? { kind: 'none' });
}

function insertPayments(tx: Tx, payments: (Payment & { traceparent: string | null })[]): void {
  tx.send(
    `INSERT INTO pay (id, order_id, payment_key, status, price, itemcd, item, order_qty, customer_id, address, reason,
                      traceparent)
     SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[], $7::text[],
                          $8::int[], $9::bigint[], $10::text[], $11::text[], $12::text[])`,
    columns(
      payments,
      'id',
      'orderId',
      'paymentKey',
      'status',
      'price',
      'itemcd',
      'item',
      'orderQty',
      'customerId',
      'address',
      'reason',
      'traceparent',
    ),
  );
}

function insertVoids(tx: Tx, voids: { id: number; key: string; traceparent: string | null }[]): void {
  tx.send(
    `INSERT INTO pay (order_id, payment_key, traceparent, status, check_at)
     SELECT v.*, 'voided', now() + $4::float8 * interval '1 ms'
     FROM unnest($1::bigint[], $2::uuid[], $3::text[]) AS v`,
    [...columns(voids, 'id', 'key', 'traceparent'), VOID_CHECKS_MS[0]],
  );
}

function updatePayments(tx: Tx, payments: Payment[]): void {
  tx.send(
    `UPDATE pay p SET status = u.status, reason = u.reason, delivered = u.delivered
     FROM unnest($1::bigint[], $2::text[], $3::text[], $4::boolean[]) AS u(id, status, reason, delivered)
     WHERE p.id = u.id`,
    columns(payments, 'id', 'status', 'reason', 'delivered'),
  );
}

function oweRefunds(tx: Tx, owed: Owed[]): void {
  tx.send(
    `INSERT INTO refund (payment_key, order_id, amount, traceparent, state)
     SELECT DISTINCT ON (o.key) o.*, 'due'
     FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[]) AS o(key, order_id, amount, traceparent)
     ON CONFLICT DO NOTHING`,
    columns(owed, 'paymentKey', 'orderId', 'amount', 'traceparent'),
  );
}

export interface DueRefund extends Owed {
  attempts: number;
}

/** Takes refunds that are due, and leaves them to the caller for a while. */
export function claimRefunds(db: Database, leaveMs: number, limit: number): Promise<DueRefund[]> {
  return db.query<DueRefund & Record<string, unknown>>(
    `UPDATE refund SET attempts = attempts + 1, next_attempt_at = now() + $1::float8 * interval '1 ms'
     WHERE payment_key IN (
       SELECT payment_key FROM refund WHERE state = 'due' AND ${isDue('next_attempt_at', LONGEST_REFUND_WAIT_MS)}
       ORDER BY next_attempt_at LIMIT $2 FOR UPDATE SKIP LOCKED
     ) RETURNING payment_key AS "paymentKey", order_id AS "orderId", amount, attempts, traceparent`,
    [leaveMs, limit],
  );
}

export interface RefundResult {
  paymentKey: string;
  state: 'due' | 'done' | 'failed';
  reason: string | null;
  /** For one that is still due: the wait before the next try. */
  retryInMs: number;
}

export async function saveRefunds(db: Database, results: RefundResult[]): Promise<void> {
  await db.query(
    `UPDATE refund r SET state = u.state, reason = u.reason, next_attempt_at = now() + u.wait * interval '1 ms'
     FROM unnest($1::uuid[], $2::text[], $3::text[], $4::float8[]) AS u(key, state, reason, wait)
     WHERE r.payment_key = u.key AND r.state = 'due'`,
    columns(results, 'paymentKey', 'state', 'reason', 'retryInMs'),
  );
}

/** Has a refund that failed tried again; gives whether there was one. */
export async function retryRefund(db: Queryable, id: number): Promise<boolean> {
  const rows = await db.query(
    `UPDATE refund SET state = 'due', attempts = 0, next_attempt_at = now()
     WHERE id = $1 AND state = 'failed' RETURNING 1`,
    [id],
  );
  return rows.length > 0;
}

/** Notes that the money went back another way; gives whether there was such a refund. */
export async function settleRefund(db: Queryable, id: number): Promise<boolean> {
  const rows = await db.query(
    `UPDATE refund SET state = 'done', settled_by_hand = true, reason = 'settled by hand: ' || coalesce(reason, '')
     WHERE id = $1 AND state = 'failed' RETURNING 1`,
    [id],
  );
  return rows.length > 0;
}

/** The refunds that wait for a person. */
export function listFailedRefunds(db: Queryable): Promise<RefundExceptionResource[]> {
  return db.query<RefundExceptionResource & Record<string, unknown>>(
    `SELECT r.id, r.order_id AS "orderId", p.id AS "payId", r.amount, coalesce(r.reason, '') AS exception
     FROM refund r LEFT JOIN pay p USING (payment_key) WHERE r.state = 'failed' ORDER BY r.id LIMIT 1000`,
  );
}

export async function countRefunds(db: Queryable): Promise<{ due: number; failed: number }> {
  const [row] = await db.query<{ due: number; failed: number }>(
    `SELECT (SELECT count(*) FROM refund WHERE state = 'due') AS due,
            (SELECT count(*) FROM refund WHERE state = 'failed') AS failed`,
  );
  return row ?? { due: 0, failed: 0 };
}

/** A key that is void, and the trace of its void. */
export interface PendingVoid {
  orderId: number;
  paymentKey: string;
  traceparent: string | null;
}

/** Takes voids of which the provider is to be asked again, and leaves them to the caller for a while. */
export function claimVoids(db: Database, leaveMs: number, limit: number): Promise<PendingVoid[]> {
  return db.query<PendingVoid & Record<string, unknown>>(
    `UPDATE pay SET check_at = now() + $1::float8 * interval '1 ms'
     WHERE order_id IN (
       SELECT order_id FROM pay WHERE status = 'voided' AND checks < $3 AND ${isDue('check_at', Math.max(...VOID_CHECKS_MS))}
       ORDER BY check_at LIMIT $2 FOR UPDATE SKIP LOCKED
     ) RETURNING order_id AS "orderId", payment_key AS "paymentKey", traceparent`,
    [leaveMs, limit, VOID_CHECKS_MS.length],
  );
}

/** Notes that the provider was asked, and when to ask it again. */
export async function voidsChecked(db: Database, orderIds: number[]): Promise<void> {
  await db.query(
    `UPDATE pay SET checks = checks + 1,
            check_at = now() + coalesce(($2::float8[])[checks + 2], 0) * interval '1 ms'
     WHERE order_id = ANY($1) AND status = 'voided'`,
    [orderIds, VOID_CHECKS_MS],
  );
}

/** Money that was found captured under a void key goes back. */
export async function oweVoidRefund(db: Database, owed: Owed): Promise<void> {
  await db.transaction(async tx => oweRefunds(tx, [owed]));
}

/**
 * The next payments that stand, are old enough for their order to stand too, and were not checked against it yet: up to the
 * first that is too young, since those before it are not looked at again. One from the future is of a clock that has been
 * set back since, and old enough.
 */
export async function unauditedPays(
  db: Queryable,
  olderThanMs: number,
  limit: number,
): Promise<{ id: number; orderId: number; paymentKey: string; traceparent: string | null }[]> {
  const rows = await db.query<PendingVoid & { id: number; young: boolean }>(
    `SELECT id, order_id AS "orderId", payment_key AS "paymentKey", traceparent,
            created_at > now() - $1::float8 * interval '1 ms' AND NOT ${isFromTheFuture('created_at', 0)} AS young
     FROM pay WHERE id > (SELECT audited_id FROM pay_audit) AND status = 'approved' ORDER BY id LIMIT $2`,
    [olderThanMs, limit],
  );
  const firstYoung = rows.findIndex(({ young }) => young);
  const old = firstYoung < 0 ? rows : rows.slice(0, firstYoung);
  return old.map(({ young: _, ...payment }) => payment);
}

export async function auditedUpTo(db: Queryable, id: number): Promise<void> {
  await db.query('UPDATE pay_audit SET audited_id = greatest(audited_id, $1)', [id]);
}

export async function findPay(db: Queryable, id: number): Promise<PayResource | undefined> {
  const [row] = await db.query<PayResource & Record<string, unknown>>(
    `SELECT ${PAY} FROM pay WHERE id = $1`,
    [id],
  );
  return row;
}

export function pagePays(db: Queryable, request: PageRequest): Promise<Page<PayResource>> {
  return readPage(db, { columns: PAY, from: 'pay WHERE id IS NOT NULL', tieBreaker: 'id' }, request);
}

/** What payments are searched by; each has to hold. */
export interface Wanted {
  status?: PayResource['status'];
  orderId?: number;
  customerId?: number;
  itemcd?: number;
}

/** Payments that are searched for, the newest first. */
export function findPays(db: Queryable, wanted: Wanted, range: Range): Promise<PayResource[]> {
  return readNewest(
    db,
    { columns: PAY, from: 'pay', id: 'id' },
    [
      // Every payment has one; the word that there may never be one has none.
      ['id >= ?', 1],
      ['status = ?', wanted.status],
      ['order_id = ?', wanted.orderId],
      ['customer_id = ?', wanted.customerId],
      ['itemcd = ?', wanted.itemcd],
    ],
    range,
  );
}
