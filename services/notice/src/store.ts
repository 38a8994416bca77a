import type { NoticeResource } from '@jumun/contracts';
import type { Traced } from '@jumun/messaging';
import {
  columns,
  type Database,
  type Page,
  type PageRequest,
  type Queryable,
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

const NOTICE = `id, order_id AS "orderId", customer_id AS "customerId", channel, status, kind, text, at`;

/** Queues notices; of each order and kind there is only ever one. */
export function execute(tx: Tx, channel: string, commands: Traced<NoticeCommand>[]): void {
  tx.send(
    `INSERT INTO notice (order_id, customer_id, channel, status, kind, text, traceparent, at)
     SELECT n.order_id, n.customer_id, $7, 'queued', n.kind, n.text, n.traceparent, to_timestamp(n.at / 1000)
     FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::float8[])
          AS n(order_id, customer_id, kind, text, traceparent, at)
     ON CONFLICT (order_id, kind) DO NOTHING`,
    [
      commands.map(({ command }) => command.facts.orderId),
      commands.map(({ command }) => command.customerId),
      commands.map(({ command }) => command.kind),
      commands.map(({ command }) => noticeText(command.kind, command.facts)),
      commands.map(({ traceparent }) => traceparent),
      commands.map(({ command }) => command.at),
      channel,
    ],
  );
}

/** Notices that are to be sent now, those that have waited longest first. */
export function queuedLetters(db: Database, limit: number): Promise<Letter[]> {
  return db.query<Letter & Record<string, unknown>>(
    `SELECT id, order_id AS "orderId", customer_id AS "customerId", kind, text, attempts, traceparent
     FROM notice WHERE status = 'queued' AND next_attempt_at <= now() ORDER BY next_attempt_at LIMIT $1`,
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
            next_attempt_at = now() + a.wait * interval '1 ms'
     FROM unnest($1::bigint[], $2::text[], $3::float8[]) AS a(id, status, wait) WHERE n.id = a.id`,
    columns(attempts, 'id', 'status', 'retryInMs'),
  );
}

const toResource = ({ at, ...rest }: Omit<NoticeResource, 'at'> & { at: Date }): NoticeResource => ({
  ...rest,
  at: at.toISOString(),
});

type Row = Omit<NoticeResource, 'at'> & { at: Date };

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
