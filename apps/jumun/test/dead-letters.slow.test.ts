import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { deadLetters as runDeadLetters } from '../src/commands/dead-letters.ts';
import { ensureDatabases, ensurePostgres } from '../src/postgres/index.ts';
import { call, openPlace, orderThrough, type Place, type Started, stock } from './jumun.ts';

let place: Place;
let system: Started;

beforeAll(async () => {
  place = await openPlace();
  system = place.start();
  await system.ready();
  await stock(place, 1, 100);
});

afterAll(async () => {
  await place.clean();
});

async function deadLetters(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const it = place.jumun(['dead-letters', ...args, '--data', place.dataDir]);
  const { code } = await it.exited;
  return { code, out: it.stdout(), err: it.stderr() };
}

/** Runs SQL in the database of a service or of the event log. */
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

/** Puts an event into the log, at the end of the partition of its key. */
async function plant(key: string, type: string, payload: string): Promise<void> {
  const [place] = await sql<{ partition: number }>(
    'events',
    'SELECT partition FROM log WHERE key = $1 LIMIT 1',
    [key],
  );
  await sql(
    'events',
    `WITH head AS (UPDATE log_partition SET position = position + 1 WHERE partition = $1 RETURNING *)
     INSERT INTO log (partition, position, event_id, key, type, payload)
     SELECT partition, position, $2, $3, $4, $5 FROM head`,
    [place?.partition, randomUUID(), key, type, payload],
  );
}

const view = async (orderId: number) =>
  (await call('GET', `${place.url('customercenter')}/myPages/${orderId}`)).body;

/** Plants an event that customercenter cannot read, has another follow it, and waits until they are set aside. */
async function poison(orderId: number): Promise<string> {
  await plant(String(orderId), 'DeliveryStarted', '{"eventType":"DeliveryStarted","orderId":"none"}');
  const { body } = await call('GET', `${place.url('delivery')}/deliveries?size=1000`);
  const delivery = body._embedded.deliveries.find((it: { orderId: number }) => it.orderId === orderId);
  const step = await call('POST', `${place.url('delivery')}/deliveries/${delivery.id}/deliverystarted`, {});
  expect(step.status).toBe(200);
  await eventually(async () => {
    const states = await sql<{ state: string }>(
      'customercenter',
      'SELECT state FROM dead_letter WHERE key = $1 ORDER BY id',
      [String(orderId)],
    );
    expect(states.map(({ state }) => state)).toEqual(['parked', 'waiting']);
  }, 25_000);
  const { out } = await deadLetters('list');
  expect(out).toMatch(/^id\tstate\tevent\tkey\tattempts\treason\n/);
  expect(out).toMatch(new RegExp(`customercenter/\\d+\twaiting\tDeliveryStarted\t${orderId}\t0\t`));
  const parked = new RegExp(`(customercenter/\\d+)\tparked\tDeliveryStarted\t${orderId}\t6\tDelivery`);
  return parked.exec(out)?.[1] ?? '';
}

it('says that there are none', async () => {
  expect(await deadLetters('list')).toEqual({ code: 0, out: 'no dead letters\n', err: '' });
});

it('lists, shows, replays and discards beside the running system', async () => {
  const order = await orderThrough(place, 1);
  const letter = await poison(order);
  // Other orders go on.
  await orderThrough(place, 1);
  expect((await view(order)).deliveryStatus).toBe('deliveryRequested');

  const shown = await deadLetters('show', letter);
  expect(shown.code).toBe(0);
  expect(shown.out).toMatch(/state +parked/);
  expect(shown.out).toMatch(/reason +DeliveryStarted/);
  expect(shown.out).toContain('"orderId":"none"');
  expect(shown.out).toContain('MalformedMessageError');
  expect(shown.out).toMatch(/successors +customercenter\/\d+ \(DeliveryStarted\)/);

  // Nothing was repaired: it fails again, and is set aside again.
  const failedAt = async () =>
    (
      await sql<{ at: Date }>(
        'customercenter',
        `SELECT failed_at AS at FROM dead_letter WHERE state = 'parked'`,
      )
    )[0];
  const first = await failedAt();
  expect((await deadLetters('replay', 'all', 'customercenter')).out).toContain(`${letter} is tried again`);
  await eventually(async () => {
    const again = await failedAt();
    expect(again).toBeDefined();
    expect(again).not.toEqual(first);
  }, 25_000);

  const discarded = await deadLetters('discard', letter, '--reason', 'sent by a test');
  expect(discarded).toMatchObject({ code: 0, err: '' });
  await eventually(async () => expect((await view(order)).deliveryStatus).toBe('deliverystarted'));
  expect((await deadLetters('show', letter)).out).toMatch(/reason +sent by a test \(was: /);
  expect((await deadLetters('list', 'customercenter')).out).toBe('no dead letters\n');
  const gone = (await deadLetters('list', 'customercenter', '--discarded')).out;
  expect(gone).toMatch(new RegExp(`${letter}\tdiscarded\t.*\t\\d{4}-[^\t]+Z\tsent by a test \\(was: `));
  expect(system.isRunning()).toBe(true);
  expect(await place.postmaster()).toBeDefined();
}, 90_000);

it('refuses in one line what it cannot do', async () => {
  const refused = (args: string[], reason?: string, data = place.dataDir) =>
    expect(runDeadLetters(args, { data, reason })).rejects;
  await refused(['show', 'shipping/1']).toThrow('as list shows it, e.g. order/1');
  await refused(['replay', 'order/0x1']).toThrow('as list shows it');
  await refused(['replay']).toThrow('as list shows it');
  await refused(['discard', 'order/1']).toThrow('discard needs --reason TEXT');
  await refused(['discard', 'order/1'], ' ').toThrow('discard needs --reason TEXT');
  await refused(['list', 'shipping']).toThrow('there is no service shipping');
  await refused(['replay', 'all', 'shipping']).toThrow('there is no service shipping');
  await refused(['show', 'order/1', 'order/2']).toThrow('dead-letters takes list');
  await refused(['bury', 'order/1']).toThrow('dead-letters takes list [SERVICE], show ID');
  await refused([]).toThrow('dead-letters takes list [SERVICE], show ID');
  await refused(['show', 'order/4711']).toThrow('there is no dead letter order/4711');
  await refused(['replay', 'order/4711']).toThrow('order/4711 is not a dead letter');
  await refused(['discard', 'order/4711'], 'why not').toThrow('order/4711 is not a dead letter');
  const nowhere = join(place.root, 'nowhere');
  await refused(['list'], undefined, nowhere).toThrow(`${nowhere} is not a jumun data directory`);

  expect(await deadLetters('discard', 'order/1')).toEqual({
    code: 1,
    out: '',
    err: 'jumun: discard needs --reason TEXT\n',
  });
});

it('works alone too: what it discards then, with its successors, is skipped when the system runs again', async () => {
  const order = await orderThrough(place, 1);
  const letter = await poison(order);
  system.signal('SIGTERM');
  expect((await system.exited).code).toBe(0);

  const discarded = await deadLetters('discard', letter, '--reason', 'sent by a test', '--successors');
  expect(discarded.out).toMatch(/^(customercenter\/\d+ is given up\n){2}$/);
  expect(await place.postmaster()).toBeUndefined();

  system = place.start();
  await system.ready();
  // What comes later goes on, and what was given up is not shown.
  const next = await call('DELETE', `${place.url('order')}/orders/${order}`);
  expect(next.status).toBe(204);
  await eventually(async () => expect((await view(order)).status).toBe('orderCanceled'));
  expect((await view(order)).deliveryStatus).not.toBe('deliverystarted');
}, 90_000);
