import { once } from 'node:events';
import { readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { ordered, prepared, stock } from '../../../tests/e2e/steps.ts';
import { type Cleanup, createCleanup } from '../../../tests/support/cleanup.ts';
import { temporaryDirectory } from '../../../tests/support/global-setup.ts';
import { startSystem } from '../../../tests/support/system.ts';
import { archive, endedDays } from '../src/commands/archive.ts';

const DAY_MS = 86_400_000;
const cleanup: Cleanup = createCleanup();
let customercenter: string;
let directory: string;
/** Ids of orders of yesterday, in their order, and of the day before. */
let yesterdays: number[];
let earlier: number;

beforeAll(async () => {
  const system = await startSystem();
  cleanup.add(() => system.close());
  customercenter = system.url('customercenter');
  await stock(system, { itemcd: 1, totalQuantity: 100, price: 1_000, name: '우유, 1 l' });
  const ids: number[] = [];
  for (let n = 0; n < 4; n++) ids.push(await ordered(system, { itemcd: 1, price: 1_000 }));
  for (const id of ids) await prepared(system, id);
  const today = ids.pop();
  const move = (id: number, days: number) =>
    system.sql(
      'customercenter',
      `UPDATE my_page SET timeline = jsonb_set(timeline::jsonb, '{ordered}', to_jsonb($2::bigint)) WHERE order_id = $1`,
      [id, Date.now() - days * DAY_MS],
    );
  const [first = 0, second = 0, third = 0] = ids;
  await move(first, 1);
  await move(second, 2);
  await move(third, 1);
  yesterdays = [first, third];
  earlier = second;
  expect(today).toBeGreaterThan(0);
});
afterAll(() => cleanup.run());

beforeEach(async () => {
  directory = await temporaryDirectory();
  cleanup.add(() => rm(directory, { recursive: true, force: true }));
});

async function run(base: string, days: string): Promise<string> {
  vi.stubEnv('CUSTOMERCENTER_URL', base);
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await archive([directory], days, {});
    return write.mock.calls.map(([text]) => text).join('');
  } finally {
    write.mockRestore();
    vi.unstubAllEnvs();
  }
}
const lines = async (day: string) =>
  (await readFile(`${directory}/orders-${day}.csv`, 'utf8')).trim().split('\n');

it('writes the orders of each day that has ended into a file, and today’s into none', async () => {
  const [empty = '', before = '', yesterday = ''] = endedDays(Date.now(), 3);
  await run(customercenter, '3');
  expect((await readdir(directory)).sort()).toEqual(
    [empty, before, yesterday].map(day => `orders-${day}.csv`),
  );
  const [names, ...rows] = await lines(yesterday);
  expect(names).toContain('orderId');
  expect(rows.map(row => Number(row.split(',')[0])).sort()).toEqual(yesterdays.toSorted());
  expect(rows[0]).toContain('"우유, 1 l"');
  expect((await lines(before)).slice(1).map(row => Number(row.split(',')[0]))).toEqual([earlier]);
  expect(await lines(empty)).toEqual([names]);
});

it('leaves the files alone that are there', async () => {
  expect(await run(customercenter, '2')).toMatch(
    /^orders-\S+\.csv: \d+ bytes\norders-\S+\.csv: \d+ bytes\n$/,
  );
  expect(await run(customercenter, '2')).toBe('the last 2 days are there\n');
  expect(await run(customercenter, '3')).toMatch(/^orders-\S+\.csv: \d+ bytes\n$/);
});

it('takes away what a run that was killed has left, and nothing that another writes', async () => {
  const [day = ''] = endedDays(Date.now(), 1);
  // In containers all processes have the same number.
  const [left, under] = [`.orders-${day}.csv.left`, `.orders-${day}.csv.${process.pid}`];
  for (const name of [left, under]) await writeFile(join(directory, name), 'orderId\n1\n');
  const longAgo = new Date(Date.now() - 2 * DAY_MS);
  await utimes(join(directory, left), longAgo, longAgo);
  await run(customercenter, '1');
  expect((await readdir(directory)).sort()).toEqual([under, `orders-${day}.csv`]);
});

it('leaves nothing of a file that was broken off', async () => {
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/csv' });
    response.write('orderId\n1\n');
    setImmediate(() => response.destroy());
  });
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  cleanup.add(() => void server.close());
  await expect(run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, '1')).rejects.toThrow();
  expect(await readdir(directory)).toEqual([]);
});

it('says which service does not answer', async () => {
  await expect(run('http://127.0.0.1:1', '1')).rejects.toThrow(
    'customercenter does not answer at http://127.0.0.1:1',
  );
  await expect(run(customercenter, '0')).rejects.toThrow('--days 0 is not a number from 1 to 3660');
});
