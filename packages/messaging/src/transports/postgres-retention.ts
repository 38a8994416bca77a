import { type Database, forgetSessions } from '@jumun/service-kit';
import type { ExpiredRecord, LogGroup, LogRetention } from '../transport.ts';

/** Held shared by whoever replays the log, and alone by whoever removes from it. */
export const REPLAY_LOCK = 7_216_015;

/** How far every group has read partition $1; what nobody is known to read stays. */
const CONSUMED = `(
  SELECT coalesce(min(coalesce(g.position, 0)), 0) FROM (SELECT DISTINCT name FROM log_group) n
  LEFT JOIN log_group g ON g.name = n.name AND g.partition = $1
)`;

/** Writes down how far a group has read, also where that is less than before: its database may have been restored. */
export async function reportGroup(
  db: Database,
  group: string,
  positions: ReadonlyMap<number, number>,
): Promise<void> {
  await db.query(
    `INSERT INTO log_group (name, partition, position)
     SELECT $1, partition, position FROM unnest($2::int[], $3::bigint[]) AS p(partition, position)
     ON CONFLICT (name, partition) DO UPDATE SET position = excluded.position, reported_at = now()`,
    [group, [...positions.keys()], [...positions.values()]],
  );
}

/** Retention of the log in PostgreSQL. */
export function createRetention(db: Database): LogRetention {
  return {
    groups() {
      return db.query<LogGroup & Record<string, unknown>>(
        `SELECT g.name, max(g.reported_at) AS "reportedAt",
                (SELECT sum(position) FROM log_partition) - sum(g.position) AS lag
         FROM log_group g GROUP BY g.name ORDER BY g.name`,
      );
    },
    async forget(group) {
      const rows = await db.query(
        `DELETE FROM log_group WHERE name = $1 AND NOT EXISTS (
           SELECT FROM log_group WHERE name = $1 AND reported_at > now() - interval '1 minute'
         ) RETURNING 1`,
        [group],
      );
      return rows.length > 0;
    },
    async oldestSeconds() {
      const [row] = await db.query<{ seconds: number }>(
        `SELECT coalesce(extract(epoch FROM now() - min(l.appended_at)), 0)::float8 AS seconds
         FROM log_partition p CROSS JOIN LATERAL (
           SELECT appended_at FROM log WHERE log.partition = p.partition ORDER BY log.position LIMIT 1
         ) l`,
      );
      return row?.seconds ?? 0;
    },
    async expired(partition, after, days, limit) {
      const rows = await db.query<ExpiredRecord & { old: boolean }>(
        `SELECT position, key, appended_at < now() - $3::int * interval '1 day' AS old FROM log
         WHERE partition = $1 AND position > $2 AND position <= ${CONSUMED} ORDER BY position LIMIT $4`,
        [partition, after, days, limit],
      );
      const young = rows.findIndex(row => !row.old);
      return young < 0 ? rows : rows.slice(0, young);
    },
    remove(partition, positions, lastOrder) {
      const last = Math.max(...positions);
      return db.transaction(async tx => {
        const [free] = await tx.query<{ mine: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS mine', [
          REPLAY_LOCK,
        ]);
        if (!free?.mine) return 0;
        // A group that joins, or goes back, is either seen here or finds the mark when it begins to read.
        await tx.query('LOCK TABLE log_group IN SHARE MODE');
        const [group] = await tx.query<{ consumed: number }>(`SELECT ${CONSUMED} AS consumed`, [partition]);
        if ((group?.consumed ?? 0) < last) return 0;
        const rows = await tx.query(
          'DELETE FROM log WHERE partition = $1 AND position = ANY($2::bigint[]) RETURNING 1',
          [partition, positions],
        );
        tx.send(
          `UPDATE log_pruned SET position = greatest(position, $2), order_id = greatest(order_id, $3)
           WHERE partition = $1`,
          [partition, last, lastOrder],
        );
        return rows.length;
      });
    },
    forgetSessions: () => forgetSessions(db),
  };
}
