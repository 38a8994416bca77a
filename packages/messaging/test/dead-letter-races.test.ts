import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import {
  discardLetter,
  findLetter,
  lockDue,
  noteFailure,
  pageLetters,
  removeLetter,
  replayLetter,
  replayParked,
} from '../src/dead-letters.ts';
import {
  consume,
  createCleanup,
  createGate,
  effects,
  lettersOf,
  openLog,
  openServiceDatabase,
  ordered,
  publish,
  randomOrder,
  type Step,
  steps,
  stepsOf,
  takeNote,
} from './harness.ts';

const ORDERS = 4;
const open = async (db: Parameters<typeof pageLetters>[0]) =>
  (await pageLetters(db, {}, { limit: 1000, offset: 0 })).items;

/** What happens at one moment. Orders are named by their place; some fail in their odd or in their even steps. */
const moment = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ publish: fc.array(fc.nat(ORDERS - 1), { minLength: 1, maxLength: 6 }) }),
  },
  { weight: 2, arbitrary: fc.record({ failing: fc.array(fc.nat(2 * ORDERS - 1), { maxLength: 4 }) }) },
  { weight: 3, arbitrary: fc.record({ discard: fc.nat(), successors: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ replay: fc.nat() }) },
  { weight: 1, arbitrary: fc.constant({ replayAll: true }) },
  { weight: 1, arbitrary: fc.record({ park: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ pauseMs: fc.nat(15) }) },
);

describe('replays and discards beside two consumers', () => {
  it('leave each key in the order of the log: nothing twice, nothing lost but what was discarded', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(moment, { minLength: 10, maxLength: 40 }), async moments => {
        const cleanup = createCleanup();
        try {
          const { transport } = await openLog(cleanup);
          const { db, another } = await openServiceDatabase(cleanup);
          const orders = Array.from({ length: ORDERS }, randomOrder);
          const published = new Map(orders.map(order => [order, 0]));
          let failing: number[] = [];
          const fails = ({ order, step }: Step) => failing.includes(2 * orders.indexOf(order) + (step % 2));
          const consumers = ['a', 'b'].map(by =>
            consume(cleanup, another(), transport, {
              async execute(tx, commands) {
                await takeNote(by)(tx, commands);
                if (commands.some(({ command }) => fails(command))) throw new Error('cannot be done');
              },
            }),
          );
          const hurry = async () => {
            await db.query(
              `UPDATE dead_letter SET next_attempt_at = now()
               WHERE id IN (SELECT id FROM dead_letter ORDER BY id FOR UPDATE)`,
            );
            for (const consumer of consumers) consumer.wake();
          };
          const orderAt = (place: number) => orders[place] as number;
          const letterAt = async (n: number) => {
            const letters = await open(db);
            return letters[n % Math.max(1, letters.length)]?.id ?? 0;
          };
          const discarded = new Set<number>();
          const acts: Promise<unknown>[] = [];

          for (const it of moments) {
            if ('publish' in it) {
              const messages = it.publish.map(place => {
                const step = (published.get(orderAt(place)) ?? 0) + 1;
                published.set(orderAt(place), step);
                return ordered(orderAt(place), step);
              });
              // Appends follow each other, as those of one publisher do.
              await publish(transport, ...messages);
            } else if ('failing' in it) failing = it.failing;
            else if ('pauseMs' in it) await new Promise(resolve => setTimeout(resolve, it.pauseMs));
            else if ('discard' in it) {
              const given = discardLetter(db, await letterAt(it.discard), 'given up', it);
              acts.push(given.then(letters => letters.forEach(({ id }) => void discarded.add(id))));
            } else if ('replay' in it) acts.push(replayLetter(db, await letterAt(it.replay)));
            else if ('park' in it)
              acts.push(
                db.query(`UPDATE dead_letter SET state = 'parked' WHERE id = $1 AND state = 'retrying'`, [
                  await letterAt(it.park),
                ]),
              );
            else acts.push(replayParked(db));
            await hurry();
          }
          await Promise.all(acts);
          failing = [];
          await eventually(async () => {
            await replayParked(db);
            await hurry();
            const [row] = await db.query<{ read: number }>(
              'SELECT coalesce(sum(position), 0)::int AS read FROM consumer_cursor',
            );
            const heads = await transport.heads();
            expect(row?.read).toBe([...heads.values()].reduce((sum, head) => sum + head, 0));
            // In this order: what was not read yet may still be set aside.
            expect(await open(db)).toEqual([]);
          });

          const given = await db.query<{ id: number; key: string; step: number }>(
            `SELECT id, key, (payload::json->>'price')::int AS step FROM dead_letter`,
          );
          expect(new Set(given.map(({ id }) => id)), 'what was said to be discarded').toEqual(discarded);
          const done = await effects(db);
          for (const order of orders) {
            const handled = done.filter(effect => effect.order === order).map(({ step }) => step);
            const inOrder = [...new Set(handled)].sort((a, b) => a - b);
            expect(handled, 'in the order of the log, and once').toEqual(inOrder);
            const lost = given.filter(({ key }) => key === String(order)).map(({ step }) => step);
            const all = Array.from({ length: published.get(order) ?? 0 }, (_, i) => i + 1);
            expect(
              [...handled, ...lost].sort((a, b) => a - b),
              'handled or discarded, not both',
            ).toEqual(all);
          }
        } finally {
          await cleanup.run();
        }
      }),
      { numRuns: process.env.SLOW ? 60 : 5, interruptAfterTimeLimit: 45_000 },
    );
  });

  it('find nothing of a key to try while another process tries its first', async () => {
    const cleanup = createCleanup();
    try {
      const { transport } = await openLog(cleanup);
      const { db, another } = await openServiceDatabase(cleanup);
      const order = randomOrder();
      const consumer = consume(cleanup, db, transport, {
        execute: async () => {
          throw new Error('cannot be done');
        },
      });
      await publish(transport, ...steps(order, 2));
      await eventually(async () => expect(await lettersOf(db, order)).toHaveLength(2));
      await consumer.stop();
      await db.query('UPDATE dead_letter SET next_attempt_at = now()');
      const partitions = Array.from({ length: transport.partitions }, (_, i) => i);
      const other = another();
      await db.transaction(async tx => {
        const first = await lockDue(tx, partitions);
        expect(first).toMatchObject({ state: 'retrying' });
        expect(await other.transaction(otherTx => lockDue(otherTx, partitions))).toBeUndefined();
        removeLetter(tx, first?.id ?? 0);
      });
      const second = await db.transaction(tx => lockDue(tx, partitions));
      expect(second).toMatchObject({ state: 'waiting', attempts: 0 });
    } finally {
      await cleanup.run();
    }
  });

  it('let a discard lose against the try that succeeds, and its successors go on', async () => {
    const cleanup = createCleanup();
    try {
      const { transport } = await openLog(cleanup);
      const { db } = await openServiceDatabase(cleanup);
      const order = randomOrder();
      const [trying, goOn] = [createGate(), createGate()];
      let tries = 0;
      consume(cleanup, db, transport, {
        async execute(tx, commands) {
          await takeNote()(tx, commands);
          if (!commands.some(({ command }) => command.step === 1)) return;
          // The first tries, of the batch and of the event alone, fail; the next one hangs and then succeeds.
          if (commands.length > 1 || ++tries === 1) throw new Error('not yet');
          trying.open();
          await goOn.opened;
        },
      });
      await publish(transport, ...steps(order, 2));
      await trying.opened;
      const [letter] = await lettersOf(db, order);
      const discarding = discardLetter(db, letter?.id ?? 0, 'given up', { successors: true });
      await eventually(async () => {
        const waiting = await db.query(
          `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        expect(waiting).toHaveLength(1);
      });
      goOn.open();
      expect(await discarding).toEqual([]);
      await eventually(async () => expect(await stepsOf(db, order)).toEqual([1, 2]));
      expect(await findLetter(db, letter?.id ?? 0)).toBeUndefined();
    } finally {
      await cleanup.run();
    }
  });

  it('are not undone by the note of a failure that was on its way', async () => {
    const cleanup = createCleanup();
    try {
      const { transport } = await openLog(cleanup);
      const { db } = await openServiceDatabase(cleanup);
      const order = randomOrder();
      const consumer = consume(cleanup, db, transport, {
        execute: async () => {
          throw new Error('cannot be done');
        },
      });
      await publish(transport, ordered(order, 1));
      const tried = await eventually(async () => {
        const [letter] = await lettersOf(db, order);
        expect(letter?.attempts).toBeGreaterThan(2);
        return letter as NonNullable<typeof letter>;
      });
      await consumer.stop();
      const [before] = await lettersOf(db, order);
      const lastTry = { ...tried, ...before, attempts: before?.attempts ?? 0 };
      await replayLetter(db, lastTry.id);
      expect(await noteFailure(db, lastTry, new Error('late')), 'after a replay').toBeUndefined();
      expect(await findLetter(db, lastTry.id)).toMatchObject({ state: 'retrying', attempts: 0 });
      await discardLetter(db, lastTry.id, 'given up');
      expect(
        await noteFailure(db, { ...lastTry, attempts: 0 }, new Error('late')),
        'after a discard',
      ).toBeUndefined();
      expect((await findLetter(db, lastTry.id))?.reason).toMatch(/^given up \(was: /);
    } finally {
      await cleanup.run();
    }
  });
});
