import { randomUUID } from 'node:crypto';
import { createMetrics, type Database } from '@jumun/service-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { createIntake, type Intake } from '../src/intake.ts';
import { clearOutbox, createOutbox, outboxLag, outboxSpan, readOutbox } from '../src/outbox.ts';
import { startRelay } from '../src/relay.ts';
import { FencedError, type Transport } from '../src/transport.ts';
import {
  type Cleanup,
  consume,
  createCleanup,
  createGate,
  killSessions,
  log,
  openLog,
  openServiceDatabase,
  outgoing,
  randomOrder,
  readLog,
  stepsOf,
} from './harness.ts';

describe('outbox and relay', () => {
  let cleanup: Cleanup;
  let transport: Transport;
  let reopen: () => Promise<Transport>;
  let db: Database;
  let another: () => Database;
  let publisher: string;

  beforeEach(async () => {
    cleanup = createCleanup();
    ({ transport, reopen } = await openLog(cleanup));
    ({ db, another } = await openServiceDatabase(cleanup));
    publisher = `p-${randomUUID()}`;
  });
  afterEach(() => cleanup.run());

  const outbox = createOutbox(() => {});
  const leave = (...events: [order: number, step: number][]) =>
    db.transaction(async tx =>
      outbox.append(
        tx,
        events.map(([order, step]) => outgoing(order, step)),
      ),
    );
  const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

  function relay(through: Transport = transport, from: Database = db, isLeader = () => true) {
    const loop = startRelay({ publisher, db: from, transport: through, isLeader, log });
    cleanup.add(() => loop.stop());
    return loop;
  }
  const expectOutboxEmpty = () => eventually(async () => expect(await readOutbox(db, 10)).toEqual([]));
  const stepsInLog = async (order: number): Promise<number[]> =>
    (await readLog(transport))
      .filter(({ key }) => key === String(order))
      .map(({ payload }) => JSON.parse(payload).price);

  describe('leaving events', () => {
    it('keeps nothing of a transaction that is rolled back', async () => {
      const order = randomOrder();
      const failing = db.transaction(async tx => {
        outbox.append(tx, [outgoing(order, 1)]);
        throw new Error('no');
      });
      await expect(failing).rejects.toThrow('no');
      await leave([order, 2]);
      relay();
      await eventually(async () => expect(await stepsInLog(order)).toEqual([2]));
    });

    it('wakes the relay after the commit, and not where nothing was left or it was rolled back', async () => {
      const woken: string[] = [];
      const waking = createOutbox(() => woken.push('woken'));
      await db.transaction(async tx => waking.append(tx, []));
      await db
        .transaction(async tx => {
          waking.append(tx, [outgoing(1, 1)]);
          throw new Error('no');
        })
        .catch(() => undefined);
      expect(woken).toEqual([]);
      await db.transaction(async tx => {
        waking.append(tx, [outgoing(1, 1)]);
        await tx.query('SELECT 1');
        expect(woken).toEqual([]);
      });
      expect(woken).toEqual(['woken']);
    });

    it('keeps the order in which the events of one transaction were given, and of transactions on one order', async () => {
      const order = randomOrder();
      await leave([order, 1], [order, 2], [order, 3]);
      await leave([order, 4], [order, 5]);
      expect((await readOutbox(db, 10)).map(({ payload }) => JSON.parse(payload).price)).toEqual(upTo(5));
    });

    it('tells how many wait and for how long', async () => {
      expect(await outboxLag(db)).toEqual({ waiting: 0, seconds: 0 });
      await leave([1, 1], [2, 1]);
      await db.query(`UPDATE outbox SET created_at = now() - interval '90 s' WHERE key = '1'`);
      const { waiting, seconds } = await outboxLag(db);
      expect(waiting).toBe(2);
      expect(seconds).toBeGreaterThanOrEqual(90);
      expect(seconds).toBeLessThan(120);
    });
  });

  describe('taking on new work', () => {
    const refusal = expect.objectContaining({ slug: 'backlog', status: 503, more: { retryAfter: 5 } });
    const asked = (intake: Intake) => {
      try {
        intake.admit();
      } catch (error) {
        return error;
      }
      return undefined;
    };

    it('ends when more wait than may, as it was last seen, and begins again by itself', async () => {
      const intake = createIntake(db, 5, createMetrics('test', false), log);
      await intake.look();
      expect(asked(intake)).toBeUndefined();
      await leave(...upTo(5).map((step): [number, number] => [1, step]));
      await intake.look();
      expect(asked(intake)).toBeUndefined();
      await leave([1, 6]);
      // Nobody counts for a single request.
      expect(asked(intake)).toBeUndefined();
      await intake.look();
      for (let n = 0; n < 100; n++) expect(asked(intake)).toEqual(refusal);
      relay();
      await expectOutboxEmpty();
      await intake.look();
      expect(asked(intake)).toBeUndefined();
    });

    it('is guided by what was seen last while the database cannot be asked', async () => {
      let away = false;
      const failing: Database = {
        ...db,
        query: (...args) => (away ? Promise.reject(new Error('away')) : db.query(...args)),
      };
      const intake = createIntake(failing, 1, createMetrics('test', false), log);
      await leave([1, 1], [1, 2]);
      await intake.look();
      away = true;
      await expect(intake.look()).rejects.toThrow('away');
      expect(asked(intake)).toEqual(refusal);
    });

    it('counts for the price of two look-ups, about: numbers of what did not commit are counted too', async () => {
      expect(await outboxSpan(db)).toBe(0);
      await leave([1, 1], [1, 2]);
      await db
        .transaction(async tx => {
          outbox.append(tx, [outgoing(1, 3)]);
          throw new Error('rolled back');
        })
        .catch(() => undefined);
      await leave([1, 3]);
      const { waiting } = await outboxLag(db);
      expect(waiting).toBe(3);
      expect(await outboxSpan(db)).toBeGreaterThanOrEqual(3);
      expect(await outboxSpan(db)).toBeLessThanOrEqual(4);
    });
  });

  describe('relaying', () => {
    it('hands over the events of each order in order, all in their form on the wire, and removes them', async () => {
      const orders = Array.from({ length: 8 }, randomOrder);
      for (const step of upTo(5)) await leave(...orders.map(order => [order, step] as [number, number]));
      const left = await readOutbox(db, 1_000);
      relay();
      await expectOutboxEmpty();
      for (const order of orders) expect(await stepsInLog(order)).toEqual(upTo(5));
      const records = new Map((await readLog(transport)).map(record => [record.eventId, record]));
      expect(records.size).toBe(40);
      for (const { id, ...message } of left) expect(records.get(message.eventId)).toMatchObject(message);
    });

    it('keeps order while events are left by several at once, as the row lock of the order serializes them', async () => {
      const orders = Array.from({ length: 3 }, randomOrder);
      await db.query('CREATE TABLE counter ("order" bigint PRIMARY KEY, step int NOT NULL)');
      cleanup.add(() => db.query('DROP TABLE counter'));
      await db.query('INSERT INTO counter SELECT o, 0 FROM unnest($1::bigint[]) o', [orders]);
      const loop = relay();
      const waking = createOutbox(loop.wake);
      const change = (order: number) =>
        db.transaction(async tx => {
          const [row] = await tx.query<{ step: number }>(
            'UPDATE counter SET step = step + 1 WHERE "order" = $1 RETURNING step',
            [order],
          );
          waking.append(tx, [outgoing(order, row?.step ?? 0)]);
        });
      await Promise.all(upTo(20).flatMap(() => orders.map(change)));
      await expectOutboxEmpty();
      for (const order of orders) expect(await stepsInLog(order)).toEqual(upTo(20));
    });

    it('hands over again what a relay appended that died before removing it; the consumer handles it once', async () => {
      const order = randomOrder();
      await leave([order, 1], [order, 2]);
      const epoch = await transport.fence(publisher);
      await transport.append(publisher, epoch, await readOutbox(db, 1_000));
      // Here it died. Its successor begins anew, and more has happened.
      await leave([order, 3]);
      relay();
      await expectOutboxEmpty();
      expect(await stepsInLog(order)).toEqual([1, 2, 1, 2, 3]);
      consume(cleanup, db, transport);
      await eventually(async () => expect(await stepsOf(db, order)).toHaveLength(3));
      expect(await stepsOf(db, order)).toEqual([1, 2, 3]);
      const [inbox] = await db.query<{ count: number }>('SELECT count(*)::int AS count FROM inbox');
      expect(inbox?.count).toBe(3);
    });

    it('refuses a relay that was paused while another took over: what it still holds is not appended', async () => {
      const order = randomOrder();
      await leave([order, 1]);
      const [reached, goOn] = [createGate(), createGate()];
      const outcomes: unknown[] = [];
      const paused: Transport = {
        ...transport,
        async append(...args) {
          reached.open();
          await goOn.opened;
          await transport.append(...args).then(
            () => outcomes.push('appended'),
            error => {
              outcomes.push(error);
              throw error;
            },
          );
        },
      };
      let leader = true;
      relay(paused, another(), () => leader);
      await reached.opened;
      leader = false;
      relay(await reopen());
      await expectOutboxEmpty();
      await leave([order, 2]);
      await expectOutboxEmpty();
      goOn.open();
      await eventually(() => expect(outcomes).toHaveLength(1));
      expect(outcomes[0]).toBeInstanceOf(FencedError);
      expect(await stepsInLog(order)).toEqual([1, 2]);
    });

    it('loses and reorders nothing while two relays both take themselves for the leader', async () => {
      const orders = Array.from({ length: 4 }, randomOrder);
      const relays = [relay(), relay(await reopen(), another())];
      consume(cleanup, db, transport);
      for (const step of upTo(12)) {
        await leave(...orders.map(order => [order, step] as [number, number]));
        for (const { wake } of relays) wake();
      }
      await eventually(async () => {
        for (const order of orders) expect(await stepsOf(db, order)).toEqual(upTo(12));
      });
      for (const order of orders) expect([...new Set(await stepsInLog(order))]).toEqual(upTo(12));
    });

    it('does nothing while it is not the leader, and begins when it is', async () => {
      let leader = false;
      const order = randomOrder();
      const epochs: string[] = [];
      const watched: Transport = {
        ...transport,
        fence: name => {
          epochs.push(name);
          return transport.fence(name);
        },
      };
      let asked = 0;
      relay(watched, db, () => {
        asked++;
        return leader;
      });
      await leave([order, 1]);
      await eventually(() => expect(asked).toBeGreaterThan(2));
      expect(epochs).toEqual([]);
      expect(await stepsInLog(order)).toEqual([]);
      leader = true;
      await eventually(async () => expect(await stepsInLog(order)).toEqual([1]));
      expect(epochs).toEqual([publisher]);
    });

    it('goes on after its database sessions were ended, and is healthy again', async () => {
      const order = randomOrder();
      const pool = another();
      const loop = relay(transport, pool);
      for (const step of upTo(6)) {
        await leave([order, step]);
        await killSessions(db, pool).catch(() => undefined);
        loop.wake();
      }
      await expectOutboxEmpty();
      expect([...new Set(await stepsInLog(order))]).toEqual(upTo(6));
      await eventually(() => expect(loop.healthy()).toBe(true));
    });

    it('removes from the outbox only what it is told to', async () => {
      await leave([1, 1], [1, 2], [1, 3]);
      const [first, , third] = await readOutbox(db, 3);
      await clearOutbox(db, [first?.id ?? 0, third?.id ?? 0]);
      expect((await readOutbox(db, 3)).map(({ payload }) => JSON.parse(payload).price)).toEqual([2]);
    });
  });
});
