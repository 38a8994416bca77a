import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SETTINGS_FILE } from '../cluster.ts';
import { errorCode } from '../errors.ts';

/** What a cluster consists of; paths with slashes, below it. */
export interface ClusterFiles {
  /** Each after the one that it is in. */
  folders: string[];
  /** `size` in bytes at the time of looking. */
  files: { path: string; size: number }[];
}

/**
 * Folders whose content PostgreSQL's documentation says to leave out: the log, which is copied afterwards as far as it
 * is needed; replication slots, which would hold the log of the copy; and what every start makes anew.
 */
const EMPTY = new Set([
  'pg_wal',
  'pg_replslot',
  'pg_dynshmem',
  'pg_notify',
  'pg_serial',
  'pg_snapshots',
  'pg_stat_tmp',
  'pg_subtrans',
]);

/** Files of the running server, of a backup before, and what each start writes. */
const LEFT_OUT = new Set([
  'postmaster.pid',
  'postmaster.opts',
  'backup_label',
  'backup_label.old',
  'tablespace_map',
  'tablespace_map.old',
  SETTINGS_FILE,
]);

/** Temporary files, temporary tables, a cache, and a socket's lock. */
const TEMPORARY = /^pgsql_tmp|^t\d+_\d+|^pg_internal\.init|^\.s\.PGSQL\.|\.tmp(-\d+-[0-9a-f]+)?$/;

/**
 * Lists what belongs into a copy of a cluster. What vanishes meanwhile is not listed.
 * @throws Error where something lies outside of the cluster (a tablespace, a link)
 */
export async function listCluster(cluster: string): Promise<ClusterFiles> {
  const found: ClusterFiles = { folders: [], files: [] };
  await walk('');
  return found;

  async function walk(folder: string): Promise<void> {
    const entries = await unlessGone(readdir(join(cluster, folder), { withFileTypes: true }));
    for (const entry of entries ?? []) {
      const path = folder + entry.name;
      if (TEMPORARY.test(entry.name) || LEFT_OUT.has(path)) continue;
      if (EMPTY.has(path)) found.folders.push(path);
      else if (entry.isDirectory()) {
        found.folders.push(path);
        await walk(`${path}/`);
      } else if (entry.isFile()) {
        const size = (await unlessGone(stat(join(cluster, path))))?.size;
        if (size !== undefined) found.files.push({ path, size });
      } else if (entry.isSymbolicLink()) {
        throw new Error(`${join(cluster, path)} leads out of the cluster, where a backup does not go`);
      }
      // Others are sockets.
    }
  }
}

/** What was asked for, or undefined when that was removed. */
export async function unlessGone<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
