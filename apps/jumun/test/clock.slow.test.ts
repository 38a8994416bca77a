import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { createFakeClock, type FakeClock, faketimeLibrary } from '../../../tests/support/faketime.ts';
import { ensureDatabases, ensurePostgres } from '../src/postgres/index.ts';
import { type Answer, call, openPlace, orderThrough, type Place, type Started, stock } from './jumun.ts';

if (!faketimeLibrary)
  process.stdout.write('SKIPPED: libfaketime is not installed (apt-get install faketime)\n');

const TOKEN = 'a-token-for-tests-only';
const HOUR_S = 3_600;
const RESERVATION_MS = 20_000;
const ITEM = 1;
const SHELF = 100_000;
/** The sandbox captures it and never answers. */
const HANGS = 1_000_408;

/** The clock of everything, the embedded PostgreSQL too, is set while the system runs. */
describe.skipIf(!faketimeLibrary)('a clock that is set while the system runs', () => {
  let place: Place;
  let system: Started;
  let clock: FakeClock;
  let reservations = 900_000;

  beforeAll(async () => {
    place = await openPlace();
    clock = createFakeClock(join(place.root, 'clock'));
    system = place.start([], {
      env: {
        ...clock.env,
        SERVICE_TOKEN: TOKEN,
        PRODUCT__RESERVATION_MS: String(RESERVATION_MS),
      },
    });
    await system.ready();
    await stock(place, ITEM, SHELF);
  });
  afterAll(() => place.clean());

  async function sql<Row>(database: string, text: string, values: unknown[] = []): Promise<Row[]> {
    const urls = await ensureDatabases(await ensurePostgres(place.dataDir), [database]);
    const client = new pg.Client({ connectionString: urls[database] });
    await client.connect();
    try {
      return (await client.query(text, values)).rows as Row[];
    } finally {
      await client.end();
    }
  }

  /** By how many seconds the clocks are ahead of the real one: the database's, and the services' by an order of just now. */
  async function ahead(): Promise<{ database: number; services: number }> {
    const id = await orderThrough(place, ITEM);
    const [row] = await sql<{ s: number }>(
      'pay',
      'SELECT extract(epoch FROM clock_timestamp())::float8 AS s',
    );
    const [order] = await sql<{ at: string }>(
      'events',
      `SELECT payload::json->>'timestamp' AS at FROM log WHERE key = $1 AND type = 'Ordered'`,
      [String(id)],
    );
    const now = Date.now() / 1_000;
    return { database: Math.round((row?.s ?? 0) - now), services: Number(order?.at ?? 0) / 1_000 - now };
  }

  const placeOrder = (price: number, key?: string): Promise<Answer> =>
    call(
      'POST',
      `${place.url('order')}/orders`,
      { itemcd: ITEM, orderQty: 1, price, address: 'Seoul' },
      key ? { 'idempotency-key': key } : {},
    );

  /** Customers without a key who order one after the other: each is answered 201, or else it is noted. */
  function load() {
    const confirmed: number[] = [];
    const others: unknown[] = [];
    let on = true;
    const running = Array.from({ length: 4 }, async () => {
      while (on) {
        const { status, body } = await placeOrder(1_000);
        if (status === 201) confirmed.push(body.id);
        else others.push({ status, body });
      }
    });
    return {
      confirmed,
      others,
      async end() {
        on = false;
        await Promise.all(running);
      },
    };
  }

  /** Pieces set aside for an order that never comes. */
  async function reserve(): Promise<number> {
    const orderId = reservations++;
    const answer = await call(
      'POST',
      `${place.url('product')}/internal/reservations`,
      [{ item: { orderId, itemcd: ITEM, orderQty: 1 } }],
      { authorization: `Bearer ${TOKEN}` },
    );
    expect(answer.status).toBe(200);
    return orderId;
  }
  const holdOf = async (orderId: number) =>
    (await sql<{ hold: string }>('product', 'SELECT hold FROM stock_line WHERE order_id = $1', [orderId]))[0]
      ?.hold;

  /** An event that customercenter cannot read, which it will try six times. */
  async function plantBadEvent(): Promise<string> {
    const key = `bad-${randomUUID()}`;
    await sql(
      'events',
      `WITH head AS (UPDATE log_partition SET position = position + 1 WHERE partition = 0 RETURNING *)
       INSERT INTO log (partition, position, event_id, key, type, payload)
       SELECT partition, position, gen_random_uuid(), $1, 'DeliveryStarted', '{"orderId":"none"}' FROM head`,
      [key],
    );
    await eventually(async () => expect(await letterOf(key)).toBeDefined());
    return key;
  }
  const letterOf = async (key: string) =>
    (await sql<{ state: string }>('customercenter', 'SELECT state FROM dead_letter WHERE key = $1', [key]))[0]
      ?.state;

  /** A refund that waits for its next try, as after the provider was away. */
  async function oweRefund(): Promise<string> {
    const [owed] = await sql<{ key: string }>(
      'pay',
      `INSERT INTO refund (payment_key, order_id, amount, state, attempts, next_attempt_at)
       SELECT payment_key, order_id, price, 'due', 3, now() + interval '4 s' FROM pay p
       WHERE status = 'approved' AND NOT EXISTS (SELECT FROM refund r WHERE r.payment_key = p.payment_key)
       LIMIT 1 RETURNING payment_key AS key`,
    );
    return owed?.key ?? '';
  }
  const refundState = async (key: string) =>
    (await sql<{ state: string }>('pay', 'SELECT state FROM refund WHERE payment_key = $1', [key]))[0]?.state;

  /** What the sandbox has in its books of charges that hung. */
  async function hung(): Promise<Record<string, number>> {
    const rows = await sql<{ state: string; count: number }>(
      'pay',
      'SELECT state, count(*)::int AS count FROM sandbox_charge WHERE amount = $1 GROUP BY state',
      [HANGS],
    );
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
  }

  it('is one clock for the services and for PostgreSQL, whatever user that runs as', async () => {
    const postmaster = await place.postmaster();
    expect(readFileSync(`/proc/${postmaster}/maps`, 'utf8')).toContain('libfaketime');
    const { database, services } = await ahead();
    expect([Math.abs(database), Math.abs(services)].every(seconds => seconds < 60)).toBe(true);
  });

  it.each([
    ['forward', HOUR_S, 1],
    ['back', 0, 2],
  ])(
    'and jumps an hour %s: nothing expires early, nothing sticks, no order is lost',
    async (_, aheadSeconds, times) => {
      const customers = load();
      await eventually(() => expect(customers.confirmed.length).toBeGreaterThan(20));
      const reserved = await reserve();
      const key = randomUUID();
      const hanging = [placeOrder(HANGS, key), placeOrder(HANGS)];
      await eventually(async () => expect((await hung()).captured).toBe(2 + (times - 1)));
      const letter = await plantBadEvent();
      const owed = await oweRefund();
      expect(await letterOf(letter)).toBe('retrying');
      expect(await refundState(owed)).toBe('due');

      const jumped = performance.now();
      clock.set(aheadSeconds);
      const before = customers.confirmed.length;

      // What was on its way comes to its end as ever.
      await eventually(async () => expect(await letterOf(letter)).toBe('parked'), 30_000);
      await eventually(async () => expect(await refundState(owed)).toBe('done'), 30_000);
      expect((await Promise.all(hanging)).map(({ status }) => status)).toEqual([503, 503]);
      const again = await eventually(async () => {
        const answer = await placeOrder(HANGS, key);
        expect(answer.status).toBe(201);
        return answer.body;
      }, 60_000);
      expect(again.price).toBe(HANGS);
      // The one with a key stands, paid by its first charge; what the other had captured goes back.
      await eventually(
        async () => expect(await hung()).toEqual({ captured: times, refunded: times }),
        60_000,
      );

      // Orders go on, and none of those under way was taken for one that nobody waits for.
      await eventually(() => expect(customers.confirmed.length).toBeGreaterThan(before + 100));
      await customers.end();
      expect(customers.others).toEqual([]);
      const { database, services } = await ahead();
      expect(Math.abs(database - aheadSeconds)).toBeLessThan(60);
      expect(Math.abs(services - aheadSeconds)).toBeLessThan(60);

      // The pieces that were set aside are so for their full time from the jump on, and no longer.
      await eventually(async () => expect(await holdOf(reserved)).toBe('expired'), 60_000);
      const lasted = performance.now() - jumped;
      process.stdout.write(`the reservation lasted ${Math.round(lasted)} ms from the jump on\n`);
      expect(lasted).toBeGreaterThanOrEqual(RESERVATION_MS);

      // All that was confirmed stands and is paid, and nothing else is left open.
      await eventually(async () => {
        const [open] = await sql<{ count: number }>('order', 'SELECT count(*)::int AS count FROM intent');
        expect(open?.count).toBe(0);
      }, 60_000);
      const orders = await sql<{ id: string }>('order', 'SELECT id FROM orders WHERE id = ANY($1)', [
        customers.confirmed,
      ]);
      expect(orders).toHaveLength(customers.confirmed.length);
      expect(new Set(customers.confirmed).size).toBe(customers.confirmed.length);
      const paid = await sql('pay', `SELECT 1 FROM pay WHERE order_id = ANY($1) AND status = 'approved'`, [
        customers.confirmed,
      ]);
      expect(paid).toHaveLength(customers.confirmed.length);
      await eventually(async () => {
        const shelf = await call('GET', `${place.url('product')}/products/${ITEM}`);
        const { totalQuantity, availableQuantity } = shelf.body;
        expect(availableQuantity, 'nothing stays set aside').toBe(totalQuantity);
      }, 60_000);
      const log = readFileSync(join(place.dataDir, 'logs', 'jumun.log'), 'utf8');
      expect(log.split("the database's clock jumped; reservations").length - 1).toBe(times);
      expect(log.split("the database's clock jumped; intents").length - 1).toBe(times);
    },
    240_000,
  );

  it('stops and starts as ever', async () => {
    system.signal('SIGTERM');
    expect((await system.exited).code).toBe(0);
  });
});
