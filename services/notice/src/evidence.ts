import { type Accounts, MAX_STANDSTILLS, type Standstill } from '@jumun/contracts';
import type { Evidence } from '@jumun/messaging';
import { type Database, readRange, readRows } from '@jumun/service-kit';

/**
 * What the auditor is told of notices.
 * @param keepMs how long they are kept
 */
export function createEvidence(db: Database, keepMs: number): Evidence {
  return {
    // A page of orders, not of notices: the last one has all of its own.
    accounts: range =>
      readRange<Accounts['notice']>(
        db,
        {
          columns: '"orderId", kinds',
          from: `(SELECT order_id AS "orderId", array_agg(kind ORDER BY kind) AS kinds FROM notice GROUP BY order_id) n`,
          id: '"orderId"',
        },
        range,
      ),

    async keptSince() {
      const [row] = await db.query<{ since: number }>(
        'SELECT (extract(epoch FROM since) * 1000)::float8 AS since FROM notice_kept',
      );
      return Math.max(row?.since ?? 0, Date.now() - keepMs);
    },

    standstills: ({ machineMs }) =>
      db.query<Standstill & Record<string, unknown>>(
        `SELECT order_id AS "orderId", 'notice: send ' || kind AS step,
                CASE status WHEN 'failed' THEN 'given up after ' ELSE '' END || attempts || ' attempts' AS why,
                (extract(epoch FROM at) * 1000)::float8 AS since
         FROM (SELECT * FROM notice WHERE status = 'queued' UNION ALL SELECT * FROM notice WHERE status = 'failed') n
         WHERE at < now() - $1::float8 * interval '1 ms' ORDER BY at LIMIT $2`,
        [machineMs, MAX_STANDSTILLS],
      ),

    async story(orderId) {
      const rows = await readRows(db, orderId, { notice: 'order_id' });
      const happened = rows.flatMap(({ row }) =>
        row.sent_at instanceof Date ? [{ at: row.sent_at.getTime(), what: `notice ${row.kind} sent` }] : [],
      );
      return { happened, rows };
    },
  };
}
