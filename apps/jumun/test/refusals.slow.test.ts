import { randomInt } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planStart } from '../src/options.ts';
import { openDataDirectory } from '../src/postgres/data-directory.ts';
import { freePortBase, openPlace, type Place, type Started, type StartOptions } from './jumun.ts';

let place: Place;
/** Runs on the place's data directory and ports all the while. */
let system: Started;

beforeAll(async () => {
  place = await openPlace();
  system = place.start();
  await system.ready();
});

afterAll(async () => {
  await place.clean();
});

/** Runs it to its end; it must refuse with one line that says why. */
async function refusal(args: string[], options?: StartOptions): Promise<string> {
  const it = place.jumun(args, options);
  const { code } = await it.exited;
  expect({ code, stdout: it.stdout() }).toEqual({ code: 1, stdout: '' });
  const said = it.stderr();
  expect(said).toMatch(/^jumun: [^\n]+\n$/);
  return said.slice('jumun: '.length, -1);
}

const elsewhere = async (data = place.dataDir) => [
  'start',
  '--port-base',
  String(await freePortBase()),
  '--data',
  data,
];

describe('refuses in one line, with exit code 1,', () => {
  it('a port in use, naming it and the part', async () => {
    const args = ['start', '--port-base', String(place.portBase), '--data', join(place.root, 'unused')];
    expect(await refusal([...args, '--only', 'pay'])).toBe(
      `port ${place.portBase + 3} for pay is in use; choose others with --port-base N`,
    );
  });

  it('a port in use by a setting of its own, and looks at no other', async () => {
    const args = ['start', '--port-base', String(place.portBase), '--data', join(place.root, 'unused')];
    const server = createServer();
    const port = await listen(server);
    const env = { PORT: String(port) };
    expect(await refusal([...args, '--only', 'pay'], { env })).toContain(`port ${port} for pay is in use`);
    server.close();
  });

  it('a data directory on which another process runs the same services', async () => {
    expect(await refusal(await elsewhere())).toBe(
      `another process runs the product service on ${place.dataDir}`,
    );
    expect(system.isRunning()).toBe(true);
    expect((await fetch(`${place.url('notice')}/actuator/health`)).status).toBe(200);
  });

  it('a directory of somebody else', async () => {
    const foreign = join(place.root, 'foreign');
    await mkdir(foreign);
    await writeFile(join(foreign, 'thesis.txt'), 'of great value');
    expect(await refusal(await elsewhere(foreign))).toContain(`${foreign} is not a jumun data directory`);
    expect(await readdir(foreign)).toEqual(['thesis.txt']);
  });

  it('data of another format or PostgreSQL', async () => {
    const other = join(place.root, 'other');
    await mkdir(other);
    await writeFile(join(other, 'jumun.json'), '{"format":99,"postgres":18}');
    await expect(openDataDirectory(other)).rejects.toThrow(`${other} has data format 99`);
    await writeFile(join(other, 'jumun.json'), '{"format":1,"postgres":17}');
    expect(await refusal(await elsewhere(other))).toContain(`${other} belongs to PostgreSQL 17`);
  });

  it('options that are wrong', async () => {
    expect(await refusal(['start', '--only', 'order,shipping'])).toMatch(
      /^--only: there is no part named shipping; there are web, order,/,
    );
    expect(await refusal(['start', '--port-base', 'abc'])).toBe(
      '--port-base abc is not a number from 1024 to 65500',
    );
    for (const portBase of ['', '0', '80', '70000', '8080.5'])
      expect(() => planStart({ portBase })).toThrow(`--port-base ${portBase} is not a number`);
    for (const only of ['', 'order,', 'order pay'])
      expect(() => planStart({ only })).toThrow('there is no part named');
  });

  it('a setting that is wrong, and stops the PostgreSQL that it has started', async () => {
    const fresh = join(place.root, 'fresh');
    const args = await elsewhere(fresh);
    expect(await refusal(args, { env: { ORDER__PAY_TIMEOUT_MS: 'abc' } })).toMatch(
      /^ORDER__PAY_TIMEOUT_MS="abc" of the order service is wrong/,
    );
    await expect(readFile(join(fresh, 'pg/postmaster.pid'))).rejects.toThrow('ENOENT');
    expect(await refusal(args, { env: { ORDER__FOO: '1' } })).toBe(
      'ORDER__FOO is not a setting of the order service',
    );
    await expect(readFile(join(fresh, 'pg/postmaster.pid'))).rejects.toThrow('ENOENT');
  });

  it('databases that were given incompletely, twice, or are not there', async () => {
    const url = 'postgres://nobody:nothing@127.0.0.1:1/none';
    const args = [...(await elsewhere(join(place.root, 'unused'))), '--only', 'order,pay'];
    const env = { SERVICE_TOKEN: 'a-token-for-tests-only', DATABASE_URL: url };
    expect(await refusal([...args.slice(0, -1), 'order'], { env })).toContain('EVENTS_URL is needed');
    const events = { ...env, EVENTS_URL: 'postgres://nobody:nothing@localhost:1/events' };
    expect(await refusal(args, { env: events })).toContain('pay and order were given the same database');
    expect(await refusal(args, { env: { ...events, PAY__DATABASE_URL: `${url}2` } })).toMatch(
      /^the database of the event log cannot be used: .*ECONNREFUSED/,
    );
  });

  it('a Node that is too old', async () => {
    const pretend = `data:text/javascript,Object.defineProperty(process.versions,'node',{value:'20.9.0'})`;
    expect(await refusal(['start'], { node: ['--import', pretend] })).toMatch(
      /^Node 20\.9\.0 is too old; it needs 20\.19\.4 or newer/,
    );
  });
});

describe('shows the usage, with exit code 2,', () => {
  it.each([
    ['an option that there is not', ['start', '--color']],
    ['an option without its value', ['start', '--data']],
    ['a command that there is not', ['stop']],
    ['too many words', ['start', 'order']],
    ['no command', []],
  ])('for %s', async (_, args) => {
    const it = place.jumun(args);
    expect((await it.exited).code).toBe(2);
    expect(it.stdout()).toBe('');
    expect(it.stderr()).toContain('usage: jumun start');
  });
});

function listen(server: Server): Promise<number> {
  const port = 20_000 + randomInt(12_000);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port }, () => resolve(port));
  });
}
