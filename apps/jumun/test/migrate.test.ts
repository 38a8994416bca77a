import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Cleanup, createCleanup } from '../../../tests/support/cleanup.ts';
import { freshDatabase } from '../../../tests/support/database.ts';
import { migrate } from '../src/commands/migrate.ts';

let cleanup: Cleanup;
beforeEach(() => {
  cleanup = createCleanup();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await cleanup.run();
});

async function run(only: string): Promise<string> {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await migrate(only, false);
    return write.mock.calls.map(([text]) => text).join('');
  } finally {
    write.mockRestore();
  }
}

async function give(...names: ('pay' | 'delivery' | 'events')[]): Promise<void> {
  for (const name of names) {
    const { url, drop } = await freshDatabase(name);
    cleanup.add(drop);
    vi.stubEnv(name === 'events' ? 'EVENTS_URL' : `${name.toUpperCase()}__DATABASE_URL`, url);
  }
  vi.stubEnv('SERVICE_TOKEN', 'a-token-for-tests-only');
}

it('brings the databases that were given up to date, and does nothing the second time', async () => {
  await give('pay', 'delivery', 'events');
  const said = await run('pay,delivery,notice');
  expect(said).toMatch(/^events: \S+001-log\.sql/);
  expect(said).toContain('\npay: messaging/001-messaging.sql, ');
  expect(said).toContain('\ndelivery: messaging/001-messaging.sql, ');
  expect(said).not.toContain('notice');
  expect(await run('pay,delivery')).toBe('events: up to date\npay: up to date\ndelivery: up to date\n');
});

it('finds a wrong setting before it changes anything', async () => {
  await give('pay');
  vi.stubEnv('PAY__LEGACY_ORDER', 'perhaps');
  await expect(run('pay')).rejects.toThrow('PAY__LEGACY_ORDER="perhaps" of the pay service is wrong');
  vi.stubEnv('PAY__LEGACY_ORDER', '');
  expect(await run('pay')).toContain('pay: messaging/001-messaging.sql');
});

it('has nothing to do where no database was given', async () => {
  await expect(run('order')).rejects.toThrow(
    'no DATABASE_URL was given; the embedded default migrates when it starts',
  );
});
