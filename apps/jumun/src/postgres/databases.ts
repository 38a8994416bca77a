import type pg from 'pg';
import { withAdmin } from './admin.ts';
import type { EmbeddedPostgres } from './ensure.ts';
import { rolePassword } from './secrets.ts';

// Any number will do as long as every jumun process uses the same.
const LOCK = 7_214_001;

/**
 * Makes a role and a database for each name, where missing: the role owns its database and is, besides the
 * superuser, the only one that may connect to it. Several processes may do this at once.
 *
 * @param names lower-case identifiers, also the names of the roles
 * @returns the connection URL of each role to its database
 * @throws RangeError for a name that is not such an identifier or that PostgreSQL reserves
 */
export async function ensureDatabases(
  server: EmbeddedPostgres,
  names: string[],
): Promise<Record<string, string>> {
  for (const name of names) {
    if (!/^[a-z][a-z0-9_]{0,62}$/.test(name) || /^(pg_.*|postgres|template[01]|public)$/.test(name)) {
      throw new RangeError(`${JSON.stringify(name)} cannot be the name of a service's database`);
    }
  }
  await withAdmin(server, async client => {
    // CREATE DATABASE cannot run in a transaction, so the lock is the session's; it ends with the connection.
    await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
    await createRoles(client, names, server.password);
    await createMissingDatabases(client, names);
    await closeToPublic(client, [...names, 'postgres', 'template1']);
  });
  return Object.fromEntries(
    names.map(name => [name, server.url(name, { name, password: rolePassword(server.password, name) })]),
  );
}

async function createRoles(client: pg.Client, names: string[], superuserPassword: string): Promise<void> {
  const existing = await namesOf(
    client,
    'SELECT rolname AS name FROM pg_roles WHERE rolname = ANY($1)',
    names,
  );
  for (const name of names) {
    if (existing.has(name)) continue;
    const password = client.escapeLiteral(rolePassword(superuserPassword, name));
    await client.query(`CREATE ROLE ${client.escapeIdentifier(name)} LOGIN PASSWORD ${password}`);
    existing.add(name);
  }
}

async function createMissingDatabases(client: pg.Client, names: string[]): Promise<void> {
  const existing = await namesOf(
    client,
    'SELECT datname AS name FROM pg_database WHERE datname = ANY($1)',
    names,
  );
  for (const name of names) {
    if (existing.has(name)) continue;
    const identifier = client.escapeIdentifier(name);
    await client.query(`CREATE DATABASE ${identifier} OWNER ${identifier}`);
    existing.add(name);
  }
}

/** Asked of every database each time: whoever created one may have died before this step. */
async function closeToPublic(client: pg.Client, databases: string[]): Promise<void> {
  const open = await namesOf(
    client,
    `SELECT datname AS name FROM pg_database
      WHERE datname = ANY($1) AND has_database_privilege('public', oid, 'CONNECT')`,
    databases,
  );
  for (const name of open) {
    await client.query(`REVOKE CONNECT ON DATABASE ${client.escapeIdentifier(name)} FROM PUBLIC`);
  }
}

async function namesOf(client: pg.Client, query: string, among: string[]): Promise<Set<string>> {
  const { rows } = await client.query<{ name: string }>(query, [among]);
  return new Set(rows.map(({ name }) => name));
}
