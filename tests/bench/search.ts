import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { ensureDatabases, ensurePostgres } from '../../apps/jumun/src/postgres/index.ts';
import { createLogger, type Database, migrate, openDatabase } from '../../packages/service-kit/src/index.ts';
import {
  countMinutes,
  countOpen,
  execute,
  findMyPages,
  type Wanted,
} from '../../services/customercenter/src/store.ts';
import type { ViewChange } from '../../services/customercenter/src/view.ts';
import { planOf } from '../support/explain.ts';
import { temporaryDirectory } from '../support/global-setup.ts';

/**
 * `npm run bench:search`: how long orders take to be found among many, page by page, and what the indexes for it cost
 * those who write. The folds of the two databases alternate; what matters is the ratio of the medians.
 */
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    queries: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '5' },
  },
});
const rows = Number(values.rows);
const queries = Number(values.queries);
const rounds = Number(values.rounds);

/** The first migration that has to do with searches. */
const SEARCH = '004';
const DAY = 86_400_000;
const CUSTOMERS = 50_000;
const ITEMS = 1_000;
/** What is still open when the load ends. */
const OPEN = 2_000;
/** All was ordered within so long before. */
const DAYS = 90;
const began = Date.now() - DAYS * DAY;

const say = (text: string) => process.stdout.write(`${text}\n`);
const below = (n: number) => Math.floor(Math.random() * n);
const instant = (ms: number) => new Date(ms).toISOString();
const quantile = (numbers: number[], q: number) =>
  numbers.toSorted((a, b) => a - b)[Math.min(numbers.length - 1, Math.floor(numbers.length * q))] ?? 0;
async function timed(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await act();
  return performance.now() - start;
}

/** Orders of three months, of which few are open, one in twenty-five is canceled, and a few have an odd reason. */
const FILL = `
  INSERT INTO my_page (order_id, shown, status, item, quantity, price, itemcd, customer_id, delivery_status, delivery_id,
                       pay_status, reason, updated_at, timeline)
  SELECT id, true, status, item, 1, 1000, itemcd, customer, 'deliverycompleted', id,
         CASE WHEN canceled THEN 'canceled' ELSE 'approved' END,
         CASE WHEN canceled THEN CASE WHEN id % 1000 = 0 THEN '상자가 젖어 있음' ELSE '마음이 바뀜' END END,
         at + 60000, jsonb_build_object('approved', at, 'ordered', at, 'deliveryPrepared', at + 500, status, at + 60000)
  FROM (
    SELECT id, at, canceled, (hashint8(id) & 2147483647) % ${CUSTOMERS} + 1 AS customer, itemcd,
           (ARRAY['서울 우유','제주 감귤','원두 커피','쌀','생수'])[itemcd % 5 + 1] || ' ' || itemcd AS item,
           CASE WHEN id > $1::bigint - ${OPEN} THEN (ARRAY['ordered','deliveryPrepared','deliverystarted'])[id % 3 + 1]
                WHEN canceled THEN 'orderCanceled' ELSE 'deliverycompleted' END AS status
    FROM (SELECT id, id % 25 = 0 AS canceled, (hashint8(id + 7) & 2147483647) % ${ITEMS} + 1 AS itemcd,
                 $2::bigint + id * ${DAYS * DAY} / $1::bigint AS at
          FROM generate_series(1, $1::bigint) AS id) AS drawn
  ) AS made`;

const searches: [name: string, wanted: () => Wanted][] = [
  ['nothing', () => ({})],
  ['customer', () => ({ customerId: below(CUSTOMERS) + 1 })],
  ['customer, status', () => ({ customerId: below(CUSTOMERS) + 1, status: 'orderCanceled' })],
  ['product', () => ({ itemcd: below(ITEMS) + 1 })],
  ['product, status canceled', () => ({ itemcd: below(ITEMS) + 1, status: 'orderCanceled' })],
  ['status open', () => ({ status: 'ordered' })],
  ['status canceled', () => ({ status: 'orderCanceled' })],
  ['status completed', () => ({ status: 'deliverycompleted' })],
  ['an hour', () => within(DAY / 24)],
  ['a day', () => within(DAY)],
  ['until two months ago', () => ({ to: instant(began + below(30) * DAY) })],
  ['a day, status canceled', () => ({ ...within(DAY), status: 'orderCanceled' })],
  ['a day, product', () => ({ ...within(DAY), itemcd: below(ITEMS) + 1 })],
  ['text, one in five', () => ({ q: '우유' })],
  ['text, one in a thousand', () => ({ q: `감귤 ${below(200) * 5 + 1}` })],
  ['text of a reason', () => ({ q: '젖어' })],
  ['text that is nowhere', () => ({ q: '없는 물건' })],
  ['two syllables nowhere', () => ({ q: '없다' })],
  ['order', () => ({ q: String(below(rows) + 1) })],
];

function within(ms: number): Wanted {
  const from = began + below(DAYS * DAY - ms);
  return { from: instant(from), to: instant(from + ms) };
}

const scansOf = (plan: string) =>
  [
    ...new Set(
      [
        ...plan.matchAll(
          /(Seq Scan|(?:Index|Index Only|Bitmap Index) Scan(?: Backward)?(?: using| on) \w+)/g,
        ),
      ].map(([scan]) => scan),
    ),
  ]
    .map(scan => scan.replace(/(Bitmap )?Index (Only )?Scan( Backward)? (using|on) (my_page_)?/, ''))
    .join(' & ');

async function measure(db: Database, name: string, wanted: () => Wanted): Promise<void> {
  const first: number[] = [];
  const deep: number[] = [];
  for (let i = 0; i < queries; i++) {
    const query = wanted();
    first.push(await timed(() => findMyPages(db, query, { limit: 20 })));
    deep.push(
      await timed(() => findMyPages(db, query, { limit: 20, after: Math.floor(rows / 3) + below(1_000) })),
    );
  }
  const ms = (numbers: number[]) =>
    `${quantile(numbers, 0.5).toFixed(1).padStart(8)} ${quantile(numbers, 0.99).toFixed(1).padStart(8)}`;
  const plan = scansOf(await planOf(db, at => findMyPages(at, wanted(), { limit: 20 })));
  say(`${name.padEnd(26)} ${ms(first)}  ${ms(deep)}  ${plan}`);
}

/** New orders and all that happens to them, in batches in which each order is once, as they come from a consumer. */
function lives(from: number, orders: number): ViewChange[][] {
  const step = 500;
  const at = Date.now();
  const batches: ViewChange[][] = [];
  for (let base = from; base < from + orders; base += step) {
    const ids = Array.from({ length: step }, (_, i) => base + i);
    const facts = (id: number) => ({
      item: `서울 우유 ${id % ITEMS}`,
      quantity: 1,
      price: 1000,
      itemcd: (id % ITEMS) + 1,
      customerId: (id % CUSTOMERS) + 1,
    });
    batches.push(
      ids.map(orderId => ({ orderId, at, payStatus: 'approved', step: 'approved' })),
      ids.map(orderId => ({
        orderId,
        at,
        shown: true,
        status: 'ordered',
        step: 'ordered',
        facts: facts(orderId),
      })),
      ids.map(orderId => ({ orderId, at, status: 'deliveryPrepared', step: 'deliveryPrepared' })),
      ids.map(orderId => ({
        orderId,
        at,
        deliveryId: orderId,
        deliveryStatus: 'deliverystarted',
        status: 'deliverystarted',
        step: 'deliverystarted',
      })),
      ids.map(orderId => ({
        orderId,
        at,
        deliveryStatus: 'deliverycompleted',
        status: 'deliverycompleted',
        step: 'deliverycompleted',
      })),
    );
  }
  return batches;
}

/** Folds the lives of 4,000 orders, 20,000 changes. */
async function fold(db: Database, round: number): Promise<{ ms: number; wal: number }> {
  const wal = async () => {
    const [row] = await db.query<{ at: number }>(
      `SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint AS at`,
    );
    return row?.at ?? 0;
  };
  const batches = lives(rows + 1 + round * 4_000, 4_000);
  const start = await wal();
  const ms = await timed(async () => {
    for (const batch of batches)
      await db.transaction(tx =>
        execute(
          tx,
          batch.map(command => ({ command })),
        ),
      );
  });
  return { ms, wal: (await wal()) - start };
}

const directory = await temporaryDirectory();
const server = await ensurePostgres(join(directory, 'data'));
const log = createLogger('bench', 'silent');
try {
  const folder = new URL('../../services/customercenter/migrations/', import.meta.url);
  const files = (await readdir(folder)).sort();
  const dbs: Record<string, Database> = {};
  for (const name of ['without', 'with']) {
    const { [name]: url = '' } = await ensureDatabases(server, [name]);
    const db = openDatabase({ url, name, connections: 4, log });
    dbs[name] = db;
    await migrate(db, []);
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const apply = async (file: string) => client.query(await readFile(new URL(file, folder), 'utf8'));
    for (const file of files) if (file < SEARCH) await apply(file);
    await client.query(FILL, [rows, began]);
    for (const file of name === 'with' ? files : [])
      if (file >= SEARCH)
        say(`${file} over ${rows} rows: ${((await timed(() => apply(file))) / 1000).toFixed(1)} s`);
    await client.query('VACUUM ANALYZE my_page');
    await client.end();
  }
  const { with: indexed, without: bare } = dbs as { with: Database; without: Database };

  say(`\n${queries} searches each, ms           first p50      p99   deep p50      p99  index`);
  for (const [name, wanted] of searches) await measure(indexed, name, wanted);
  const figures: number[] = [];
  const standing: number[] = [];
  for (let i = 0; i < 50; i++) {
    figures.push(await timed(() => countMinutes(indexed, 60)));
    standing.push(await timed(() => countOpen(indexed)));
  }
  say(
    `figures of 60 minutes p50 ${quantile(figures, 0.5).toFixed(1)} ms, open orders p50 ${quantile(standing, 0.5).toFixed(1)} ms`,
  );

  const found: Record<string, { ms: number; wal: number }[]> = { with: [], without: [] };
  for (let round = 0; round < rounds; round++)
    for (const name of round % 2 === 0 ? ['without', 'with'] : ['with', 'without'])
      found[name]?.push(await fold(name === 'with' ? indexed : bare, round));
  for (const [name, results] of Object.entries(found)) {
    const ms = quantile(
      results.map(result => result.ms),
      0.5,
    );
    const wal = quantile(
      results.map(result => result.wal),
      0.5,
    );
    const db = name === 'with' ? indexed : bare;
    // Otherwise the counts come up to a second later.
    await db.query('SELECT pg_stat_force_next_flush()');
    const [stat] = await db.query<{ hot: number }>(
      `SELECT n_tup_hot_upd::float / nullif(n_tup_upd, 0) AS hot FROM pg_stat_user_tables WHERE relname = 'my_page'`,
    );
    say(
      `20,000 changes folded, ${name.padEnd(7)} the indexes: ${ms.toFixed(0)} ms, ${(wal / 1e6).toFixed(1)} MB of WAL, ` +
        `${((stat?.hot ?? 0) * 100).toFixed(0)} % of the updates in their page`,
    );
  }
  for (const db of Object.values(dbs)) await db.close();
} finally {
  await server.stop('fast');
  await rm(directory, { recursive: true, force: true, maxRetries: 10 });
}
