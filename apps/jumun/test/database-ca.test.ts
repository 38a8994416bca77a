import { execFile, spawnSync } from 'node:child_process';
import { chown, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createLogger, isTransient, openDatabase } from '@jumun/service-kit';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { createCleanup } from '../../../tests/support/cleanup.ts';
import { temporaryDirectory } from '../../../tests/support/global-setup.ts';
import { migrate } from '../src/commands/migrate.ts';
import { verifyingDatabases } from '../src/options.ts';
import { serverAccount } from '../src/postgres/account.ts';
import { type EmbeddedPostgres, ensureDatabases, ensurePostgres } from '../src/postgres/index.ts';

const missing = spawnSync('openssl', ['version']).status === 0 ? undefined : 'there is no openssl';
const skipped = missing ? ` (skipped: ${missing})` : '';
if (missing) process.stdout.write(`SKIPPED: PostgreSQL with TLS. ${missing}\n`);

const cleanup = createCleanup();
let folder: string;
let server: EmbeddedPostgres;

const openssl = (...args: string[]) => promisify(execFile)('openssl', args, { cwd: folder });

/** An authority of its own, as NAME.crt. */
const authority = (name: string) =>
  openssl(
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`],
    ...['-keyout', `${name}.key`, '-out', `${name}.crt`],
  );

beforeAll(async () => {
  if (missing) return;
  folder = await temporaryDirectory();
  cleanup.add(() => rm(folder, { recursive: true, force: true }));
  await authority('ca');
  await authority('other');
  await openssl(
    ...['req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=postgresql'],
    ...['-keyout', 'server.key', '-out', 'server.csr'],
  );
  // For localhost alone: 127.0.0.1 is another name of the same server.
  await writeFile(join(folder, 'names'), 'subjectAltName=DNS:localhost');
  await openssl(
    ...['x509', '-req', '-in', 'server.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'],
    ...['-days', '2', '-extfile', 'names', '-out', 'server.crt'],
  );

  const data = join(folder, 'data');
  await mkdir(data);
  const account = await serverAccount(join(data, 'pg'));
  if (account) await chown(join(folder, 'server.key'), account.uid, account.gid);
  server = await ensurePostgres(data, {
    settings: {
      ssl: 'on',
      ssl_cert_file: join(folder, 'server.crt'),
      ssl_key_file: join(folder, 'server.key'),
    },
  });
  cleanup.add(() => server.stop('immediate'));
  await ensureDatabases(server, ['pay', 'events']);
}, 60_000);
afterAll(() => cleanup.run());
afterEach(() => vi.unstubAllEnvs());

const url = (database: string, host = 'localhost', query = '') =>
  `postgres://${server.superuser}:${encodeURIComponent(server.password)}@${host}:${server.port}/${database}${query}`;

/** Whether the connection of a service that is told so is encrypted. */
async function encrypted(databaseUrl: string, ca?: string): Promise<boolean | undefined> {
  const env = verifyingDatabases({ DATABASE_URL: databaseUrl, ...(ca && { DATABASE_CA: join(folder, ca) }) });
  const log = createLogger('pay', 'silent');
  const db = openDatabase({ url: env.DATABASE_URL ?? '', name: 'pay', connections: 1, log });
  const ask = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
  const rows = await db.query<{ ssl: boolean }>(ask).finally(() => db.close());
  return rows[0]?.ssl;
}

test.skipIf(missing)(
  `the authority in DATABASE_CA verifies PostgreSQL, whatever the connection string asks for${skipped}`,
  async () => {
    expect(await encrypted(url('pay'))).toBe(false);
    for (const query of ['', '?sslmode=no-verify', '?sslmode=disable', '?sslrootcert=/nowhere'])
      expect(await encrypted(url('pay', 'localhost', query), 'ca.crt'), query).toBe(true);
  },
);

test.skipIf(missing)(`another authority and another name are refused${skipped}`, async () => {
  const noVerify = '?sslmode=no-verify';
  expect(await encrypted(url('pay', '127.0.0.1', noVerify))).toBe(true);
  await expect(encrypted(url('pay', 'localhost', noVerify), 'other.crt')).rejects.toThrow(
    /unable to (verify the first certificate|get local issuer certificate)/,
  );
  const otherName = encrypted(url('pay', '127.0.0.1', noVerify), 'ca.crt');
  await expect(otherName).rejects.toThrow(/does not match certificate's altnames/);
  // While an authority is replaced, requests are told to come again, and no event is set aside for it.
  for (const refused of [otherName, encrypted(url('pay', 'localhost', noVerify), 'other.crt')])
    expect(isTransient(await refused.catch((error: unknown) => error))).toBe(true);
});

test.skipIf(missing)(`a migration verifies the service's database and the log's${skipped}`, async () => {
  vi.stubEnv('SERVICE_TOKEN', 'a-token-for-tests-only');
  vi.stubEnv('DATABASE_URL', url('pay'));
  vi.stubEnv('DATABASE_CA', join(folder, 'other.crt'));
  await expect(migrate('pay', false)).rejects.toThrow(
    /^the database of the pay service cannot be used: unable to/,
  );
  vi.stubEnv('DATABASE_CA', join(folder, 'ca.crt'));
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  await migrate('pay', false);
  vi.stubEnv('EVENTS_URL', url('events', '127.0.0.1'));
  await expect(migrate('pay', false)).rejects.toThrow(
    /^the database of the event log cannot be used: .*does not match certificate's altnames/,
  );
  write.mockRestore();
});

test.skipIf(missing)(`a start says whose database it is that is refused${skipped}`, async () => {
  const main = join(import.meta.dirname, '../src/main.ts');
  const started = promisify(execFile)(process.execPath, ['--import', 'tsx', main, 'start', '--only', 'pay'], {
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      SERVICE_TOKEN: 'a-token-for-tests-only',
      EVENTS_URL: url('events'),
      DATABASE_URL: url('pay', '127.0.0.1'),
      DATABASE_CA: join(folder, 'ca.crt'),
    },
  });
  await expect(started).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^jumun: the database of the pay service cannot be used: .*does not match certificate's altnames/m,
    ),
  });
});

test('connection strings are what they were without DATABASE_CA, and nothing else is changed with it', () => {
  const env = {
    ORDER__DATABASE_URL: 'postgres://a:b%2F@c/d?e=f',
    EVENTS_URL: 'what?',
    ORDER_URL: 'http://o',
  };
  expect(verifyingDatabases(env)).toEqual(env);
  expect(verifyingDatabases({ ...env, DATABASE_CA: '' })).toEqual({ ...env, DATABASE_CA: '' });
  const DATABASE_CA = import.meta.filename;
  const { ORDER__DATABASE_URL = '', ...others } = verifyingDatabases({ ...env, DATABASE_CA });
  expect(others).toEqual({ EVENTS_URL: 'what?', ORDER_URL: 'http://o', DATABASE_CA });
  expect(ORDER__DATABASE_URL).toMatch(/^postgres:\/\/a:b%2F@c\/d\?e=f&sslmode=verify-full&sslrootcert=/);
  expect(() => verifyingDatabases({ DATABASE_CA: '/nowhere' })).toThrow(
    /^DATABASE_CA cannot be read: .*\/nowhere/,
  );
});
