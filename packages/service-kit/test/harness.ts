import { randomUUID } from 'node:crypto';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Tracer } from '@opentelemetry/api';
import type { Cleanup } from '../../../tests/support/cleanup.ts';
import { freshDatabase } from '../../../tests/support/database.ts';
import { type Database, openDatabase } from '../src/database.ts';
import { createHttp, type Http, refuseOtherMethods } from '../src/http.ts';
import { createLogger } from '../src/logger.ts';
import { createMetrics } from '../src/metrics.ts';

export { type Cleanup, createCleanup } from '../../../tests/support/cleanup.ts';

export const log = createLogger('test', 'silent');
export const SERVICE_TOKEN = `token-${randomUUID()}`;

/** An empty database; `another` gives a pool of its own to it. */
export async function openEmpty(
  cleanup: Cleanup,
): Promise<{ db: Database; url: string; another(): Database }> {
  const { url, drop } = await freshDatabase('kit');
  cleanup.add(drop);
  return { db: openPool(cleanup, url), url, another: () => openPool(cleanup, url) };
}

/** A pool of connections, as another process has. */
export function openPool(cleanup: Cleanup, url: string): Database {
  const db = openDatabase({ url, name: `test-${randomUUID()}`, connections: 6, log });
  cleanup.add(() => db.close());
  return db;
}

/** An HTTP server as services have it; `routes` adds to it. */
export async function serve(
  cleanup: Cleanup,
  routes: (http: Http) => void,
  {
    trustedProxies = '127.0.0.1',
    refuse = true,
    tracer,
    requestsLimit,
  }: { trustedProxies?: string; refuse?: boolean; tracer?: Tracer; requestsLimit?: number } = {},
): Promise<{ http: Http; url: string }> {
  const metrics = createMetrics('test', false);
  const http = createHttp({
    log,
    metrics,
    tracer,
    serviceToken: SERVICE_TOKEN,
    trustedProxies,
    ...(requestsLimit && { requestsLimit }),
  });
  http.get('/metrics', async () => metrics.registry.metrics());
  const methods = refuse ? refuseOtherMethods(http) : undefined;
  routes(http);
  methods?.finish();
  await http.listen({ host: '127.0.0.1', port: 0 });
  cleanup.add(async () => {
    http.server.closeAllConnections();
    await http.close();
  });
  const { port } = http.server.address() as AddressInfo;
  return { http, url: `http://127.0.0.1:${port}` };
}

/** Something that the test lets happen. */
export function createGate(): { opened: Promise<void>; open(): void } {
  let open = () => {};
  const opened = new Promise<void>(resolve => {
    open = resolve;
  });
  return { opened, open };
}

/** What a proxy does when a COMMIT passes. */
export type AtCommit = 'pass' | 'cut before it' | 'cut at once after it' | 'cut before its answer';

export interface CommitProxy {
  /** The database's address through the proxy. */
  url: string;
  atCommit: AtCommit;
  /** Whether connections are taken. */
  up: boolean;
  /** COMMITs that came by. */
  commits: number;
}

/** A proxy before PostgreSQL that can cut the connection when it sees a COMMIT, once. */
export async function startCommitProxy(cleanup: Cleanup, target: string): Promise<CommitProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const server = createServer(client => {
    if (!proxy.up) return void client.destroy();
    const backend = connect({ host: hostname, port: Number(port) });
    for (const socket of [client, backend]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        backend.end();
      });
    }
    let pending = Buffer.alloc(0);
    let startup = true;
    let mute = false;
    client.on('data', chunk => {
      pending = Buffer.concat([pending, chunk as Buffer]);
      for (;;) {
        // A start-up message has no type byte before its length.
        const header = startup ? 0 : 1;
        if (pending.length < header + 4) return;
        const length = header + pending.readInt32BE(header);
        if (pending.length < length) return;
        const message = pending.subarray(0, length);
        pending = pending.subarray(length);
        if (!startup && message.toString('latin1', 0, 1) === 'Q' && message.includes('COMMIT\0')) {
          proxy.commits++;
          const action = proxy.atCommit;
          proxy.atCommit = 'pass';
          if (action === 'cut before it') {
            client.destroy();
            return;
          }
          if (action === 'cut at once after it') {
            backend.write(message);
            client.destroy();
            return;
          }
          if (action === 'cut before its answer') mute = true;
        }
        startup = false;
        backend.write(message);
      }
    });
    backend.on('data', chunk => {
      if (mute && (chunk as Buffer).includes('COMMIT\0')) client.destroy();
      else client.write(chunk);
    });
  });
  await new Promise<void>(resolve => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  cleanup.add(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise(resolve => server.close(resolve));
  });
  const url = new URL(target);
  url.port = String((server.address() as AddressInfo).port);
  const proxy: CommitProxy = { url: url.href, atCommit: 'pass', up: true, commits: 0 };
  return proxy;
}
