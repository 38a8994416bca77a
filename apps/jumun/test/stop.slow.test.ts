import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { call, openPlace, orderThrough, type Place, stock } from './jumun.ts';

/** How long the first signal would have the system wait for what is under way. */
const DRAIN_MS = 10_000;

let place: Place;

beforeAll(async () => {
  place = await openPlace();
});

afterEach(async () => {
  expect(await place.postmaster()).toBeUndefined();
});

afterAll(async () => {
  await place.clean();
});

const order = { itemcd: 1, orderQty: 1, price: 1_000 };

/**
 * Posts an order on a connection of its own. Resolves when the service has read the head of the request, which is
 * under way from then on; `status` sends the rest and waits for the answer.
 */
async function post(body: object): Promise<{ status(): Promise<number | undefined> }> {
  const text = JSON.stringify(body);
  const message = request(`${place.url('order')}/orders`, {
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/json', 'content-length': text.length, expect: '100-continue' },
  });
  message.flushHeaders();
  await once(message, 'continue');
  return {
    async status() {
      message.end(text);
      const [response] = await once(message, 'response');
      response.resume();
      return response.statusCode;
    },
  };
}

it('can be told to stop while it is still starting, and leaves nothing behind', async () => {
  // At different points of the first start, and of a later one.
  for (const file of ['jumun.json', 'pg/postmaster.pid', 'logs']) {
    const system = place.start();
    await eventually(() => {
      if (!existsSync(`${place.dataDir}/${file}`)) throw new Error(`no ${file} yet`);
    });
    system.signal('SIGTERM');
    const { code, signal } = await system.exited;
    // Before anything runs, the signal simply ends Node.
    expect(signal ?? code).toBeOneOf([0, 'SIGTERM']);
    expect(system.stdout()).not.toContain('ready');
    expect(system.stderr()).toBe('');
    expect(await place.postmaster()).toBeUndefined();
  }
});

it('finishes the requests under way, stops PostgreSQL, and ends with 0', async () => {
  const system = place.start();
  await system.ready();
  await stock(place, 1, 10_000);
  const underWay = await Promise.all(Array.from({ length: 200 }, () => post(order)));
  const statuses = underWay.map(it => it.status());
  await Promise.race(statuses);
  const told = performance.now();
  // Three that are one: what the terminal sends, npm passes on, and a supervisor that signals the group adds.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGINT'] as const) system.signal(signal);
  // None is cut, and none fails because the services it needs were stopped before it.
  expect(new Set(await Promise.all(statuses))).toEqual(new Set([201]));
  expect(await system.exited).toEqual({ code: 0, signal: null });
  process.stdout.write(`stopped under load after ${Math.round(performance.now() - told)} ms\n`);
  expect(system.stderr()).toBe('');
});

it('stops at once at the second Ctrl-C, and does not leave PostgreSQL behind', async () => {
  const system = place.start();
  await system.ready();
  const hanging = (await post({ ...order, price: 1_000_408 })).status().catch(() => 'cut');
  await eventually(async () => {
    const { body } = await call('GET', `${place.url('order')}/metrics`);
    expect(body).toMatch(/jumun_open_intents\S* 1\n/);
  });
  system.signal('SIGINT');
  await eventually(() => expect(system.stdout()).toContain('Stopping'));
  const told = performance.now();
  // The next one counts once it cannot be an echo of the first any more.
  const again = setInterval(() => system.signal('SIGINT'), 100);
  const exit = await system.exited.finally(() => clearInterval(again));
  expect(exit).toEqual({ code: 1, signal: null });
  expect(performance.now() - told).toBeLessThan(DRAIN_MS);
  expect(await hanging).toBe('cut');
  expect(await place.postmaster()).toBeUndefined();

  const next = place.start();
  await next.ready();
  await orderThrough(place, 1);
  next.signal('SIGTERM');
  expect((await next.exited).code).toBe(0);
});
