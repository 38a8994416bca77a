import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstatSync } from 'node:fs';
import {
  chmod,
  cp,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  rmdir,
  statfs,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../../tests/support/global-setup.ts';
import { type Account, serverAccount } from '../src/postgres/account.ts';
import { findBinaries, prepareBinaries } from '../src/postgres/binaries.ts';
import {
  DataDirectoryError,
  type EmbeddedPostgres,
  ensureDatabases,
  ensurePostgres,
  otherClients,
  readSecrets,
} from '../src/postgres/index.ts';
import { isAlive, readLockFile } from '../src/postgres/lock-file.ts';
import { run } from '../src/postgres/run.ts';

const TMPFS = 0x01021994;
const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const MODULE = new URL('../src/postgres/index.ts', import.meta.url).href;
const isRoot = process.getuid?.() === 0;

/** Of the file: holds a data directory whose cluster several tests start and stop, as making one is what takes time. */
let lasting: string;
let root: string;
let dataDir: string;
let servers: EmbeddedPostgres[];
let children: ChildProcess[];
/** Directories outside `root` that a test made. */
let elsewhere: string[];

beforeAll(async () => {
  lasting = await temporaryDirectory();
});

afterAll(async () => {
  await rm(lasting, { recursive: true, force: true, maxRetries: 10 });
});

beforeEach(async () => {
  root = await temporaryDirectory();
  dataDir = join(root, 'data');
  servers = [];
  children = [];
  elsewhere = [];
});

afterEach(async () => {
  for (const child of children) await end(child);
  for (const server of servers) await server.stop('immediate');
  for (const directory of [root, ...elsewhere])
    await rm(directory, { recursive: true, force: true, maxRetries: 10 });
  for (const directory of elsewhere) await rmdir(dirname(directory)).catch(() => {}); // others may use it
});

/** ensurePostgres whose server the test's end stops. */
async function ensure(directory = dataDir, settings: Record<string, string> = {}): Promise<EmbeddedPostgres> {
  const server = await ensurePostgres(directory, { settings });
  servers.push(server);
  return server;
}

async function query<Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function show(server: EmbeddedPostgres, setting: string): Promise<string | undefined> {
  return (await query<Record<string, string>>(server.url('postgres'), `SHOW ${setting}`))[0]?.[setting];
}

/** The number of the server's main process. */
async function postmaster(): Promise<number> {
  const pid = (await readLockFile(join(dataDir, 'pg')))?.pid;
  if (pid === undefined) throw new Error('no server runs');
  return pid;
}

/** Runs a program, as the user of the server if that is another, until the test ends. */
function keepRunning(file: string, args: string[], as?: Account): ChildProcess {
  const child = spawn(file, args, {
    cwd: REPOSITORY,
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
    ...(as === undefined ? {} : { uid: as.uid, gid: as.gid, cwd: '/' }),
  });
  children.push(child);
  return child;
}

/** Another process that calls ensurePostgres on the data directory, tells the result and then stays. */
async function otherProcess(): Promise<{
  child: ChildProcess;
  port: number;
  adopted: boolean;
  token: string;
}> {
  const script = `
    const { ensurePostgres, readSecrets } = await import(${JSON.stringify(MODULE)});
    const { port, adopted } = await ensurePostgres(${JSON.stringify(dataDir)});
    const { serviceToken: token } = await readSecrets(${JSON.stringify(dataDir)});
    process.stdout.write(JSON.stringify({ port, adopted, token }));
    setInterval(() => {}, 60_000);`;
  const child = keepRunning(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
  const [line]: unknown[] = await Promise.race([
    once(child.stdout ?? child, 'data'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the other process ended with ${code}`))),
  ]);
  return { child, ...JSON.parse(String(line)) };
}

async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  // The whole process group, as a terminal's Ctrl-C does it.
  process.kill(-child.pid, signal);
  await ended;
}

describe('a fresh data directory', () => {
  it('gets a server whose settings protect the data', async () => {
    const server = await ensure();
    expect(server.adopted).toBe(false);
    for (const setting of ['fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums']) {
      expect(await show(server, setting), setting).toBe('on');
    }
    expect(await show(server, 'listen_addresses')).toBe('127.0.0.1');
    expect(await show(server, 'password_encryption')).toBe('scram-sha-256');
    expect(await show(server, 'max_connections')).toBe('200');
    expect(await show(server, 'idle_in_transaction_session_timeout')).toBe('0');
    expect(await query(server.url('postgres'), 'SELECT * FROM pg_db_role_setting')).toEqual([]);
    expect(
      await query(
        server.url('postgres'),
        `SELECT pg_encoding_to_char(encoding) AS encoding, datlocprovider AS provider, datlocale AS locale
           FROM pg_database WHERE datname = 'postgres'`,
      ),
    ).toEqual([{ encoding: 'UTF8', provider: 'b', locale: 'C.UTF-8' }]);
    expect((await statfs(await realpath(join(dataDir, 'pg')))).type).not.toBe(TMPFS);

    expect(JSON.parse(await readFile(join(dataDir, 'jumun.json'), 'utf8'))).toEqual({
      format: 1,
      postgres: 18,
    });
    expect((await lstat(join(dataDir, 'secrets.json'))).mode & 0o777).toBe(0o600);
    await expect(
      query(server.url('postgres', { name: 'postgres', password: 'wrong' }), 'SELECT 1'),
    ).rejects.toThrow(/password authentication failed/);

    await server.stop();
    await server.stop();
    await expect(query(server.url('postgres'), 'SELECT 1')).rejects.toThrow(/ECONNREFUSED|ENOENT/);
  });

  it('takes settings of the caller, but none that could lose data', async () => {
    const server = await ensure(dataDir, { work_mem: '5MB', 'jumun.note': "it's \\ fine" });
    expect(await show(server, 'work_mem')).toBe('5MB');
    expect(await show(server, 'jumun.note')).toBe("it's \\ fine");
    for (const name of ['fsync', 'full_page_writes', 'synchronous_commit']) {
      await expect(ensurePostgres(dataDir, { settings: { [name]: 'off' } })).rejects.toThrow(RangeError);
    }
  });

  it('is set up once when several processes start in it at once', async () => {
    const results = await Promise.all([otherProcess(), otherProcess(), ensure(), ensure()]);
    expect(new Set(results.map(({ port }) => port)).size).toBe(1);
    expect(results.filter(({ adopted }) => !adopted)).toHaveLength(1);
    const { serviceToken } = await readSecrets(dataDir);
    expect([results[0].token, results[1].token]).toEqual([serviceToken, serviceToken]);
    expect((await readdir(dataDir)).sort()).toEqual(['jumun.json', 'pg', 'pg.log', 'secrets.json']);
  });

  it('is cleaned of what a process left that died while setting it up', async () => {
    const dead = keepRunning(process.execPath, ['-e', '']);
    await once(dead, 'exit');
    await mkdir(dataDir);
    await writeFile(join(dataDir, 'jumun.json'), '{"format":1,"postgres":18}');
    await mkdir(join(dataDir, `pg.tmp-${dead.pid}-0badcafe`, 'base'), { recursive: true });
    await ensure();
    expect((await readdir(dataDir)).filter(name => name.startsWith('pg.tmp-'))).toEqual([]);
  });
});

describe('a running server', () => {
  beforeEach(() => {
    dataDir = join(lasting, 'data');
  });

  it('is joined, and counts the clients that use it', async () => {
    const first = await ensure();
    const second = await ensure();
    expect(second).toMatchObject({ adopted: true, port: first.port, password: first.password });
    expect(await otherClients(second)).toBe(0);
    const client = new pg.Client({ connectionString: first.url('postgres') });
    client.on('error', () => {});
    await client.connect();
    expect(await otherClients(second)).toBe(1);
    await client.end();
    await expect.poll(() => otherClients(second)).toBe(0);

    await second.stop();
    const third = await ensure();
    expect(third).toMatchObject({ adopted: false, port: first.port });
  });

  it('outlives Ctrl-C and the death of the process that started it', async () => {
    const { child, port, adopted } = await otherProcess();
    expect(adopted).toBe(false);
    await end(child, 'SIGINT');
    expect(await ensure()).toMatchObject({ adopted: true, port });
  });

  it('is waited for while it stops, then started again', async () => {
    const first = await ensure();
    const pid = await postmaster();
    const stopping = first.stop();
    const log = join(dataDir, 'pg.log');
    await expect.poll(() => readFile(log, 'utf8'), { interval: 1 }).toMatch(/received fast shutdown request/);
    const [second] = await Promise.all([ensure(), stopping]);
    expect(second).toMatchObject({ adopted: false, port: first.port });
    expect(await postmaster()).not.toBe(pid);
    expect(await query(second.url('postgres'), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('is started again with its data after kill -9, on the same port', async () => {
    const first = await ensure();
    await query(first.url('postgres'), 'CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n');
    process.kill(await postmaster(), 'SIGKILL');
    const second = await ensure();
    expect(second).toMatchObject({ adopted: false, port: first.port });
    expect(await query(second.url('postgres'), 'SELECT count(*)::int AS n FROM kept')).toEqual([{ n: 1000 }]);
  });

  it('moves to another port when somebody took its own', async () => {
    const first = await ensure();
    await first.stop();
    const squatter = keepRunning(process.execPath, [
      '-e',
      `require('node:net').createServer().listen(${first.port}, '127.0.0.1', () => process.stdout.write('here'))`,
    ]);
    await once(squatter.stdout ?? squatter, 'data');
    const second = await ensure();
    expect(second.port).not.toBe(first.port);
    expect(await query(second.url('postgres'), 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

describe('a stale postmaster.pid', () => {
  beforeEach(() => {
    dataDir = join(lasting, 'data');
  });

  /** Starts and stops a server, then brings its lock file back, naming another process. */
  async function leaveLockFile(pid: (account: Account | undefined) => Promise<number>): Promise<void> {
    const server = await ensure();
    const cluster = join(dataDir, 'pg');
    const lock = await readFile(join(cluster, 'postmaster.pid'), 'utf8');
    await server.stop();
    const other = await pid(await serverAccount(cluster));
    await writeFile(join(cluster, 'postmaster.pid'), lock.replace(/^\d+/, String(other)));
  }

  it('of a dead process does not prevent a start', async () => {
    await leaveLockFile(async () => {
      const dead = keepRunning(process.execPath, ['-e', '']);
      await once(dead, 'exit');
      return dead.pid ?? 0;
    });
    expect((await ensure()).adopted).toBe(false);
  });

  it('with the number of a living process of another program does not prevent a start', async () => {
    let sleeper: number | undefined;
    await leaveLockFile(async account => {
      const child = keepRunning('sleep', ['600'], account);
      await once(child, 'spawn');
      sleeper = child.pid;
      return child.pid ?? 0;
    });
    expect((await ensure()).adopted).toBe(false);
    expect(await postmaster()).not.toBe(sleeper);
    expect(isAlive(sleeper ?? 0)).toBe(true);
  });

  it('with the number of a PostgreSQL of another directory does not lead there', async () => {
    const other = await ensure(join(root, 'other'));
    await leaveLockFile(async () => (await readLockFile(join(root, 'other', 'pg')))?.pid ?? 0);
    const server = await ensure();
    expect(server.adopted).toBe(false);
    expect(server.port).not.toBe(other.port);
  });
});

describe('a path that is no data directory', () => {
  async function refusal(directory: string): Promise<string> {
    const error: unknown = await ensurePostgres(directory).catch(reason => reason);
    expect(error).toBeInstanceOf(DataDirectoryError);
    const { message } = error as DataDirectoryError;
    expect(message).not.toContain('\n');
    return message;
  }

  it('is refused when something else is in it, and left alone', async () => {
    await mkdir(dataDir);
    await writeFile(join(dataDir, 'thesis.txt'), 'years of work');
    expect(await refusal(dataDir)).toBe(
      `${dataDir} is not a jumun data directory (no jumun.json); choose another with --data`,
    );
    expect(await readdir(dataDir)).toEqual(['thesis.txt']);
  });

  it('is refused when its format or PostgreSQL is another', async () => {
    await mkdir(dataDir);
    for (const [marker, complaint] of [
      ['{"format":2,"postgres":18}', /has data format 2, this jumun reads format 1/],
      ['{"format":1,"postgres":17}', /belongs to PostgreSQL 17, this jumun brings PostgreSQL 18/],
      ['not json', /is not a jumun marker/],
    ] as const) {
      await writeFile(join(dataDir, 'jumun.json'), marker);
      expect(await refusal(dataDir)).toMatch(complaint);
    }
    await writeFile(join(dataDir, 'jumun.json'), '{"format":1,"postgres":18}');
    await writeFile(join(dataDir, 'secrets.json'), '{"superuser":"x","serviceToken":"y"}');
    await mkdir(join(dataDir, 'pg'));
    await writeFile(join(dataDir, 'pg', 'PG_VERSION'), '16\n');
    expect(await refusal(dataDir)).toMatch(/was made by PostgreSQL 16/);
  });

  it('is refused when its secrets are gone, damaged or those of another', async () => {
    const server = await ensure();
    const path = join(dataDir, 'secrets.json');
    const secrets = await readFile(path, 'utf8');
    await writeFile(path, '{"superuser":"another","serviceToken":"x"}');
    expect(await refusal(dataDir)).toMatch(/does not take the password in secrets.json/);
    await writeFile(path, '{');
    expect(await refusal(dataDir)).toMatch(/is damaged/);
    await rm(path);
    expect(await refusal(dataDir)).toMatch(/secrets.json is missing but the database it opens is there/);
    await writeFile(path, secrets);
    expect((await ensure()).port).toBe(server.port);
  });

  it('is refused when it is a file, or below one', async () => {
    await writeFile(dataDir, '');
    expect(await refusal(dataDir)).toMatch(/is a file, not a directory/);
    expect(await refusal(join(dataDir, 'below'))).toMatch(/cannot be used as a data directory: ENOTDIR/);
  });

  it.skipIf(isRoot)('is refused when it is not writable (root may write anywhere)', async () => {
    await mkdir(dataDir, { mode: 0o500 });
    expect(await refusal(dataDir)).toMatch(/is not writable/);
    expect(await refusal(join(dataDir, 'below'))).toMatch(/EACCES/);
  });

  it('is refused when a shell would expand its name', async () => {
    expect(await refusal(join(root, '$(touch x)'))).toMatch(/has a quote, dollar/);
  });
});

describe('ensureDatabases', () => {
  beforeEach(() => {
    dataDir = join(lasting, 'data');
  });

  it('gives every service a database that only it may connect to', async () => {
    const server = await ensure();
    const names = ['order', 'pay'];
    const [urls = {}, ...others] = await Promise.all([
      ensureDatabases(server, names),
      ensureDatabases(server, names),
      ensureDatabases(server, ['pay', 'order']),
    ]);
    for (const other of others) expect(other).toEqual(urls);
    expect(await ensureDatabases(server, names)).toEqual(urls);

    const { order = '', pay = '' } = urls;
    await query(order, 'CREATE TABLE orders (id int)');
    await query(pay, 'CREATE TABLE payments (id int)');
    for (const database of ['pay', 'postgres', 'template1']) {
      await expect(query(order.replace(/[^/]*$/, database), 'SELECT 1'), database).rejects.toThrow(
        /permission denied for database/,
      );
    }
    expect(
      await query(
        server.url('postgres'),
        `SELECT rolname, rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname IN ('order', 'pay')
          AND (rolsuper OR rolcreatedb OR rolcreaterole)`,
      ),
    ).toEqual([]);

    await server.stop();
    expect(await ensureDatabases(await ensure(), [...names, 'product'])).toMatchObject(urls);
    for (const name of ['Order', 'a b', 'postgres', 'pg_x', '']) {
      await expect(ensureDatabases(server, [name])).rejects.toThrow(RangeError);
    }
  });
});

describe('the binaries', () => {
  /** An installation as npm leaves it when install scripts are off, in a directory of the test's own. */
  async function bareCopy(): Promise<Awaited<ReturnType<typeof findBinaries>>> {
    const found = await findBinaries();
    const native = join(root, 'installed', 'native');
    await cp(found.native, native, {
      recursive: true,
      filter: path => !path.endsWith('.a') && !lstatSync(path).isSymbolicLink(),
    });
    const moved = (path: string) => path.replace(found.native, native);
    for (const program of [found.initdb, found.pgCtl, found.postgres]) await chmod(moved(program), 0o644);
    return {
      version: found.version,
      native,
      initdb: moved(found.initdb),
      pgCtl: moved(found.pgCtl),
      postgres: moved(found.postgres),
    };
  }

  it('get the links and permissions that npm did not make, also several processes at once', async () => {
    const bare = await bareCopy();
    const account = await serverAccount(join(root, 'pg'));
    const before = await readdir(join(bare.native, 'lib'));
    const prepared = await Promise.all([1, 2, 3].map(() => prepareBinaries(bare, account)));
    expect(prepared).toEqual([bare, bare, bare]);
    const expected = JSON.parse(
      await readFile(join(bare.native, 'pg-symlinks.json'), 'utf8').catch(() => '[]'),
    );
    for (const { source, target } of expected) {
      const link = join(bare.native, '..', target);
      expect(before).not.toContain(target.split('/').at(-1));
      expect(join(dirname(link), await readlink(link))).toBe(join(bare.native, '..', source));
    }
    expect(await run(bare.postgres, ['--version'], account)).toMatchObject({
      code: 0,
      output: expect.stringMatching(/^postgres \(PostgreSQL\) 18\./),
    });
  });

  it.skipIf(!isRoot)(
    'are copied to where PostgreSQL gets when it cannot enter their place (needs root)',
    async () => {
      const bare = await bareCopy();
      await chmod(join(root, 'installed'), 0o700);
      const account = await serverAccount(join(root, 'pg'));
      const shared = join(root, 'shared');
      const copies = await Promise.all([1, 2].map(() => prepareBinaries(bare, account, [shared])));
      for (const copy of copies) {
        expect(copy.native).toBe(join(shared, `postgres-${bare.version}`));
        expect((await run(copy.postgres, ['--version'], account)).code).toBe(0);
      }
      expect(await readdir(shared)).toEqual([`postgres-${bare.version}`]);
    },
  );

  it.skipIf(!isRoot)(
    'are not run from a shared directory that others may write to (needs root)',
    async () => {
      const bare = await bareCopy();
      await chmod(join(root, 'installed'), 0o700);
      const shared = join(root, 'shared');
      await mkdir(shared);
      await chmod(shared, 0o777);
      const account = await serverAccount(join(root, 'pg'));
      await expect(prepareBinaries(bare, account, [shared])).rejects.toThrow(/is open to others/);
    },
  );
});

describe('as root', () => {
  it.skipIf(!isRoot)(
    'the cluster moves to where PostgreSQL gets when the directory is closed (needs root)',
    async () => {
      const closed = join(root, 'closed');
      await mkdir(closed, { mode: 0o700 });
      dataDir = join(closed, 'data');
      const first = await ensure();
      const cluster = await readlink(join(dataDir, 'pg'));
      elsewhere.push(dirname(cluster));
      expect(cluster).toMatch(/^\/var\/lib\/jumun\/data-[0-9a-f]{16}\/pg$/);
      expect(await show(first, 'data_directory')).toBe(cluster);
      expect((await lstat(cluster)).uid).not.toBe(0);
      expect(await readFile(join(dirname(cluster), 'data-directory'), 'utf8')).toBe(`${dataDir}\n`);
      expect(await readFile(join(dataDir, 'pg.log'), 'utf8')).toMatch(/ready to accept connections/);
      expect((await ensure()).adopted).toBe(true);
      await first.stop();
      expect((await ensure()).port).toBe(first.port);
    },
  );
});
