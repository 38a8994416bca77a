import { createServer } from 'node:net';
import type { ServiceName } from '@jumun/contracts';
import { services as serviceNames } from '@jumun/contracts';
import { customercenter } from '@jumun/customercenter';
import { delivery } from '@jumun/delivery';
import { gateway } from '@jumun/gateway';
import type { Service } from '@jumun/messaging';
import { openPostgresTransport } from '@jumun/messaging/postgres';
import { notice } from '@jumun/notice';
import { order } from '@jumun/order';
import { pay } from '@jumun/pay';
import { product } from '@jumun/product';
import { createLogger, openDatabase, type Running } from '@jumun/service-kit';
import { freshDatabase } from './database.ts';

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
  start(part: PartName, env?: Record<string, string>): Promise<void>;
  stop(part: PartName): Promise<void>;
  close(): Promise<void>;
}

export interface SystemOptions {
  /** Parts that are not started (they can be later). */
  without?: PartName[];
  /** Settings, e.g. `{ PRODUCT__RESERVATION_MS: '1000' }`. */
  env?: Record<string, string>;
}

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      server =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen({ host: '127.0.0.1', port: 0 }, () => {
            const address = server.address();
            resolve(typeof address === 'object' && address ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
  return ports;
}

export async function startSystem({ without = [], env: given = {} }: SystemOptions = {}): Promise<System> {
  const parts: PartName[] = [...serviceNames, 'gateway'];
  const ports = await freePorts(parts.length + 1);
  const portOf = Object.fromEntries(parts.map((part, i) => [part, ports[i]])) as Record<PartName, number>;
  const databases = Object.fromEntries(
    await Promise.all(
      [...serviceNames, 'events'].map(async name => [name, await freshDatabase(name)] as const),
    ),
  ) as Record<ServiceName | 'events', Awaited<ReturnType<typeof freshDatabase>>>;

  const base: Record<string, string> = { SERVICE_TOKEN, LOG_LEVEL: 'silent' };
  for (const part of parts) {
    base[`${part.toUpperCase()}__PORT`] = String(portOf[part]);
    base[`${part.toUpperCase()}_URL`] = `http://127.0.0.1:${portOf[part]}`;
  }
  // Nothing listens where the web would.
  base.WEB_URL = `http://127.0.0.1:${ports.at(-1)}`;
  for (const name of serviceNames) base[`${name.toUpperCase()}__DATABASE_URL`] = databases[name].url;

  const log = createLogger('events', 'silent');
  const transport = await openPostgresTransport(
    openDatabase({ url: databases.events.url, name: 'events', connections: 6, log }),
  );
  const running = new Map<PartName, Running>();

  async function start(part: PartName, env: Record<string, string> = {}): Promise<void> {
    const settings = { ...base, ...given, ...env };
    const surroundings = { env: settings, processMetrics: false };
    running.set(
      part,
      part === 'gateway'
        ? await gateway.start(surroundings)
        : await services[part].start({ ...surroundings, transport, exclusive: true }),
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
    start,
    stop,
    async close() {
      await Promise.all([...running.keys()].map(stop));
      await transport.close();
      await Promise.all(Object.values(databases).map(database => database.drop()));
    },
  };
}
