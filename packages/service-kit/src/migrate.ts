import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { QueryConfig } from 'pg';
import type { Database, Queryable } from './database.ts';

/** Any number will do that no other advisory lock of these databases uses. */
const MIGRATION_LOCK = 7_216_001;

/** Connections give up earlier (the longest that pg takes): a table of millions takes longer, and so does who waits for it. */
const NO_HURRY_MS = 2 ** 31 - 1;

/** Sessions of long ago are of no use to anybody: what became of their last transaction is asked within seconds. */
const FORGET_SESSIONS = `DELETE FROM transaction_mark WHERE marked_at < now() - interval '1 day'`;

/** What migrations and transactions themselves need. */
const FOUNDATION = `
  CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());
  CREATE TABLE IF NOT EXISTS transaction_mark (
    session uuid PRIMARY KEY,
    mark bigint NOT NULL,
    marked_at timestamptz NOT NULL DEFAULT now()
  ) WITH (fillfactor = 50);
  ${FORGET_SESSIONS};
`;

/** Removes the marks that sessions of long ago have left; gives how many. There is one for each connection made. */
export async function forgetSessions(db: Queryable): Promise<number> {
  return (await db.query(`${FORGET_SESSIONS} RETURNING 1`)).length;
}

/**
 * A migration whose name ends so takes away what only older programs use: those cannot go on with it. All others leave to
 * the program before them what it needs, so that both can be at work at once (expand and contract).
 */
const CONTRACT = '.contract.sql';

/**
 * Traffic waits behind a migration that waits for a table. So it gives up soon, lets the others go first and tries again.
 */
const LOCK_WAIT_MS = 2_000;
const LOCK_PAUSE_MS = 500;
const LOCK_TRIES = 60;
/** PostgreSQL's code for a lock that was not to be had in time. */
const LOCK_NOT_AVAILABLE = '55P03';

export interface MigrateOptions {
  /** Whether what takes away is applied too: only once no older program is at work on the database. */
  contract: boolean;
}

/**
 * Brings a database up to date: applies the plain SQL files of each folder, in the order of their names and once.
 * Several replicas may call it at the same time; one works and the others wait.
 * @param folders folders with files named like `001-orders.sql`; a folder's last path segments name it in the record
 * @returns the names of those that were applied
 * @throws Error when a contract that was applied is not in the code: then the database is newer than this program.
 */
export async function migrate(
  db: Database,
  folders: readonly URL[],
  { contract }: MigrateOptions = { contract: false },
): Promise<string[]> {
  const client = await db.connect();
  try {
    const patiently = (text: string) => client.query({ text, query_timeout: NO_HURRY_MS } as QueryConfig);
    await client.query('SET lock_timeout = 0; SET statement_timeout = 0');
    await patiently(`SELECT pg_advisory_lock(${MIGRATION_LOCK})`);
    await client.query(FOUNDATION);
    const { rows } = await client.query<{ name: string }>('SELECT name FROM migration');
    const applied = new Set(rows.map(row => row.name));
    const known = await read(folders);
    const newer = [...applied].find(name => name.endsWith(CONTRACT) && !known.has(name));
    if (newer) throw new Error(`the database is newer than this program: it has the migration ${newer}`);
    const due = [...known].filter(([name]) => !applied.has(name) && (contract || !name.endsWith(CONTRACT)));
    for (const [name, file] of due) {
      const sql = await readFile(file, 'utf8');
      const begin = `BEGIN; SET LOCAL lock_timeout = ${LOCK_WAIT_MS}`;
      const text = `${begin};\n${sql};\nINSERT INTO migration (name) VALUES ('${name}');\nCOMMIT`;
      for (let tries = 1; ; tries++) {
        try {
          await patiently(text);
          break;
        } catch (error) {
          if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE || tries === LOCK_TRIES) throw error;
          await client.query('ROLLBACK');
          await delay(LOCK_PAUSE_MS);
        }
      }
    }
    return due.map(([name]) => name);
  } finally {
    await client.end();
  }
}

/** The files of the folders by the name in the record, in the order in which they are applied. */
async function read(folders: readonly URL[]): Promise<Map<string, URL>> {
  const known = new Map<string, URL>();
  for (const folder of folders) {
    const owner = folder.pathname.split('/').filter(Boolean).at(-2);
    const files = (await readdir(fileURLToPath(folder))).filter(file => file.endsWith('.sql')).sort();
    for (const file of files) known.set(`${owner}/${file}`, new URL(file, folder));
  }
  return known;
}
