import { randomUUID } from 'node:crypto';
import { Ordered, PayApproved } from '@jumun/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { startLeases } from '../src/leases.ts';
import type { LogRecord, Message } from '../src/message.ts';
import { FencedError, type Transport } from '../src/transport.ts';
import {
  type Cleanup,
  consume,
  createCleanup,
  createGate,
  effects,
  killSessions,
  log,
  openServiceDatabase,
  ordered,
  ordersApart,
  publish,
  randomKey,
  randomOrder,
  readLog,
  steps,
  stepsOf,
  takeNote,
} from './harness.ts';

/** An empty log of a test's own. */
export interface TransportUnderTest {
  transport: Transport;
  /** The same log, over connections of its own as another process has. */
  reopen(): Promise<Transport>;
  /** Closes what was opened and removes the log. */
  close(): Promise<void>;
}

/** What every transport must keep to, whatever it is made of. */
export function transportConformance(name: string, open: () => Promise<TransportUnderTest>): void {
  describe(`${name} transport`, () => {
    let cleanup: Cleanup;
    let transport: Transport;
    let reopen: () => Promise<Transport>;

    beforeEach(async () => {
      cleanup = createCleanup();
      const opened = await open();
      cleanup.add(opened.close);
      ({ transport, reopen } = opened);
    });
    afterEach(() => cleanup.run());

    const everywhere = () => new Map(Array.from({ length: transport.partitions }, (_, i) => [i, 0]));

    async function appender(through: Transport, publisher = `p-${randomUUID()}`) {
      const epoch = await through.fence(publisher);
      return (...messages: Message[]) => through.append(publisher, epoch, messages);
    }

    describe('order', () => {
      it('gives back the messages of one key in the order in which they were appended', async () => {
        const order = randomOrder();
        const messages = steps(order, 40);
        const append = await appender(transport);
        for (let at = 0; at < messages.length; at += 8) await append(...messages.slice(at, at + 8));
        const records = await readLog(transport);
        expect(records.map(record => record.eventId)).toEqual(messages.map(message => message.eventId));
        expect(records.map(({ partition, position, ...message }) => message)).toEqual(messages);
      });

      it('keeps all messages of one key in one partition, through whichever connection they come', async () => {
        const keys = Array.from({ length: 40 }, randomKey);
        for (const through of [transport, await reopen()]) {
          await publish(through, ...keys.map(key => ({ ...ordered(1, 1), key })));
        }
        const records = await readLog(transport);
        const places = new Map(keys.map(key => [key, new Set<number>()]));
        for (const { key, partition } of records) places.get(key)?.add(partition);
        expect([...places.values()].map(({ size }) => size)).toEqual(keys.map(() => 1));
        expect(new Set(records.map(({ partition }) => partition)).size, 'partitions in use').toBeGreaterThan(
          1,
        );
        for (const { partition } of records) {
          expect(partition).toBeGreaterThanOrEqual(0);
          expect(partition).toBeLessThan(transport.partitions);
        }
      });

      it('keeps the order of both keys when two appenders write the same two keys in opposite order', async () => {
        const [a, b] = await ordersApart(transport);
        const rounds = 30;
        const there = await appender(transport);
        const back = await appender(await reopen());
        const forth = async () => {
          for (let i = 1; i <= rounds; i++) await there(ordered(a, i), ordered(b, i));
        };
        const crosswise = async () => {
          for (let i = 1; i <= rounds; i++) await back(ordered(b, 1_000 + i), ordered(a, 1_000 + i));
        };
        await Promise.all([forth(), crosswise()]);
        const records = await readLog(transport);
        for (const order of [a, b]) {
          const seen = records.filter(({ key }) => key === String(order)).map(stepOf);
          const counted = Array.from({ length: rounds }, (_, i) => i + 1);
          expect(seen.filter(step => step > 0 && step < 1_000)).toEqual(counted);
          expect(seen.filter(step => step > 1_000)).toEqual(counted.map(step => 1_000 + step));
        }
      });

      it('numbers the records of each partition upwards, whatever was refused in between', async () => {
        const publisher = `p-${randomUUID()}`;
        const append = await appender(transport, publisher);
        for (let i = 1; i <= 10; i++)
          await append(...Array.from({ length: 5 }, () => ordered(randomOrder(), i)));
        await transport.fence(publisher);
        await expect(append(ordered(randomOrder(), 1))).rejects.toThrow(FencedError);
        await publish(transport, ...Array.from({ length: 20 }, () => ordered(randomOrder(), 1)));
        const records = await readLog(transport);
        expect(records).toHaveLength(70);
        expectAscending(records);
      });
    });

    describe('appending', () => {
      it('loses and repeats nothing of several publishers that append at once through two connections', async () => {
        const connections = [transport, await reopen()];
        const sent = await Promise.all(
          Array.from({ length: 6 }, async (_, i) => {
            const append = await appender(connections[i % 2] as Transport);
            const messages = Array.from({ length: 60 }, (_, step) => ordered(randomOrder(), step));
            for (let at = 0; at < messages.length; at += 3) await append(...messages.slice(at, at + 3));
            return messages;
          }),
        );
        const records = await readLog(transport);
        expectAscending(records);
        expect(idsOf(records).sort()).toEqual(idsOf(sent.flat()).sort());
      });

      it('keeps the order of one publisher whose appends are not waited for', async () => {
        const order = randomOrder();
        const messages = steps(order, 60);
        const append = await appender(transport);
        await Promise.all(messages.map(message => append(message)));
        expect(idsOf(await readLog(transport))).toEqual(idsOf(messages));
      });

      it('has a message that was appended again, after an answer was lost, at least once and first in its place', async () => {
        const order = randomOrder();
        const messages = steps(order, 6);
        const append = await appender(transport);
        await append(...messages.slice(0, 4));
        await append(...messages.slice(2));
        const seen = idsOf(await readLog(transport));
        expect([...new Set(seen)]).toEqual(idsOf(messages));
      });

      it('is durable: another connection finds it, also after the first is closed', async () => {
        const messages = steps(randomOrder(), 5);
        await publish(transport, ...messages);
        const other = await reopen();
        await transport.close();
        expect(idsOf(await readLog(other))).toEqual(idsOf(messages));
      });

      it('calls back in this process after an append, until it is told not to', async () => {
        let calls = 0;
        const forget = transport.onAppend(() => calls++);
        await publish(transport, ordered(randomOrder(), 1));
        await eventually(() => expect(calls).toBeGreaterThan(0));
        forget();
        const before = calls;
        await publish(transport, ordered(randomOrder(), 1));
        expect(calls).toBe(before);
      });
    });

    describe('fencing', () => {
      it('gives each relay of a publisher a higher epoch than the one before', async () => {
        const publisher = `p-${randomUUID()}`;
        const other = await reopen();
        const epochs = [
          await transport.fence(publisher),
          await other.fence(publisher),
          await transport.fence(publisher),
        ];
        expect([...epochs].sort((a, b) => a - b)).toEqual(epochs);
        expect(new Set(epochs).size).toBe(3);
      });

      it('refuses a relay that was replaced and appends nothing of it', async () => {
        const publisher = `p-${randomUUID()}`;
        const old = await appender(transport, publisher);
        await old(ordered(1, 1));
        const present = await appender(await reopen(), publisher);
        await expect(old(...steps(2, 20))).rejects.toThrow(FencedError);
        await present(ordered(3, 1));
        await expect(old(ordered(2, 21))).rejects.toThrow(FencedError);
        expect((await readLog(transport)).map(({ key }) => key).sort()).toEqual(['1', '3']);
      });

      it('refuses it without harm to publishers that append at the same moment', async () => {
        const publisher = `p-${randomUUID()}`;
        const old = await appender(transport, publisher);
        const another = await appender(transport);
        const present = await appender(transport, publisher);
        const results = await Promise.allSettled([
          old(ordered(2, 1)),
          another(ordered(3, 1)),
          old(ordered(2, 2)),
          present(ordered(4, 1)),
        ]);
        expect(results.map(({ status }) => status)).toEqual([
          'rejected',
          'fulfilled',
          'rejected',
          'fulfilled',
        ]);
        expect((await readLog(transport)).map(({ key }) => key).sort()).toEqual(['3', '4']);
      });
    });

    describe('reading', () => {
      it('gives at most the limit of each partition, from after the position that was read', async () => {
        const order = randomOrder();
        const messages = steps(order, 9);
        await publish(transport, ...messages);
        const { records: first } = await transport.read(everywhere(), [Ordered.type], 4);
        expect(idsOf(first)).toEqual(idsOf(messages.slice(0, 4)));
        const from = first[3] as LogRecord;
        const behind = (position: number) => new Map([[from.partition, position]]);
        const next = await transport.read(behind(from.position), [Ordered.type], 100);
        expect(idsOf(next.records)).toEqual(idsOf(messages.slice(4)));
        const end = next.upTo.get(from.partition) ?? 0;
        expect(await transport.read(behind(end), [Ordered.type], 100)).toEqual({
          records: [],
          upTo: new Map(),
        });
      });

      it('gives only the partitions that are asked for', async () => {
        const [a, b] = await ordersApart(transport);
        const records = await readLog(transport);
        const placeOf = (order: number) => records.find(({ key }) => key === String(order))?.partition ?? -1;
        const { records: got, upTo } = await transport.read(new Map([[placeOf(a), 0]]), [Ordered.type], 100);
        expect(got.some(({ key }) => key === String(a))).toBe(true);
        expect(got.some(({ key }) => key === String(b))).toBe(false);
        expect([...upTo.keys()]).toEqual([placeOf(a)]);
      });

      it('gives records of other types in their places with an empty payload', async () => {
        const order = randomOrder();
        const other = { ...ordered(order, 2), type: PayApproved.type };
        await publish(transport, ordered(order, 1), other, ordered(order, 3));
        const records = await readLog(transport, { types: [Ordered.type] });
        expectAscending(records);
        expect(records.map(({ type }) => type)).toEqual([Ordered.type, PayApproved.type, Ordered.type]);
        expect(records[1]?.payload).toBe('');
        expect(records.map(({ payload }) => payload !== '')).toEqual([true, false, true]);
      });

      it('tells the last position of every partition', async () => {
        expect([...(await transport.heads()).values()]).toEqual([...everywhere().values()]);
        await publish(transport, ...Array.from({ length: 30 }, () => ordered(randomOrder(), 1)));
        const last = everywhere();
        for (;;) {
          const { upTo } = await transport.read(last, [Ordered.type], 7);
          if (upTo.size === 0) break;
          for (const [partition, position] of upTo) last.set(partition, position);
        }
        expect(await (await reopen()).heads()).toEqual(last);
      });

      it('keeps nothing back from a reader that it has read past while several append', async () => {
        const reader = await reopen();
        const positions = everywhere();
        const seen: LogRecord[] = [];
        let appending = true;
        const reading = (async () => {
          for (;;) {
            const last = !appending;
            const { records, upTo } = await reader.read(positions, [Ordered.type], 50);
            for (const [partition, position] of upTo) positions.set(partition, position);
            seen.push(...records);
            if (last && upTo.size === 0) return;
          }
        })();
        const sent = await Promise.all(
          [transport, transport, await reopen(), await reopen()].map(async through => {
            const append = await appender(through);
            const messages = Array.from({ length: 120 }, (_, step) => ordered(randomOrder(), step));
            for (let at = 0; at < messages.length; at += 4) await append(...messages.slice(at, at + 4));
            return messages;
          }),
        );
        appending = false;
        await reading;
        expectAscending(seen);
        expect(idsOf(seen).sort()).toEqual(idsOf(sent.flat()).sort());
      });
    });

    describe('consuming', () => {
      it('goes on where it was when a consumer stopped: nothing left out, nothing done twice', async () => {
        const { db, another } = await openServiceDatabase(cleanup);
        const order = randomOrder();
        const messages = steps(order, 20);
        const consumer = consume(cleanup, db, transport);
        await publish(transport, ...messages.slice(0, 10));
        await eventually(async () => expect(await stepsOf(db, order)).toHaveLength(10));
        await consumer.stop();
        await publish(transport, ...messages.slice(10));
        const later = another();
        consume(cleanup, later, await reopen());
        await eventually(async () => expect(await stepsOf(later, order)).toHaveLength(20));
        expect(await stepsOf(later, order)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
      });

      it('goes on where it was when a consumer died in the middle of a batch', async () => {
        const { db, another } = await openServiceDatabase(cleanup);
        const dying = another();
        const order = randomOrder();
        const messages = steps(order, 20);
        const [amidst, death] = [createGate(), createGate()];
        const consumer = consume(cleanup, dying, transport, {
          async execute(tx, commands) {
            await takeNote('first')(tx, commands);
            if (!commands.some(({ command }) => command.step > 10)) return;
            amidst.open();
            await death.opened;
          },
        });
        await publish(transport, ...messages.slice(0, 10));
        await eventually(async () => expect(await stepsOf(db, order)).toHaveLength(10));
        await publish(transport, ...messages.slice(10));
        await amidst.opened;
        const stopped = consumer.stop();
        await killSessions(db, dying);
        death.open();
        await stopped;
        expect(await stepsOf(db, order)).toHaveLength(10);
        consume(cleanup, db, await reopen(), { execute: takeNote('second') });
        await eventually(async () => expect(await stepsOf(db, order)).toHaveLength(20));
        const done = await effects(db);
        expect(done.map(({ step }) => step)).toEqual(Array.from({ length: 20 }, (_, i) => i + 1));
        expect(done.map(({ by }) => by)).toEqual([...Array(10).fill('first'), ...Array(10).fill('second')]);
      });

      it('splits its partitions between two consumers of a group, which do each event once, and leaves all to the one that stays', async () => {
        const { db, another } = await openServiceDatabase(cleanup);
        async function join(by: string, pool = another()) {
          const through = await reopen();
          const { partitions } = through;
          const leases = await startLeases({
            db: pool,
            log,
            holder: randomUUID(),
            partitions,
            exclusive: false,
          });
          cleanup.add(() => leases.stop());
          const consumer = consume(cleanup, pool, through, {
            partitions: leases.partitions,
            execute: takeNote(by),
          });
          return { leases, consumer };
        }
        const orders = Array.from({ length: 40 }, randomOrder);
        const send = (step: number) => publish(transport, ...orders.map(order => ordered(order, step)));
        const expectAllDone = (upTo: number) =>
          eventually(async () => {
            const done = await effects(db);
            expect(done).toHaveLength(orders.length * upTo);
            const wanted = Array.from({ length: upTo }, (_, i) => i + 1);
            for (const order of orders) {
              expect(done.filter(effect => effect.order === order).map(({ step }) => step)).toEqual(wanted);
            }
            return done;
          });

        const first = await join('first');
        const second = await join('second');
        await send(1);
        await eventually(() => {
          const [a, b] = [first.leases.partitions(), second.leases.partitions()];
          expect(Math.abs(a.length - b.length)).toBeLessThanOrEqual(1);
          expect([...a, ...b].sort((x, y) => x - y)).toEqual([...everywhere().keys()]);
        });
        await send(2);
        const done = await expectAllDone(2);
        expect(new Set(done.filter(({ step }) => step === 2).map(({ by }) => by))).toEqual(
          new Set(['first', 'second']),
        );

        await first.consumer.stop();
        await first.leases.stop();
        await send(3);
        const all = await expectAllDone(3);
        expect(new Set(all.filter(({ step }) => step === 3).map(({ by }) => by))).toEqual(
          new Set(['second']),
        );
      });
    });
  });
}

const idsOf = (messages: Message[]) => messages.map(({ eventId }) => eventId);
const stepOf = (record: LogRecord): number => JSON.parse(record.payload).price;

/** The positions of each partition's records grow, in the order of reading. */
function expectAscending(records: LogRecord[]): void {
  const last = new Map<number, number>();
  for (const { partition, position } of records) {
    expect(position, `position in partition ${partition}`).toBeGreaterThan(last.get(partition) ?? 0);
    last.set(partition, position);
  }
}
