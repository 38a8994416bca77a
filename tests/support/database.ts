import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import type { TestPostgres } from './global-setup.ts';

/** An empty database of a test's own. */
export interface FreshDatabase {
  /** Connection URL, as the superuser. */
  url: string;
  /** Removes it, ending the sessions it still has. */
  drop(): Promise<void>;
}

/** Creates `<prefix>_<random>` on the tests' PostgreSQL. The prefix is a lower-case identifier. */
export async function freshDatabase(prefix: string): Promise<FreshDatabase> {
  const server = inject('postgres');
  const name = `${prefix}_${randomBytes(6).toString('hex')}`;
  await administer(server, `CREATE DATABASE "${name}"`);
  return {
    url: urlOf(server, name),
    drop: () => administer(server, `DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`),
  };
}

async function administer(server: TestPostgres, statement: string): Promise<void> {
  const client = new pg.Client({
    connectionString: urlOf(server, 'postgres'),
    application_name: 'jumun-admin',
  });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

function urlOf({ host, port, superuser, password }: TestPostgres, database: string): string {
  return `postgres://${superuser}:${encodeURIComponent(password)}@${host}:${port}/${database}`;
}
