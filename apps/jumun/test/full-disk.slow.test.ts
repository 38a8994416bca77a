import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canMount, fill, mount, unmount } from '../../../tests/support/disk.ts';
import { eventually } from '../../../tests/support/eventually.ts';
import { ensurePostgres } from '../src/postgres/index.ts';
import { call, openPlace, type Place, type Started, stock } from './jumun.ts';
import {
  askAgain,
  confirmed,
  expectWhole,
  ITEM,
  nothingTold,
  SHELF,
  startTraffic,
  type Told,
} from './traffic.ts';

const SIZE_MB = 400;
const env = { PRODUCT__RESERVATION_MS: '3000' };

describe('a disk that is full (needs root and mount)', () => {
  const able = canMount();
  let place: Place;
  let system: Started;

  beforeAll(async () => {
    if (!able) return;
    place = await openPlace();
    mkdirSync(place.dataDir);
    mount(place.dataDir, SIZE_MB);
    system = place.start([], { env });
    await system.ready();
    await stock(place, ITEM, SHELF);
  });

  afterAll(async () => {
    if (!able) return;
    // The disk last: PostgreSQL is found, to be stopped, by a file on it.
    await place.crash();
    unmount(place.dataDir);
    await place.clean();
  });

  /** Orders are refused as the contract says; those before the disk was felt may still stand. */
  async function expectRefusal(): Promise<void> {
    const wish = { itemcd: ITEM, orderQty: 1, price: 1_000, address: randomUUID() };
    const answer = await call('POST', `${place.url('order')}/orders`, wish);
    expect(answer.status).toBe(503);
    expect(answer.headers.get('content-type')).toMatch('application/problem+json');
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
  }

  const readable = async () => (await call('GET', `${place.url('order')}/orders?size=1`)).status;

  it.skipIf(!able)(
    'orders are refused while it is, nothing that was answered is lost, and they go on by themselves when there is room',
    async () => {
      const server = await ensurePostgres(place.dataDir);
      const told = nothingTold();
      const traffic = startTraffic(place, told, { customers: 6, changes: true });
      await confirmed(told, 100);

      // Tables cannot grow: PostgreSQL refuses statements, and stays.
      let filler = fill(place.dataDir);
      await eventually(expectRefusal, 120_000);
      await refusals(told, 100);
      expect([200, 503]).toContain(await readable());
      const postmaster = await place.postmaster();
      expect(postmaster).toBeDefined();
      filler.empty();
      await again(told, 'there was room');

      // The log cannot grow: PostgreSQL panics, again and again, or cannot recover at all before there is room.
      let session = await enter(server.url('postgres'));
      expect(session).toBeDefined();
      filler = fill(place.dataDir);
      for (let outage = 1; outage <= 3; outage++) {
        if (session) await exhaustLog(session);
        session = await enter(server.url('postgres'));
      }
      await session?.end();
      await refusals(told, 100);
      await expectRefusal();
      expect([200, 503]).toContain(await readable());
      expect(system.isRunning()).toBe(true);
      filler.empty();
      await again(told, 'there was room, PostgreSQL having died of it');
      await traffic.end();

      expect([200, 201, 204, 409, 503]).toEqual(expect.arrayContaining([...told.statuses.keys()]));
      const logFile = join(place.dataDir, 'logs/jumun.log');
      await eventually(async () => {
        const lines = (await readFile(logFile, 'utf8')).split('\n');
        const said = lines
          .filter(line => line.includes('"msg":"PostgreSQL '))
          .map(line => JSON.parse(line).msg);
        expect(said.at(0)).toBe('PostgreSQL is gone; it is brought back');
        expect(said.at(-1)).toBe('PostgreSQL is back');
      });
      await askAgain(place, told);
      const orders = await expectWhole(place, told);
      process.stdout.write(`${orders} orders at the end; ${told.statuses.get(503)} answers were 503\n`);

      // It can be stopped while the disk is full, too.
      filler = fill(place.dataDir);
      system.signal('SIGTERM');
      expect(await system.exited).toMatchObject({ signal: null });
      expect(await place.postmaster()).toBeUndefined();
      filler.empty();
      system = place.start([], { env });
      await system.ready();
      expect(await expectWhole(place, told)).toBe(orders);
    },
    400_000,
  );
});

/** Waits until so many more answers were 503. */
async function refusals(told: Told, more: number): Promise<void> {
  const goal = (told.statuses.get(503) ?? 0) + more;
  await eventually(() => expect(told.statuses.get(503)).toBeGreaterThanOrEqual(goal), 60_000);
}

/** Waits until orders are confirmed again. */
async function again(told: Told, after: string): Promise<void> {
  const begun = performance.now();
  await confirmed(told, 20);
  process.stdout.write(`20 orders confirmed ${Math.round(performance.now() - begun)} ms after ${after}\n`);
}

/** A session; none where nobody is let in, for want of room or since PostgreSQL is away. */
async function enter(url: string): Promise<pg.Client | undefined> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  return client.connect().then(
    () => client,
    () => undefined,
  );
}

/** Has PostgreSQL begin new files of its log in a session until that ends, since PostgreSQL dies for want of room. */
function exhaustLog(session: pg.Client): Promise<void> {
  return eventually(async () => {
    try {
      for (;;) {
        await session.query(`SELECT pg_logical_emit_message(false, 'test', 'x')`);
        await session.query('SELECT pg_switch_wal()');
      }
    } catch (error) {
      // A statement that is refused for want of room is no outage.
      if (error instanceof pg.DatabaseError && error.severity === 'ERROR') throw error;
    }
  }, 60_000);
}
