import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { parse } from 'yaml';
import { ensurePostgres } from '../../apps/jumun/src/postgres/index.ts';
import { type Collector, type ReceivedSpan, startCollector } from '../../apps/jumun/test/collector.ts';
import { call, launch, type Started } from '../../apps/jumun/test/jumun.ts';
import { type Cleanup, createCleanup } from '../support/cleanup.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryDirectory } from '../support/global-setup.ts';
import { reservePorts } from '../support/ports.ts';

/**
 * The compose file's parts, each as a process with the command and the settings that the file gives it, and with the
 * addresses of this machine in place of the file's hosts.
 */
interface Part {
  command?: string[];
  environment: Record<string, string>;
}

const folder = new URL('../../deploy/compose/', import.meta.url);
/** The parts that an order passes through. */
const ours = ['gateway', 'order', 'product', 'pay', 'delivery', 'notice', 'customercenter'];
const PASSWORD = 'a-password-for-tests-only';
const topic = `compose-${randomUUID()}`;
const kafka = inject('kafka');
const { PG_BIN } = process.env;
const missing = kafka.skipped ?? (PG_BIN ? undefined : 'PG_BIN, the folder of psql, is not set');

const cleanup: Cleanup = createCleanup();
const parts = new Map<string, { url: string; process: Started }>();
let collector: Collector;
let databases: { host: string; port: number };

const administrator = { user: 'administrator', password: 'of-the-administrator' };

/** One who is no superuser, as with a managed PostgreSQL. */
async function makeAdministrator(server: {
  host: string;
  port: number;
  superuser: string;
  password: string;
}) {
  const { superuser: user, ...at } = server;
  const client = new pg.Client({ ...at, user, database: 'postgres' });
  await client.connect();
  await client.query(
    `CREATE ROLE ${administrator.user} LOGIN CREATEDB CREATEROLE PASSWORD '${administrator.password}'`,
  );
  await client.end();
}

const makeDatabases = (passwords: Record<string, string>) =>
  promisify(execFile)('sh', [fileURLToPath(new URL('databases.sh', folder))], {
    env: {
      PATH: `${PG_BIN}:${process.env.PATH}`,
      PGHOST: databases.host,
      PGPORT: String(databases.port),
      PGUSER: administrator.user,
      PGPASSWORD: administrator.password,
      ...passwords,
    },
  });

/** `${NAME}` and `${NAME:?…}`, as compose fills them in. */
function fill(text: string, env: Record<string, string>): string {
  return text.replace(/\$\{(\w+)(?::\?[^}]*)?\}/g, (_, name: string) => {
    const value = env[name];
    if (value === undefined) throw new Error(`${name} is not set`);
    return value;
  });
}

beforeAll(async () => {
  if (missing) return;
  collector = await startCollector();
  cleanup.add(collector.close);
  const directory = await temporaryDirectory();
  cleanup.add(() => rm(directory, { recursive: true, force: true }));
  const server = await ensurePostgres(join(directory, 'data'), { settings: { max_connections: '200' } });
  cleanup.add(() => server.stop('fast'));
  databases = { host: server.host, port: server.port };
  await makeAdministrator(server);
  await makeDatabases({ POSTGRES_PASSWORD: PASSWORD });

  const text = await readFile(new URL('compose.yaml', folder), 'utf8');
  const { services } = parse(fill(text, { SERVICE_TOKEN: randomUUID(), POSTGRES_PASSWORD: PASSWORD }), {
    merge: true,
  }) as { services: Record<string, Part> };
  const names = Object.keys(services).filter(name => name !== 'postgres' && name !== 'kafka');
  const { ports, release } = await reservePorts(names.length);
  cleanup.add(release);
  const portOf = Object.fromEntries(names.map((name, i) => [name, String(ports[i])]));
  const here = (value: string) =>
    value
      .replace('@postgres:5432', `@${server.host}:${server.port}`)
      .replace(/^http:\/\/(\w+):8080$/, (_, name) => `http://127.0.0.1:${portOf[name]}`);

  for (const name of names) {
    const { command = [], environment } = services[name] as Part;
    const settings = Object.entries(environment).map(([key, value]) => [key, here(value)]);
    const env = {
      ...Object.fromEntries(settings),
      // A topic of its own, on the broker that all tests share. Only this machine is to reach what it starts.
      ...(environment.KAFKA_BROKERS && { ...kafka.env, KAFKA_TOPIC: topic }),
      HOST: '127.0.0.1',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_BSP_SCHEDULE_DELAY: '200',
      PORT: portOf[name] as string,
    };
    const process = launch(command, { env });
    cleanup.add(async () => {
      process.signalGroup('SIGTERM');
      await process.exited;
    });
    parts.set(name, { url: `http://127.0.0.1:${portOf[name]}`, process });
  }
  await Promise.all([...parts.values()].map(part => part.process.ready()));
}, 180_000);
afterAll(() => cleanup.run(), 60_000);

/** Asks a part as a client does. */
const ask = (part: string, method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  call(method, `${parts.get(part)?.url}${path}`, body, headers);

const skipped = missing ? ` (skipped: ${missing})` : '';

test.skipIf(missing)(
  `compose.yaml's parts, each a process, take an order over Kafka in one trace${skipped}`,
  async () => {
    expect([...parts.keys()].sort()).toEqual([...ours, 'web'].sort());
    expect((await ask('web', 'GET', '/')).status).toBe(200);
    expect((await ask('gateway', 'POST', '/products', { itemcd: 2, totalQuantity: 10 })).status).toBe(201);

    const traceId = randomBytes(16).toString('hex');
    const order = { itemcd: 2, orderQty: 1, price: 2_000, customerId: 7, address: 'Seoul' };
    const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
    const placed = await ask('gateway', 'POST', '/orders', order, { traceparent });
    expect(placed.status).toBe(201);
    await eventually(async () => {
      const { body } = await ask('gateway', 'GET', `/myPages/${placed.body.id}`);
      expect(body).toMatchObject({ payStatus: 'approved', deliveryStatus: 'deliveryRequested' });
    });

    const told = await eventually(() => {
      const spans = collector.spans().filter(span => span.traceId === traceId);
      expect(new Set(spans.map(({ service }) => service))).toEqual(new Set(ours));
      const notices = spans.filter(({ name }) => name === 'send notice inbox');
      expect(notices).toHaveLength(2);
      const ids = new Set(spans.map(({ spanId }) => spanId));
      const roots = spans.filter(({ parentId }) => !ids.has(parentId));
      expect(roots).toEqual([expect.objectContaining({ service: 'gateway', parentId: 'b7ad6b7169203331' })]);
      return tell(spans, 'b7ad6b7169203331');
    });
    process.stdout.write(`${told.join('\n')}\n`);
  },
);

test.skipIf(missing)(`databases.sh lets no role into another's database${skipped}`, async () => {
  const client = new pg.Client({ ...databases, user: 'order', password: PASSWORD, database: 'pay' });
  await expect(client.connect()).rejects.toThrow(/permission denied for database "pay"/);
});

test.skipIf(missing)(
  `databases.sh gives a role a password of its own where one is said${skipped}`,
  async () => {
    const connect = async (password: string) => {
      const client = new pg.Client({ ...databases, user: 'pay', password, database: 'pay' });
      await client.connect();
      await client.end();
    };
    await makeDatabases({ POSTGRES_PASSWORD: PASSWORD, PAY_PASSWORD: 'of-pay-alone' });
    await connect('of-pay-alone');
    await makeDatabases({ DATABASES: 'pay', POSTGRES_PASSWORD: PASSWORD });
    await expect(connect('of-pay-alone')).rejects.toThrow(/password authentication failed/);
  },
);

test.skipIf(missing)(`databases.sh makes databases that sort and search as ours do${skipped}`, async () => {
  const client = new pg.Client({ ...databases, ...administrator, database: 'postgres' });
  await client.connect();
  const { rows } = await client.query(
    `SELECT datname, datlocprovider, datlocale, pg_encoding_to_char(encoding) AS encoding
     FROM pg_database WHERE datname = 'order'`,
  );
  await client.end();
  expect(rows).toEqual([{ datname: 'order', datlocprovider: 'b', datlocale: 'C.UTF-8', encoding: 'UTF8' }]);
});

/** A trace as a tree, a line for each span. */
function tell(spans: ReceivedSpan[], parent: string, depth = 0): string[] {
  return spans
    .filter(({ parentId }) => parentId === parent)
    .flatMap(({ spanId, service, name }) => [
      `${'  '.repeat(depth)}${service}: ${name}`,
      ...tell(spans, spanId, depth + 1),
    ]);
}
