import { openPostgresTransport } from '@jumun/messaging/postgres';
import { createLogger, openDatabase } from '@jumun/service-kit';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type Cleanup, createCleanup } from '../../../tests/support/cleanup.ts';
import { freshDatabase } from '../../../tests/support/database.ts';
import { logGroups } from '../src/commands/log-groups.ts';

const cleanup: Cleanup = createCleanup();
const log = createLogger('test', 'silent');

beforeAll(async () => {
  const { url, drop } = await freshDatabase('events');
  cleanup.add(drop);
  const db = openDatabase({ url, name: 'events', connections: 4, log });
  const transport = await openPostgresTransport(db);
  cleanup.add(() => transport.close());
  for (const group of ['order', 'old']) await transport.report(group, await transport.heads());
  await db.query(`UPDATE log_group SET reported_at = now() - interval '1 hour' WHERE name = 'old'`);
  await db.query('UPDATE log_partition SET position = 2 WHERE partition = 3');
  vi.stubEnv('EVENTS_URL', url);
  cleanup.add(() => vi.unstubAllEnvs());
});
afterAll(() => cleanup.run());

/** What the command says. */
async function said(...words: string[]): Promise<string> {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await logGroups(words, { data: undefined });
    return write.mock.calls.map(([text]) => text).join('');
  } finally {
    write.mockRestore();
  }
}

it('shows who reads the log and how far each is behind, and forgets one that is gone', async () => {
  expect(await said('list')).toMatch(
    /^group\tnot yet read\treported at\nold\t2\t[\d-]+T[\d:.]+Z\norder\t2\t[\d-]+T[\d:.]+Z\n$/,
  );
  expect(await said('forget', 'old')).toBe('old is forgotten: the log waits for it no longer\n');
  expect(await said('list')).not.toContain('old');
});

it('refuses in one line what it cannot do', async () => {
  await expect(said('forget', 'order')).rejects.toThrow(
    'order has reported within the last minute: stop it first',
  );
  await expect(said('forget', 'nobody')).rejects.toThrow('there is no group nobody');
  for (const words of [[], ['list', 'order'], ['forget'], ['remove', 'order'], ['forget', 'a', 'b']]) {
    await expect(said(...words)).rejects.toThrow('log-groups takes list or forget NAME');
  }
});
