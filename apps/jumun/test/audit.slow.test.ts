import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { call, openPlace, orderThrough, type Place, type Started, stock } from './jumun.ts';
import { withDatabases } from './traffic.ts';

let place: Place;
let system: Started;
let order: number;

beforeAll(async () => {
  place = await openPlace();
  system = place.start();
  await system.ready();
  await stock(place, 1, 100);
  order = await orderThrough(place, 1);
});
afterAll(() => place.clean());

async function jumun(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const it = place.jumun(args);
  const { code } = await it.exited;
  return { code, out: it.stdout(), err: it.stderr() };
}
const here = () => ['--port-base', String(place.portBase), '--data', place.dataDir];

it('is clean, and nothing stands still', async () => {
  expect(await jumun('audit', ...here())).toEqual({
    code: 0,
    out: 'clean: 1 orders were looked at in all services, 0 stand still\n',
    err: '',
  });
  expect(await jumun('sagas', ...here())).toMatchObject({ code: 0, out: 'no order stands still\n' });
});

it('tells the story of an order', async () => {
  const { code, out } = await jumun('audit', '--order', String(order), ...here());
  expect(code).toBe(0);
  for (const said of [
    /pay +published PayApproved/,
    /delivery +delivery opened/,
    /what stands now/,
    /differ$/m,
  ])
    expect(out).toMatch(said);
  expect(await jumun('audit', '--order', '4711', ...here())).toMatchObject({
    code: 1,
    err: 'jumun: Nothing is known of an order 4711.\n',
  });
});

it('names what differs, and ends with 3', async () => {
  await withDatabases(place, ({ sql }) =>
    sql('customercenter', 'UPDATE my_page SET quantity = 7 WHERE order_id = $1', [order]),
  );
  const { code, out } = await jumun('audit', ...here());
  expect({ code, out }).toEqual({
    code: 3,
    out: expect.stringContaining(`order ${order}  view  shows quantity 7, which is 1`),
  });
  expect((await call('GET', `${place.url('customercenter')}/audit`)).body).toMatchObject({
    status: 'differs',
    total: 1,
  });
});

it('refuses in one line what it cannot do', async () => {
  const nowhere = join(place.root, 'nowhere');
  const cases: [string[], string][] = [
    [['audit', '--order', 'x', ...here()], '--order x is not the number of an order'],
    [['audit', '--port-base', '70000', '--data', place.dataDir], 'is not a number from 1024'],
    [['sagas', '--port-base', String(place.portBase), '--data', nowhere], 'is not a jumun data directory'],
    [['audit', '--port-base', '1024', '--data', place.dataDir], 'does not answer at http://127.0.0.1:1029'],
  ];
  for (const [args, said] of cases) {
    const { code, err } = await jumun(...args);
    expect(code).toBe(1);
    expect(err).toMatch(/^jumun: [^\n]+\n$/);
    expect(err).toContain(said);
  }
});
