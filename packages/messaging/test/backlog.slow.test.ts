import { randomUUID } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Database } from '@jumun/service-kit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { createOutbox } from '../src/outbox.ts';
import { startRelay } from '../src/relay.ts';
import type { Transport } from '../src/transport.ts';
import {
  type Cleanup,
  consume,
  createCleanup,
  log,
  openLog,
  openServiceDatabase,
  ordered,
  outgoing,
  publish,
} from './harness.ts';

/** 100,000 events: so many orders, and of each so many steps. */
const ORDERS = 1_000;
const STEPS = 100;
const EVENTS = ORDERS * STEPS;
/** Far above what batches need, far below what a backlog held in memory would take with all its objects. */
const LIMIT_MB = 150;

const orders = Array.from({ length: ORDERS }, (_, i) => i + 1);
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

let cleanup: Cleanup;
let transport: Transport;
let logDb: Database;
let db: Database;

beforeEach(async () => {
  cleanup = createCleanup();
  ({ transport, db: logDb } = await openLog(cleanup));
  ({ db } = await openServiceDatabase(cleanup));
});
afterEach(() => cleanup.run());

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** Watches how much memory there is more than at the beginning, in MB, while something is under way. */
function watchMemory() {
  collectGarbage();
  const from = process.memoryUsage();
  const most = { heap: 0, rss: 0 };
  const timer = setInterval(() => {
    const { heapUsed, rss } = process.memoryUsage();
    most.heap = Math.max(most.heap, (heapUsed - from.heapUsed) / 1e6);
    most.rss = Math.max(most.rss, (rss - from.rss) / 1e6);
  }, 20);
  cleanup.add(() => clearInterval(timer));
  return {
    /** The most there was, and what is left after all garbage was collected. */
    end() {
      clearInterval(timer);
      collectGarbage();
      return { ...most, left: (process.memoryUsage().heapUsed - from.heapUsed) / 1e6 };
    },
  };
}

function report(what: string, begun: number, { heap, rss, left }: Record<'heap' | 'rss' | 'left', number>) {
  const seconds = (performance.now() - begun) / 1_000;
  process.stdout.write(
    `${what} of ${EVENTS} events in ${seconds.toFixed(1)} s (${Math.round(EVENTS / seconds)}/s); heap at most +${heap.toFixed()} MB, resident +${rss.toFixed()} MB, left +${left.toFixed()} MB\n`,
  );
}

const countOf = async (from: Database, table: string) =>
  (await from.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`))[0]?.n;

it('a consumer that is 100,000 events behind handles each once and in order, with flat memory', async () => {
  for (const step of upTo(STEPS)) await publish(transport, ...orders.map(order => ordered(order, step)));
  expect(await countOf(logDb, 'log')).toBe(EVENTS);
  const memory = watchMemory();
  const begun = performance.now();
  consume(cleanup, db, transport);
  await eventually(async () => expect(await countOf(db, 'inbox')).toBe(EVENTS), 120_000);
  const used = memory.end();
  report('consumer', begun, used);

  expect(await countOf(db, 'effect')).toBe(EVENTS);
  const disorder = await db.query(
    `SELECT * FROM (
       SELECT "order", step, row_number() OVER (PARTITION BY "order" ORDER BY id) AS place FROM effect
     ) e WHERE step <> place`,
  );
  expect(disorder).toEqual([]);
  expect(await countOf(db, 'dead_letter')).toBe(0);
  expect(used.heap).toBeLessThan(LIMIT_MB);
  expect(used.left).toBeLessThan(LIMIT_MB / 3);
}, 240_000);

it('a relay with 100,000 rows in the outbox hands each over once and in order, with flat memory', async () => {
  const outbox = createOutbox(() => {});
  for (const step of upTo(STEPS)) {
    await db.transaction(async tx =>
      outbox.append(
        tx,
        orders.map(order => outgoing(order, step)),
      ),
    );
  }
  expect(await countOf(db, 'outbox')).toBe(EVENTS);
  const memory = watchMemory();
  const begun = performance.now();
  const relay = startRelay({ publisher: `p-${randomUUID()}`, db, transport, isLeader: () => true, log });
  cleanup.add(() => relay.stop());
  await eventually(async () => expect(await countOf(db, 'outbox')).toBe(0), 120_000);
  const used = memory.end();
  report('relay', begun, used);

  expect(await countOf(logDb, 'log')).toBe(EVENTS);
  const disorder = await logDb.query(
    `SELECT * FROM (
       SELECT key, (payload::json ->> 'price')::int AS step,
              row_number() OVER (PARTITION BY key ORDER BY position) AS place FROM log
     ) e WHERE step <> place`,
  );
  expect(disorder).toEqual([]);
  expect(used.heap).toBeLessThan(LIMIT_MB);
  expect(used.left).toBeLessThan(LIMIT_MB / 3);
}, 240_000);
