import pg from 'pg';

/**
 * The rows that one order writes from its intent to its delivery in the view, as plain SQL in batches and nothing
 * else: no HTTP, no decisions, no JSON read. What the database alone would allow.
 *
 * Each step is one transaction for a whole batch, in the database of its service. Steps of one batch run in turn, as
 * in the system; `lanes` batches run side by side.
 */
const steps: { database: string; statements: ((ids: number[]) => [text: string, values: unknown[]])[] }[] = [
  {
    database: 'order',
    statements: [
      ids => [
        `INSERT INTO bench_intent SELECT id, gen_random_uuid(), 'milk', 1, 1000, 1, 1, 'Seoul', false, now() FROM unnest($1::bigint[]) id`,
        [ids],
      ],
    ],
  },
  { database: 'product', statements: [ids => line(ids, 'reserved'), stock] },
  {
    database: 'pay',
    statements: [
      ids => [
        `INSERT INTO bench_charge SELECT gen_random_uuid(), id, 'captured', now() FROM unnest($1::bigint[]) id`,
        [ids],
      ],
    ],
  },
  {
    database: 'pay',
    statements: [
      ids => [
        `INSERT INTO bench_pay SELECT id, id, gen_random_uuid(), 'approved', 1000, 1, 'milk', 1, 1, 'Seoul' FROM unnest($1::bigint[]) id`,
        [ids],
      ],
      outbox,
    ],
  },
  {
    database: 'order',
    statements: [
      ids => [`DELETE FROM bench_intent WHERE id = ANY($1)`, [ids]],
      ids => [
        `INSERT INTO bench_orders SELECT id, 'milk', 1, 'ordered', 1000, 1, 1, 'Seoul' FROM unnest($1::bigint[]) id`,
        [ids],
      ],
      outbox,
    ],
  },
  { database: 'events', statements: [log, log] },
  { database: 'order', statements: [clear] },
  { database: 'pay', statements: [clear] },
  { database: 'product', statements: [inbox, inbox, ids => line(ids, 'taken'), stock, outbox] },
  { database: 'notice', statements: [inbox, ids => notice(ids, 'Ordered')] },
  { database: 'events', statements: [log] },
  { database: 'product', statements: [clear] },
  {
    database: 'order',
    statements: [
      inbox,
      ids => [`UPDATE bench_orders SET status = 'deliveryPrepared' WHERE id = ANY($1)`, [ids]],
    ],
  },
  {
    database: 'delivery',
    statements: [
      inbox,
      ids => [
        `INSERT INTO bench_delivery SELECT id, id, 1, 'milk', 1, 1000, 'Seoul', 'deliveryRequested' FROM unnest($1::bigint[]) id`,
        [ids],
      ],
      outbox,
    ],
  },
  { database: 'notice', statements: [inbox, ids => notice(ids, 'DeliveryPrepared')] },
  {
    database: 'notice',
    statements: [ids => [`UPDATE bench_notice SET status = 'sent' WHERE order_id = ANY($1)`, [ids]]],
  },
  { database: 'events', statements: [log] },
  { database: 'delivery', statements: [clear] },
  { database: 'customercenter', statements: [inbox, inbox, inbox, inbox, view] },
];

function line(ids: number[], hold: string): [string, unknown[]] {
  return [
    `INSERT INTO bench_line SELECT id, 1, 1, $2, 1000, 1000, id FROM unnest($1::bigint[]) id
     ON CONFLICT (order_id) DO UPDATE SET hold = excluded.hold`,
    [ids, hold],
  ];
}
function stock(ids: number[]): [string, unknown[]] {
  return [`UPDATE bench_stock SET total = total - $1::int WHERE id = 1`, [ids.length]];
}
function outbox(ids: number[]): [string, unknown[]] {
  return [
    `INSERT INTO bench_outbox (event_id, key, type, payload, traceparent)
     SELECT gen_random_uuid(), id::text, 'Ordered', repeat('x', 200), repeat('t', 55) FROM unnest($1::bigint[]) id`,
    [ids],
  ];
}
function clear(ids: number[]): [string, unknown[]] {
  return [
    `DELETE FROM bench_outbox WHERE id IN (SELECT id FROM bench_outbox ORDER BY id LIMIT $1::int FOR UPDATE SKIP LOCKED)`,
    [ids.length],
  ];
}
function inbox(ids: number[]): [string, unknown[]] {
  return [`INSERT INTO bench_inbox SELECT gen_random_uuid(), now() FROM unnest($1::bigint[]) id`, [ids]];
}
function log(ids: number[]): [string, unknown[]] {
  return [
    `INSERT INTO bench_log (event_id, key, type, payload, traceparent)
     SELECT gen_random_uuid(), id::text, 'Ordered', repeat('x', 200), repeat('t', 55) FROM unnest($1::bigint[]) id`,
    [ids],
  ];
}
function notice(ids: number[], kind: string): [string, unknown[]] {
  return [
    `INSERT INTO bench_notice SELECT id, $2, 1, 'inbox', 'queued', repeat('n', 60), now() FROM unnest($1::bigint[]) id`,
    [ids, kind],
  ];
}
function view(ids: number[]): [string, unknown[]] {
  return [
    `INSERT INTO bench_page SELECT id, true, 'deliveryPrepared', 'milk', 1, 1000, 1, 1, 'deliveryRequested', id, 'approved', 1, '{"ordered":1,"payApproved":1,"deliveryPrepared":1,"deliveryRequested":1}'
     FROM unnest($1::bigint[]) id`,
    [ids],
  ];
}

const outboxTable = `CREATE TABLE IF NOT EXISTS bench_outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id uuid, key text, type text, payload text, traceparent text)`;
const inboxTable = `CREATE TABLE IF NOT EXISTS bench_inbox (event_id uuid PRIMARY KEY, at timestamptz)`;
const tables: Record<string, string[]> = {
  order: [
    `CREATE TABLE IF NOT EXISTS bench_intent (id bigint PRIMARY KEY, key uuid, item text, qty int, price bigint, itemcd bigint, customer bigint, address text, keyed boolean, at timestamptz)`,
    `CREATE TABLE IF NOT EXISTS bench_orders (id bigint PRIMARY KEY, item text, qty int, status text, price bigint, itemcd bigint, customer bigint, address text)`,
    outboxTable,
    inboxTable,
  ],
  product: [
    `CREATE TABLE IF NOT EXISTS bench_line (order_id bigint PRIMARY KEY, itemcd bigint, qty bigint, hold text, paid bigint, ordered bigint, pay bigint)`,
    `CREATE TABLE IF NOT EXISTS bench_stock (id bigint PRIMARY KEY, total bigint)`,
    `INSERT INTO bench_stock VALUES (1, 1000000000) ON CONFLICT DO NOTHING`,
    outboxTable,
    inboxTable,
  ],
  pay: [
    `CREATE TABLE IF NOT EXISTS bench_charge (key uuid PRIMARY KEY, amount bigint, state text, at timestamptz)`,
    `CREATE TABLE IF NOT EXISTS bench_pay (id bigint PRIMARY KEY, order_id bigint UNIQUE, key uuid UNIQUE, status text, price bigint, itemcd bigint, item text, qty int, customer bigint, address text)`,
    outboxTable,
  ],
  delivery: [
    `CREATE TABLE IF NOT EXISTS bench_delivery (order_id bigint PRIMARY KEY, id bigint UNIQUE, customer bigint, name text, qty int, price bigint, address text, status text)`,
    outboxTable,
    inboxTable,
  ],
  notice: [
    `CREATE TABLE IF NOT EXISTS bench_notice (order_id bigint, kind text, customer bigint, channel text, status text, text text, at timestamptz, PRIMARY KEY (order_id, kind))`,
    inboxTable,
  ],
  customercenter: [
    `CREATE TABLE IF NOT EXISTS bench_page (order_id bigint PRIMARY KEY, shown boolean, status text, item text, qty bigint, price bigint, itemcd bigint, customer bigint, delivery text, delivery_id bigint, pay text, at bigint, timeline jsonb)`,
    inboxTable,
  ],
  events: [
    `CREATE TABLE IF NOT EXISTS bench_log (position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id uuid, key text, type text, payload text, traceparent text)`,
  ],
};

/** Orders a second that the same rows allow as SQL batches, with `lanes` batches of `batch` orders side by side. */
export async function sqlLimit(
  urls: Record<string, string>,
  { batch, lanes, seconds }: { batch: number; lanes: number; seconds: number },
): Promise<number> {
  for (const [database, statements] of Object.entries(tables)) {
    const client = new pg.Client({ connectionString: urls[database] ?? '' });
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  }
  let next = 1 + (await firstFree(urls.order ?? ''));
  let done = 0;
  const until = performance.now() + seconds * 1000;

  async function lane(): Promise<void> {
    const clients = new Map<string, pg.Client>();
    for (const database of Object.keys(tables)) {
      const client = new pg.Client({ connectionString: urls[database] ?? '', pipeline: true });
      await client.connect();
      clients.set(database, client);
    }
    while (performance.now() < until) {
      const ids = Array.from({ length: batch }, () => next++);
      for (const { database, statements } of steps) {
        const client = clients.get(database) as pg.Client;
        await Promise.all([
          client.query('BEGIN'),
          ...statements.map(statement => {
            const [text, values] = statement(ids);
            return client.query({ name: String(names(text)), text, values });
          }),
          client.query('COMMIT'),
        ]);
      }
      done += batch;
    }
    for (const client of clients.values()) await client.end();
  }

  const begun = performance.now();
  await Promise.all(Array.from({ length: lanes }, lane));
  return done / ((performance.now() - begun) / 1000);
}

const known = new Map<string, number>();
function names(text: string): number {
  const name = known.get(text) ?? known.size;
  known.set(text, name);
  return name;
}

async function firstFree(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ max: string | null }>('SELECT max(id) FROM bench_orders');
  await client.end();
  return Number(rows[0]?.max ?? 0);
}

/** The median of single-row commits, one after the other, in ms. */
export async function sequentialCommit(url: string, count: number): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('CREATE TABLE IF NOT EXISTS bench_commit (id int, text text)');
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await client.query({
      name: 'commit',
      text: 'INSERT INTO bench_commit VALUES ($1, $2)',
      values: [i, 'x'.repeat(200)],
    });
    times.push(performance.now() - start);
  }
  await client.end();
  times.sort((a, b) => a - b);
  return times[count >> 1] ?? 0;
}
