import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type System, startSystem } from '../support/system.ts';
import { type Json, move, order, prepared, stock } from './steps.ts';

let system: System;
/** The orders of this system by what they are. */
const orders = { milk: [] as number[], coffee: [] as number[], canceled: 0, delivered: 0 };

const find = async (part: 'gateway', collection: string, query: string): Promise<Json> => {
  const { status, body } = await system.call<Json>(part, 'GET', `/${collection}/search/find?${query}`);
  expect({ status, body }).toMatchObject({ status: 200 });
  return body;
};
const idsOf = (body: Json, collection: string) => body._embedded[collection].map(({ id }: Json) => id);
const ids = async (collection: string, query: string) =>
  idsOf(await find('gateway', collection, query), collection);

beforeAll(async () => {
  system = await startSystem();
  await stock(system, { itemcd: 1, name: '서울 우유', price: 100, totalQuantity: 50 });
  await stock(system, { itemcd: 2, name: 'Coffee 100%', price: 900, totalQuantity: 3 });
  for (let i = 0; i < 5; i++) {
    orders.milk.push((await order(system, { itemcd: 1, customerId: 1 })).body.id);
    if (i < 2) orders.coffee.push((await order(system, { itemcd: 2, customerId: 2 })).body.id);
  }
  const [canceled = 0, delivered = 0] = orders.milk;
  Object.assign(orders, { canceled, delivered });
  for (const id of [...orders.milk, ...orders.coffee]) await prepared(system, id);
  expect((await system.call('order', 'DELETE', `/orders/${canceled}`)).status).toBe(204);
  const delivery = await prepared(system, delivered);
  for (const step of ['deliverystarted', 'deliverycompleted'])
    expect((await move(system, delivery, step)).status).toBe(200);
  await eventually(async () => {
    expect(await ids('myPages', 'status=deliverycompleted')).toEqual([delivered]);
    expect(await ids('myPages', 'status=orderCanceled')).toEqual([canceled]);
    expect(await ids('myPages', 'status=deliveryPrepared')).toHaveLength(5);
  });
});
afterAll(() => system.close());

describe('orders are found', () => {
  const newest = (list: number[]) => list.toSorted((a, b) => b - a);

  it.each<[string, () => string, () => number[]]>([
    ['all', () => '', () => [...orders.milk, ...orders.coffee]],
    ['by customer', () => 'customerId=2', () => orders.coffee],
    ['by product', () => 'itemcd=1', () => orders.milk],
    ['by customer and status', () => 'customerId=1&status=orderCanceled', () => [orders.canceled]],
    ['by a part of a Korean word', () => `q=${encodeURIComponent('울 우')}`, () => orders.milk],
    ['by a part of a word in any case', () => 'q=COFF', () => orders.coffee],
    [
      'by what has another meaning in a pattern',
      () => `q=${encodeURIComponent('100%')}`,
      () => orders.coffee,
    ],
    ['by such alone', () => `q=${encodeURIComponent('%')}`, () => orders.coffee],
    ['by their number', () => `q=${orders.delivered}`, () => [orders.delivered]],
    [
      'by date',
      () => `from=${new Date(Date.now() - 3_600_000).toISOString()}`,
      () => [...orders.milk, ...orders.coffee],
    ],
    ['not by a date before', () => `to=${new Date(Date.now() - 3_600_000).toISOString()}`, () => []],
    ['not by what nobody ordered', () => 'q=tea', () => []],
  ])('%s', async (_, query, wanted) => {
    expect(await ids('myPages', query())).toEqual(newest(wanted()));
  });

  it('page after page, each once, while others come', async () => {
    const seen: number[] = [];
    let url: string | undefined = `${system.url('gateway')}/myPages/search/find?itemcd=1&size=2`;
    while (url) {
      const body = (await (await fetch(url)).json()) as Json;
      seen.push(...idsOf(body, 'myPages'));
      url = body._links.next?.href;
      await order(system, { itemcd: 1, customerId: 3 });
    }
    expect(seen).toEqual(newest(orders.milk));
  });

  it.each([
    'status=lost',
    'from=yesterday',
    'customerId=-1',
    'size=0',
    'size=1001',
    'after=0',
    `q=${'x'.repeat(101)}`,
    'q=%00',
  ])('or the question is refused: %s', async query => {
    const { status, body } = await system.call('gateway', 'GET', `/myPages/search/find?${query}`);
    expect(status).toBe(400);
    expect(body).toMatchObject({ type: '/problems/invalid-request' });
  });

  it('as a file, in which a spreadsheet runs nothing', async () => {
    await system.sql('customercenter', 'UPDATE my_page SET reason = $1 WHERE order_id = $2', [
      '=cmd|"a", b',
      orders.canceled,
    ]);
    const response = await fetch(`${system.url('gateway')}/myPages/search/find.csv?customerId=1`);
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="myPages.csv"');
    const lines = Buffer.from(await response.arrayBuffer())
      .toString()
      .split('\n');
    expect(lines[0]).toMatch(/^\ufefforderId,status,customerId,/);
    expect(lines).toHaveLength(1 + orders.milk.length + 1);
    expect(lines.find(line => line.startsWith(`${orders.canceled},`))).toContain(`"'=cmd|""a"", b"`);
    expect(lines.find(line => line.startsWith(`${orders.delivered},`))).toContain('서울 우유');
  });
});

it('payments, deliveries and products are found', async () => {
  expect(await ids('pays', 'customerId=2')).toHaveLength(2);
  const [canceled] = (await find('gateway', 'pays', `orderId=${orders.canceled}`))._embedded.pays;
  expect(canceled).toMatchObject({ status: 'canceled', orderId: orders.canceled });
  expect(await ids('pays', 'status=canceled')).toEqual([canceled.id]);
  expect(await ids('pays', 'status=declined&itemcd=1')).toEqual([]);
  const csv = await (await fetch(`${system.url('gateway')}/pays/search/find.csv?status=canceled`)).text();
  expect(csv.trim().split('\n')).toHaveLength(2);

  const [done] = (await find('gateway', 'deliveries', `orderId=${orders.delivered}`))._embedded.deliveries;
  expect(done).toMatchObject({ status: 'deliverycompleted' });
  expect(await ids('deliveries', 'status=deliverycompleted')).toEqual([done.id]);
  expect(await ids('deliveries', 'customerId=2&status=deliveryRequested')).toHaveLength(2);

  expect(await ids('products', 'q=coffee')).toEqual([2]);
  expect(await ids('products', 'availableBelow=2')).toEqual([2]);
  expect(await ids('products', '')).toEqual([2, 1]);
});

it('the last minutes are counted', async () => {
  const { status, body } = await system.call<Json>('gateway', 'GET', '/myPages/figures?minutes=30');
  expect(status).toBe(200);
  expect(body.minutes).toHaveLength(30);
  const sum = (name: string) => body.minutes.reduce((total: number, minute: Json) => total + minute[name], 0);
  const all = await ids('myPages', 'size=1000');
  expect([sum('ordered'), sum('canceled'), sum('completed')]).toEqual([all.length, 1, 1]);
  const open = body.open.ordered + body.open.deliveryPrepared + body.open.deliverystarted;
  expect(open).toBe(all.length - 2);
});

it('notices are read once, by whom they are for', async () => {
  const unread = async (customerId: number) =>
    (await system.call('gateway', 'GET', `/notices/search/countUnread?customerId=${customerId}`)).body.unread;
  await eventually(async () => expect(await unread(2)).toBe(4));
  const all = await find('gateway', 'notices', 'customerId=2');
  const [newest, next] = all._embedded.notices;
  expect(newest.readAt).toBeNull();
  const read = (upTo: number) => system.call('gateway', 'POST', '/notices/read', { customerId: 2, upTo });
  expect((await read(next.id)).status).toBe(204);
  expect(await unread(2)).toBe(1);
  expect(await ids('notices', 'customerId=2&unread=true')).toEqual([newest.id]);
  const first = (await system.call('gateway', 'GET', `/notices/${next.id}`)).body.readAt;
  expect((await read(newest.id)).status).toBe(204);
  expect((await system.call('gateway', 'GET', `/notices/${next.id}`)).body.readAt).toBe(first);
  expect(await unread(2)).toBe(0);
  expect(await unread(1)).toBeGreaterThan(0);
  expect((await system.call('gateway', 'POST', '/notices/read', { customerId: 2 })).status).toBe(400);
});
