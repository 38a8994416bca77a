import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Database } from './database.ts';

/** Any number will do that no other advisory lock of these databases uses. */
const MIGRATION_LOCK = 7_216_001;

/** What migrations and transactions themselves need; sessions of long ago are of no use to anybody. */
const FOUNDATION = `
  CREATE TABLE IF NOT EXISTS migration (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());
  CREATE TABLE IF NOT EXISTS transaction_mark (
    session uuid PRIMARY KEY,
    mark bigint NOT NULL,
    marked_at timestamptz NOT NULL DEFAULT now()
  ) WITH (fillfactor = 50);
  DELETE FROM transaction_mark WHERE marked_at < now() - interval '1 day';
`;

/**
 * Brings a database up to date: applies the plain SQL files of each folder, in the order of their names and once.
 * Several replicas may call it at the same time; one works and the others wait.
 * @param folders folders with files named like `001-orders.sql`; a folder's last path segments name it in the record
 * @throws Error when a file that was applied is gone from the code: then the database is newer than this code.
 */
export async function migrate(db: Database, folders: readonly URL[]): Promise<void> {
  const client = await db.connect();
  try {
    await client.query('SET lock_timeout = 0; SET statement_timeout = 0');
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
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
      await client.query(`BEGIN;\n${sql};\nINSERT INTO migration (name) VALUES ('${name}');\nCOMMIT`);
    }
  } finally {
    await client.end();
  }
}
