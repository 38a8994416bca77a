import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { freshDatabase } from '../../../tests/support/database.ts';
import { call, openPlace, orderThrough, type Place, stock } from './jumun.ts';

let place: Place;

beforeEach(async () => {
  place = await openPlace();
});

afterEach(async () => {
  await place.clean();
});

it('two processes that start at once are one system, and the last to stop stops PostgreSQL', async () => {
  const two = [
    place.start(['--only', 'order, pay']),
    place.start(['--only', 'product,delivery,notice,customercenter,gateway,web']),
  ] as const;
  await Promise.all(two.map(it => it.ready()));
  expect(two[0].stdout()).toContain(`order           http://localhost:${place.portBase + 1}\n`);
  expect(two[0].stdout()).not.toContain('product');
  await stock(place, 1, 10);
  const id = await orderThrough(place, 1);
  const { body } = await call('GET', `${place.url('gateway')}/orders/${id}`);
  expect(body).toMatchObject({ orderQty: 1, price: 1_000, itemcd: 1 });

  two[1].signal('SIGTERM');
  expect((await two[1].exited).code).toBe(0);
  expect(await place.postmaster()).toBeDefined();
  expect((await call('GET', `${place.url('order')}/orders/${id}`)).status).toBe(200);

  // The other half comes back under the one that stayed.
  const again = place.start(['--only', 'product,delivery,notice,customercenter,gateway,web']);
  await again.ready();
  await orderThrough(place, 1);

  for (const it of [two[0], again]) it.signal('SIGTERM');
  expect((await two[0].exited).code).toBe(0);
  expect((await again.exited).code).toBe(0);
  expect(await place.postmaster()).toBeUndefined();
});

it('parts without a database start none', async () => {
  const front = place.start(['--only', 'web,gateway']);
  await front.ready();
  expect(existsSync(join(place.dataDir, 'pg'))).toBe(false);
  expect((await call('GET', `${place.url('gateway')}/`)).body).toContain('<!doctype html>');
  expect((await call('GET', `${place.url('gateway')}/orders`)).body.type).toBe('/problems/peer-unavailable');
  front.signal('SIGTERM');
  expect(await front.exited).toEqual({ code: 0, signal: null });
});

it('services run on databases that are given, and then need no data directory', async () => {
  const names = ['order', 'pay', 'product', 'delivery', 'notice', 'customercenter', 'events'];
  const databases = new Map(
    await Promise.all(names.map(async name => [name, await freshDatabase(name)] as const)),
  );
  const env: Record<string, string> = {
    SERVICE_TOKEN: 'a-token-for-tests-only',
    EVENTS_URL: databases.get('events')?.url ?? '',
    // An empty one counts as one that is not there.
    DATABASE_URL: '',
    GATEWAY__PORT: '',
  };
  for (const name of names.slice(0, -1))
    env[`${name.toUpperCase()}__DATABASE_URL`] = databases.get(name)?.url ?? '';
  const two = [
    place.start(['--only', 'order,pay'], { env }),
    place.start(['--only', 'product,delivery,notice,customercenter'], { env }),
    place.start(['--only', 'gateway'], { env: { SERVICE_TOKEN: 'a-token-for-tests-only' } }),
  ];
  await Promise.all(two.map(it => it.ready()));
  await stock(place, 1, 10);
  const id = await orderThrough(place, 1);
  expect((await call('GET', `${place.url('gateway')}/orders/${id}`)).status).toBe(200);
  expect(existsSync(place.dataDir)).toBe(false);
  // Without a data directory the log goes to standard output.
  expect(two[0]?.stdout()).toContain('"service":"order"');
  for (const it of two) it.signal('SIGTERM');
  for (const it of two) expect(await it.exited).toEqual({ code: 0, signal: null });
  for (const database of databases.values()) await database.drop();
});
