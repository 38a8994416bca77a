import { columns, type Queryable, type Tx } from '@jumun/service-kit';
import type { LogRecord } from './message.ts';
import { FencedError } from './transport.ts';

/** How far a partition's cursor moves with a batch. */
export interface CursorMove {
  partition: number;
  from: number;
  to: number;
}

export interface Admission {
  /** Events that were not handled before. */
  fresh: Set<string>;
  /** Keys of which an earlier event has failed: their later events wait behind it. */
  blocked: Set<string>;
}

/**
 * Begins a batch of events in the transaction of its effects: moves the cursors, writes the inbox rows, and says
 * which events are new and which keys are held up.
 * @throws FencedError when another consumer has moved a cursor meanwhile; nothing of the batch may then be kept
 */
export async function admit(tx: Tx, moves: CursorMove[], records: LogRecord[]): Promise<Admission> {
  const [row] = await tx.query<{ moved: number; fresh: string[]; blocked: string[] }>(
    `WITH moved AS (
       UPDATE consumer_cursor c SET position = m.next
       FROM unnest($1::int[], $2::bigint[], $3::bigint[]) AS m(partition, position, next)
       WHERE c.partition = m.partition AND c.position = m.position RETURNING 1
     ), fresh AS (
       INSERT INTO inbox (event_id) SELECT DISTINCT unnest($4::uuid[])
       ON CONFLICT DO NOTHING RETURNING event_id
     )
     SELECT (SELECT count(*)::int FROM moved) AS moved,
            ARRAY(SELECT event_id FROM fresh) AS fresh,
            ARRAY(SELECT DISTINCT key FROM dead_letter WHERE key = ANY($5) AND state <> 'discarded') AS blocked`,
    [
      ...columns(moves, 'partition', 'from', 'to'),
      records.map(record => record.eventId),
      [...new Set(records.map(record => record.key))],
    ],
  );
  if (row?.moved !== moves.length) throw new FencedError('another consumer has moved on from here');
  return { fresh: new Set(row.fresh), blocked: new Set(row.blocked) };
}

/** Which events of a batch are to be handled, and which wait behind a failed one of their key; repeats are in neither. */
export function sortOut({ fresh, blocked }: Admission, records: LogRecord[]) {
  const [ready, behind]: [LogRecord[], LogRecord[]] = [[], []];
  for (const record of records) {
    if (!fresh.delete(record.eventId)) continue;
    (blocked.has(record.key) ? behind : ready).push(record);
  }
  return { ready, behind };
}

/** partition → how far this service has read, and what that meant to it is durable. */
export async function readCursors(db: Queryable): Promise<Map<number, number>> {
  const rows = await db.query<{ partition: number; position: number }>(
    'SELECT partition, position FROM consumer_cursor',
  );
  return new Map(rows.map(({ partition, position }) => [partition, position]));
}

/** Has the consumers of this service stand still until the transaction ends; gives where they stand. */
export async function holdCursors(tx: Queryable): Promise<Map<number, number>> {
  await tx.query('LOCK TABLE consumer_cursor IN EXCLUSIVE MODE');
  return readCursors(tx);
}

/** Moves cursors that are held. */
export function moveCursors(tx: Tx, moves: CursorMove[]): void {
  tx.send(
    `UPDATE consumer_cursor c SET position = m.next
     FROM unnest($1::int[], $2::bigint[]) AS m(partition, next) WHERE c.partition = m.partition`,
    columns(moves, 'partition', 'to'),
  );
}

/** How far a pass over the inbox has come. */
export interface InboxStep {
  /** Rows that were looked at: less than the limit at the end. */
  seen: number;
  removed: number;
  last: string | undefined;
}

/**
 * Forgets events that were published, and handled, more than some days ago. Their ids begin with their time (UUIDv7),
 * so that old rows stand together in the primary key; ids of another kind stay.
 * @param after the id that the step before came to
 * @param limit how many rows to look at
 */
export async function pruneInbox(
  db: Queryable,
  days: number,
  after: string,
  limit: number,
): Promise<InboxStep> {
  const [row] = await db.query<{ seen: number; removed: number; last: string | null }>(
    `WITH old AS (
       SELECT event_id FROM inbox WHERE event_id > $1::uuid AND event_id < $2::uuid ORDER BY event_id LIMIT $3
     ), gone AS (
       DELETE FROM inbox i USING old
       WHERE i.event_id = old.event_id AND substr(i.event_id::text, 15, 1) = '7'
         AND i.handled_at < now() - $4::int * interval '1 day'
       RETURNING 1
     )
     SELECT (SELECT count(*)::int FROM old) AS seen, (SELECT count(*)::int FROM gone) AS removed,
            (SELECT event_id FROM old ORDER BY event_id DESC LIMIT 1) AS last`,
    [after, firstIdOf(Date.now() - days * DAY_MS), limit, days],
  );
  return { seen: row?.seen ?? 0, removed: row?.removed ?? 0, last: row?.last ?? undefined };
}

const DAY_MS = 86_400_000;

/** No UUIDv7 of this millisecond or later is smaller. */
function firstIdOf(ms: number): string {
  const hex = ms.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
