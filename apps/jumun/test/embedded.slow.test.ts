import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { temporaryDirectory } from '../../../tests/support/global-setup.ts';
import { type Embedded, openEmbedded } from '../src/embedded.ts';
import { holderOf, readLockFile } from '../src/postgres/lock-file.ts';

const services = ['one', 'two'];
let root: string;
let dataDir: string;
let opened: Embedded[];

beforeEach(async () => {
  root = await temporaryDirectory();
  dataDir = join(root, 'data');
  opened = [];
});

afterEach(async () => {
  for (const it of opened) await it.release('immediate');
  await rm(root, { recursive: true, force: true, maxRetries: 10 });
});

async function open(run: string[]): Promise<Embedded> {
  const embedded = await openEmbedded({ dataDir, services, run });
  opened.push(embedded);
  return embedded;
}

async function postmaster(): Promise<number | undefined> {
  const pid = (await readLockFile(join(dataDir, 'pg')))?.pid;
  return pid !== undefined && (await holderOf(pid, join(dataDir, 'pg'))) === 'server' ? pid : undefined;
}

async function answers(embedded: Embedded): Promise<boolean> {
  const client = new pg.Client({ connectionString: embedded.env.ONE__DATABASE_URL });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('SELECT 1');
  await client.end();
  return true;
}

it('gives each service its database, the log its own, and all the same credential', async () => {
  const { env } = await open(['one']);
  const urls = [env.ONE__DATABASE_URL, env.TWO__DATABASE_URL, env.EVENTS_URL];
  expect(new Set(urls.map(url => new URL(url ?? '').pathname))).toEqual(new Set(['/one', '/two', '/events']));
  expect(env.SERVICE_TOKEN).toMatch(/^[\w-]{40,}$/);
  expect((await open(['two'])).env.SERVICE_TOKEN).toBe(env.SERVICE_TOKEN);
});

it('lets one process run each service, until it lets go', async () => {
  const first = await open(['one']);
  const taken = `another process runs the one service on ${dataDir}`;
  await expect(open(['two', 'one'])).rejects.toThrow(taken);
  const second = await open(['two']);
  await first.release();
  await open(['one']);
  await second.release();
  expect(await postmaster()).toBeDefined();
});

it('the last to let go stops PostgreSQL, also of several at once', async () => {
  const [one, two, none] = await Promise.all([open(['one']), open(['two']), open([])]);
  await one.release();
  expect(await answers(two)).toBe(true);
  await Promise.all([two.release(), none.release()]);
  expect(await postmaster()).toBeUndefined();
});

it('one that comes just as the last one goes finds PostgreSQL running', async () => {
  let before = await open(['one']);
  for (let i = 0; i < 8; i++) {
    // Its claim to the service may still be held: then it is told so, and another asks for the other service.
    const [, after] = await Promise.all([before.release(), open([i % 2 ? 'one' : 'two'])]);
    expect(await answers(after)).toBe(true);
    before = after;
  }
}, 60_000);

it('PostgreSQL that was killed is brought back, unless all have let go', async () => {
  const embedded = await open(['one']);
  const killed = (await postmaster()) as number;
  process.kill(killed, 'SIGKILL');
  await eventually(async () => {
    expect(await postmaster()).not.toBe(killed);
    expect(await answers(embedded)).toBe(true);
  }, 20_000);
  // The service is claimed again too.
  await eventually(async () => {
    await expect(openEmbedded({ dataDir, services, run: ['one'] })).rejects.toThrow('another process runs');
  });
  process.kill((await postmaster()) as number, 'SIGKILL');
  await embedded.release();
  expect(await postmaster()).toBeUndefined();
}, 60_000);
