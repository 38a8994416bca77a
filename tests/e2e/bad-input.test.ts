import { services } from '@jumun/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type System, startSystem } from '../support/system.ts';
import { settled } from './invariants.ts';
import { asService, type Json, orderedAndPrepared, stock } from './steps.ts';

type Owner = (typeof services)[number];

/** What no number is, in any field. */
const NO_NUMBERS: unknown[] = [
  'abc',
  '',
  ' ',
  '1e3',
  '0x10',
  '1,000',
  '1.5',
  '-1',
  'NaN',
  'Infinity',
  '9007199254740992',
  '9223372036854775808',
  '18446744073709551616',
  '9'.repeat(400),
  '1.9999999999999999999',
  -1,
  1.5,
  1e308,
  9_007_199_254_740_992,
  true,
  false,
  [],
  [1],
  {},
];
/** What no text is, of at most so many characters. */
const noTexts = (max: number): unknown[] => [
  1,
  true,
  [],
  {},
  'x'.repeat(max + 1),
  'NUL \u0000 in it',
  'half \ud800 of a pair',
  'the other \udc00 half',
];
const NO_OBJECTS = ['[]', '[{}]', '1', '"text"', 'true', ' ', '{', '{"a":}', "{'a':1}", 'NaN'];
const DEEP = `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`;
const DEEP_LIST = `${'['.repeat(30_000)}${']'.repeat(30_000)}`;
const POLLUTING = ['{"__proto__":{"x":1}}', '{"constructor":{"prototype":{"x":1}}}'];

const NO_IDS = [
  'abc',
  '-1',
  '0',
  '1.5',
  '1e3',
  '%20',
  '%00',
  '%ff',
  '%zz',
  '1%2F2',
  "1'--",
  '9007199254740992',
  '9223372036854775807',
  '9223372036854775808',
  '18446744073709551616',
  '9'.repeat(150),
  '9'.repeat(500),
];
const NO_PAGES = [
  'page=-1',
  'page=abc',
  'page=1.5',
  'page=',
  'page=1000000001',
  'page=99999999999999999999',
  'page=1&page=2',
  'size=0',
  'size=-1',
  'size=1001',
  'size=abc',
  'size=1e2',
  'sort=',
  'sort=nothing',
  'sort=id,up',
  'sort=,desc',
  'sort=id,asc,id',
  'sort=id;DROP TABLE orders',
  'sort=__proto__',
  'sort=constructor,asc',
  'sort=id&sort=id&sort=id',
  'sort=%00',
];

/** A route that takes a body, what it takes, and what is wrong for each field. */
interface BodyRoute {
  method: string;
  owner: Owner;
  path: string;
  good: Record<string, unknown>;
  bad: Record<string, unknown[]>;
  /** Whether fields that are not known are left alone. */
  open?: boolean;
}

const product = {
  price: [...NO_NUMBERS],
  totalQuantity: [...NO_NUMBERS, null, 1_000_000_000_001, '1000000000001'],
  name: noTexts(200),
  imageUrl: noTexts(2000),
};

const bodyRoutes: BodyRoute[] = [
  {
    method: 'POST',
    owner: 'order',
    path: '/orders',
    good: { itemcd: 1, orderQty: 1, price: 2000 },
    bad: {
      itemcd: [...NO_NUMBERS, null, 0],
      orderQty: [...NO_NUMBERS, null, 0, '0', 1_000_001, '1000001'],
      price: NO_NUMBERS,
      customerId: NO_NUMBERS,
      item: noTexts(200),
      address: noTexts(500),
      status: noTexts(100),
    },
  },
  {
    method: 'POST',
    owner: 'product',
    path: '/products',
    good: { itemcd: 77, totalQuantity: 1 },
    bad: { itemcd: [...NO_NUMBERS, 0], ...product },
  },
  {
    method: 'PUT',
    owner: 'product',
    path: '/products/1',
    good: {},
    bad: { itemcd: [...NO_NUMBERS, 0, 2], ...product },
  },
  {
    method: 'PATCH',
    owner: 'product',
    path: '/products/1',
    good: {},
    bad: { itemcd: [...NO_NUMBERS, 0, 2], ...product },
  },
  {
    method: 'POST',
    owner: 'product',
    path: '/products/1/movements',
    good: { quantity: 1, reason: 'count' },
    bad: {
      quantity: [...NO_NUMBERS.filter(value => Number(value) !== -1), null, 1_000_000_001, -1_000_000],
      reason: [...noTexts(200), null],
    },
  },
  {
    method: 'POST',
    owner: 'pay',
    path: '/pays',
    good: { orderId: 4711, price: 2000, itemcd: 1, orderQty: 1 },
    bad: {
      orderId: [...NO_NUMBERS, null, 0],
      price: [...NO_NUMBERS, null],
      itemcd: [...NO_NUMBERS, null, 0],
      orderQty: [...NO_NUMBERS, null, 0, 1_000_001],
      customerId: NO_NUMBERS,
      item: noTexts(200),
      address: noTexts(500),
    },
  },
  ...['deliverystarted', 'deliverycompleted'].map(step => ({
    method: 'POST',
    owner: 'delivery' as const,
    path: `/deliveries/1/${step}`,
    good: { test: '1' },
    bad: { carrier: noTexts(100), trackingNumber: noTexts(100) },
    open: true,
  })),
];

const collections: { owner: Owner; name: string }[] = [
  { owner: 'order', name: 'orders' },
  { owner: 'product', name: 'products' },
  { owner: 'pay', name: 'pays' },
  { owner: 'delivery', name: 'deliveries' },
  { owner: 'customercenter', name: 'myPages' },
  { owner: 'notice', name: 'notices' },
];

/** Every route with an id in its path. */
const idRoutes: { method: string; owner: Owner; path: string; body?: object }[] = [
  ...collections.map(({ owner, name }) => ({ method: 'GET', owner, path: `/${name}/:id` })),
  { method: 'DELETE', owner: 'order', path: '/orders/:id' },
  { method: 'POST', owner: 'order', path: '/orders/exceptions/:id/settled' },
  { method: 'DELETE', owner: 'pay', path: '/pays/:id' },
  { method: 'POST', owner: 'pay', path: '/pays/exceptions/:id/settled' },
  { method: 'POST', owner: 'pay', path: '/pays/exceptions/:id/retried' },
  { method: 'PUT', owner: 'product', path: '/products/:id', body: { name: 'x' } },
  { method: 'PATCH', owner: 'product', path: '/products/:id', body: { name: 'x' } },
  { method: 'GET', owner: 'product', path: '/products/:id/movements' },
  { method: 'POST', owner: 'product', path: '/products/:id/movements', body: { quantity: 1, reason: 'x' } },
  { method: 'POST', owner: 'delivery', path: '/deliveries/:id/deliverystarted', body: {} },
  { method: 'POST', owner: 'delivery', path: '/deliveries/:id/deliverycompleted', body: {} },
];

let system: System;
let before: Record<string, number>;

beforeAll(async () => {
  system = await startSystem();
  await stock(system, { itemcd: 1, totalQuantity: 100, price: 2_000, name: 'milk' });
  await stock(system, { itemcd: 2, totalQuantity: 100 });
  await stock(system, { itemcd: 3, totalQuantity: 100, price: Number.MAX_SAFE_INTEGER });
  await orderedAndPrepared(system, { itemcd: 1, price: 2_000 });
  await settled(system);
});
beforeEach(async () => {
  before = await rows();
});
afterAll(() => system.close());

/** How many rows each table of each database has. */
async function rows(): Promise<Record<string, number>> {
  const counts = await Promise.all(
    [...services, 'events' as const].map(async name => {
      tables[name] ??= await system.sql<{ table: string }>(
        name,
        // Who is at work is renewed all the time.
        `SELECT relname AS table FROM pg_class
         WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname NOT IN ('lease', 'transaction_mark')`,
      );
      const each = tables[name].map(
        ({ table }) => `SELECT '${name}.${table}' AS name, count(*)::int AS n FROM "${table}"`,
      );
      return system.sql<{ name: string; n: number }>(name, each.join(' UNION ALL '));
    }),
  );
  return Object.fromEntries(counts.flat().map(({ name, n }) => [name, n]));
}
const tables: Record<string, { table: string }[]> = {};

interface Sent {
  method: string;
  owner: Owner;
  path: string;
  body?: string | Uint8Array<ArrayBuffer> | ReadableStream;
  headers?: Record<string, string>;
}

/** Sends it and claims that it is refused with a problem. */
async function expectRefused({ method, owner, path, body, headers = {} }: Sent, ...statuses: number[]) {
  const shown = typeof body === 'string' && body.length > 200 ? `${body.slice(0, 200)}…` : body;
  const what = `${method} ${path.slice(0, 100)} ${shown ?? ''}`;
  const response = await fetch(`${system.url(owner)}${path}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body, duplex: 'half' }),
  } as RequestInit);
  const text = await response.text();
  expect(response.status, `${what} was answered ${response.status} ${text}`).toBeGreaterThanOrEqual(400);
  expect(response.status, `${what} was answered ${response.status} ${text}`).toBeLessThan(500);
  if (statuses.length > 0) expect(statuses, `${what}: ${text}`).toContain(response.status);
  expect(response.headers.get('content-type'), what).toContain('application/problem+json');
  const problem = JSON.parse(text) as Json;
  expect(problem, what).toMatchObject({
    type: expect.stringMatching(/^\/problems\/[a-z-]+$/),
    title: expect.any(String),
    status: response.status,
    detail: expect.any(String),
    instance: expect.stringMatching(/^\//),
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  expect(text, what).not.toMatch(/\bat .*\.ts:|node_modules|SELECT |INSERT |ECONN|TypeError/);
}

async function expectNothingStored(): Promise<void> {
  expect(await rows()).toEqual(before);
}

describe.each(bodyRoutes)('$method $path', ({ method, owner, path, good, bad, open }) => {
  const to = { method, owner, path };
  const json = JSON.stringify;

  it.each(Object.keys(bad))('refuses what %s cannot be', async field => {
    for (const value of bad[field] ?? []) {
      await expectRefused({ ...to, body: json({ ...good, [field]: value }) }, 400, 409);
    }
    await expectNothingStored();
  });

  it('refuses what is not a JSON object of known fields', async () => {
    const bodies = [...NO_OBJECTS, ...POLLUTING, DEEP_LIST];
    if (!open) bodies.push('null', '', DEEP, json({ ...good, foo: 1 }), json({ ...good, __a: {} }));
    for (const body of bodies) await expectRefused({ ...to, body }, 400);
    await expectNothingStored();
  });

  it('refuses what is not JSON in UTF-8', async () => {
    const types = [
      'text/plain',
      'application/xml',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/jsonx',
      'nonsense',
    ];
    for (const type of types) {
      await expectRefused({ ...to, body: json(good), headers: { 'content-type': type } }, 415);
    }
    const bytes = (...tail: number[]) =>
      Uint8Array.of(...Buffer.from('{"item":"'), ...tail, ...Buffer.from('"}'));
    await expectRefused({ ...to, body: bytes(0xff, 0xfe) }, 400);
    await expectRefused({ ...to, body: bytes(0xc0, 0xaf) }, 400);
    await expectRefused({ ...to, body: bytes(0xed, 0xa0, 0x80) }, 400);
    await expectRefused({ ...to, body: Uint8Array.of(...Buffer.from('\ufeff{}', 'utf16le')) }, 400);
    await expectNothingStored();
  });

  it('refuses a body over 64 KiB, whether its length is told or not', async () => {
    const body = json({ ...good, item: 'x'.repeat(64 * 1024) });
    await expectRefused({ ...to, body }, 413);
    await expectRefused({ ...to, body: new Blob([body]).stream() }, 413);
    await expectNothingStored();
  });
});

describe('POST /orders', () => {
  const to = { method: 'POST', owner: 'order', path: '/orders' } as const;
  const good = { itemcd: 1, orderQty: 1, price: 2_000 };

  it('refuses what costs more than can be charged', async () => {
    await expectRefused({ ...to, body: JSON.stringify({ itemcd: 3, orderQty: 2 }) }, 400);
    await expectRefused({ ...to, body: JSON.stringify({ itemcd: 2, orderQty: 1 }) }, 400);
    await settled(system);
    // What was reserved until the price was known is given back.
    const line = 'product.stock_line';
    expect({ ...(await rows()), [line]: 0 }).toEqual({ ...before, [line]: 0 });
  });

  it('refuses an Idempotency-Key that is none', async () => {
    for (const key of ['', ' ', 'a b', 'é', 'x'.repeat(256), 'a\tb']) {
      await expectRefused({ ...to, body: JSON.stringify(good), headers: { 'idempotency-key': key } }, 400);
    }
    await expectNothingStored();
  });

  it('takes what is unusual and right', async () => {
    const body = {
      itemcd: ' 1 ',
      orderQty: '0001',
      item: '우유 🥛',
      address: '',
      customerId: 0,
      status: null,
    };
    const answer = await system.call<Json>('order', 'POST', '/orders', body, { traceparent: 'nonsense' });
    expect(answer).toMatchObject({ status: 201, body: { item: '우유 🥛', price: 2_000, customerId: 0 } });
    await settled(system);
  });
});

describe('ids that are none', () => {
  it.each(idRoutes)('$method $path', async ({ method, owner, path, body }) => {
    for (const id of NO_IDS) {
      await expectRefused(
        { method, owner, path: path.replace(':id', id), ...(body && { body: JSON.stringify(body) }) },
        400,
        404,
        414,
      );
    }
    await expectNothingStored();
  });

  it.each(idRoutes)('$method $path of what is not there', async ({ method, owner, path, body }) => {
    for (const id of ['4711', String(Number.MAX_SAFE_INTEGER)]) {
      await expectRefused(
        { method, owner, path: path.replace(':id', id), ...(body && { body: JSON.stringify(body) }) },
        404,
      );
    }
    await expectNothingStored();
  });
});

describe('pages that are none', () => {
  it.each(collections)('GET /$name', async ({ owner, name }) => {
    for (const query of NO_PAGES)
      await expectRefused({ method: 'GET', owner, path: `/${name}?${query}` }, 400);
    const far = await system.call<Json>(owner, 'GET', `/${name}?page=1000000000&size=1000`);
    expect(far).toMatchObject({ status: 200, body: { page: { number: 1_000_000_000 } } });
  });

  it('GET /myPages/search/findByOrderId', async () => {
    const path = '/myPages/search/findByOrderId';
    for (const query of ['', '?orderId=', '?orderId=abc', '?orderId=0', '?orderId=1&orderId=2', '?id=1']) {
      await expectRefused({ method: 'GET', owner: 'customercenter', path: path + query }, 400);
    }
  });

  it('DELETE /orders with a reason that is none', async () => {
    for (const reason of ['x'.repeat(201), '%00', 'a&reason=b']) {
      await expectRefused({ method: 'DELETE', owner: 'order', path: `/orders/1?reason=${reason}` }, 400);
    }
    await expectNothingStored();
  });
});

describe('routes between the services', () => {
  const routes = [
    { owner: 'product', path: '/internal/reservations', item: { orderId: 900, itemcd: 1, orderQty: 1 } },
    { owner: 'product', path: '/internal/releases', item: { orderId: 900, itemcd: 1 } },
    { owner: 'pay', path: '/internal/charges', item: { orderId: 900, price: 1, itemcd: 1, orderQty: 1 } },
    { owner: 'pay', path: '/internal/voids', item: { orderId: 900, unlessCaptured: false } },
    { owner: 'order', path: '/internal/known-orders', item: { orderId: 900 } },
  ] as const;

  it.each(routes)(
    '$path does not exist for others, and refuses what is wrong',
    async ({ owner, path, item }) => {
      const to = { method: 'POST', owner, path };
      const body = JSON.stringify([{ item }]);
      await expectRefused({ ...to, body }, 404);
      for (const authorization of ['Bearer wrong', 'Bearer', 'Basic eDp5', `${asService.authorization}x`]) {
        await expectRefused({ ...to, body, headers: { authorization } }, 404);
      }
      const many = JSON.stringify(Array.from({ length: 201 }, () => ({ item })));
      const wrong = JSON.stringify([{ item: { ...item, orderId: 'x' } }]);
      const key = JSON.stringify([{ item: { ...item, paymentKey: 'not a uuid', orderId: 0 } }]);
      for (const bad of ['{}', '[1]', '[{}]', many, wrong, key, '']) {
        await expectRefused({ ...to, body: bad, headers: asService }, 400);
      }
      await expectNothingStored();
    },
  );
});

it('a path that is none is not found, and says so as a problem', async () => {
  for (const { owner } of collections) {
    for (const path of [
      '/nothing',
      '/orders/1/2/3',
      '/%ff',
      '/..%2f..%2fetc%2fpasswd',
      `/${'x'.repeat(3_000)}`,
    ]) {
      await expectRefused({ method: 'GET', owner, path }, 400, 404, 414);
    }
  }
});

it('a step of a delivery needs no body at all', async () => {
  const response = await fetch(`${system.url('delivery')}/deliveries/1/deliverystarted`, { method: 'POST' });
  expect(response.status).toBe(200);
  await settled(system);
});

it('the largest itemcd there is leaves room for the next free number', async () => {
  await stock(system, { itemcd: Number.MAX_SAFE_INTEGER });
  const next = await system.call<Json>('product', 'POST', '/products', { name: 'next' });
  expect(next.status).toBe(201);
  expect(next.body.id).toBeLessThan(Number.MAX_SAFE_INTEGER);
  await settled(system);
});
