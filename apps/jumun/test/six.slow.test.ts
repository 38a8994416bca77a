import { afterEach, beforeEach, expect, it } from 'vitest';
import { openPlace, orderThrough, type Place, stock } from './jumun.ts';

let place: Place;

beforeEach(async () => {
  place = await openPlace();
});

afterEach(async () => {
  await place.clean();
});

it('npm start in each of the six services, at once, on a new directory: one system on one PostgreSQL', async () => {
  const services = ['order', 'pay', 'product', 'delivery', 'notice', 'customercenter'];
  const start = (service: string) =>
    place.start([], { npm: { folder: `services/${service}`, args: ['start'] } });
  const six = services.map(start);
  const times = await Promise.all(six.map(it => it.ready()));
  process.stdout.write(`six processes: ready after ${times.map(Math.round).join(', ')} ms\n`);
  await stock(place, 1, 10);
  await orderThrough(place, 1);

  // All but one leave, and come back: PostgreSQL is the one of him who stayed.
  const postmaster = await place.postmaster();
  expect(postmaster).toBeDefined();
  for (const it of six.slice(1)) it.signal('SIGTERM');
  for (const it of six.slice(1)) expect(await it.exited).toEqual({ code: 0, signal: null });
  expect(await place.postmaster()).toBe(postmaster);
  const five = services.slice(1).map(start);
  await Promise.all(five.map(it => it.ready()));
  await orderThrough(place, 1);

  const all = [...six.slice(0, 1), ...five];
  for (const it of all) it.signal('SIGINT');
  for (const it of all) expect(await it.exited).toEqual({ code: 0, signal: null });
  expect(await place.postmaster()).toBeUndefined();
}, 180_000);
