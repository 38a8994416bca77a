import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import {
  type EmbeddedPostgres,
  ensureDatabases,
  ensurePostgres,
} from '../../apps/jumun/src/postgres/index.ts';
import { canMount, fill, mount, unmount } from '../support/disk.ts';
import { eventually } from '../support/eventually.ts';
import { killPostgres } from '../support/postmaster.ts';

const DISK_MB = 600;
const SETTINGS = { max_connections: '500', max_wal_size: '128MB', shared_buffers: '128MB' };

/** The suite's own PostgreSQL, on a small disk of its own where one can be mounted. */
export interface ChaosPostgres {
  /** The connection string of a database, over TCP. */
  url(database: string): string;
  sql<Row>(database: string, text: string, values?: unknown[]): Promise<Row[]>;
  /** kill -9 of all its processes. */
  kill(): Promise<void>;
  /** Brings it up where it does not run. */
  start(): Promise<void>;
  /** Takes all room on its disk until that is given back; absent where it has no disk of its own. */
  fill?: () => { empty(): void };
  close(): Promise<void>;
}

/** @param folder an empty directory @param databases their names */
export async function startPostgres(folder: string, databases: string[]): Promise<ChaosPostgres> {
  const dataDir = join(folder, 'postgres');
  mkdirSync(dataDir);
  chmodSync(folder, 0o755);
  const ownDisk = canMount();
  if (ownDisk) mount(dataDir, DISK_MB);
  const pools = new Map<string, pg.Pool>();
  const ensure = () => ensurePostgres(dataDir, { settings: SETTINGS });

  async function close(): Promise<void> {
    await Promise.all([...pools.values()].map(pool => pool.end().catch(() => undefined)));
    await killPostgres(dataDir);
    if (ownDisk) unmount(dataDir);
  }

  let server: EmbeddedPostgres;
  let urls: Record<string, string>;
  try {
    server = await ensure();
    urls = await ensureDatabases(server, databases);
  } catch (error) {
    await close();
    throw error;
  }

  function urlOf(database: string): string {
    const url = new URL(urls[database] ?? server.url(database));
    url.search = '';
    return url.href;
  }

  function poolOf(database: string): pg.Pool {
    let pool = pools.get(database);
    if (!pool) {
      // As the superuser, who may end sessions.
      pool = new pg.Pool({
        connectionString: server.url(database),
        max: 3,
        connectionTimeoutMillis: 5_000,
        query_timeout: 30_000,
        application_name: 'chaos',
      });
      pool.on('error', () => undefined);
      pool.on('connect', client => void client.on('error', () => undefined));
      pools.set(database, pool);
    }
    return pool;
  }

  return {
    url: urlOf,
    sql: async <Row>(database: string, text: string, values: unknown[] = []) =>
      (await poolOf(database).query(text, values)).rows as Row[],
    kill: () => killPostgres(dataDir),
    start: () => eventually(async () => void (await ensure()), 60_000),
    ...(ownDisk && { fill: () => fill(dataDir) }),
    close,
  };
}
