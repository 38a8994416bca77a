import type { ServiceName } from '@jumun/contracts';
import { services as serviceNames } from '@jumun/contracts';
import { customercenter } from '@jumun/customercenter';
import { delivery } from '@jumun/delivery';
import { gateway } from '@jumun/gateway';
import type { Service, Transport } from '@jumun/messaging';
import { openPostgresTransport } from '@jumun/messaging/postgres';
import { notice } from '@jumun/notice';
import { order } from '@jumun/order';
import { pay } from '@jumun/pay';
import { product } from '@jumun/product';
import { createLogger, isTransient, openDatabase, type Running } from '@jumun/service-kit';
import type { Tracer } from '@opentelemetry/api';
import pg from 'pg';
import { freshDatabase } from './database.ts';
import { reservePorts } from './ports.ts';

const services: Record<ServiceName, Service> = { order, product, pay, delivery, notice, customercenter };
type PartName = ServiceName | 'gateway';

export const SERVICE_TOKEN = 'a-token-for-tests-only';

export interface Answer<T = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: T;
}

/** The whole system in this process, on databases and ports of its own. */
export interface System {
  /** The base address of a part. */
  url(part: PartName): string;
  /** The connection string of a service's database, or of the log's. */
  database(name: ServiceName | 'events'): string;
  /** Sends JSON (or nothing) and reads JSON (or nothing). */
  call<T = Record<string, unknown>>(
    part: PartName,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer<T>>;
  /** The rows of a statement in a service's database, or in the log's. */
  sql<T = Record<string, unknown>>(
    name: ServiceName | 'events',
    text: string,
    values?: unknown[],
  ): Promise<T[]>;
  /** A connection of its own to a service's database, for a transaction that is held open. */
  connect(name: ServiceName): Promise<pg.Client>;
  start(part: PartName, env?: Record<string, string>): Promise<void>;
  stop(part: PartName): Promise<void>;
  /** Starts one more instance of a service, on the same database; gives its address. */
  join(name: ServiceName, env?: Record<string, string>): Promise<{ url: string; stop(): Promise<void> }>;
  close(): Promise<void>;
}

export interface SystemOptions {
  /** Parts that are not started (they can be later). */
  without?: PartName[];
  /** Settings, e.g. `{ PRODUCT__RESERVATION_MS: '1000' }`. */
  env?: Record<string, string>;
  /** Makes the spans of each part; without, there are none. */
  tracerOf?: (part: PartName) => Tracer;
  /** Where the parts' log lines go, with LOG_LEVEL in `env`; `silent` unless said. */
  logTo?: { write(line: string): void };
  /** The connection string by which a service (or the log) reaches its database: through something that fails, say. */
  reach?(name: ServiceName | 'events', url: string): Promise<string>;
  /** The log as a service meets it. */
  carry?(name: ServiceName, log: Transport): Transport;
}

export async function startSystem({
  without = [],
  env: given = {},
  tracerOf,
  logTo,
  reach = async (_, url) => url,
  carry = (_, log) => log,
}: SystemOptions = {}): Promise<System> {
  const parts: PartName[] = [...serviceNames, 'gateway'];
  const { ports, release } = await reservePorts(parts.length + 1);
  const portOf = Object.fromEntries(parts.map((part, i) => [part, ports[i]])) as Record<PartName, number>;
  const databases = Object.fromEntries(
    await Promise.all(
      [...serviceNames, 'events'].map(async name => [name, await freshDatabase(name)] as const),
    ),
  ) as Record<ServiceName | 'events', Awaited<ReturnType<typeof freshDatabase>>>;

  const base: Record<string, string> = {
    SERVICE_TOKEN,
    LOG_LEVEL: 'silent',
    // As long as they may be: a busy machine is no fault that a test is about.
    PAY_TIMEOUT_MS: '5000',
    PRODUCT_TIMEOUT_MS: '2500',
  };
  for (const part of parts) {
    base[`${part.toUpperCase()}__PORT`] = String(portOf[part]);
    base[`${part.toUpperCase()}_URL`] = `http://127.0.0.1:${portOf[part]}`;
  }
  // Nothing listens where the web would.
  base.WEB_URL = `http://127.0.0.1:${ports.at(-1)}`;
  for (const name of serviceNames)
    base[`${name.toUpperCase()}__DATABASE_URL`] = await reach(name, databases[name].url);

  const log = createLogger('events', 'silent');
  const transport = await openPostgresTransport(
    openDatabase({ url: await reach('events', databases.events.url), name: 'events', connections: 6, log }),
  );
  const running = new Map<PartName, Running>();
  const replicas = new Set<Running>();
  const pools = new Map<string, pg.Pool>();
  const clients: pg.Client[] = [];

  async function start(part: PartName, env: Record<string, string> = {}): Promise<void> {
    const settings = { ...base, ...given, ...env };
    const surroundings = { env: settings, logTo, processMetrics: false, tracer: tracerOf?.(part) };
    const begin = () =>
      part === 'gateway'
        ? gateway.start(surroundings)
        : services[part].start({ ...surroundings, transport: carry(part, transport), exclusive: true });
    // On a machine that is busy with much else, a connection to a database may take longer than is waited for.
    running.set(
      part,
      await begin().catch(error => {
        if (!isTransient(error)) throw error;
        return begin();
      }),
    );
  }

  async function stop(part: PartName): Promise<void> {
    const it = running.get(part);
    running.delete(part);
    await it?.stop();
  }

  await Promise.all(parts.filter(part => !without.includes(part)).map(part => start(part)));

  return {
    url: part => `http://127.0.0.1:${portOf[part]}`,
    database: name => databases[name].url,
    async call<T>(
      part: PartName,
      method: string,
      path: string,
      body?: unknown,
      headers: Record<string, string> = {},
    ) {
      const response = await fetch(`http://127.0.0.1:${portOf[part]}${path}`, {
        method,
        headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        body: (text ? JSON.parse(text) : {}) as T,
      };
    },
    async sql<T>(name: ServiceName | 'events', text: string, values: unknown[] = []) {
      let pool = pools.get(name);
      if (!pool) {
        pool = new pg.Pool({ connectionString: databases[name].url, max: 2 });
        pools.set(name, pool);
        // Its sessions may be ended before it is, when the databases are dropped.
        pool.on('error', () => undefined);
        pool.on('connect', client => void client.on('error', () => undefined));
      }
      return (await pool.query(text, values)).rows as T[];
    },
    async connect(name) {
      const client = new pg.Client({ connectionString: databases[name].url });
      client.on('error', () => undefined);
      clients.push(client);
      await client.connect();
      return client;
    },
    start,
    stop,
    async join(name, env = {}) {
      const settings = { ...base, ...given, ...env, [`${name.toUpperCase()}__PORT`]: '0' };
      const replica = await services[name].start({
        env: settings,
        logTo,
        processMetrics: false,
        tracer: tracerOf?.(name),
        transport: carry(name, transport),
        exclusive: false,
      });
      replicas.add(replica);
      return {
        url: `http://127.0.0.1:${replica.port}`,
        async stop() {
          if (replicas.delete(replica)) await replica.stop();
        },
      };
    },
    async close() {
      await Promise.all(clients.map(client => client.end().catch(() => undefined)));
      await Promise.all([...[...running.keys()].map(stop), ...[...replicas].map(replica => replica.stop())]);
      await Promise.all([...pools.values()].map(pool => pool.end()));
      await transport.close();
      await Promise.all(Object.values(databases).map(database => database.drop()));
      await release();
    },
  };
}
