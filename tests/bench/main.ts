import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { syncDisk } from './disk.ts';
import { fillShelves, type LoadResult, placeOrders } from './load.ts';
import { sequentialCommit, sqlLimit } from './sql-limit.ts';
import { startBenched } from './system.ts';

/**
 * `npm run bench`: what a system of this machine can do, beside what its disk and its database alone could, all in
 * one run, since machines are noisy and only ratios of one run mean something. Times nobody's tests.
 */
const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '6' }, rounds: { type: 'string', default: '3' } },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);

const PRODUCTS = 100;
const HOT = PRODUCTS + 1;
const say = (text = '') => process.stdout.write(`${text}\n`);
const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;
const number = (value: number, digits = 0) => value.toFixed(digits).padStart(9);

const system = await startBenched();
try {
  const cold = Array.from({ length: PRODUCTS }, (_, i) => i + 1);
  await fillShelves(system, [...cold, HOT]);
  await placeOrders(system, { clients: 50, seconds: 3, products: cold }); // warm-up

  const urls = await system.databases([
    'order',
    'product',
    'pay',
    'delivery',
    'notice',
    'customercenter',
    'events',
  ]);
  const limits: number[] = [];
  const commits: number[] = [];
  const syncs: number[] = [];
  const loads = new Map<string, LoadResult[]>();
  for (let round = 0; round < rounds; round++) {
    syncs.push((await syncDisk(system.dataDir, 1000)).p50);
    commits.push(await sequentialCommit(urls.order ?? '', 300));
    limits.push(await sqlLimit(urls, { batch: 50, lanes: 2, seconds }));
    for (const [name, clients, products] of [
      ['1 client', 1, cold],
      ['10 clients', 10, cold],
      ['50 clients', 50, cold],
      ['50, one hot product', 50, [HOT]],
      ['200 clients', 200, cold],
    ] as const) {
      const result = await placeOrders(system, { clients, seconds, products: [...products] });
      loads.set(name, [...(loads.get(name) ?? []), result]);
    }
  }

  const limit = median(limits);
  const commit = median(commits);
  say(
    `${cpus().length} cores (${cpus()[0]?.model.trim()}), Node ${process.version}, medians of ${rounds} rounds of ${seconds} s`,
  );
  say();
  say(`fdatasync of one block, p50     ${number(median(syncs), 2)} ms`);
  say(`commit of one row, p50          ${number(commit, 2)} ms`);
  say(`the same rows as SQL batches    ${number(limit)} orders/s`);
  say();
  say('POST /orders                orders/s  sagas/s   of SQL   p50 ms   p99 ms   failed   lag ms');
  for (const [name, results] of loads) {
    const of = (pick: (result: LoadResult) => number) => median(results.map(pick));
    const sagas = of(result => result.sagasPerSecond);
    say(
      name.padEnd(24) +
        number(of(r => r.ordersPerSecond)) +
        number(sagas) +
        number(sagas / limit, 2) +
        number(of(r => r.p50)) +
        number(of(r => r.p99)) +
        number(of(r => r.failed)) +
        number(of(r => r.lagMs)),
    );
  }
  const of = (name: string, pick: (result: LoadResult) => number) =>
    median((loads.get(name) ?? []).map(pick));
  const hot = of('50, one hot product', r => r.sagasPerSecond) / of('50 clients', r => r.sagasPerSecond);
  say();
  say(`one client's p50 in commits of one row  ${number(of('1 client', r => r.p50) / commit, 1)}`);
  say(`one hot product to a hundred            ${number(hot, 2)}`);
  say('commits (and reads) an order at 200 clients, by database');
  for (const database of Object.keys(urls)) {
    say(
      `  ${database.padEnd(16)}${number(
        of('200 clients', r => r.commitsPerOrder[database] ?? 0),
        3,
      )}`,
    );
  }
} finally {
  await system.stop();
}
