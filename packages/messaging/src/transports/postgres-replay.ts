import type { Database } from '@jumun/service-kit';
import type { LogRecord } from '../message.ts';
import type { Replay } from '../replay.ts';
import { PrunedError } from '../transport.ts';
import { type Block, readInWindows } from '../windows.ts';
import { REPLAY_LOCK } from './postgres-retention.ts';

/**
 * Opens the log in PostgreSQL for a replay. All goes over one connection, which also keeps others from removing
 * records: where it is lost, the replay fails.
 */
export async function openReplay(db: Database): Promise<Replay> {
  const session = await db.connect();
  try {
    // Whoever removes records does so for milliseconds at a time.
    await session.query('SELECT pg_advisory_lock_shared($1)', [REPLAY_LOCK]);
    const { rows } = await session.query<{ partition: number; position: number; order: number }>(
      'SELECT partition, position, order_id AS "order" FROM log_pruned',
    );
    const pruned = new Map(rows.map(({ partition, position }) => [partition, position]));

    async function readBlock({ partition, after, upTo }: Block, types: string[]): Promise<LogRecord[]> {
      const { rows } = await session.query<LogRecord>({
        name: 'replay',
        text: `SELECT partition, position, event_id AS "eventId", key, type, traceparent,
                      CASE WHEN type = ANY($4) THEN payload ELSE '' END AS payload
               FROM log WHERE partition = $1 AND position > $2 AND position <= $3 ORDER BY position`,
        values: [partition, after, upTo, types],
      });
      const whole = Math.max(after, pruned.get(partition) ?? 0);
      const expected = Math.max(0, upTo - whole);
      if (rows.filter(({ position }) => position > whole).length !== expected) {
        throw new PrunedError(`partition ${partition} of the log has gaps between ${whole} and ${upTo}`);
      }
      return rows;
    }

    return {
      prunedOrder: Math.max(0, ...rows.map(row => row.order)),
      prunedBefore: 0,
      read: (from, to, types, seed) => readInWindows(from, to, block => readBlock(block, types), seed),
      close: () => session.end(),
    };
  } catch (error) {
    await session.end();
    throw error;
  }
}
