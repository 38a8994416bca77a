import type { NoticeResource } from '@jumun/contracts';
import type { Traced } from '@jumun/messaging';
import {
  columns,
  type Database,
  isDue,
  type Page,
  type PageRequest,
  type Queryable,
  type Range,
  readNewest,
  readPage,
  type Tx,
} from '@jumun/service-kit';
import type { Letter } from './channel.ts';
import { type NoticeFacts, type NoticeKind, noticeText } from './texts.ts';

/** Something that the customer is to be told. */
export interface NoticeCommand {
  kind: NoticeKind;
  customerId: number | null;
  facts: NoticeFacts;
  /** When it happened, in ms since 1970. */
  at: number;
}

/** The most that may lie between two attempts to send a notice. */
export const LONGEST_WAIT_MS = 512_000;

const NOTICE = `id, order_id AS "orderId", customer_id AS "customerId", channel, status, kind, text, at, read_at AS "readAt"`;

/**
 * Queues notices; of each order and kind there is only ever one.
 * @param since what happened earlier, in ms since 1970, is not told: it may have been, and its notice be gone
 */
export function execute(tx: Tx, channel: string, commands: Traced<NoticeCommand>[], since: number): void {
  tx.send(
    `INSERT INTO notice (order_id, customer_id, channel, status, kind, text, traceparent, at)
     SELECT n.order_id, n.customer_id, $7, 'queued', n.kind, n.text, n.traceparent, to_timestamp(n.at / 1000)
     FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::float8[])
          AS n(order_id, customer_id, kind, text, traceparent, at)
     WHERE n.at >= $8
     ON CONFLICT (order_id, kind) DO NOTHING`,
    [
      commands.map(({ command }) => command.facts.orderId),
      commands.map(({ command }) => command.customerId),
      commands.map(({ command }) => command.kind),
      commands.map(({ command }) => noticeText(command.kind, command.facts)),
      commands.map(({ traceparent }) => traceparent),
      commands.map(({ command }) => command.at),
      channel,
      since,
    ],
  );
}

/** Notices that are to be sent now, those that have waited longest first. */
export function queuedLetters(db: Database, limit: number): Promise<Letter[]> {
  return db.query<Letter & Record<string, unknown>>(
    `SELECT id, order_id AS "orderId", customer_id AS "customerId", kind, text, attempts, traceparent
     FROM notice WHERE status = 'queued' AND ${isDue('next_attempt_at', LONGEST_WAIT_MS)} ORDER BY next_attempt_at LIMIT $1`,
    [limit],
  );
}

/** What became of an attempt to send a notice. */
export interface Attempt {
  id: number;
  status: NoticeResource['status'];
  /** For one that is still queued: the wait before the next attempt. */
  retryInMs: number;
}

export async function saveAttempts(db: Database, attempts: Attempt[]): Promise<void> {
  await db.query(
    `UPDATE notice n SET status = a.status, attempts = attempts + 1,
            sent_at = CASE WHEN a.status = 'sent' THEN now() END,
            next_attempt_at = now() + a.wait * interval '1 ms'
     FROM unnest($1::bigint[], $2::text[], $3::float8[]) AS a(id, status, wait) WHERE n.id = a.id`,
    columns(attempts, 'id', 'status', 'retryInMs'),
  );
}

/**
 * Removes notices of what happened more than some days ago and that are not waiting to be sent. Ids grow with time.
 * @param after the id that the step before came to
 * @param limit how many rows to look at
 * @returns `last` is where the next step begins; nothing where no old one is left
 */
export async function pruneNotices(
  db: Queryable,
  days: number,
  after: number,
  limit: number,
): Promise<{ removed: number; last: number | undefined }> {
  const [row] = await db.query<{ removed: number; old: boolean | null; seen: number; last: number | null }>(
    `WITH oldest AS (
       SELECT id, status <> 'queued' AS done, at < now() - $2::int * interval '1 day' AS old
       FROM notice WHERE id > $1 ORDER BY id LIMIT $3
     ), gone AS (
       DELETE FROM notice n USING oldest o WHERE n.id = o.id AND o.done AND o.old RETURNING 1
     ), kept AS (
       UPDATE notice_kept SET since = greatest(since, now() - $2::int * interval '1 day')
       WHERE EXISTS (SELECT FROM gone)
     )
     SELECT (SELECT count(*)::int FROM gone) AS removed, count(*)::int AS seen, max(id) AS last,
            bool_or(old) AS old FROM oldest`,
    [after, days, limit],
  );
  const more = row?.seen === limit && row.old;
  return { removed: row?.removed ?? 0, last: (more && row.last) || undefined };
}

type Row = Omit<NoticeResource, 'at' | 'readAt'> & { at: Date; readAt: Date | null };

const toResource = ({ at, readAt, ...rest }: Row): NoticeResource => ({
  ...rest,
  at: at.toISOString(),
  readAt: readAt?.toISOString() ?? null,
});

export async function findNotice(db: Queryable, id: number): Promise<NoticeResource | undefined> {
  const [row] = await db.query<Row>(`SELECT ${NOTICE} FROM notice WHERE id = $1`, [id]);
  return row && toResource(row);
}

export async function pageNotices(db: Queryable, request: PageRequest): Promise<Page<NoticeResource>> {
  const { items, total } = await readPage<Row>(
    db,
    { columns: NOTICE, from: 'notice', tieBreaker: 'id' },
    request,
  );
  return { items: items.map(toResource), total };
}

/** What notices are searched by; each has to hold. */
export interface Wanted {
  customerId?: number;
  orderId?: number;
  kind?: string;
  /** Only those that the customer has not seen; all, if false. */
  unread?: boolean;
}

/** Notices that are searched for, the newest first. */
export async function findNotices(db: Queryable, wanted: Wanted, range: Range): Promise<NoticeResource[]> {
  const { customerId, orderId, kind, unread } = wanted;
  const rows = await readNewest<Row>(
    db,
    { columns: NOTICE, from: 'notice', id: 'id' },
    [
      ['customer_id = ?', customerId],
      ['order_id = ?', orderId],
      ['kind = ?', kind],
      ['read_at IS NULL AND ?', unread || undefined],
    ],
    range,
  );
  return rows.map(toResource);
}

/** How many notices of a customer have not been seen. */
export async function countUnread(db: Queryable, customerId: number): Promise<number> {
  const [row] = await db.query<{ unread: number }>(
    'SELECT count(*)::int AS unread FROM notice WHERE customer_id = $1 AND read_at IS NULL',
    [customerId],
  );
  return row?.unread ?? 0;
}

/** Notes that a customer has seen all notices up to one; those that were seen before keep their time. */
export async function markRead(db: Queryable, customerId: number, upTo: number): Promise<void> {
  await db.query(
    'UPDATE notice SET read_at = now() WHERE customer_id = $1 AND id <= $2 AND read_at IS NULL',
    [customerId, upTo],
  );
}
