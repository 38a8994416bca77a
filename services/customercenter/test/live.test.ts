import { setTimeout as delay } from 'node:timers/promises';
import type { MyPageResource } from '@jumun/contracts';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { givenDatabase, type ServiceDatabase } from '../../../tests/support/given.ts';
import { createHub, type Follower, type Hub } from '../src/live/hub.ts';
import { type Changes, changesSince, execute } from '../src/store.ts';
import type { ViewChange } from '../src/view.ts';

let own: ServiceDatabase;
beforeAll(async () => {
  own = await givenDatabase('customercenter');
});
afterAll(() => own.close());

const STEPS = ['ordered', 'deliveryPrepared', 'deliverystarted', 'deliverycompleted'] as const;
const change = (orderId: number, step: number, customerId = 1): ViewChange => ({
  orderId,
  at: 1_000 + step,
  shown: true,
  step: STEPS[step] ?? 'ordered',
  status: STEPS[step] ?? 'ordered',
  facts: { item: 'milk', quantity: 1, price: 1, itemcd: 1, customerId },
});
const commit = (...changes: ViewChange[]) =>
  own.db.transaction(tx =>
    execute(
      tx,
      changes.map(command => ({ command })),
    ),
  );
const read = (position?: string, customerId?: number, limit = 100) =>
  changesSince(own.db, position, customerId, limit);

/** What a client has been told, as a browser keeps it. */
interface Client extends Follower {
  told: string[];
  pages: Map<number, MyPageResource>;
}

function client(customerId?: number, lastId?: string): Client {
  const it: Client = {
    customerId,
    lastId,
    told: [],
    pages: new Map(),
    hello(id, resumed) {
      it.lastId = id;
      it.told.push(resumed ? 'resumed' : 'anew');
    },
    page(page) {
      it.told.push(`${page.id} ${page.status}`);
      it.pages.set(page.id, page);
    },
    beat(id) {
      it.lastId = id;
    },
  };
  return it;
}

describe('what has changed since a position', () => {
  it('is nothing at first, then what was committed since, of one customer if asked for', async () => {
    const start = await read();
    expect(start.pages).toEqual([]);
    await commit(change(1, 0, 1), change(2, 0, 2));
    const all = await read(start.position);
    expect(all.pages.map(page => page.id)).toEqual([1, 2]);
    expect((await read(start.position, 2)).pages.map(page => page.id)).toEqual([2]);
    expect((await read(all.position)).pages).toEqual([]);
  });

  it('has what was begun before and committed after it, while others came and went', async () => {
    let finish = () => {};
    const held = new Promise<void>(resolve => {
      finish = resolve;
    });
    const begun = own.db.transaction(async tx => {
      await execute(tx, [{ command: change(10, 0) }]);
      await tx.query('SELECT 1');
      await held;
    });
    await commit(change(11, 0));
    const { position } = await read();
    finish();
    await begun;
    const { pages, position: later } = await read(position);
    expect(pages.map(page => page.id)).toEqual([10]);
    expect((await read(later)).pages).toEqual([]);
  });

  it('is nothing where an event adds nothing', async () => {
    await commit(change(15, 1));
    const { position } = await read();
    await commit(change(15, 1));
    await commit(change(15, 1));
    expect((await read(position)).pages).toEqual([]);
  });

  it('has no payment whose order was not seen', async () => {
    const { position } = await read();
    await commit({ orderId: 20, at: 1, step: 'payApproved', payStatus: 'approved' });
    expect((await read(position)).pages).toEqual([]);
  });

  it('says where there is more', async () => {
    const { position } = await read();
    await commit(...[30, 31, 32].map(id => change(id, 0)));
    expect((await read(position, undefined, 2)).pages).toHaveLength(3);
  });

  it('is of another epoch after a crash, which empties what is unlogged', async () => {
    const before = await read();
    expect((await read(before.position)).epoch).toBe(before.epoch);
    await own.db.query('DELETE FROM view_epoch');
    const [one, other] = await Promise.all([read(before.position), read(before.position)]);
    expect(one.epoch).not.toBe(before.epoch);
    expect(other.epoch).toBe(one.epoch);
  });

  it('is found without reading the whole view', async () => {
    await own.db.query(
      `INSERT INTO my_page (order_id, shown, updated_at, timeline, changed)
       SELECT 100000 + n, true, 0, '{}', 5 FROM generate_series(1, 50000) n`,
    );
    await own.db.query('ANALYZE my_page');
    const { position } = await read();
    const [plan] = await own.db.query<{ 'QUERY PLAN': string }>(
      `EXPLAIN SELECT * FROM my_page WHERE changed >= ${position.split(':')[0]}`,
    );
    expect(plan?.['QUERY PLAN']).toMatch(/Bitmap|Index/);
    await own.db.query('DELETE FROM my_page WHERE order_id > 100000');
  });

  it('leaves a row in its page where its status stays', async () => {
    await commit(change(50, 0));
    const updates = async () => {
      await own.db.query('SELECT pg_stat_force_next_flush()');
      const [row] = await own.db.query<{ updates: number; hot: number }>(
        `SELECT pg_stat_get_tuples_updated('my_page'::regclass) AS updates,
                pg_stat_get_tuples_hot_updated('my_page'::regclass) AS hot`,
      );
      return row ?? { updates: 0, hot: 0 };
    };
    const before = await updates();
    for (const step of ['payApproved', 'deliveryRequested', 'payCanceled'])
      await commit({ orderId: 50, at: 2_000, step });
    // Of the other connections, some time later.
    for (let i = 0; i < 100 && (await updates()).updates < before.updates + 3; i++) await delay(100);
    const after = await updates();
    expect(after.hot - before.hot).toBe(after.updates - before.updates);
  });
});

describe('who follows the view', () => {
  /** A view that is told of, and not kept. */
  function given(): { hub: Hub; view: Changes; reads: (string | undefined)[] } {
    const view: Changes = { epoch: '7-1.5', position: '100:100:', pages: [] };
    const reads: (string | undefined)[] = [];
    const hub = createHub(async position => {
      reads.push(position);
      return { ...view };
    });
    return { hub, view, reads };
  }
  const page = (id: number, customerId: number) => ({ id, customerId, status: 'ordered' }) as MyPageResource;

  it('costs nothing while there is nobody', async () => {
    const { hub, reads } = given();
    await hub.round();
    expect(reads).toEqual([]);
  });

  it('begins anew, and is told what changes, each what is his, by one read for all', async () => {
    const { hub, view, reads } = given();
    const [one, two, all] = [client(1), client(2), client()];
    for (const it of [one, two, all]) hub.follow(it);
    await hub.round();
    reads.length = 0;
    Object.assign(view, { position: '101:101:', pages: [page(5, 1), page(6, 2)] });
    await hub.round();
    expect(reads).toEqual(['100:100:']);
    expect(one.told).toEqual(['anew', '5 ordered']);
    expect(two.told).toEqual(['anew', '6 ordered']);
    expect(all.told).toEqual(['anew', '5 ordered', '6 ordered']);
    expect(all.lastId).toBe('7-1.5/101:101:');
  });

  it('goes on from where it was', async () => {
    const { hub, view } = given();
    const back = client(1, '7-1.5/90:95:91,93');
    hub.follow(back);
    view.pages = [page(5, 1)];
    await hub.round();
    expect(back.told).toEqual(['resumed', '5 ordered']);
    expect(back.lastId).toBe('7-1.5/100:100:');
  });

  it.each([
    ['another view, or another run of PostgreSQL', '8-1.5/90:95:'],
    ['the future', '7-1.5/90:101:'],
    ['very long ago', '7-1.5/90:95:'],
    ['nowhere', ''],
    ['what PostgreSQL would refuse: an end before the beginning', '7-1.5/95:90:'],
    ['transactions out of order', '7-1.5/90:95:93,91'],
    ['transactions that are not open', '7-1.5/90:95:96'],
    ['no numbers', "7-1.5/90:95:1'"],
    ['more than there is', '7-1.5/90:95:/90'],
    ['a beginning at zero', '7-1.5/0:95:'],
  ])('begins anew where its last id is of %s', async (what, lastId) => {
    const { hub, view } = given();
    if (what === 'very long ago') view.position = '900000:900000:';
    const back = client(1, lastId);
    hub.follow(back);
    view.pages = [];
    await hub.round();
    expect(back.told).toEqual(['anew']);
    expect(back.lastId).toBe(`7-1.5/${view.position}`);
  });

  it('is told to load anew where there was too much to tell, or the view is another one', async () => {
    const { hub, view } = given();
    const it = client();
    hub.follow(it);
    await hub.round();
    view.pages = Array.from({ length: 2_001 }, (_, i) => page(i, 1));
    await hub.round();
    Object.assign(view, { epoch: '8-1.5', pages: [] });
    await hub.round();
    expect(it.told).toEqual(['anew', 'anew', 'anew']);
    expect(it.lastId).toBe('8-1.5/100:100:');
  });

  it('is told that all is well only while the view can be read', async () => {
    const { hub } = given();
    const it = client();
    hub.follow(it);
    await hub.round();
    let beats = 0;
    it.beat = () => void beats++;
    hub.beat();
    hub.beat();
    expect(beats).toBe(1);
    await hub.round();
    hub.beat();
    expect(beats).toBe(2);
  });

  it('is told no more once it has left', async () => {
    const { hub, view } = given();
    const it = client();
    hub.follow(it);
    await hub.round();
    hub.leave(it);
    view.pages = [page(5, 1)];
    await hub.round();
    expect(it.told).toEqual(['anew']);
    expect(hub.count()).toBe(0);
  });

  it('misses nothing, however it comes and goes and whatever commits at the same time', async () => {
    let firstOrder = 1_000;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ order: fc.nat(3), holdMs: fc.nat(12), pauseMs: fc.nat(4) }), {
          minLength: 4,
          maxLength: 14,
        }),
        fc.array(fc.nat(15), { maxLength: 5 }),
        async (writes, absences) => {
          const base = firstOrder;
          firstOrder += 4;
          const hub = createHub(read);
          const it = client();
          hub.follow(it);
          await hub.round();
          let writing = true;
          const steps = [0, 0, 0, 0];
          const writers = writes.map(async ({ order, holdMs, pauseMs }, i) => {
            await delay(i * pauseMs);
            const step = Math.min(3, steps[order] ?? 0);
            steps[order] = step + 1;
            await own.db.transaction(async tx => {
              await execute(tx, [{ command: change(base + order, step) }]);
              await tx.query('SELECT 1');
              await delay(holdMs);
            });
          });
          const reader = (async () => {
            const waits = [...absences];
            while (writing) {
              await hub.round();
              const away = waits.pop();
              if (away === undefined) continue;
              hub.leave(it);
              await delay(away);
              hub.follow(it);
            }
          })();
          await Promise.all(writers);
          writing = false;
          await reader;
          await hub.round();
          await hub.round();
          const rows = await own.db.query<{ id: number; status: string }>(
            'SELECT order_id AS id, status FROM my_page WHERE order_id BETWEEN $1 AND $2 ORDER BY 1',
            [base, base + 3],
          );
          const seen = rows.map(({ id }) => ({ id, status: it.pages.get(id)?.status }));
          expect(seen).toEqual(rows);
          // It was away, and never had to load anew.
          expect(it.told.filter(text => text === 'anew')).toEqual(['anew']);
        },
      ),
      { numRuns: 15 },
    );
  });
});
