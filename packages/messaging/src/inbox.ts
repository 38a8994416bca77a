import { columns, type Tx } from '@jumun/service-kit';
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
