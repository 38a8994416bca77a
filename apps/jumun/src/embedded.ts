import { createLogger, type Logger, openDatabase } from '@jumun/service-kit';
import type pg from 'pg';
import {
  type EmbeddedPostgres,
  ensureDatabases,
  ensurePostgres,
  otherClients,
  readSecrets,
} from './postgres/index.ts';

/** Held in a service's database by the process that runs the service on this data directory. */
const SERVICE_LOCK = 7_216_004;
const EVENTS = 'events';

export interface Embedded {
  /** Settings for the parts: their databases, the log's, and the services' credential. */
  env: NodeJS.ProcessEnv;
  /** Claims the services for this process. @throws Error when another process runs one of them */
  lock(services: string[]): Promise<void>;
  /** Brings PostgreSQL back up whenever it is gone. */
  guard(): void;
  /** Lets go, and stops PostgreSQL unless somebody else is using it. */
  release(): Promise<void>;
}

const silent: Logger = createLogger('jumun', 'silent');

/** The embedded PostgreSQL of a data directory, started where it is not up. */
export async function openEmbedded(dataDir: string, services: readonly string[]): Promise<Embedded> {
  let postgres: EmbeddedPostgres = await ensurePostgres(dataDir);
  const urls = await ensureDatabases(postgres, [...services, EVENTS]);
  const { serviceToken } = await readSecrets(dataDir);
  const env: NodeJS.ProcessEnv = { SERVICE_TOKEN: serviceToken, EVENTS_URL: urls[EVENTS] };
  for (const name of services) env[`${name.toUpperCase()}__DATABASE_URL`] = urls[name];

  let locked: string[] = [];
  let locks: pg.Client[] = [];
  let guarding = false;
  let released = false;

  async function takeLocks(): Promise<void> {
    for (const name of locked) {
      const db = openDatabase({ url: urls[name] ?? '', name: 'jumun-lock', connections: 1, log: silent });
      const client = await db.connect();
      locks.push(client);
      const { rows } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1) AS mine', [
        SERVICE_LOCK,
      ]);
      if (!rows[0]?.mine) throw new Error(`another process runs the ${name} service on ${dataDir}`);
    }
    // A lock's connection lives as long as the server: its end is how we learn that PostgreSQL is gone.
    locks[0]?.once('end', () => void recover());
  }

  async function recover(): Promise<void> {
    while (guarding && !released) {
      try {
        await endLocks();
        postgres = await ensurePostgres(dataDir);
        await takeLocks();
        return;
      } catch {
        await new Promise(resolve => setTimeout(resolve, 500));
      }
    }
  }

  async function endLocks(): Promise<void> {
    const ending = locks;
    locks = [];
    for (const client of ending) {
      client.removeAllListeners('end');
      await client.end().catch(() => undefined);
    }
  }

  return {
    env,
    async lock(names) {
      locked = names;
      await takeLocks();
    },
    guard() {
      guarding = true;
    },
    async release() {
      released = true;
      await endLocks();
      if ((await otherClients(postgres).catch(() => 0)) === 0) await postgres.stop();
    },
  };
}
