import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, readlink, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { backup as runBackup } from '../src/commands/backup.ts';
import { restore as runRestore } from '../src/commands/restore.ts';
import { assertRoom } from '../src/postgres/backup/copy.ts';
import { openPlace, type Place, type Started, stock } from './jumun.ts';
import {
  askAgain,
  confirmed,
  expectWhole,
  ITEM,
  nothingTold,
  SHELF,
  startTraffic,
  type Told,
  withDatabases,
} from './traffic.ts';

const env = { PRODUCT__RESERVATION_MS: '3000' };

let place: Place;
/** Where backups are restored. */
let other: Place;
let system: Started;
const told: Told = nothingTold();

beforeAll(async () => {
  place = await openPlace();
  other = await openPlace();
  system = place.start([], { env });
  await system.ready();
  await stock(place, ITEM, SHELF);
});

afterAll(async () => {
  await other.clean();
  await place.clean();
});

const at = (name: string) => join(place.root, name);

async function jumun(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const it = place.jumun(args);
  const { code } = await it.exited;
  return { code, out: it.stdout(), err: it.stderr() };
}

/** Every file and folder below a directory, with its permission bits. */
async function modes(directory: string): Promise<{ path: string; mode: number; isFolder: boolean }[]> {
  const entries = await readdir(directory, { recursive: true });
  return Promise.all(
    ['.', ...entries].map(async path => {
      const entry = await lstat(join(directory, path));
      return { path, mode: entry.mode & 0o777, isFolder: entry.isDirectory() };
    }),
  );
}

const slots = () =>
  withDatabases(place, databases => databases.sql('order', 'SELECT slot_name FROM pg_replication_slots'));

const copyOf = (value: Told): Told => structuredClone(value);

it('is made while orders go on, and restored it holds all that was told before, and agrees over all databases', async () => {
  const traffic = startTraffic(place, told, { changes: true });
  await confirmed(told, 300);
  const before = copyOf(told);
  const made = await jumun('backup', at('one'), '--data', place.dataDir);
  const during = told.orders.size - before.orders.size;
  await traffic.end();
  expect(made).toMatchObject({ code: 0, err: '' });
  expect(made.out).toMatch(/^backing up \S+ to \S+: [\d.]+ MB and the log of the time it takes\n/);
  expect(made.out).toMatch(
    /backed up [\d.]+ MB in \d+ files in [\d.]+ s, as of [\d-]+T[\d:.]+Z \(\w+\/\w+\)\n$/,
  );
  expect(during).toBeGreaterThan(0);
  process.stdout.write(`${made.out}${during} orders were confirmed meanwhile\n`);
  expect(await slots()).toEqual([]);
  for (const { path, mode, isFolder } of await modes(at('one')))
    expect(mode.toString(8), path).toBe(isFolder ? '700' : '600');

  const restored = await jumun('restore', at('one'), '--data', other.dataDir);
  process.stdout.write(restored.out);
  expect(restored).toMatchObject({ code: 0, err: '' });
  expect(restored.out).toMatch(/restored [\d.]+ MB in [\d.]+ s, as of /);
  expect((await lstat(join(other.dataDir, 'secrets.json'))).mode & 0o777).toBe(0o600);
  for (const { path, mode, isFolder } of await modes(join(other.dataDir, 'pg')))
    expect(mode.toString(8), path).toBe(isFolder ? '700' : '600');
  const copy = other.start([], { env });
  await copy.ready();
  // Customers who had no answer by then may have become orders by the time of the copy.
  await askAgain(other, before);
  const orders = await expectWhole(other, before);
  process.stdout.write(`${before.orders.size} orders were told of before the backup; it has ${orders}\n`);
  // Both go on, each for itself.
  const more = startTraffic(other, before, { changes: true });
  await confirmed(before, 50);
  await more.end();
  await expectWhole(other, before);
  await askAgain(place, told);
  await expectWhole(place, told);
  copy.signal('SIGTERM');
  await copy.exited;
}, 400_000);

it('is made of a system that is not running, whose PostgreSQL then stops again; a second one to another directory', async () => {
  expect(await other.postmaster()).toBeUndefined();
  expect((await jumun('backup', at('two'), '--data', other.dataDir)).code).toBe(0);
  expect(await other.postmaster()).toBeUndefined();
  expect((await jumun('backup', at('three'), '--data', place.dataDir)).code).toBe(0);
  const third = await openPlace();
  try {
    expect((await jumun('restore', at('two'), '--data', third.dataDir)).code).toBe(0);
    await third.start().ready();
    await withDatabases(third, async ({ sql }) => {
      const [orders] = await sql<{ n: number }>('order', 'SELECT count(*)::int AS n FROM orders');
      expect(orders?.n).toBeGreaterThan(300);
    });
  } finally {
    await third.clean();
  }
}, 200_000);

it('that dies leaves no slot that holds the log, and nothing that can be restored or started', async () => {
  const dying = place.jumun(['backup', at('dead'), '--data', place.dataDir]);
  await eventually(async () => expect(await readdir(at('dead/cluster/base'))).not.toEqual([]));
  expect(await slots()).toHaveLength(1);
  dying.signal('SIGKILL');
  await dying.exited;
  await eventually(async () => expect(await slots()).toEqual([]));
  const fresh = at('from-dead');
  await expect(runRestore([at('dead')], fresh)).rejects.toThrow(
    'is not a complete backup: it has no backup.json',
  );
  expect(await readdir(place.root)).not.toContain('from-dead');
  expect(
    (await jumun('start', '--only', 'order', '--port-base', '19000', '--data', at('dead'))).err,
  ).toContain('is not a jumun data directory');
}, 120_000);

it('that is interrupted removes what it has copied', async () => {
  const interrupted = place.jumun(['backup', at('gone'), '--data', place.dataDir]);
  await eventually(async () => expect(await readdir(at('gone/cluster/base'))).not.toEqual([]));
  interrupted.signal('SIGINT');
  expect(await interrupted.exited).toEqual({ code: 1, signal: null });
  expect(interrupted.stderr()).toBe('jumun: the backup was interrupted\n');
  expect(await readdir(place.root)).not.toContain('gone');
  expect(await slots()).toEqual([]);
  expect(system.isRunning()).toBe(true);
}, 120_000);

it('a restore that dies leaves nothing that can be started', async () => {
  const half = at('half');
  const dying = place.jumun(['restore', at('one'), '--data', half]);
  await eventually(async () => {
    const [temporary] = (await readdir(half)).filter(name => name.startsWith('pg.tmp-'));
    expect(await readdir(join(half, `${temporary}`, 'base'))).not.toEqual([]);
  });
  dying.signal('SIGKILL');
  await dying.exited;
  const start = await jumun('start', '--only', 'order', '--port-base', '19000', '--data', half);
  expect(start).toMatchObject({ code: 1, err: expect.stringContaining('is not a jumun data directory') });
  await expect(runRestore([at('one')], half)).rejects.toThrow(`${half} is not empty`);
}, 120_000);

it('refuses a directory that is not empty, is inside of the data, or has no room', async () => {
  const refused = (to: string, data = place.dataDir) => expect(runBackup([to], data)).rejects;
  await refused(at('one')).toThrow(`${at('one')} is not empty; each backup needs a directory of its own`);
  await refused(join(place.dataDir, 'backup')).toThrow('which is what is backed up; choose another');
  await refused(join(place.dataDir, 'pg/base/backup')).toThrow('which is what is backed up');
  await refused(at('x'), at('nowhere')).toThrow(`${at('nowhere')} is not a jumun data directory`);
  await expect(assertRoom(place.root, 1e18)).rejects.toThrow('MB of room, and 1000000000000.0 MB are needed');
  await expect(runBackup([], place.dataDir)).rejects.toThrow('backup takes one directory');
  expect(await slots()).toEqual([]);
});

it('a restore refuses a directory with data, and a backup that is damaged or of another kind', async () => {
  const fresh = at('fresh');
  await expect(runRestore([at('one')], place.dataDir)).rejects.toThrow(`${place.dataDir} is not empty`);
  await expect(runRestore([at('nowhere')], fresh)).rejects.toThrow('is not a complete backup');
  await expect(runRestore([], fresh)).rejects.toThrow('restore takes one directory');

  /** With one of its files changed (or removed, for undefined) it is not restored, and nothing is left of the trying. */
  async function refuses(
    path: string,
    harm: (content: Buffer) => string | Buffer | undefined,
    why: string,
  ): Promise<void> {
    const file = join(at('three'), path);
    const content = await readFile(file);
    const harmed = harm(content);
    await (harmed === undefined ? rm(file) : writeFile(file, harmed));
    await expect(runRestore([at('three')], fresh)).rejects.toThrow(why);
    expect(await readdir(fresh).catch(() => [])).toEqual([]);
    await writeFile(file, content);
  }
  /** The manifest with other facts, and the checksum that belongs to them. */
  const saying = (facts: object) => (content: Buffer) => {
    const { checksum: _, ...manifest } = JSON.parse(content.toString());
    const changed = { ...manifest, ...facts };
    const checksum = createHash('sha256').update(JSON.stringify(changed)).digest('hex');
    return JSON.stringify({ ...changed, checksum });
  };
  const table = (await readdir(at('three/cluster/global'))).find(name => /^\d+$/.test(name));

  await refuses('backup.json', () => undefined, 'it has no backup.json');
  await refuses('backup.json', content => content.subarray(1), 'backup.json is damaged');
  await refuses(
    'backup.json',
    content => content.toString().replace('cluster/PG_VERSION', 'cluster/PG_VERSIOM'),
    'backup.json is damaged',
  );
  await refuses(
    `cluster/global/${table}`,
    content => Buffer.from(content.map((byte, i) => (i === 100 ? byte ^ 1 : byte))),
    `the backup is damaged: cluster/global/${table} is not what was backed up`,
  );
  await refuses('cluster/backup_label', () => undefined, 'damaged: cluster/backup_label is missing');
  await refuses('backup.json', saying({ format: 2 }), 'a backup of format 2, this jumun reads format 1');
  await refuses('backup.json', saying({ data: 9 }), 'has data of format 9, this jumun reads format 1');
  await refuses(
    'backup.json',
    saying({ postgres: '17.6' }),
    'was made by PostgreSQL 17.6, this jumun brings PostgreSQL 18',
  );
  await refuses('backup.json', saying({ platform: 'vax-vms' }), 'was made on vax-vms');
  await refuses(
    'backup.json',
    saying({ folders: ['../elsewhere'] }),
    'names "../elsewhere", outside of itself',
  );

  await mkdir(fresh, { recursive: true });
  await runRestore([at('three')], fresh);
  expect((await readdir(fresh)).sort()).toEqual(['jumun.json', 'pg', 'secrets.json']);
}, 200_000);

it.skipIf(process.getuid?.() !== 0)(
  'is also restored where the user of PostgreSQL cannot get, but not over what is there already (needs root)',
  async () => {
    const closed = at('closed');
    await mkdir(closed, { mode: 0o700 });
    await runRestore([at('three')], join(closed, 'data'));
    const cluster = await readlink(join(closed, 'data/pg'));
    try {
      expect(await readFile(join(cluster, 'PG_VERSION'), 'utf8')).toBe('18\n');
      await rename(join(closed, 'data'), join(closed, 'before'));
      await expect(runRestore([at('three')], join(closed, 'data'))).rejects.toThrow(
        `${cluster} is still there`,
      );
      expect(await readdir(join(closed, 'data'))).toEqual([]);
      expect(await readdir(cluster)).toContain('base');
    } finally {
      await rm(dirname(cluster), { recursive: true });
      await rmdir(dirname(dirname(cluster))).catch(() => undefined); // others may use it
    }
  },
  120_000,
);
