import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import type { Database } from '../src/database.ts';
import { forgetSessions, migrate } from '../src/migrate.ts';
import { type Cleanup, createCleanup, openEmpty } from './harness.ts';

describe('migrations', () => {
  let cleanup: Cleanup;
  let db: Database;
  let another: () => Database;

  beforeEach(async () => {
    cleanup = createCleanup();
    ({ db, another } = await openEmpty(cleanup));
  });
  afterEach(() => cleanup.run());

  /** A folder of migrations, as the program's code has it. */
  async function folder(files: Record<string, string>, owner = 'order'): Promise<URL> {
    const root = await mkdtemp(join(tmpdir(), 'jumun-migrate-'));
    cleanup.add(() => rm(root, { recursive: true, force: true }));
    const directory = join(root, owner, 'migrations');
    await mkdir(directory, { recursive: true });
    for (const [name, sql] of Object.entries(files)) await writeFile(join(directory, name), sql);
    return pathToFileURL(`${directory}/`);
  }
  const applied = async () =>
    (await db.query<{ name: string }>('SELECT name FROM migration ORDER BY name')).map(({ name }) => name);

  const first = { '001-a.sql': 'CREATE TABLE a (id int);' };
  const second = { ...first, '002-b.sql': 'ALTER TABLE a ADD COLUMN b int;\nINSERT INTO a VALUES (1, 2);' };

  it('are applied in the order of their names, and once', async () => {
    const files = await folder({ ...second, 'README.md': 'not SQL' });
    await migrate(db, [files]);
    await migrate(db, [files]);
    expect(await db.query('SELECT * FROM a')).toEqual([{ id: 1, b: 2 }]);
    expect(await applied()).toEqual(['order/001-a.sql', 'order/002-b.sql']);
  });

  it('are applied from where an older program left off', async () => {
    await migrate(db, [await folder(first)]);
    await migrate(db, [await folder(second)]);
    expect(await db.query('SELECT * FROM a')).toEqual([{ id: 1, b: 2 }]);
  });

  it('of several owners may have the same file names', async () => {
    await migrate(db, [
      await folder(first, 'messaging'),
      await folder({ '001-a.sql': 'CREATE TABLE c ()' }, 'pay'),
    ]);
    expect(await applied()).toEqual(['messaging/001-a.sql', 'pay/001-a.sql']);
  });

  it('are applied by one of several replicas that start at once, and the others wait', async () => {
    const files = await folder(second);
    await Promise.all([1, 2, 3, 4].map(() => migrate(another(), [files])));
    expect(await db.query('SELECT * FROM a')).toEqual([{ id: 1, b: 2 }]);
  });

  it('leave nothing of a file that fails, and go on from it when it is repaired', async () => {
    const broken = await folder({ ...first, '002-b.sql': 'CREATE TABLE b (); SELECT 1 / 0;' });
    await expect(migrate(db, [broken])).rejects.toThrow('division by zero');
    expect(await applied()).toEqual(['order/001-a.sql']);
    await migrate(db, [await folder({ ...first, '002-b.sql': 'CREATE TABLE b ();' })]);
    expect(await applied()).toEqual(['order/001-a.sql', 'order/002-b.sql']);
  });

  it('do not hinder the next replica when one died in the middle of them', async () => {
    const client = await db.connect();
    await client.query('SELECT pg_advisory_lock(7216001)');
    const waiting = migrate(another(), [await folder(first)]);
    await client.end();
    await waiting;
    expect(await applied()).toEqual(['order/001-a.sql']);
  });

  it('let the program before them start on what they have added', async () => {
    await migrate(db, [await folder(second)]);
    expect(await migrate(db, [await folder(first)])).toEqual([]);
    expect(await applied()).toEqual(['order/001-a.sql', 'order/002-b.sql']);
  });

  it('take away only when they are told that no older program is at work', async () => {
    const third = await folder({ ...second, '003-b.contract.sql': 'ALTER TABLE a DROP COLUMN b;' });
    expect(await migrate(db, [third])).toEqual(['order/001-a.sql', 'order/002-b.sql']);
    expect(await db.query('SELECT b FROM a')).toEqual([{ b: 2 }]);
    expect(await migrate(db, [third], { contract: true })).toEqual(['order/003-b.contract.sql']);
    expect(await db.query('SELECT * FROM a')).toEqual([{ id: 1 }]);
  });

  it('refuse an older program once something was taken away, and leave the database as it is', async () => {
    const taken = await folder({ ...first, '002-c.contract.sql': 'ALTER TABLE a DROP COLUMN id;' });
    await migrate(db, [taken], { contract: true });
    const older = await folder({ ...first, '001-z.sql': 'CREATE TABLE z ()' });
    await expect(migrate(db, [older])).rejects.toThrow(
      'the database is newer than this program: it has the migration order/002-c.contract.sql',
    );
    expect(await applied()).toEqual(['order/001-a.sql', 'order/002-c.contract.sql']);
  });

  it('do not keep others waiting for a table that they wait for themselves', async () => {
    await migrate(db, [await folder(first)]);
    const reader = await db.connect();
    await reader.query('BEGIN; SELECT * FROM a');
    const waiting = migrate(another(), [await folder(second)]);
    const waits = async () =>
      (await db.query(`SELECT FROM pg_locks WHERE NOT granted AND relation = 'a'::regclass`)).length;
    await eventually(async () => expect(await waits()).toBe(1));
    await eventually(async () => expect(await waits()).toBe(0));
    await reader.query('COMMIT');
    await reader.end();
    expect(await waiting).toEqual(['order/002-b.sql']);
    expect(await db.query('SELECT * FROM a')).toEqual([{ id: 1, b: 2 }]);
  });

  it('lay marks for transactions, and those of sessions of long ago can be forgotten', async () => {
    await migrate(db, [await folder(first)]);
    const count = async () => (await db.query('SELECT FROM transaction_mark')).length;
    await db.transaction(tx => tx.query('SELECT 1'));
    await db.query(
      `INSERT INTO transaction_mark (session, mark, marked_at)
       SELECT gen_random_uuid(), 1, now() - interval '25 hours' FROM generate_series(1, 3)`,
    );
    expect(await count()).toBe(4);
    expect(await forgetSessions(db)).toBe(3);
    expect(await count()).toBe(1);
  });
});
