import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seeded } from '../../../tests/support/random.ts';
import { openPlace, type Place, type Started, stock } from './jumun.ts';
import {
  askAgain,
  confirmed,
  expectKept,
  expectWhole,
  ITEM,
  nothingTold,
  SHELF,
  startTraffic,
  withDatabases,
} from './traffic.ts';

const ROUNDS = Number(process.env.CRASH_ROUNDS ?? 20);
const SEED = Number(process.env.CRASH_SEED ?? randomInt(2 ** 31));
const env = { PRODUCT__RESERVATION_MS: '3000' };

let place: Place;

beforeAll(async () => {
  place = await openPlace();
});

afterAll(async () => {
  await place.clean();
});

it(`${ROUNDS} times kill -9 of everything at random moments: what customers were told holds, and nothing is done twice`, async () => {
  process.stdout.write(`${ROUNDS} rounds, CRASH_SEED=${SEED}\n`);
  const random = seeded(SEED);
  const told = nothingTold();
  let system: Started = place.start([], { env });
  await system.ready();
  await stock(place, ITEM, SHELF);

  for (let round = 1; round <= ROUNDS; round++) {
    const traffic = startTraffic(place, told, { changes: true });
    await confirmed(told, 20);
    await delay(random() * 2_000);
    await place.crash();
    await traffic.end();
    if (random() < 0.25) {
      // A crash again, while it recovers or starts.
      place.start([], { env });
      await delay(500 + random() * 2_500);
      await place.crash();
    }
    system = place.start([], { env });
    const ms = Math.round(await system.ready());
    await withDatabases(place, databases => expectKept(databases, told));
    process.stdout.write(
      `round ${round}: ready after ${ms} ms; told so far: ${told.orders.size} orders, ${told.canceled.size} cancellations, ${told.moved.size} deliveries under way; ${told.unanswered.length} without an answer\n`,
    );
    await askAgain(place, told);
  }

  const orders = await expectWhole(place, told);
  process.stdout.write(`${orders} orders at the end; statuses ${JSON.stringify([...told.statuses])}\n`);
  // 0 is for no answer, 409 for a step that came too late, 503 for what could not be done just then.
  expect([0, 200, 201, 204, 409, 503]).toEqual(expect.arrayContaining([...told.statuses.keys()]));
}, 1_200_000);
