import pg from 'pg';
import { errorCode } from './errors.ts';
import { isSame } from './lock-file.ts';
import { DURABILITY } from './settings.ts';

/** Name of the superuser of every cluster. */
export const SUPERUSER = 'postgres';

/** `application_name` of the connections that look after the server rather than use it. */
export const ADMIN_APPLICATION = 'jumun-admin';

/** How to reach a server as its superuser. */
export interface Access {
  host: string;
  port: number;
  superuser: string;
  password: string;
}

/**
 * Runs `work` on one superuser connection (to the database `postgres`, application name `jumun-admin`) and closes
 * it. Errors of connecting, of `work` and of PostgreSQL pass through.
 */
export async function withAdmin<T>(access: Access, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    host: access.host,
    port: access.port,
    user: access.superuser,
    password: access.password,
    database: 'postgres',
    application_name: ADMIN_APPLICATION,
    connectionTimeoutMillis: 5000,
  });
  // A server that goes away also fails the query at hand; without a listener the event would end the process.
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * How many clients the server has apart from administration, so that the last process out can stop it.
 * Rejects with pg's error when the server is not there.
 */
export async function otherClients(server: Access): Promise<number> {
  return withAdmin(server, async client => {
    const { rows } = await client.query<{ clients: number }>(
      `SELECT count(*)::int AS clients FROM pg_stat_activity
        WHERE backend_type = 'client backend' AND application_name <> $1`,
      [ADMIN_APPLICATION],
    );
    return rows[0]?.clients ?? 0;
  });
}

/**
 * What a port answers: `ready`; `busy`, a server that is starting, recovering or stopping; `denied`, a server
 * that does not know the password or serves another cluster; `silent`, nothing.
 */
export type Answer = 'ready' | 'busy' | 'denied' | 'silent';

/** Asks a port whether the server of this cluster answers there. */
export async function probe(access: Access, cluster: string): Promise<Answer> {
  try {
    return await withAdmin(access, async client => {
      const { rows } = await client.query<{ served: string }>(
        `SELECT current_setting('data_directory') AS served`,
      );
      return (await isSame(rows[0]?.served ?? '', cluster)) ? 'ready' : 'denied';
    });
  } catch (error) {
    const code = errorCode(error);
    // 57P03 cannot_connect_now, 57P01 admin_shutdown, 53300 too_many_connections
    if (code === '57P03' || code === '57P01' || code === '53300') return 'busy';
    return code?.startsWith('28') ? 'denied' : 'silent';
  }
}

/** The settings that protect data and are not `on`, as `name=value`; somebody else may have changed them. */
export async function weakenedSettings(access: Access): Promise<string[]> {
  return withAdmin(access, async client => {
    const { rows } = await client.query<{ weak: string }>(
      `SELECT name || '=' || setting AS weak FROM pg_settings WHERE name = ANY($1) AND setting <> 'on' ORDER BY name`,
      [Object.keys(DURABILITY)],
    );
    return rows.map(({ weak }) => weak);
  });
}
