import type { Database } from '@jumun/service-kit';
import { OtherLogError, type Transport } from './transport.ts';

/**
 * Holds a service to the log that its cursors are of. Cursors that are older than this check count as those of the log
 * that is open when it is first made.
 * @throws OtherLogError when it has begun to read another log
 */
export async function assertSameLog(db: Database, { identity }: Transport): Promise<void> {
  await db.query('INSERT INTO read_log (identity) VALUES ($1) ON CONFLICT DO NOTHING', [identity]);
  const [read] = await db.query<{ identity: string }>('SELECT identity FROM read_log');
  if (read?.identity === identity) return;
  throw new OtherLogError(
    `it has read the log ${read?.identity}, and this one is ${identity}; to go over to another log, see jumun change-log`,
  );
}

/** What a service has still to do with its log. */
export interface Unfinished {
  /** Which log it has begun to read; null for none. */
  log: string | null;
  /** Whether some process holds a lease of the service. */
  running: boolean;
  /** Records that it has not read. */
  unread: number;
}

/** @param heads partition → the last position of the log that the service reads */
export async function readUnfinished(db: Database, heads: ReadonlyMap<number, number>): Promise<Unfinished> {
  const [row] = await db.query<Unfinished & Record<string, unknown>>(
    `SELECT (SELECT identity FROM read_log) AS log,
            EXISTS (SELECT FROM lease WHERE held_until > now()) AS running,
            coalesce((SELECT sum(greatest(h.head - coalesce(c.position, 0), 0))
                      FROM unnest($1::int[], $2::bigint[]) AS h(partition, head)
                      LEFT JOIN consumer_cursor c USING (partition)), 0)::bigint AS unread`,
    [[...heads.keys()], [...heads.values()]],
  );
  return row ?? { log: null, running: false, unread: 0 };
}

/** Has a service begin at the beginning of whichever log it is started with next. */
export function leaveLog(db: Database): Promise<void> {
  return db.transaction(async tx => {
    tx.send('DELETE FROM read_log');
    tx.send('UPDATE consumer_cursor SET position = 0');
  });
}
