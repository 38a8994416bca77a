import { randomUUID } from 'node:crypto';
import { Ordered, ProductChanged } from '@jumun/contracts';
import type { Database } from '@jumun/service-kit';
import { v7 } from 'uuid';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { beginCursors } from '../src/consumer.ts';
import { pruneInbox } from '../src/inbox.ts';
import { type LogRecord, type Message, toMessage } from '../src/message.ts';
import type { Replay } from '../src/replay.ts';
import { type LogPruning, logPruning, reportCursors } from '../src/retention.ts';
import { type LogRetention, PrunedError, type Transport } from '../src/transport.ts';
import { openReplay } from '../src/transports/postgres.ts';
import {
  type Cleanup,
  consume,
  createCleanup,
  effects,
  log,
  openLog,
  openServiceDatabase,
  ordered,
  publish,
  randomOrder,
  readLog,
  steps,
  stepsOf,
} from './harness.ts';

const DAY_MS = 86_400_000;

let cleanup: Cleanup;
beforeEach(() => {
  cleanup = createCleanup();
});
afterEach(() => cleanup.run());

describe('the log', () => {
  let transport: Transport;
  let retention: LogRetention;
  let db: Database;
  let reopen: () => Promise<Transport>;

  beforeEach(async () => {
    ({ transport, db, reopen } = await openLog(cleanup));
    if (!transport.retention) throw new Error('this log is not pruned');
    retention = transport.retention;
  });

  /** Has all that is in the log now be so many days old. */
  const age = (days: number) =>
    db.query(`UPDATE log SET appended_at = now() - $1::int * interval '1 day'`, [days]);
  const readAll = async (group: string) => transport.report(group, await transport.heads());
  /** What is still there; a reader that begins at the beginning is told that some is gone. */
  const left = () =>
    db.query<Pick<LogRecord, 'partition' | 'position' | 'key' | 'eventId'> & Record<string, unknown>>(
      'SELECT partition, position, key, event_id AS "eventId" FROM log ORDER BY partition, position',
    );
  const keys = async () => (await left()).map(({ key }) => key);

  /** One pass, in which orders have ended as the test says. */
  async function prune(ended: (id: number) => boolean = () => true, days = 90): Promise<number> {
    const pruning: LogPruning = { days, ended: async ids => new Set(ids.filter(ended)) };
    const { step } = logPruning(retention, transport.partitions, pruning);
    let total = 0;
    for (;;) {
      const { removed, more } = await step();
      total += removed;
      if (!more) return total;
    }
  }

  it('lets go what is old, was read by every group, and tells of an order that has ended', async () => {
    const [done, open] = [4711, 4712];
    await publish(transport, ...steps(done, 5), ...steps(open, 3));
    await age(91);
    await publish(transport, ordered(done, 6));
    await readAll('order');
    await readAll('pay');
    expect(await prune(id => id === done)).toBe(5);
    expect((await keys()).sort()).toEqual(['4711', '4712', '4712', '4712']);
    // Once the other has ended too, a later pass finds what stayed behind.
    expect(await prune()).toBe(3);
    expect(await keys()).toEqual(['4711']);
  });

  it('keeps what is young', async () => {
    await publish(transport, ...steps(1, 5));
    await age(89);
    await readAll('order');
    expect(await prune()).toBe(0);
    expect(await prune(() => true, 88)).toBe(5);
  });

  it('keeps what some group has not read, and all where no group is known', async () => {
    await publish(transport, ...steps(1, 5));
    await age(91);
    expect(await prune()).toBe(0);
    await readAll('order');
    const [record] = await left();
    const partition = record?.partition ?? -1;
    await transport.report('pay', new Map([[partition, 2]]));
    expect(await prune()).toBe(2);
    expect((await left()).map(({ position }) => position)).toEqual([3, 4, 5]);
    // One that has not said anything about a partition has not read it.
    await transport.report('notice', new Map([[(partition + 1) % transport.partitions, 0]]));
    await readAll('pay');
    expect(await prune()).toBe(0);
  });

  it('takes back what a group has said where that goes back itself', async () => {
    await publish(transport, ...steps(1, 5));
    await age(91);
    await readAll('pay');
    await transport.report('pay', new Map([...(await transport.heads()).keys()].map(i => [i, 0])));
    expect(await prune()).toBe(0);
  });

  it('of a product keeps the newest', async () => {
    const changed = (id: number): Message =>
      toMessage(
        {
          type: ProductChanged.type,
          key: `product-${id}`,
          fields: { id, totalQuantity: 1 },
          traceparent: null,
        },
        Date.now(),
      );
    const latest = [changed(1), changed(2)];
    await publish(transport, changed(1), changed(1), changed(2), changed(1), changed(2), ...latest);
    await age(91);
    await readAll('order');
    expect(await prune(() => false)).toBe(5);
    const ids = (await left()).map(({ eventId }) => eventId);
    expect(ids.sort()).toEqual(latest.map(({ eventId }) => eventId).sort());
  });

  it('is pruned in steps: more records than one step looks at', async () => {
    const order = randomOrder();
    for (let i = 0; i < 6; i++) await publish(transport, ...steps(order, 1_000));
    await publish(transport, ...steps(order + 1, 10));
    await age(91);
    await readAll('order');
    expect(await prune(id => id === order)).toBe(6_000);
    expect(await keys()).toEqual(Array(10).fill(String(order + 1)));
  });

  it('is not pruned while it is replayed', async () => {
    await publish(transport, ...steps(1, 5));
    await age(91);
    await readAll('order');
    const replay = await openReplay(db);
    expect(await prune()).toBe(0);
    await replay.close();
    expect(await prune()).toBe(5);
  });

  it('tells its oldest age and who is how far behind', async () => {
    expect(await retention.oldestSeconds()).toBe(0);
    await publish(transport, ...steps(1, 5));
    await age(2);
    await readAll('order');
    await transport.report('pay', new Map([...(await transport.heads()).keys()].map(i => [i, 0])));
    const days = (await retention.oldestSeconds()) / 86_400;
    expect(Math.round(days)).toBe(2);
    expect((await retention.groups()).map(({ name, lag }) => ({ name, lag }))).toEqual([
      { name: 'order', lag: 0 },
      { name: 'pay', lag: 5 },
    ]);
  });

  it('waits for a group that is away until an operator forgets it; one that reports is not forgotten', async () => {
    await publish(transport, ...steps(1, 5));
    await age(91);
    await readAll('order');
    await transport.report('gone', new Map([...(await transport.heads()).keys()].map(i => [i, 0])));
    expect(await prune()).toBe(0);
    expect(await retention.forget('gone')).toBe(false);
    expect(await retention.forget('never')).toBe(false);
    await db.query(`UPDATE log_group SET reported_at = now() - interval '2 minutes' WHERE name = 'gone'`);
    expect(await retention.forget('gone')).toBe(true);
    expect(await prune()).toBe(5);
  });

  it('of before there was retention counts whoever has published as one that has read nothing', async () => {
    await db.query('DROP TABLE log_group, log_pruned');
    await db.query(`DELETE FROM migration WHERE name LIKE '%/002-retention.sql'`);
    await transport.fence('pay');
    await publish(transport, ...steps(1, 5));
    const { retention: fresh } = await reopen();
    expect((await fresh?.groups())?.map(({ name, lag }) => ({ name, lag }))).toContainEqual({
      name: 'pay',
      lag: 5,
    });
    await age(91);
    await readAll('order');
    expect(await prune()).toBe(0);
  });

  describe('a consumer of a log that was pruned', () => {
    const lines: string[] = [];
    /** A consumer whose log lines the test reads. */
    const listen = (service: Database) => {
      lines.splice(0);
      const told = {
        ...log,
        warn: (details: { err: unknown }) => void lines.push(String(details.err)),
      } as unknown as typeof log;
      return consume(cleanup, service, transport, { log: told });
    };
    const expectAlarm = (loop: { healthy(): boolean }) =>
      eventually(() => {
        expect(lines.join('\n')).toContain(PrunedError.name);
        expect(loop.healthy()).toBe(false);
      });

    it('that has read further goes on as if nothing had happened', async () => {
      const service = await openServiceDatabase(cleanup);
      const order = randomOrder();
      consume(cleanup, service.db, transport);
      await publish(transport, ...steps(order, 5));
      await eventually(async () => expect(await stepsOf(service.db, order)).toHaveLength(5));
      await age(91);
      await reportCursors('order', service.db, transport);
      expect(await prune()).toBe(5);
      await publish(transport, ordered(order, 6));
      await eventually(async () => expect(await stepsOf(service.db, order)).toEqual([1, 2, 3, 4, 5, 6]));
      consume(cleanup, service.another(), transport);
      await publish(transport, ordered(order, 7));
      await eventually(async () => expect(await stepsOf(service.db, order)).toEqual([1, 2, 3, 4, 5, 6, 7]));
    });

    it('that joins late stops with an alarm, and skips nothing, also before there is anything to read', async () => {
      const service = await openServiceDatabase(cleanup);
      await publish(transport, ...steps(randomOrder(), 5));
      await age(91);
      await readAll('order');
      expect(await prune()).toBe(5);
      await expectAlarm(listen(service.db));
      await publish(transport, ordered(randomOrder(), 1));
      expect(await effects(service.db)).toEqual([]);
    });

    it('that went back to a backup stops with an alarm', async () => {
      const service = await openServiceDatabase(cleanup);
      const order = randomOrder();
      const before = consume(cleanup, service.db, transport);
      await publish(transport, ...steps(order, 5));
      await eventually(async () => expect(await stepsOf(service.db, order)).toHaveLength(5));
      await before.stop();
      await age(91);
      await readAll('order');
      expect(await prune()).toBe(5);
      await service.db.query('UPDATE consumer_cursor SET position = position - 1 WHERE position > 0');
      await expectAlarm(listen(service.db));
      expect(await effects(service.db)).toHaveLength(5);
    });

    it('that joins while records are let go either keeps them or is told', async () => {
      const service = await openServiceDatabase(cleanup);
      await publish(transport, ...steps(7, 5));
      await age(91);
      await readAll('order');
      await beginCursors(service.db, transport, 'beginning');
      await Promise.all([reportCursors('late', service.db, transport), prune()]);
      const left = (await readLog(transport)).length;
      const mark = Math.max(...(await transport.pruned()).values());
      expect([left, mark]).toEqual(left > 0 ? [5, 0] : [0, 5]);
    });
  });

  describe('replayed', () => {
    let replay: Replay;
    beforeEach(() => {
      cleanup.add(() => replay?.close());
    });

    async function replayAll(seed?: number) {
      replay = await openReplay(db);
      const records = [];
      for await (const batch of replay.read(new Map(), await transport.heads(), [Ordered.type], seed)) {
        records.push(...batch);
      }
      await replay.close();
      return records;
    }

    it('gives all that is in it, in order', async () => {
      for (let i = 0; i < 4; i++) {
        await publish(transport, ...Array.from({ length: 1_000 }, (_, n) => ordered(n + 1, i)));
      }
      expect(await replayAll()).toEqual(await readLog(transport, { limit: 1_000 }));
    });

    it('gives all of it in a random order that the seed determines', async () => {
      await publish(transport, ...Array.from({ length: 2_000 }, (_, n) => ordered(n + 1, 1)));
      const ids = (records: Message[]) => records.map(({ eventId }) => eventId);
      const [straight, one, again, other] = [
        ids(await replayAll()),
        ids(await replayAll(1)),
        ids(await replayAll(1)),
        ids(await replayAll(2)),
      ];
      expect(again).toEqual(one);
      expect(other).not.toEqual(one);
      expect(one).not.toEqual(straight);
      expect(one.toSorted()).toEqual(straight.toSorted());
      expect(other.toSorted()).toEqual(straight.toSorted());
    });

    it('passes over what was pruned, and stops where anything else is missing', async () => {
      await publish(transport, ...steps(17, 3), ...steps(18, 4));
      await age(91);
      await readAll('order');
      await prune(id => id === 17);
      replay = await openReplay(db);
      expect(replay.prunedOrder).toBe(17);
      await replay.close();
      expect((await replayAll()).map(({ key }) => key)).toEqual(['18', '18', '18', '18']);
      await publish(transport, ...steps(18, 2));
      await db.query(
        'DELETE FROM log WHERE key = $1 AND position = (SELECT max(position) FROM log WHERE key = $1)',
        ['18'],
      );
      await expect(replayAll()).rejects.toThrow(PrunedError);
    });
  });
});

describe('the inbox', () => {
  it('forgets events that were published and handled long ago, in bounded steps, and no ids of another kind', async () => {
    const { db } = await openServiceDatabase(cleanup);
    const at = (days: number) => v7({ msecs: Date.now() - days * DAY_MS });
    const old = Array.from({ length: 25 }, (_, i) => at(31 + i));
    const lately = at(40);
    const young = [at(29), at(0)];
    // Of version 4, and smaller than any that carries a time of our days.
    const foreign = `00000000-${randomUUID().slice(9)}`;
    await db.query(
      `INSERT INTO inbox (event_id, handled_at)
       SELECT id, now() - interval '31 days' FROM unnest($1::uuid[]) AS i(id)`,
      [[...old, ...young, foreign]],
    );
    // Published long ago, by a service that was away, and handled today.
    await db.query('INSERT INTO inbox (event_id) VALUES ($1)', [lately]);
    let after = '00000000-0000-0000-0000-000000000000';
    let removed = 0;
    let looks = 0;
    for (;;) {
      const step = await pruneInbox(db, 30, after, 10);
      expect(step.seen).toBeLessThanOrEqual(10);
      removed += step.removed;
      looks++;
      if (step.seen < 10 || !step.last) break;
      after = step.last;
    }
    expect({ removed, looks }).toEqual({ removed: 25, looks: 3 });
    const left = await db.query<{ id: string }>('SELECT event_id AS id FROM inbox');
    expect(left.map(({ id }) => id).sort()).toEqual([...young, lately, foreign].sort());
  });
});
