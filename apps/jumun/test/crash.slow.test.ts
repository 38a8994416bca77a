import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { openPlace, type Place, type Started, stock } from './jumun.ts';
import { confirmed, expectWhole, ITEM, nothingTold, SHELF, startTraffic, type Told } from './traffic.ts';

/** Pieces that were set aside for an order nobody placed are back soon. */
const env = { PRODUCT__RESERVATION_MS: '3000' };

let place: Place;
let system: Started;
let told: Told;

beforeEach(async () => {
  place = await openPlace();
  system = place.start([], { env });
  await system.ready();
  await stock(place, ITEM, SHELF);
  told = nothingTold();
});

afterEach(async () => {
  await place.clean();
});

it('kill -9 of the process: the next start joins the PostgreSQL that was left, and loses nothing', async () => {
  const traffic = startTraffic(place, told);
  await confirmed(told, 300);
  const postmaster = await place.postmaster();
  system.signal('SIGKILL');
  await system.exited;
  await traffic.end();
  expect(await place.postmaster()).toBe(postmaster);

  system = place.start([], { env });
  const ms = await system.ready();
  process.stdout.write(`ready ${Math.round(ms)} ms after kill -9 (${told.orders.size} confirmed)\n`);
  expect(await place.postmaster()).toBe(postmaster);
  await expectWhole(place, told);
  // It was joined, and is now ours to stop.
  system.signal('SIGTERM');
  expect(await system.exited).toEqual({ code: 0, signal: null });
  expect(await place.postmaster()).toBeUndefined();
}, 240_000);

it('kill -9 of everything, PostgreSQL too: the next start recovers, and loses nothing', async () => {
  const traffic = startTraffic(place, told);
  await confirmed(told, 300);
  const postmaster = await place.postmaster();
  await place.crash();
  await traffic.end();
  expect(await readFile(join(place.dataDir, 'pg/postmaster.pid'), 'utf8')).toMatch(`${postmaster}\n`);
  expect(await place.postmaster()).toBeUndefined();

  system = place.start([], { env });
  const ms = await system.ready();
  process.stdout.write(`ready ${Math.round(ms)} ms after the crash of all (${told.orders.size} confirmed)\n`);
  await expectWhole(place, told);
}, 240_000);

it('kill -9 of the postmaster: it is brought back while the process runs, and orders go on', async () => {
  const traffic = startTraffic(place, told);
  await confirmed(told, 300);
  for (let i = 0; i < 3; i++) {
    const postmaster = (await place.postmaster()) as number;
    const killed = performance.now();
    process.kill(postmaster, 'SIGKILL');
    await eventually(async () => expect(await place.postmaster()).not.toBe(postmaster), 30_000);
    // Not merely those that were on their way.
    await confirmed(told, 50);
    process.stdout.write(
      `orders again ${Math.round(performance.now() - killed)} ms after the postmaster's end\n`,
    );
  }
  await traffic.end();
  expect(system.isRunning()).toBe(true);
  await expectWhole(place, told);
  system.signal('SIGTERM');
  expect(await system.exited).toEqual({ code: 0, signal: null });
  expect(await place.postmaster()).toBeUndefined();
}, 240_000);
