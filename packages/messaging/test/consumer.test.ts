import { randomUUID } from 'node:crypto';
import { PayApproved } from '@jumun/contracts';
import { createLogger, type Database, UnavailableError } from '@jumun/service-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { on } from '../src/consumer.ts';
import {
  countLetters,
  discardLetter,
  findLetter,
  MAX_ATTEMPTS,
  replayLetter,
  replayParked,
} from '../src/dead-letters.ts';
import type { Loop } from '../src/loop.ts';
import type { Message } from '../src/message.ts';
import { PrunedError, type Transport } from '../src/transport.ts';
import {
  type Cleanup,
  consume,
  createCleanup,
  createGate,
  effects,
  killSessions,
  lettersOf,
  openLog,
  openServiceDatabase,
  ordered,
  ordersApart,
  publish,
  randomOrder,
  readLog,
  steps,
  stepsOf,
  subscriptions,
  takeNote,
} from './harness.ts';

describe('consumer', () => {
  let cleanup: Cleanup;
  let transport: Transport;
  let logDb: Database;
  let db: Database;
  let another: () => Database;

  beforeEach(async () => {
    cleanup = createCleanup();
    consumers = [];
    ({ transport, db: logDb } = await openLog(cleanup));
    ({ db, another } = await openServiceDatabase(cleanup));
  });
  afterEach(() => cleanup.run());

  const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
  const expectSteps = (order: number, wanted: number[], withinMs?: number) =>
    eventually(async () => expect(await stepsOf(db, order)).toEqual(wanted), withinMs);
  const countOf = async (table: 'inbox' | 'dead_letter' | 'effect'): Promise<number> =>
    (await db.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`))[0]?.count ?? -1;
  const positions = async (): Promise<number> =>
    (await db.query<{ sum: number }>('SELECT coalesce(sum(position), 0) AS sum FROM consumer_cursor'))[0]
      ?.sum ?? -1;
  let consumers: Loop[];
  function startConsuming(...options: Parameters<typeof consume>): Loop {
    const consumer = consume(...options);
    consumers.push(consumer);
    return consumer;
  }
  /** Letters become due at once, so that a test need not wait out the back-off. */
  async function hurry(): Promise<void> {
    await db.query(`UPDATE dead_letter SET next_attempt_at = now() WHERE state = 'retrying'`);
    for (const consumer of consumers) consumer.wake();
  }

  /** Fails for one order for as long as it is told to. */
  function failingFor(order: number, error: () => unknown = () => new Error('cannot be done')) {
    const tried: number[] = [];
    const failing = { broken: true, tried, execute };
    async function execute(...[tx, commands]: Parameters<ReturnType<typeof takeNote>>): Promise<void> {
      await takeNote()(tx, commands);
      const own = commands.filter(({ command }) => command.order === order);
      if (own.length > 0 && commands.length === 1) tried.push(Date.now());
      if (failing.broken && own.some(({ command }) => command.step === 1)) throw error();
    }
    return failing;
  }
  /** Waits, without its back-off, until an event of this order is parked. */
  const untilParked = (order: number) =>
    eventually(async () => {
      await hurry();
      const [letter] = await lettersOf(db, order);
      expect(letter?.state).toBe('parked');
      return letter as NonNullable<typeof letter>;
    });

  describe('what was handled', () => {
    it('is kept together: effects, inbox and cursor', async () => {
      const order = randomOrder();
      startConsuming(cleanup, db, transport);
      await publish(transport, ...steps(order, 3));
      await expectSteps(order, [1, 2, 3]);
      expect(await countOf('inbox')).toBe(3);
      expect(await positions()).toBe(3);
    });

    it('leaves nothing behind when it fails, and is tried again', async () => {
      const order = randomOrder();
      let tries = 0;
      const seen: [number, number, number][] = [];
      startConsuming(cleanup, db, transport, {
        async execute(tx, commands) {
          seen.push([await countOf('effect'), await countOf('inbox'), await positions()]);
          await takeNote()(tx, commands);
          if (++tries < 3) throw new UnavailableError('not now');
        },
      });
      await publish(transport, ...steps(order, 2));
      await expectSteps(order, [1, 2]);
      expect(seen).toEqual([
        [0, 0, 0],
        [0, 0, 0],
        [0, 0, 0],
      ]);
      expect(await countOf('inbox')).toBe(2);
      expect(await countOf('dead_letter')).toBe(0);
    });

    it('is not done again when the same event comes twice in one batch', async () => {
      const order = randomOrder();
      const [first, second] = steps(order, 2) as [Message, Message];
      await publish(transport, first, second, first, second, first);
      startConsuming(cleanup, db, transport);
      await expectSteps(order, [1, 2]);
      await eventually(async () => expect(await positions()).toBe(5));
      expect(await stepsOf(db, order)).toEqual([1, 2]);
    });

    it('is not done again when the same event comes later, nor by a consumer that starts later', async () => {
      const order = randomOrder();
      const [first, second] = steps(order, 2) as [Message, Message];
      const consumer = startConsuming(cleanup, db, transport);
      await publish(transport, first);
      await expectSteps(order, [1]);
      await publish(transport, first, second);
      await expectSteps(order, [1, 2]);
      await consumer.stop();
      await publish(transport, second, ordered(order, 3));
      startConsuming(cleanup, another(), transport);
      await expectSteps(order, [1, 2, 3]);
    });

    it('costs one commit for many events of many orders', async () => {
      const sizes: number[] = [];
      await publish(transport, ...Array.from({ length: 400 }, (_, i) => ordered(randomOrder(), i)));
      startConsuming(cleanup, db, transport, {
        execute(tx, commands) {
          sizes.push(commands.length);
          return takeNote()(tx, commands);
        },
      });
      await eventually(async () => expect(await countOf('effect')).toBe(400));
      expect(sizes.length).toBeLessThanOrEqual(4);
    });

    it('is read in order, however many batches it takes', async () => {
      const order = randomOrder();
      for (let i = 0; i < 3; i++) {
        const messages = Array.from({ length: 250 }, (_, at) => ordered(order, i * 250 + at + 1));
        await publish(transport, ...messages);
      }
      startConsuming(cleanup, db, transport);
      await expectSteps(order, upTo(750));
    });
  });

  describe('what means nothing here', () => {
    it('is passed over: types that nobody subscribed to, and events without a command', async () => {
      const order = randomOrder();
      startConsuming(cleanup, db, transport, {
        subscriptions: [
          on({ ...PayApproved, type: 'Ordered' }, event =>
            event.price === 2 ? undefined : { order, step: event.price },
          ),
        ],
      });
      const unknown = { ...ordered(order, 9), type: 'SomethingNew', payload: 'not even JSON' };
      const odd = [1, 2, 3].map(step => {
        const message = ordered(order, step);
        return { ...message, payload: JSON.stringify({ ...JSON.parse(message.payload), orderId: order }) };
      });
      await publish(transport, unknown, ...odd, unknown);
      await expectSteps(order, [1, 3]);
      expect(await countOf('dead_letter')).toBe(0);
    });

    it('is passed over: fields that the contract does not know', async () => {
      const order = randomOrder();
      const message = ordered(order, 1);
      const payload = { ...JSON.parse(message.payload), giftWrap: { color: 'red' }, eventType: 'Other' };
      startConsuming(cleanup, db, transport);
      await publish(transport, { ...message, payload: JSON.stringify(payload) });
      await expectSteps(order, [1]);
    });

    it('is not read again once something after it was handled', async () => {
      const order = randomOrder();
      const consumer = startConsuming(cleanup, db, transport);
      const other = () => ({ ...ordered(order, 9), type: 'SomethingNew' });
      await publish(transport, other(), other(), ordered(order, 1), other());
      await expectSteps(order, [1]);
      await consumer.stop();
      expect(await positions()).toBeGreaterThanOrEqual(3);
    });
  });

  describe('where it begins', () => {
    it('skips history when told to begin now, and loses nothing from then on', async () => {
      const order = randomOrder();
      await publish(transport, ...steps(order, 3));
      const consumer = startConsuming(cleanup, db, transport, { from: 'now' });
      await eventually(async () => expect(await positions()).toBe(3));
      await publish(transport, ordered(order, 4));
      await expectSteps(order, [4]);
      await consumer.stop();
      await publish(transport, ordered(order, 5));
      startConsuming(cleanup, db, transport, { from: 'now' });
      await expectSteps(order, [4, 5]);
    });

    it('reads history when told to begin at the beginning', async () => {
      const order = randomOrder();
      await publish(transport, ...steps(order, 3));
      startConsuming(cleanup, db, transport, { from: 'beginning' });
      await expectSteps(order, [1, 2, 3]);
    });

    it('reads only the partitions that it holds, and those that it is given later from their beginning', async () => {
      const [a, b] = await ordersApart(transport);
      const records = await readLog(transport);
      const placeOf = (order: number) => records.find(({ key }) => key === String(order))?.partition ?? -1;
      let held = [placeOf(a)];
      startConsuming(cleanup, db, transport, { partitions: () => held });
      await publish(transport, ordered(a, 1), ordered(b, 1));
      await expectSteps(a, [0, 1]);
      expect(await stepsOf(db, b)).toEqual([]);
      held = [placeOf(b)];
      await expectSteps(b, [0, 1]);
    });

    it('begins at once where another has gone on while it looked how far the log goes', async () => {
      const order = randomOrder();
      await publish(transport, ordered(order, 1));
      startConsuming(cleanup, db, transport);
      await expectSteps(order, [1]);
      const lines: string[] = [];
      let looked = 0;
      const looking: Transport = {
        ...transport,
        async heads() {
          const heads = await transport.heads();
          await publish(transport, ordered(order, 2 + looked++));
          await eventually(async () => expect(await stepsOf(db, order)).toHaveLength(1 + looked));
          return heads;
        },
      };
      consume(cleanup, another(), looking, {
        log: createLogger('test', 'warn', { write: line => void lines.push(line) }),
      });
      await eventually(() => expect(looked).toBeGreaterThan(1));
      await publish(transport, ordered(order, 2 + looked));
      await eventually(async () => expect(await stepsOf(db, order)).toHaveLength(2 + looked));
      expect(lines.join()).not.toContain(PrunedError.name);
    });

    it('stops at records that were pruned before it read them, and skips nothing', async () => {
      const [pruned, other] = await ordersApart(transport);
      await publish(transport, ...steps(pruned, 4));
      const lines: string[] = [];
      const partition = (await readLog(transport)).find(({ key }) => key === String(pruned))?.partition;
      await logDb.query('DELETE FROM log WHERE partition = $1 AND position <= 3', [partition]);
      const consumer = startConsuming(cleanup, db, transport, {
        log: createLogger('test', 'warn', { write: line => void lines.push(line) }),
      });
      await eventually(() => expect(consumer.healthy()).toBe(false));
      expect(lines.join()).toContain(PrunedError.name);
      expect(lines.join()).toContain(`partition ${partition} was pruned up to 3; read up to 0`);
      expect(await stepsOf(db, pruned)).toEqual([]);
      expect(await countOf('dead_letter')).toBe(0);
      // An operator who has made sure of their effects otherwise moves the cursor.
      await consumer.stop();
      await db.query('UPDATE consumer_cursor SET position = 3 WHERE partition = $1', [partition]);
      const again = startConsuming(cleanup, db, transport);
      await eventually(async () => expect((await stepsOf(db, pruned)).at(-1)).toBe(4));
      expect(again.healthy()).toBe(true);
      expect(await stepsOf(db, other)).toEqual([0]);
    });
  });

  describe('an event that cannot be handled', () => {
    it('is tried again with growing pauses and then parked with the reason, while its successors wait and others go on', async () => {
      const order = randomOrder();
      const others = Array.from({ length: 5 }, randomOrder);
      const failing = failingFor(order);
      startConsuming(cleanup, db, transport, { execute: failing.execute });
      await publish(
        transport,
        ordered(order, 1),
        ...others.map(other => ordered(other, 1)),
        ordered(order, 2),
      );
      for (const other of others) await expectSteps(other, [1]);
      await publish(transport, ordered(order, 3), ...others.map(other => ordered(other, 2)));
      for (const other of others) await expectSteps(other, [1, 2]);
      const [letter, ...successors] = await eventually(async () => {
        const letters = await lettersOf(db, order);
        expect(letters[0]?.state).toBe('parked');
        expect(letters).toHaveLength(3);
        return letters;
      });
      expect(letter).toMatchObject({ attempts: MAX_ATTEMPTS, reason: 'cannot be done', type: 'Ordered' });
      expect(letter?.stack).toContain('consumer.test.ts');
      expect(successors.map(({ state }) => state)).toEqual(['waiting', 'waiting']);
      expect(successors.map(({ payload }) => JSON.parse(payload).price)).toEqual([2, 3]);
      expect(await stepsOf(db, order)).toEqual([]);
      // 100 ms, 200 ms, 400 ms … lie between the tries (the first may be followed by others of its bisection).
      const pauses = failing.tried.slice(-MAX_ATTEMPTS).map((at, i, all) => at - (all[i - 1] ?? at));
      for (const [i, atLeast] of [100, 200, 400, 800, 1_600].entries()) {
        expect(pauses[i + 1], `pause ${i + 1}`).toBeGreaterThanOrEqual(atLeast - 20);
      }
      expect(await countLetters(db)).toEqual(
        expect.arrayContaining([
          { state: 'parked', count: 1 },
          { state: 'waiting', count: 2 },
        ]),
      );
    });

    it('is handled with its successors in order when it succeeds at a later try', async () => {
      const order = randomOrder();
      const failing = failingFor(order);
      startConsuming(cleanup, db, transport, { execute: failing.execute });
      await publish(transport, ...steps(order, 4));
      await eventually(async () => expect(await lettersOf(db, order)).toHaveLength(4));
      failing.broken = false;
      await expectSteps(order, [1, 2, 3, 4]);
      await eventually(async () => expect(await lettersOf(db, order)).toEqual([]));
      await publish(transport, ordered(order, 5));
      await expectSteps(order, [1, 2, 3, 4, 5]);
    });

    it('is tried again in its time when the clocks of the database and of this process are set back', async () => {
      const order = randomOrder();
      const failing = failingFor(order);
      startConsuming(cleanup, db, transport, { execute: failing.execute });
      await publish(transport, ...steps(order, 2));
      await eventually(async () => expect(await lettersOf(db, order)).toHaveLength(2));
      const { now } = Date;
      cleanup.add(() => {
        Date.now = now;
      });
      Date.now = () => now() - 3_600_000;
      await db.query(`UPDATE dead_letter SET next_attempt_at = next_attempt_at + interval '1 h'`);
      failing.broken = false;
      await expectSteps(order, [1, 2]);
    });

    it('is handled when an operator replays it, and its successors follow in order', async () => {
      const order = randomOrder();
      const failing = failingFor(order);
      startConsuming(cleanup, db, transport, { execute: failing.execute });
      await publish(transport, ...steps(order, 3));
      const parked = await untilParked(order);
      await publish(transport, ordered(order, 4));
      await eventually(async () => expect(await lettersOf(db, order)).toHaveLength(4));
      failing.broken = false;
      expect(await replayLetter(db, parked.id)).toMatchObject({ id: parked.id, key: String(order) });
      await expectSteps(order, [1, 2, 3, 4]);
      expect(await findLetter(db, parked.id)).toBeUndefined();
      expect(await replayLetter(db, parked.id)).toBeUndefined();
    });

    it('is parked again when a replay fails too', async () => {
      const order = randomOrder();
      startConsuming(cleanup, db, transport, { execute: failingFor(order).execute });
      await publish(transport, ...steps(order, 2));
      const parked = await untilParked(order);
      await replayLetter(db, parked.id);
      await eventually(async () => expect((await findLetter(db, parked.id))?.attempts).toBeGreaterThan(0));
      expect((await untilParked(order)).attempts).toBe(MAX_ATTEMPTS);
      expect(await stepsOf(db, order)).toEqual([]);
    });

    it('lets its successors go on in order when an operator discards it', async () => {
      const order = randomOrder();
      startConsuming(cleanup, db, transport, { execute: failingFor(order).execute });
      await publish(transport, ...steps(order, 3));
      const parked = await untilParked(order);
      expect(await discardLetter(db, parked.id, 'settled by phone')).toMatchObject([{ id: parked.id }]);
      await expectSteps(order, [2, 3]);
      await publish(transport, ordered(order, 4));
      await expectSteps(order, [2, 3, 4]);
      expect(await findLetter(db, parked.id)).toMatchObject({
        state: 'discarded',
        reason: 'settled by phone (was: cannot be done)',
      });
      expect(await lettersOf(db, order)).toEqual([]);
      expect(await discardLetter(db, parked.id, 'again')).toEqual([]);
    });

    it('stays discarded when the operator was faster than the failure of a try under way', async () => {
      const order = randomOrder();
      const [retried, goOn] = [createGate(), createGate()];
      let tries = 0;
      startConsuming(cleanup, db, transport, {
        async execute(tx, commands) {
          await takeNote()(tx, commands);
          if (!commands.some(({ command }) => command.step === 1)) return;
          if (++tries === 2) {
            retried.open();
            await goOn.opened;
          }
          throw new Error('cannot be done');
        },
      });
      await publish(transport, ordered(order, 1));
      await retried.opened;
      const [letter] = await lettersOf(db, order);
      const discarding = discardLetter(db, letter?.id ?? 0, 'given up');
      await eventually(async () => {
        const [row] = await db.query<{ waiting: number }>(
          `SELECT count(*)::int AS waiting FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        expect(row?.waiting).toBe(1);
      });
      goOn.open();
      expect(await discarding).toHaveLength(1);
      await publish(transport, ordered(order, 2));
      await expectSteps(order, [2]);
      expect((await findLetter(db, letter?.id ?? 0))?.state).toBe('discarded');
      expect(tries).toBe(2);
    });

    it('is handled once when it comes again while it is set aside', async () => {
      const order = randomOrder();
      const failing = failingFor(order);
      const [first, second] = steps(order, 2) as [Message, Message];
      startConsuming(cleanup, db, transport, { execute: failing.execute });
      await publish(transport, first, second);
      await eventually(async () => expect(await lettersOf(db, order)).toHaveLength(2));
      await publish(transport, first, second);
      await eventually(async () => expect(await positions()).toBe(4));
      expect(await lettersOf(db, order)).toHaveLength(2);
      failing.broken = false;
      await expectSteps(order, [1, 2]);
    });

    it('is parked with a clear reason when its payload does not keep the contract', async () => {
      const [notJson, wrong, missing, fine] = Array.from({ length: 4 }, randomOrder) as [
        number,
        number,
        number,
        number,
      ];
      const broken = (order: number, change: (fields: Record<string, unknown>) => void) => {
        const message = ordered(order, 1);
        const fields = JSON.parse(message.payload);
        change(fields);
        return { ...message, payload: JSON.stringify(fields) };
      };
      startConsuming(cleanup, db, transport);
      await publish(
        transport,
        { ...ordered(notJson, 1), payload: '{"id":' },
        broken(wrong, fields => {
          fields.orderQty = 'many';
        }),
        broken(missing, fields => {
          delete fields.price;
        }),
        ordered(fine, 1),
      );
      await expectSteps(fine, [1]);
      expect((await untilParked(notJson)).reason).toBe('Ordered is not JSON');
      expect((await untilParked(wrong)).reason).toMatch(/^Ordered\/orderQty must be integer/);
      expect((await untilParked(missing)).reason).toMatch(/^Ordered must have required.* price/);
    });

    it('costs a big batch few transactions, since it is halved and not taken apart', async () => {
      const order = randomOrder();
      const bad = randomOrder();
      let runs = 0;
      const messages = steps(order, 240).map((message, i) =>
        i === 117 ? [ordered(bad, 1), message] : [message],
      );
      await logAsOneKey(messages.flat());
      startConsuming(cleanup, db, transport, {
        async execute(tx, commands) {
          runs++;
          if (commands.some(({ command }) => command.order === bad)) throw new Error('cannot be done');
          await takeNote()(tx, commands);
        },
      });
      await eventually(async () => expect(await countOf('effect')).toBe(240));
      await eventually(async () => expect(await countOf('dead_letter')).toBe(1));
      // 241 events: at most ⌈log2 241⌉ = 8 halvings of two runs, the first run, and retries of the one set aside.
      expect(runs).toBeLessThanOrEqual(1 + 2 * 8 + 2);
      expect((await effects(db)).map(({ step }) => step)).toEqual(upTo(240));
    });

    /** Appends messages of several keys to one partition, so that one batch has them all. */
    async function logAsOneKey(messages: Message[]): Promise<void> {
      await logDb.query(
        `INSERT INTO log (partition, position, event_id, key, type, payload)
         SELECT 0, place, event_id, key, type, payload
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS m(event_id, key, type, payload, place)`,
        [
          messages.map(({ eventId }) => eventId),
          messages.map(({ key }) => key),
          messages.map(({ type }) => type),
          messages.map(({ payload }) => payload),
        ],
      );
      await logDb.query('UPDATE log_partition SET position = $1 WHERE partition = 0', [messages.length]);
    }
  });

  it('reads no further when too many events are set aside, goes on when they are handled, and skips nothing', async () => {
    const LIMIT = 20;
    let broken = true;
    const consumer = startConsuming(cleanup, db, transport, {
      lettersLimit: LIMIT,
      execute: async (tx, commands) => {
        if (broken) throw new Error('nothing can be done');
        await takeNote()(tx, commands);
      },
    });
    const orders = Array.from({ length: LIMIT + 1 }, randomOrder);
    await publish(transport, ...orders.map(order => ordered(order, 1)));
    await eventually(async () => expect(await countOf('dead_letter')).toBe(LIMIT + 1));
    await eventually(() => expect(consumer.healthy()).toBe(false));
    const [inbox, position] = [await countOf('inbox'), await positions()];
    const later = Array.from({ length: 200 }, randomOrder);
    await publish(transport, ...later.map(order => ordered(order, 1)));
    // Rounds go on, and try what was set aside; nothing else is read.
    const attempts = async () =>
      (await db.query<{ sum: number }>('SELECT sum(attempts) AS sum FROM dead_letter'))[0]?.sum ?? 0;
    const tried = await attempts();
    await eventually(async () => {
      await hurry();
      expect(await attempts()).toBeGreaterThan(tried);
    });
    expect([await countOf('dead_letter'), await countOf('inbox'), await positions()]).toEqual([
      LIMIT + 1,
      inbox,
      position,
    ]);

    broken = false;
    const all = [...orders, ...later].sort((a, b) => a - b);
    const done = async () => (await effects(db)).map(({ order }) => order).sort((a, b) => a - b);
    await eventually(async () => {
      // A round that was under way may still park one.
      await replayParked(db);
      await hurry();
      expect(await done()).toEqual(all);
    });
    await eventually(() => expect(consumer.healthy()).toBe(true));
    expect(await countOf('dead_letter')).toBe(0);
  });

  describe('a fault of the surroundings', () => {
    it('never parks an event: a peer that is away', async () => {
      const order = randomOrder();
      const failing = failingFor(order, () => new UnavailableError('pay is away'));
      const consumer = startConsuming(cleanup, db, transport, { execute: failing.execute });
      await publish(transport, ...steps(order, 2));
      await eventually(() => expect(consumer.healthy()).toBe(false));
      expect(await countOf('dead_letter')).toBe(0);
      failing.broken = false;
      await expectSteps(order, [1, 2]);
      await eventually(() => expect(consumer.healthy()).toBe(true));
    });

    it('never parks an event: database sessions that are ended in the middle of the work', async () => {
      const order = randomOrder();
      const pool = another();
      let kills = 3;
      startConsuming(cleanup, pool, transport, {
        async execute(tx, commands) {
          await takeNote()(tx, commands);
          if (kills-- > 0) await tx.query('SELECT pg_terminate_backend(pg_backend_pid())');
        },
      });
      await publish(transport, ...steps(order, 3));
      await expectSteps(order, [1, 2, 3]);
      expect(await countOf('dead_letter')).toBe(0);
      expect(kills).toBeLessThan(0);
    });

    it('never parks an event: all sessions ended again and again', async () => {
      const pool = another();
      const orders = Array.from({ length: 20 }, randomOrder);
      startConsuming(cleanup, pool, transport);
      for (const step of upTo(5)) {
        await publish(transport, ...orders.map(order => ordered(order, step)));
        await killSessions(db, pool);
      }
      for (const order of orders) await expectSteps(order, upTo(5));
      expect(await countOf('dead_letter')).toBe(0);
    });

    it.each([
      ['a deadlock', '40P01'],
      ['a serialization failure', '40001'],
      ['a lock that was not free in time', '55P03'],
      ['a statement that took too long', '57014'],
      ['a full disk', '53100'],
      ['a server that only reads for now', '25006'],
    ])('never parks an event: %s', async (_, code) => {
      const order = randomOrder();
      let failures = 2;
      startConsuming(cleanup, db, transport, {
        async execute(tx, commands) {
          await takeNote()(tx, commands);
          if (failures-- > 0)
            await tx.query(`DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '${code}'; END $$`);
        },
      });
      await publish(transport, ...steps(order, 2));
      await expectSteps(order, [1, 2]);
      expect(await countOf('inbox')).toBe(2);
      const [drawn] = await db.query<{ letters: number | null }>(
        `SELECT last_value AS letters FROM pg_sequences WHERE sequencename = 'dead_letter_id_seq'`,
      );
      expect(drawn?.letters, 'letters that were ever written').toBeNull();
    });

    it('never counts as a failed try of an event that was set aside', async () => {
      const order = randomOrder();
      const failing = failingFor(order);
      let away = false;
      let inVain = 0;
      startConsuming(cleanup, db, transport, {
        async execute(tx, commands) {
          if (!away) return failing.execute(tx, commands);
          inVain++;
          throw new UnavailableError('not now');
        },
      });
      await publish(transport, ...steps(order, 2));
      await eventually(async () => expect(await lettersOf(db, order)).toHaveLength(2));
      away = true;
      const attempts = async () => (await lettersOf(db, order))[0]?.attempts;
      const triedInVain = (times: number) =>
        eventually(async () => {
          await hurry();
          expect(inVain).toBeGreaterThanOrEqual(times);
        });
      await triedInVain(1);
      const before = await attempts();
      await triedInVain(3);
      expect(await attempts()).toBe(before);
      failing.broken = false;
      away = false;
      await expectSteps(order, [1, 2]);
    });
  });

  describe('another consumer on the same partitions', () => {
    it('that has moved the cursor meanwhile: effects are rolled back, and nothing is done twice', async () => {
      const order = randomOrder();
      const [amidst, goOn] = [createGate(), createGate()];
      const entered: string[] = [];
      // The first read the events and was paused before its transaction; the second handles them.
      const paused: Transport = {
        ...transport,
        async read(...args) {
          const reading = await transport.read(...args);
          if (reading.records.length > 0) {
            amidst.open();
            await goOn.opened;
          }
          return reading;
        },
      };
      startConsuming(cleanup, another(), paused, {
        execute(tx, commands) {
          entered.push('first');
          return takeNote('first')(tx, commands);
        },
      });
      await publish(transport, ...steps(order, 3));
      await amidst.opened;
      const second = startConsuming(cleanup, db, transport, { execute: takeNote('second') });
      await expectSteps(order, [1, 2, 3]);
      await second.stop();
      goOn.open();
      await publish(transport, ordered(order, 4));
      await expectSteps(order, [1, 2, 3, 4]);
      expect((await effects(db)).map(({ by }) => by)).toEqual(['second', 'second', 'second', 'first']);
      expect(entered).toEqual(['first']);
      expect(await countOf('dead_letter')).toBe(0);
    });

    it('that works at the same time: each event has its effects once and in order', async () => {
      const orders = Array.from({ length: 10 }, randomOrder);
      startConsuming(cleanup, another(), transport, { execute: takeNote('first') });
      startConsuming(cleanup, another(), transport, { execute: takeNote('second') });
      for (const step of upTo(15)) await publish(transport, ...orders.map(order => ordered(order, step)));
      for (const order of orders) await expectSteps(order, upTo(15));
      expect(await countOf('effect')).toBe(150);
      expect(await countOf('dead_letter')).toBe(0);
    });
  });

  it('gives its service the trace that each event belongs to', async () => {
    const traceparent = `00-${randomUUID().replaceAll('-', '')}-00f067aa0ba902b7-01`;
    const seen: unknown[] = [];
    startConsuming(cleanup, db, transport, {
      subscriptions,
      execute: async (_tx, commands) => void seen.push(...commands),
    });
    await publish(transport, { ...ordered(7, 1), traceparent }, ordered(7, 2));
    await eventually(() => expect(seen).toHaveLength(2));
    expect(seen).toEqual([
      { command: { order: 7, step: 1 }, traceparent },
      { command: { order: 7, step: 2 }, traceparent: null },
    ]);
  });
});
