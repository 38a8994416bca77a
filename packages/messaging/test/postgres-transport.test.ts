import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Database, openDatabase } from '@jumun/service-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensurePostgres } from '../../../apps/jumun/src/postgres/index.ts';
import { eventually } from '../../../tests/support/eventually.ts';
import { temporaryDirectory } from '../../../tests/support/global-setup.ts';
import type { LogRecord } from '../src/message.ts';
import { FencedError, type Transport } from '../src/transport.ts';
import { openPostgresTransport } from '../src/transports/postgres.ts';
import { transportConformance } from './conformance.ts';
import {
  type Cleanup,
  consume,
  createCleanup,
  effects,
  killSessions,
  log,
  openEmpty,
  openLog,
  openServiceDatabase,
  ordered,
  ordersApart,
  publish,
  randomOrder,
  readLog,
  steps,
  stepsOf,
} from './harness.ts';

transportConformance('postgres', async () => {
  const cleanup = createCleanup();
  const { transport, reopen } = await openLog(cleanup);
  return { transport, reopen, close: cleanup.run };
});

describe('postgres transport in particular', () => {
  let cleanup: Cleanup;
  let transport: Transport;
  let reopen: () => Promise<Transport>;
  let db: Database;
  let url: string;

  beforeEach(async () => {
    cleanup = createCleanup();
    ({ transport, reopen, db, url } = await openLog(cleanup));
  });
  afterEach(() => cleanup.run());

  /** A transaction that stays open until it is told to commit. */
  async function openTransaction(database: Database) {
    const client = await database.connect();
    cleanup.add(() => client.end());
    await client.query('BEGIN');
    return client;
  }

  const placeOf = async (order: number) =>
    (await readLog(transport)).find(({ key }) => key === String(order))?.partition ?? -1;

  it('can be opened by several processes at once on an empty database', async () => {
    const empty = await openEmpty(cleanup, 'events');
    const opened = await Promise.all([1, 2, 3].map(() => openPostgresTransport(empty.another())));
    expect(new Set(opened.map(({ partitions }) => partitions)).size).toBe(1);
    await publish(opened[0] as Transport, ordered(1, 1));
    expect(await readLog(opened[1] as Transport)).toHaveLength(1);
  });

  it('refuses a publisher that never asked for an epoch', async () => {
    await expect(transport.append(`p-${randomUUID()}`, 1, [ordered(1, 1)])).rejects.toThrow(FencedError);
    await expect(transport.append(`p-${randomUUID()}`, 0, [ordered(1, 1)])).rejects.toThrow(FencedError);
    expect(await readLog(transport)).toEqual([]);
  });

  it('does not skip what commits late: while one holds the head of a partition, another waits behind it', async () => {
    const service = await openServiceDatabase(cleanup);
    const [late, elsewhere] = await ordersApart(transport);
    consume(cleanup, service.db, transport);
    await eventually(async () => expect(await stepsOf(service.db, late)).toEqual([0]));
    const partition = await placeOf(late);
    const head = (await transport.heads()).get(partition) ?? 0;

    const slow = await openTransaction(db);
    await slow.query('SELECT FROM log_partition WHERE partition = $1 FOR UPDATE', [partition]);
    const { eventId, key, type, payload } = ordered(late, 1);
    await slow.query(
      'INSERT INTO log (partition, position, event_id, key, type, payload) VALUES ($1, $2, $3, $4, $5, $6)',
      [partition, head + 1, eventId, key, type, payload],
    );
    await slow.query('UPDATE log_partition SET position = $2 WHERE partition = $1', [partition, head + 1]);

    const behind = publish(await reopen(), ordered(late, 2));
    await publish(await reopen(), ordered(elsewhere, 1));
    await eventually(async () => expect(await stepsOf(service.db, elsewhere)).toEqual([0, 1]));
    await eventually(async () => {
      const [row] = await db.query<{ waiting: number }>(
        `SELECT count(*)::int AS waiting FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      expect(row?.waiting).toBe(1);
    });
    expect((await transport.heads()).get(partition)).toBe(head);
    expect(await stepsOf(service.db, late)).toEqual([0]);

    await slow.query('COMMIT');
    await behind;
    await eventually(async () => expect(await stepsOf(service.db, late)).toEqual([0, 1, 2]));
    expectGapless(await readLog(transport));
  });

  it('fills the place of an append that was rolled back: no gap is left', async () => {
    const order = randomOrder();
    await publish(transport, ordered(order, 1));
    const partition = await placeOf(order);
    const failing = await openTransaction(db);
    await failing.query('UPDATE log_partition SET position = position + 1 WHERE partition = $1', [partition]);
    const behind = publish(transport, ordered(order, 2));
    await failing.query('ROLLBACK');
    await behind;
    const records = await readLog(transport);
    expectGapless(records);
    expect(records).toHaveLength(2);
  });

  it('neither stalls nor hides anything while a transaction that wrote stays open in another database', async () => {
    const service = await openServiceDatabase(cleanup);
    const other = await openEmpty(cleanup, 'elsewhere');
    const open = await openTransaction(other.db);
    await open.query('CREATE TABLE leftover (id int)');
    await open.query('INSERT INTO leftover VALUES (1)');
    const order = randomOrder();
    consume(cleanup, service.db, transport);
    await publish(transport, ...steps(order, 5));
    await eventually(async () => expect(await stepsOf(service.db, order)).toEqual([1, 2, 3, 4, 5]), 3_000);
    expect(await readLog(await reopen())).toHaveLength(5);
    await open.query('COMMIT');
  });

  it('neither stalls nor hides anything while somebody dumps the log with a snapshot of hours ago', async () => {
    const open = await openTransaction(db);
    await open.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    await open.query('LOCK TABLE log, log_partition, log_publisher, migration IN ACCESS SHARE MODE');
    await open.query('SELECT count(*) FROM log');
    await publish(transport, ...steps(randomOrder(), 5));
    expect(await readLog(transport)).toHaveLength(5);
  });

  it('lets a relay append again after its connection was lost, and nothing is lost or out of order', async () => {
    const pool = openDatabase({ url, name: `test-${randomUUID()}`, connections: 2, log });
    const shaky = await openPostgresTransport(pool);
    cleanup.add(() => shaky.close());
    const publisher = `p-${randomUUID()}`;
    const epoch = await shaky.fence(publisher);
    const order = randomOrder();
    const messages = steps(order, 12);
    for (const [i, message] of messages.entries()) {
      if (i % 4 === 0) await killSessions(db, pool);
      await eventually(() => shaky.append(publisher, epoch, [message]));
    }
    const records = await readLog(transport);
    expectGapless(records);
    expect([...new Set(records.map(({ eventId }) => eventId))]).toEqual(
      messages.map(({ eventId }) => eventId),
    );
  });

  it('goes on in a fresh cluster from a dump: nothing hidden, nothing repeated', async () => {
    const service = await openServiceDatabase(cleanup);
    const orders = Array.from({ length: 12 }, randomOrder);
    const send = (through: Transport, step: number) =>
      publish(through, ...orders.map(order => ordered(order, step)));
    const expectDone = (upTo: number) =>
      eventually(async () => {
        expect(await effects(service.db)).toHaveLength(orders.length * upTo);
        for (const order of orders) {
          expect(await stepsOf(service.db, order)).toEqual(Array.from({ length: upTo }, (_, i) => i + 1));
        }
      });

    // A publisher and a consumer that have been at work, and events that the consumer has not seen.
    const epoch = await transport.fence('order');
    const before = consume(cleanup, service.db, transport);
    await send(transport, 1);
    await expectDone(1);
    await before.stop();
    await send(transport, 2);

    const directory = await temporaryDirectory();
    cleanup.add(() => rm(directory, { recursive: true, force: true }));
    const cluster = await ensurePostgres(join(directory, 'data'));
    cleanup.add(() => cluster.stop('fast'));
    await copyDatabase(url, cluster.url('postgres'));
    const restored = await openPostgresTransport(
      openDatabase({ url: cluster.url('postgres'), name: 'restored', connections: 6, log }),
    );
    cleanup.add(() => restored.close());

    expect(await readLog(restored)).toEqual(await readLog(transport));
    expect(await restored.heads()).toEqual(await transport.heads());
    consume(cleanup, service.db, restored);
    await expectDone(2);
    await send(restored, 3);
    await expectDone(3);
    expectGapless(await readLog(restored));
    // The old relay knows its epoch from before; a new one still takes over from it.
    await restored.append('order', epoch, [ordered(orders[0] as number, 4)]);
    await restored.fence('order');
    await expect(restored.append('order', epoch, [ordered(orders[0] as number, 5)])).rejects.toThrow(
      FencedError,
    );
  });
});

const exec = promisify(execFile);

/** Copies a database with pg_dump and psql where those of this major version are at hand (PG_BIN), else over SQL. */
async function copyDatabase(from: string, to: string): Promise<void> {
  const program = (name: string) => (process.env.PG_BIN ? join(process.env.PG_BIN, name) : name);
  const version = await exec(program('pg_dump'), ['--version']).then(
    ({ stdout }) => Number(/ (\d+)/.exec(stdout)?.[1]),
    () => 0,
  );
  if (version >= 18) {
    const { stdout } = await exec(program('pg_dump'), ['--no-owner', from], { maxBuffer: 2 ** 26 });
    const restoring = exec(program('psql'), ['--quiet', '--set', 'ON_ERROR_STOP=1', to]);
    restoring.child.stdin?.end(stdout);
    await restoring;
    return;
  }
  const source = openDatabase({ url: from, name: 'dump', connections: 1, log });
  const target = openDatabase({ url: to, name: 'restore', connections: 1, log });
  try {
    // Makes the tables; their rows, down to the heads of the partitions, are replaced by those of the source.
    const schema = openDatabase({ url: to, name: 'schema', connections: 2, log });
    await (await openPostgresTransport(schema)).close();
    for (const table of [
      'log',
      'log_partition',
      'log_publisher',
      'log_group',
      'log_pruned',
      'log_identity',
    ]) {
      const rows = await source.query<{ row: unknown }>(`SELECT to_jsonb(t) AS row FROM ${table} t`);
      await target.query(`DELETE FROM ${table}`);
      await target.query(`INSERT INTO ${table} SELECT * FROM jsonb_populate_recordset(NULL::${table}, $1)`, [
        JSON.stringify(rows.map(({ row }) => row)),
      ]);
    }
  } finally {
    await Promise.all([source.close(), target.close()]);
  }
}

/** Each partition's records, in the order of reading, are numbered 1, 2, 3 … */
function expectGapless(records: LogRecord[]): void {
  const last = new Map<number, number>();
  for (const { partition, position } of records) {
    expect(position, `position in partition ${partition}`).toBe((last.get(partition) ?? 0) + 1);
    last.set(partition, position);
  }
}
