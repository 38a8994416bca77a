import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { type Access, withAdmin } from '../admin.ts';
import { walFiles } from './wal.ts';

/** A server whose cluster can be copied until the session's work is done. */
export interface BackupSession {
  /** The server's version, such as `18.4`. */
  version: string;
  /** Where the recovery of a copy begins. */
  startLsn: string;
  /** Says that all has been copied, but for the log. */
  end(): Promise<BackupEnd>;
}

export interface BackupEnd {
  /** All that was committed before this moment is in the copy. */
  pointInTime: Date;
  /** Where the copy becomes consistent. */
  stopLsn: string;
  /** To be written as `backup_label` into the copy, without which it is not recovered from its beginning. */
  label: string;
  /** Names of the files in `pg_wal` that the copy needs; the server keeps them until the session ends. */
  walFiles: string[];
}

/**
 * Tells the server that its cluster is about to be copied, file by file while it is written to. A slot of this session
 * keeps the log of that time. However the session ends, the server forgets both.
 *
 * @throws Error when there are tablespaces, which lie outside of the cluster
 */
export async function withBackupSession<T>(
  server: Access,
  work: (session: BackupSession) => Promise<T>,
): Promise<T> {
  return withAdmin(server, async client => {
    const slot = `jumun_backup_${randomBytes(6).toString('hex')}`;
    await one(client, 'SELECT pg_create_physical_replication_slot($1, true, true)', [slot]);
    // With a checkpoint at once: one that takes its time takes most of checkpoint_timeout.
    const { version, startLsn } = await one<{ version: string; startLsn: string }>(
      client,
      `SELECT current_setting('server_version') AS version, pg_backup_start($1, true)::text AS "startLsn"`,
      ['jumun backup'],
    );
    return work({ version, startLsn, end: () => end(client, startLsn) });
  });
}

async function end(client: pg.Client, startLsn: string): Promise<BackupEnd> {
  const { now } = await one<{ now: Date }>(client, 'SELECT clock_timestamp() AS now');
  const stop = await one<{ lsn: string; label: string; tablespaces: string }>(
    client,
    'SELECT lsn::text AS lsn, labelfile AS label, spcmapfile AS tablespaces FROM pg_backup_stop(false)',
  );
  if (stop.tablespaces.trim() !== '')
    throw new Error('the cluster has tablespaces, which a backup does not cover');
  const { timeline, segmentBytes } = await one<{ timeline: number; segmentBytes: number }>(
    client,
    `SELECT timeline_id AS timeline, pg_size_bytes(current_setting('wal_segment_size'))::int AS "segmentBytes"
       FROM pg_control_checkpoint()`,
  );
  return {
    pointInTime: now,
    stopLsn: stop.lsn,
    label: stop.label,
    walFiles: walFiles(timeline, startLsn, stop.lsn, segmentBytes),
  };
}

async function one<Row extends pg.QueryResultRow>(
  client: pg.Client,
  text: string,
  values: unknown[] = [],
): Promise<Row> {
  const { rows } = await client.query<Row>(text, values);
  return rows[0] as Row;
}
