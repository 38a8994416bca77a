import { statfs } from 'node:fs/promises';
import { services } from '@jumun/contracts';
import { createLogger, openDatabase } from '@jumun/service-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type System, startSystem } from '../support/system.ts';
import { settled } from './invariants.ts';
import { ordered, stock } from './steps.ts';

const DURABLE = ['fsync', 'synchronous_commit', 'full_page_writes'];
const TMPFS = 0x01021994;
const RAMFS = 0x858458f6;

describe('what is answered is on the disk', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem();
    await stock(system, { itemcd: 1, totalQuantity: 100, price: 2_000 });
  });
  afterAll(() => system.close());

  it.each([...services, 'events' as const])(
    '%s has its connections to PostgreSQL write through',
    async name => {
      const log = createLogger(name, 'silent');
      const db = openDatabase({ url: system.database(name), name, connections: 4, log });
      const settings = await db.query<{ name: string; setting: string }>(
        'SELECT name, setting FROM pg_settings WHERE name = ANY($1)',
        [DURABLE],
      );
      await db.close();
      expect(Object.fromEntries(settings.map(({ name, setting }) => [name, setting]))).toEqual(
        Object.fromEntries(DURABLE.map(name => [name, 'on'])),
      );
    },
  );

  it('no role and no database has other settings', async () => {
    const overrides = await system.sql<{ setting: string }>(
      'events',
      'SELECT unnest(setconfig) AS setting FROM pg_db_role_setting',
    );
    expect(overrides.filter(({ setting }) => DURABLE.some(name => setting.startsWith(name)))).toEqual([]);
  });

  it('no table is kept out of the log, but the one whose loss says that there was a crash', async () => {
    for (const name of [...services, 'events' as const]) {
      const tables = await system.sql<{ name: string }>(
        name,
        `SELECT relname AS name FROM pg_class WHERE relpersistence <> 'p' AND relkind IN ('r', 'i') ORDER BY 1`,
      );
      const meant = name === 'customercenter' ? ['view_epoch', 'view_epoch_pkey'] : [];
      expect(tables.map(({ name }) => name)).toEqual(meant);
    }
  });

  it('the data directory is not in memory', async () => {
    const [row] = await system.sql<{ path: string }>(
      'events',
      `SELECT current_setting('data_directory') AS path`,
    );
    const { type } = await statfs(row?.path ?? '');
    expect([TMPFS, RAMFS]).not.toContain(type);
  });

  it('orders placed one by one are each synced', async () => {
    const syncs = async () => {
      const [{ version = 0 } = {}] = await system.sql<{ version: number }>(
        'events',
        `SELECT current_setting('server_version_num')::int AS version`,
      );
      const from =
        version >= 180_000
          ? `SELECT sum(fsyncs)::float8 AS n FROM pg_stat_io WHERE object = 'wal'`
          : 'SELECT wal_sync::float8 AS n FROM pg_stat_wal';
      const [row] = await system.sql<{ n: number }>('events', from);
      return row?.n ?? 0;
    };
    await settled(system);
    const before = await syncs();
    for (let i = 0; i < 20; i++) await ordered(system, { itemcd: 1 });
    // Backends report their counts about once a second.
    await eventually(async () => expect((await syncs()) - before).toBeGreaterThanOrEqual(20));
  });
});
