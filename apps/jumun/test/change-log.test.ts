import { beginCursors } from '@jumun/messaging';
import { openPostgresTransport } from '@jumun/messaging/postgres';
import { createLogger, migrate, openDatabase } from '@jumun/service-kit';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type Cleanup, createCleanup } from '../../../tests/support/cleanup.ts';
import { freshDatabase } from '../../../tests/support/database.ts';
import { changeLog } from '../src/commands/change-log.ts';

const cleanup: Cleanup = createCleanup();
const log = createLogger('test', 'silent');

async function database(name: string) {
  const { url, drop } = await freshDatabase(name);
  cleanup.add(drop);
  const db = openDatabase({ url, name, connections: 4, log });
  cleanup.add(() => db.close());
  return { url, db };
}

let said: string;
async function run(...words: string[]): Promise<void> {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await changeLog(words, undefined);
  } finally {
    said = write.mock.calls.map(([text]) => text).join('');
    write.mockRestore();
  }
}

let pay: Awaited<ReturnType<typeof database>>;
let events: Awaited<ReturnType<typeof database>>;
beforeAll(async () => {
  pay = await database('pay');
  events = await database('events');
  await migrate(pay.db, [new URL('../../../packages/messaging/migrations/', import.meta.url)]);
  await beginCursors(pay.db, await openPostgresTransport(events.db), 'beginning');
  await events.db.query('UPDATE log_partition SET position = 2 WHERE partition = 3');
  vi.stubEnv('EVENTS_URL', events.url);
  vi.stubEnv('PAY__DATABASE_URL', pay.url);
  cleanup.add(() => vi.unstubAllEnvs());
});
afterAll(() => cleanup.run());

it('refuses while a service has events to handle, or runs', async () => {
  await expect(run()).rejects.toThrow('pay has 2 events to handle: start it, and let it finish');
  await pay.db.query('UPDATE consumer_cursor SET position = 2 WHERE partition = 3');
  await pay.db.query(`INSERT INTO lease VALUES ('relay', gen_random_uuid(), now() + interval '1 minute')`);
  await expect(run()).rejects.toThrow('pay is running: stop it first');
  expect(await pay.db.query('SELECT FROM read_log')).toHaveLength(1);
  await pay.db.query('DELETE FROM lease');
});

it('refuses while a service reads yet another log, of which it may have events to handle', async () => {
  const [{ identity } = {}] = await pay.db.query<{ identity: string }>('SELECT identity FROM read_log');
  await pay.db.query(`UPDATE read_log SET identity = 'kafka:1'`);
  await expect(run()).rejects.toThrow(`pay reads kafka:1, and this is ${identity}: start it with the log`);
  expect(await pay.db.query('SELECT FROM consumer_cursor WHERE position > 0')).toHaveLength(1);
  await pay.db.query('UPDATE read_log SET identity = $1', [identity]);
});

it('lets a service that has handled all begin with another log', async () => {
  await run();
  expect(said).toBe('pay begins with the log that it is started with next\n');
  expect(await pay.db.query('SELECT FROM read_log')).toEqual([]);
  expect(await pay.db.query('SELECT FROM consumer_cursor WHERE position > 0')).toEqual([]);
});

it('takes no words', async () => {
  await expect(run('kafka')).rejects.toThrow('change-log takes no kafka');
});
