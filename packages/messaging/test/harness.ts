import { randomInt, randomUUID } from 'node:crypto';
import { Ordered } from '@jumun/contracts';
import { createLogger, type Database, migrate, openDatabase, type Tx } from '@jumun/service-kit';
import { afterAll } from 'vitest';
import type { Cleanup } from '../../../tests/support/cleanup.ts';
import { type FreshDatabase, freshDatabase } from '../../../tests/support/database.ts';
import { eventually } from '../../../tests/support/eventually.ts';
import { type ConsumerOptions, on, startConsumer, type Traced } from '../src/consumer.ts';
import { type DeadLetter, findLetter, pageLetters } from '../src/dead-letters.ts';
import type { Loop } from '../src/loop.ts';
import { type LogRecord, type Message, type Outgoing, toMessage } from '../src/message.ts';
import type { Transport } from '../src/transport.ts';
import { openPostgresTransport } from '../src/transports/postgres.ts';

export { type Cleanup, createCleanup } from '../../../tests/support/cleanup.ts';

export const log = createLogger('test', 'silent');

export interface OpenedDatabase {
  db: Database;
  url: string;
  /** A pool of its own to the same database, as another process has. */
  another(): Database;
}

/** Databases that tests of this file are through with: emptied and used again, since making one is what takes time. */
const spare = { service: [] as FreshDatabase[], events: [] as FreshDatabase[] };
afterAll(async () => {
  for (const { drop } of [...spare.service.splice(0), ...spare.events.splice(0)]) await drop();
});

async function borrow(
  cleanup: Cleanup,
  kind: 'service' | 'events',
  prepare: (db: Database) => Promise<unknown>,
  empty: string[],
): Promise<OpenedDatabase> {
  const known = spare[kind].pop();
  const database = known ?? (await freshDatabase(kind));
  const { url, drop } = database;
  cleanup.add(async () => {
    const db = openDatabase({ url, name: 'empty', connections: 1, log });
    try {
      for (const statement of empty) await db.query(statement);
      spare[kind].push(database);
    } catch {
      await drop();
    } finally {
      await db.close();
    }
  });
  const opened = open(cleanup, url);
  if (!known) await prepare(opened.db);
  return opened;
}

function open(cleanup: Cleanup, url: string): OpenedDatabase {
  function another(): Database {
    const db = openDatabase({ url, name: `test-${randomUUID()}`, connections: 6, log });
    cleanup.add(() => db.close());
    return db;
  }
  return { db: another(), url, another };
}

/** The database of a service: messaging's tables, and one that takes note of what the service did. */
export function openServiceDatabase(cleanup: Cleanup): Promise<OpenedDatabase> {
  return borrow(
    cleanup,
    'service',
    async db => {
      await migrate(db, [new URL('../migrations/', import.meta.url)]);
      await db.query(
        `CREATE TABLE effect (id bigint GENERATED ALWAYS AS IDENTITY, "order" bigint NOT NULL, step bigint NOT NULL,
                              by text NOT NULL DEFAULT '')`,
      );
    },
    ['TRUNCATE outbox, inbox, consumer_cursor, read_log, lease, dead_letter, effect RESTART IDENTITY'],
  );
}

/** An empty database and a pool to it. */
export async function openEmpty(cleanup: Cleanup, prefix: string): Promise<OpenedDatabase> {
  const { url, drop } = await freshDatabase(prefix);
  cleanup.add(drop);
  return open(cleanup, url);
}

/** An empty log of a test's own, with direct access to its database. */
export async function openLog(
  cleanup: Cleanup,
): Promise<{ transport: Transport; db: Database; url: string; reopen(): Promise<Transport> }> {
  const { db, url } = await borrow(cleanup, 'events', async () => undefined, [
    'TRUNCATE log, log_publisher, log_group',
    'UPDATE log_partition SET position = 0',
    'UPDATE log_pruned SET position = 0, order_id = 0',
  ]);
  async function reopen(): Promise<Transport> {
    const pool = openDatabase({ url, name: `test-${randomUUID()}`, connections: 6, log });
    const transport = await openPostgresTransport(pool);
    let closed = false;
    const close = async () => {
      if (!closed) await transport.close();
      closed = true;
    };
    cleanup.add(close);
    return { ...transport, close };
  }
  return { transport: await reopen(), db, url, reopen };
}

export const randomKey = () => `k-${randomUUID()}`;
export const randomOrder = () => randomInt(1, 2 ** 40);

/** What an `Ordered` means to the services of these tests: step n of an order (the event's `price` carries n). */
export interface Step {
  order: number;
  step: number;
}

/** The n-th event of an order, in the form that an aggregate gives it. */
export const outgoing = (order: number, step: number): Outgoing => ({
  type: Ordered.type,
  key: String(order),
  fields: { id: order, price: step, itemcd: 1, orderQty: 1 },
  traceparent: null,
});
/** The n-th event of an order, in the form that a log carries. */
export const ordered = (order: number, step: number): Message => toMessage(outgoing(order, step), Date.now());
/** The first n events of an order. */
export const steps = (order: number, count: number): Message[] =>
  Array.from({ length: count }, (_, i) => ordered(order, i + 1));

export const subscriptions = [on(Ordered, ({ id, price }): Step => ({ order: id, step: price }))];

/** Takes note of each step; `by` tells who did it. */
export const takeNote =
  (by = '') =>
  (tx: Tx, commands: Traced<Step>[]): Promise<unknown> =>
    tx.query(
      `INSERT INTO effect ("order", step, by)
       SELECT o, s, $3 FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS u(o, s, place) ORDER BY place`,
      [commands.map(({ command }) => command.order), commands.map(({ command }) => command.step), by],
    );

/** What a service did, in order. */
export const effects = (db: Database): Promise<(Step & { by: string })[]> =>
  db.query(`SELECT "order", step, by FROM effect ORDER BY id`);

/** The steps that were done of one order, in order. */
export const stepsOf = async (db: Database, order: number): Promise<number[]> =>
  (await effects(db)).filter(effect => effect.order === order).map(effect => effect.step);

/** An order's letters that are not discarded, oldest first. */
export async function lettersOf(db: Database, order: number): Promise<DeadLetter[]> {
  const { items } = await pageLetters(db, { key: String(order) }, { limit: 1000, offset: 0 });
  const letters = await Promise.all(items.map(({ id }) => findLetter(db, id)));
  return letters.filter(letter => letter !== undefined);
}

/** A consumer of all partitions that takes note of steps, unless the test says otherwise. */
export function consume(
  cleanup: Cleanup,
  db: Database,
  transport: Transport,
  options: Partial<ConsumerOptions<Step>> = {},
): Loop {
  const loop = startConsumer<Step>({
    name: 'order',
    db,
    transport,
    subscriptions,
    execute: takeNote(),
    partitions: () => Array.from({ length: transport.partitions }, (_, i) => i),
    from: 'beginning',
    log,
    ...options,
  });
  const forget = transport.onAppend(loop.wake);
  cleanup.add(async () => {
    forget();
    await loop.stop();
  });
  return loop;
}

/** Appends as a relay does that has just taken over. */
export async function publish(transport: Transport, ...messages: Message[]): Promise<void> {
  const publisher = `p-${randomUUID()}`;
  await transport.append(publisher, await transport.fence(publisher), messages);
}

/** All that is in a log, by partition and position, read in small portions. */
export async function readLog(
  transport: Transport,
  { types = [Ordered.type], limit = 7 }: { types?: string[]; limit?: number } = {},
): Promise<LogRecord[]> {
  const positions = new Map(Array.from({ length: transport.partitions }, (_, i) => [i, 0]));
  const all: LogRecord[] = [];
  for (;;) {
    const { records, upTo } = await transport.read(positions, types, limit);
    if (upTo.size === 0) break;
    for (const [partition, position] of upTo) positions.set(partition, position);
    all.push(...records);
  }
  return all.sort((a, b) => a.partition - b.partition || a.position - b.position);
}

/** Something that the test lets happen. */
export interface Gate {
  opened: Promise<void>;
  open(): void;
}

export function createGate(): Gate {
  let open = () => {};
  const opened = new Promise<void>(resolve => {
    open = resolve;
  });
  return { opened, open };
}

/** Two orders whose events are in different partitions. */
export async function ordersApart(transport: Transport): Promise<[number, number]> {
  const orders = Array.from({ length: 12 }, randomOrder);
  await publish(transport, ...orders.map(order => ordered(order, 0)));
  const records = await readLog(transport);
  const placeOf = (order: number) => records.find(record => record.key === String(order))?.partition;
  const [first = 0, ...others] = orders;
  const second = others.find(order => placeOf(order) !== placeOf(first));
  if (second === undefined) throw new Error('all orders are in one partition');
  return [first, second];
}

/** Ends the sessions of one pool at once, as the death of its process would. */
export async function killSessions(by: Database, of: Database): Promise<void> {
  // A session that was ended just before may be given out once more.
  const [row] = await eventually(() =>
    of.query<{ name: string }>(`SELECT current_setting('application_name') AS name`),
  );
  await by.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND pid <> pg_backend_pid()',
    [row?.name],
  );
}
