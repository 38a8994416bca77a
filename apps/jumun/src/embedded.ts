import { setTimeout as delay } from 'node:timers/promises';
import { createLogger, isTransient, type Logger, openDatabase } from '@jumun/service-kit';
import type pg from 'pg';
import { openDataDirectory } from './postgres/data-directory.ts';
import { oneLine } from './postgres/errors.ts';
import { type EmbeddedPostgres, ensureDatabases, ensurePostgres, readSecrets } from './postgres/index.ts';
import { openSecrets } from './postgres/secrets.ts';

/** Held, shared, by every process that uses the server; who gets it alone is the last and may stop the server. */
const USE_LOCK = 7_216_005;
/** Held, together with the service's place in the list, by the process that runs the service. */
const SERVICE_LOCK = 7_216_004;
const EVENTS = 'events';

const JOIN_LIMIT_MS = 30_000;
const JOIN_PAUSE_MS = 100;
/** Between two tries to bring PostgreSQL back, doubling: each may read much of the log, and fail for want of room. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 4_000;

export interface Embedded {
  /** Settings for the parts: their databases, the log's, and the services' credential. */
  env: NodeJS.ProcessEnv;
  /** Lets go, and stops PostgreSQL unless another process is using it. */
  release(mode?: 'fast' | 'immediate'): Promise<void>;
}

export interface EmbeddedOptions {
  dataDir: string;
  /** All services, each of which has a database. */
  services: readonly string[];
  /** Those that this process is to run, which no other process may then run on the same data. */
  run: readonly string[];
  /** Takes what becomes of the server later on; nothing by default. */
  log?: Logger;
}

/**
 * The embedded PostgreSQL of a data directory, started where it is not up, and brought back up whenever it is gone.
 * @throws Error when another process runs one of the services on this data directory
 */
export async function openEmbedded({
  dataDir,
  services,
  run,
  log = createLogger('jumun', 'silent'),
}: EmbeddedOptions): Promise<Embedded> {
  let postgres: EmbeddedPostgres;
  let session: pg.Client | undefined;
  const released = new AbortController();
  let recovering: Promise<void> | undefined;

  /** Brings up the server and takes the locks, in a session that ends only with the server or this process. */
  async function join(): Promise<void> {
    postgres = await ensurePostgres(dataDir);
    const client = await connect(postgres.url('postgres'));
    try {
      await client.query('SELECT pg_advisory_lock_shared($1)', [USE_LOCK]);
      for (const name of run) {
        const key = [SERVICE_LOCK, services.indexOf(name)];
        const { rows } = await client.query<{ mine: boolean }>(
          'SELECT pg_try_advisory_lock($1::int, $2::int) AS mine',
          key,
        );
        if (!rows[0]?.mine) throw new Error(`another process runs the ${name} service on ${dataDir}`);
      }
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    session = client;
    client.once('end', () => {
      if (!released.signal.aborted) recovering ??= recover();
    });
  }

  async function recover(): Promise<void> {
    session = undefined;
    log.error('PostgreSQL is gone; it is brought back');
    const { signal } = released;
    for (let tries = 1; !signal.aborted && !session; tries++) {
      try {
        await join();
        log.info({ tries }, 'PostgreSQL is back');
      } catch (error) {
        const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (tries - 1));
        log.error(
          { tries, pauseMs, err: oneLine(error) },
          'PostgreSQL does not come back; it is tried again',
        );
        await delay(pauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
    recovering = undefined;
  }

  const until = performance.now() + JOIN_LIMIT_MS;
  while (!session) {
    try {
      await join();
    } catch (error) {
      // The last process out may have been stopping the server just as this one found it.
      if (!isTransient(error) || performance.now() > until) throw error;
      await delay(JOIN_PAUSE_MS);
    }
  }

  return {
    env: await settings(),
    async release(mode = 'fast') {
      released.abort();
      await recovering;
      const last = session ? await isLast(session) : true;
      if (last) await postgres.stop(mode);
      await session?.end().catch(() => undefined);
    },
  };

  async function settings(): Promise<NodeJS.ProcessEnv> {
    const { serviceToken } = await readSecrets(dataDir);
    const urls = await ensureDatabases(postgres, [...services, EVENTS]);
    const env: NodeJS.ProcessEnv = { SERVICE_TOKEN: serviceToken, EVENTS_URL: urls[EVENTS] };
    for (const name of services) env[`${name.toUpperCase()}__DATABASE_URL`] = urls[name];
    return env;
  }
}

/** The services' credential alone, for parts that have no database. */
export async function openServiceToken(dataDir: string): Promise<string> {
  return (await openSecrets(await openDataDirectory(dataDir))).serviceToken;
}

function connect(url: string): Promise<pg.Client> {
  const log = createLogger('jumun', 'silent');
  return openDatabase({ url, name: 'jumun', connections: 1, log }).connect();
}

/** Whether no other process uses the server; from then on none can begin to, until this session ends. */
async function isLast(session: pg.Client): Promise<boolean> {
  try {
    // In this order: of two that leave at once, each with its share still held, neither would be the last.
    await session.query('SELECT pg_advisory_unlock_shared($1)', [USE_LOCK]);
    const { rows } = await session.query<{ last: boolean }>('SELECT pg_try_advisory_lock($1) AS last', [
      USE_LOCK,
    ]);
    return rows[0]?.last ?? true;
  } catch {
    return true; // the server is gone, or stuck
  }
}
