import { readdir, readFile } from 'node:fs/promises';
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
 * Brings a database up to date: applies the plain SQL files of each folder, in the order of their names and once.
 * Several replicas may call it at the same time; one works and the others wait.
 * @param folders folders with files named like `001-orders.sql`; a folder's last path segments name it in the record
 * @throws Error when a file that was applied is gone from the code: then the database is newer than this code.
 */
export async function migrate(db: Database, folders: readonly URL[]): Promise<void> {
  const client = await db.connect();
  try {
    const patiently = (text: string) => client.query({ text, query_timeout: NO_HURRY_MS } as QueryConfig);
    await client.query('SET lock_timeout = 0; SET statement_timeout = 0');
    await patiently(`SELECT pg_advisory_lock(${MIGRATION_LOCK})`);
    await client.query(FOUNDATION);
    const { rows } = await client.query<{ name: string }>('SELECT name FROM migration');
    const applied = new Set(rows.map(row => row.name));
    const known = new Map<string, URL>();
    for (const folder of folders) {
      const owner = folder.pathname.split('/').filter(Boolean).at(-2);
      const files = (await readdir(fileURLToPath(folder))).filter(file => file.endsWith('.sql')).sort();
      for (const file of files) {
        known.set(`${owner}/${file}`, new URL(file, folder));
      }
    }
    const unknown = [...applied].find(name => !known.has(name));
    if (unknown) throw new Error(`the database is newer than this program: it has the migration ${unknown}`);
    for (const [name, file] of known) {
      if (applied.has(name)) continue;
      const sql = await readFile(file, 'utf8');
      await patiently(`BEGIN;\n${sql};\nINSERT INTO migration (name) VALUES ('${name}');\nCOMMIT`);
    }
  } finally {
    await client.end();
  }
}
