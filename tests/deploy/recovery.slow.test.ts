import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { serverAccount } from '../../apps/jumun/src/postgres/account.ts';
import { withAdmin } from '../../apps/jumun/src/postgres/admin.ts';
import {
  type EmbeddedPostgres,
  ensureDatabases,
  ensurePostgres,
} from '../../apps/jumun/src/postgres/index.ts';
import { openPlace, type Place, type Started, stock } from '../../apps/jumun/test/jumun.ts';
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
} from '../../apps/jumun/test/traffic.ts';
import { type Cleanup, createCleanup } from '../support/cleanup.ts';
import { eventually } from '../support/eventually.ts';

/**
 * What docs/data.md tells to do with PostgreSQL's own programs. All databases are in one server here, so that one moment
 * is one moment of all of them.
 */
const { PG_BIN } = process.env;
const missing = PG_BIN
  ? undefined
  : 'PG_BIN, the folder of pg_dump, pg_restore and pg_basebackup, is not set';
const skipped = missing ? ` (skipped: ${missing})` : '';
if (missing) process.stdout.write(`SKIPPED: dump, restore and recovery to a moment. ${missing}\n`);

const NAMES = ['order', 'product', 'pay', 'delivery', 'notice', 'customercenter', 'events'];
const env = { PRODUCT__RESERVATION_MS: '3000' };
const cleanup: Cleanup = createCleanup();
const told: Told = nothingTold();
let place: Place;
let system: Started;
let archive: string;
let archiving: Record<string, string>;

beforeAll(async () => {
  if (missing) return;
  place = await open();
  archive = join(place.root, 'archive');
  await mkdir(archive);
  await give(archive);
  archiving = {
    archive_mode: 'on',
    // A file that is there was archived before, perhaps by a server that died before it could note so.
    archive_command: `test -f ${archive}/%f || (cp %p ${archive}/%f.part && mv ${archive}/%f.part ${archive}/%f)`,
  };
  system = await start();
  await stock(place, ITEM, SHELF);
}, 120_000);
afterAll(() => cleanup.run(), 120_000);

async function open(): Promise<Place> {
  const it = await openPlace();
  cleanup.add(it.clean);
  return it;
}

/** The services, on a PostgreSQL that archives its log: whoever starts it first says how it runs. */
async function start(): Promise<Started> {
  await ensurePostgres(place.dataDir, { settings: archiving });
  const it = place.start([], { env });
  await it.ready();
  return it;
}

/** To the user that PostgreSQL runs as, where that is another than this process's. */
async function give(path: string): Promise<void> {
  const account = await serverAccount(join(place.dataDir, 'pg'));
  if (account) await promisify(execFile)('chown', ['-R', `${account.uid}:${account.gid}`, path]);
}

/** One of PostgreSQL's programs, at a server, as its superuser. */
async function program(server: EmbeddedPostgres, name: string, ...args: string[]): Promise<string> {
  const { host, port, superuser, password } = server;
  const PATH = process.env.PATH ?? '';
  const { stdout } = await promisify(execFile)(join(`${PG_BIN}`, name), args, {
    env: { PATH, PGHOST: host, PGPORT: String(port), PGUSER: superuser, PGPASSWORD: password },
    maxBuffer: 1 << 30,
  });
  return stdout;
}

async function value<T>(server: EmbeddedPostgres, expression: string): Promise<T> {
  return withAdmin(server, async client => {
    const { rows } = await client.query<{ it: T }>(`SELECT ${expression} AS it`);
    return rows[0]?.it as T;
  });
}

/** `jumun audit`, as an operator asks. */
async function audited(at: Place): Promise<void> {
  const it = at.jumun(['audit', '--data', at.dataDir, '--port-base', String(at.portBase)]);
  const { code } = await it.exited;
  process.stdout.write(`$ npm run jumun -- audit\n${it.stdout()}${it.stderr()}`);
  expect(it.stdout()).toMatch(/^clean: [1-9]\d* orders were looked at in all services, 0 stand still\n$/);
  expect(code).toBe(0);
}

test.skipIf(missing)(
  `each database of a system at rest, dumped and restored into a new server, is the same, and the services start on it${skipped}`,
  async () => {
    const traffic = startTraffic(place, told, { changes: true });
    await confirmed(told, 100);
    await traffic.end();
    await askAgain(place, told);
    await expectWhole(place, told);
    system.signal('SIGTERM');
    await system.exited;

    const copy = await open();
    const old = await ensurePostgres(place.dataDir, { settings: archiving });
    const fresh = await ensurePostgres(copy.dataDir);
    await ensureDatabases(fresh, NAMES);
    const dumps = join(place.root, 'dumps');
    await mkdir(dumps, { mode: 0o700 });
    for (const name of NAMES) {
      const file = join(dumps, `${name}.dump`);
      await program(old, 'pg_dump', '-Fc', '-d', name, '-f', file);
      await program(fresh, 'pg_restore', '--exit-on-error', '--single-transaction', '-d', name, file);
      const text = ['-d', name, '--restrict-key=same'];
      expect(await program(fresh, 'pg_dump', ...text), name).toBe(await program(old, 'pg_dump', ...text));
    }

    const restored = copy.start([], { env });
    await restored.ready();
    await audited(copy);
    const kept = structuredClone(told);
    const traffic2 = startTraffic(copy, kept, { changes: true });
    await confirmed(kept, 20);
    await traffic2.end();
    await askAgain(copy, kept);
    await expectWhole(copy, kept);
    restored.signal('SIGTERM');
    await restored.exited;
  },
  300_000,
);

test.skipIf(missing)(
  `a base backup and the archived log bring all databases back to the moment before the damage${skipped}`,
  async () => {
    const server = await ensurePostgres(place.dataDir, { settings: archiving });
    if (!system.isRunning()) system = await start();
    const traffic = startTraffic(place, told, { changes: true });
    await confirmed(told, 100);
    const recovered = await open();
    const cluster = join(recovered.dataDir, 'pg');
    await mkdir(recovered.dataDir);
    await program(server, 'pg_basebackup', '--checkpoint=fast', '-X', 'none', '-D', cluster);
    await confirmed(told, 100);

    // What was told by now was committed before this moment. Others are told later, and then all orders are gone.
    const before = structuredClone(told);
    const moment = await value<string>(server, 'clock_timestamp()::text');
    await confirmed(told, 100);
    await withDatabases(place, ({ sql }) => sql('order', 'DELETE FROM orders'));
    await traffic.end();
    const last = await value<string>(server, 'pg_walfile_name(pg_switch_wal())');
    await eventually(async () => expect(await readdir(archive)).toContain(last), 60_000);
    await place.crash();

    for (const name of ['jumun.json', 'secrets.json'])
      await copyFile(join(place.dataDir, name), join(recovered.dataDir, name));
    const settings = [
      `restore_command = 'cp ${archive}/%f %p'`,
      `recovery_target_time = '${moment}'`,
      `recovery_target_action = 'promote'`,
    ];
    await writeFile(join(cluster, 'postgresql.auto.conf'), `${settings.join('\n')}\n`);
    await writeFile(join(cluster, 'recovery.signal'), '');
    await give(cluster);
    const begun = performance.now();
    const up = await ensurePostgres(recovered.dataDir);
    await eventually(async () => expect(await value(up, 'pg_is_in_recovery()')).toBe(false), 120_000);
    const seconds = ((performance.now() - begun) / 1_000).toFixed(1);

    const again = recovered.start([], { env });
    await again.ready();
    await askAgain(recovered, before);
    const orders = await expectWhole(recovered, before);
    process.stdout.write(
      `recovered to ${moment} in ${seconds} s: ${before.orders.size} orders were told of before, ${orders} are there; ` +
        `${told.orders.size - before.orders.size} more were told of until they were all deleted\n`,
    );
    await audited(recovered);
    again.signal('SIGTERM');
    await again.exited;
  },
  300_000,
);
