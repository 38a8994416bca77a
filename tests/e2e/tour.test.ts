import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type ServiceName, services } from '@jumun/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { startProxy } from '../support/proxy.ts';
import { type System, startSystem } from '../support/system.ts';
import { settled } from './invariants.ts';
import { asService, count, type Json } from './steps.ts';

type Door = ServiceName | 'gateway';
const milk = { item: 'milk', orderQty: '1', status: 'ordered', price: '2000', itemcd: '2' };
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const resources: { collection: string; rel: string; owner: ServiceName }[] = [
  { collection: 'orders', rel: 'order', owner: 'order' },
  { collection: 'products', rel: 'product', owner: 'product' },
  { collection: 'pays', rel: 'pay', owner: 'pay' },
  { collection: 'deliveries', rel: 'delivery', owner: 'delivery' },
  { collection: 'myPages', rel: 'myPage', owner: 'customercenter' },
  { collection: 'notices', rel: 'notice', owner: 'notice' },
];

describe.each([
  { where: 'at the services', through: undefined },
  { where: 'through the gateway', through: 'gateway' as const },
])('the commands of the manual $where', ({ through }) => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem();
  });
  afterAll(() => system.close());

  const http = (method: string, owner: ServiceName, path: string, body?: object) =>
    system.call<Json>(through ?? owner, method, path, body);
  const linksOf = (owner: ServiceName, path: string, rel: string) => {
    const href = `${system.url(through ?? owner)}${path}`;
    return { self: { href }, [rel]: { href } };
  };

  it('POST /products itemcd="2" totalQuantity="100" creates product 2', async () => {
    const created = await http('POST', 'product', '/products', { itemcd: '2', totalQuantity: '100' });
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toBe(`${system.url(through ?? 'product')}/products/2`);
    const product = {
      id: 2,
      itemcd: 2,
      name: null,
      price: null,
      totalQuantity: 100,
      availableQuantity: 100,
      imageUrl: null,
      address: null,
      orderQty: null,
      orderId: null,
      _links: linksOf('product', '/products/2', 'product'),
    };
    expect(created.body).toEqual(product);
    expect(await http('GET', 'product', '/products/2')).toMatchObject({ status: 200, body: product });
    const again = await http('POST', 'product', '/products', { itemcd: '2', totalQuantity: '100' });
    expect(again).toMatchObject({ status: 409, body: { type: '/problems/product-exists', status: 409 } });
  });

  it('POST /orders creates order 1, 2 and 3', async () => {
    for (const id of [1, 2, 3]) {
      const created = await http('POST', 'order', '/orders', milk);
      expect(created.status).toBe(201);
      expect(created.headers.get('location')).toBe(`${system.url(through ?? 'order')}/orders/${id}`);
      expect(created.body).toEqual({
        id,
        item: 'milk',
        orderQty: 1,
        status: 'ordered',
        price: 2000,
        itemcd: 2,
        customerId: null,
        address: null,
        _links: linksOf('order', `/orders/${id}`, 'order'),
      });
      // By hand it takes longer to type the next one: delivery 1 is that of order 1.
      await settled(system);
    }
  });

  it('GET /orders/3 shows it, prepared for delivery', async () => {
    await eventually(async () => {
      expect(await http('GET', 'order', '/orders/3')).toMatchObject({
        status: 200,
        body: { id: 3, status: 'deliveryPrepared', price: 2000 },
      });
    });
    expect((await http('GET', 'product', '/products/2')).body).toMatchObject({
      totalQuantity: 97,
      availableQuantity: 97,
    });
  });

  it('POST /pays of order 3 charges nothing again', async () => {
    const answer = await http('POST', 'pay', '/pays', { orderId: '3', ...milk });
    expect(answer.status).toBe(200);
    const { id } = answer.body;
    expect(answer.body).toEqual({
      id,
      price: 2000,
      status: 'approved',
      itemcd: 2,
      item: 'milk',
      orderQty: 1,
      orderId: 3,
      customerId: null,
      address: null,
      _links: linksOf('pay', `/pays/${id}`, 'pay'),
    });
    await settled(system);
    expect(await count(system, 'pay', 'sandbox_charge')).toBe(3);
    expect((await http('GET', 'product', '/products/2')).body.totalQuantity).toBe(97);
    expect((await http('GET', 'delivery', '/deliveries')).body.page.totalElements).toBe(3);
  });

  it('DELETE /orders/3 cancels it, and it can still be seen', async () => {
    const canceled = await http('DELETE', 'order', '/orders/3');
    expect(canceled).toMatchObject({ status: 204, body: {} });
    expect(await http('GET', 'order', '/orders/3')).toMatchObject({
      status: 200,
      body: { id: 3, status: 'orderCanceled' },
    });
    expect((await http('DELETE', 'order', '/orders/3')).status).toBe(204);
    await settled(system);
    expect((await http('GET', 'product', '/products/2')).body.totalQuantity).toBe(98);
  });

  it('POST /deliveries/1/deliverystarted and /deliverycompleted deliver it', async () => {
    const parcel = (await http('GET', 'delivery', '/deliveries/1')).body;
    expect(parcel).toEqual({
      id: 1,
      orderId: 1,
      customerId: null,
      productName: 'milk',
      qtyp: 1,
      price: 2000,
      address: null,
      status: 'deliveryRequested',
      carrier: null,
      trackingNumber: null,
      _links: linksOf('delivery', '/deliveries/1', 'delivery'),
    });
    const started = await http('POST', 'delivery', '/deliveries/1/deliverystarted', {
      test: '1',
      carrier: 'CJ',
      trackingNumber: '42',
    });
    const moving = { ...parcel, status: 'deliverystarted', carrier: 'CJ', trackingNumber: '42' };
    expect(started).toMatchObject({ status: 200, body: moving });
    const again = await http('POST', 'delivery', '/deliveries/1/deliverystarted', { test: '1' });
    expect(again).toMatchObject({ status: 200, body: moving });
    const completed = await http('POST', 'delivery', '/deliveries/1/deliverycompleted', { test: '1' });
    expect(completed).toMatchObject({ status: 200, body: { ...moving, status: 'deliverycompleted' } });
    await eventually(async () => {
      const { body } = await http('GET', 'order', '/orders/1');
      expect(body.status).toBe('deliverycompleted');
    });
    const late = await http('POST', 'delivery', '/deliveries/1/deliverystarted', { test: '1' });
    expect(late).toMatchObject({
      status: 409,
      body: { type: '/problems/delivery-step-conflict', state: 'deliverycompleted' },
    });
  });

  it('GET /myPages shows every order and its delivery', async () => {
    await settled(system);
    const { status, body } = await http('GET', 'customercenter', '/myPages?sort=orderId,desc');
    expect(status).toBe(200);
    expect(body.page).toEqual({ size: 20, totalElements: 3, totalPages: 1, number: 0 });
    const [third] = body._embedded.myPages;
    const { deliveryId } = third;
    expect(third).toEqual({
      id: 3,
      orderId: 3,
      item: 'milk',
      status: 'orderCanceled',
      quantity: 1,
      price: 2000,
      itemcd: 2,
      customerId: null,
      deliveryStatus: 'deliveryCanceled',
      deliveryId,
      payStatus: 'canceled',
      reason: null,
      updatedAt: expect.stringMatching(INSTANT),
      timeline: expect.arrayContaining([{ status: 'ordered', at: expect.stringMatching(INSTANT) }]),
      _links: linksOf('customercenter', '/myPages/3', 'myPage'),
    });
    const search = await http('GET', 'customercenter', '/myPages/search/findByOrderId?orderId=3');
    expect(search).toMatchObject({ status: 200, body: third });
  });

  it('GET /notices shows what the customer was told, once each', async () => {
    const { body } = await http('GET', 'notice', '/notices?size=100');
    const told = body._embedded.notices.filter((notice: Json) => notice.orderId === 3);
    expect(told.map((notice: Json) => notice.kind).sort()).toEqual([
      'DeliveryCanceled',
      'DeliveryPrepared',
      'OrderCanceled',
      'Ordered',
      'PayCanceled',
    ]);
    const [notice] = told;
    expect(notice).toEqual({
      id: notice.id,
      orderId: 3,
      customerId: null,
      channel: 'inbox',
      status: 'sent',
      kind: notice.kind,
      text: expect.stringContaining('3번'),
      at: expect.stringMatching(INSTANT),
      readAt: null,
      _links: linksOf('notice', `/notices/${notice.id}`, 'notice'),
    });
  });
});

describe('the answers', () => {
  let system: System;

  beforeAll(async () => {
    system = await startSystem();
    for (const itemcd of [1, 2, 3, 4, 5]) {
      await system.call('product', 'POST', '/products', { itemcd, totalQuantity: 10, name: `p${itemcd}` });
    }
    await system.call('order', 'POST', '/orders', { itemcd: 1, orderQty: 1, price: 100 });
    await settled(system);
  });
  afterAll(() => system.close());

  const get = (owner: Door, path: string, headers: Record<string, string> = {}) =>
    system.call<Json>(owner, 'GET', path, undefined, headers);

  it('give a page with links to its neighbours', async () => {
    const path = `${system.url('product')}/products`;
    const at = (page: number) => ({ href: `${path}?page=${page}&size=2&sort=id,desc` });
    const { body } = await get('product', '/products?page=1&size=2&sort=id,desc');
    expect(Object.keys(body)).toEqual(['_embedded', '_links', 'page']);
    expect(body._embedded.products.map((product: Json) => product.id)).toEqual([3, 2]);
    expect(body._links).toEqual({
      first: at(0),
      prev: at(0),
      self: at(1),
      next: at(2),
      last: at(2),
      profile: { href: `${system.url('product')}/profile/products` },
    });
    expect(body.page).toEqual({ size: 2, totalElements: 5, totalPages: 3, number: 1 });
    const whole = (await get('product', '/products')).body;
    expect(Object.keys(whole._links)).toEqual(['self', 'profile']);
    const profile = await fetch(whole._links.profile.href);
    const { alps } = (await profile.json()) as Json;
    expect(alps.descriptor[0].descriptor.map((field: Json) => field.name)).toContain('totalQuantity');
    expect((await system.call('gateway', 'GET', '/profile/products')).status).toBe(200);
    expect(whole._links.self.href).toBe(path);
    const beyond = (await get('product', '/products?page=9&size=2')).body;
    expect(beyond._embedded.products).toEqual([]);
    expect(Object.keys(beyond._links)).not.toContain('next');
  });

  it('are sorted by the fields that are named, and hold at most 1000', async () => {
    const names = async (query: string) =>
      (await get('product', `/products?${query}`)).body._embedded.products.map((p: Json) => p.name);
    expect(await names('sort=name,desc&size=2')).toEqual(['p5', 'p4']);
    expect(await names('sort=totalQuantity&sort=name,desc&size=2')).toEqual(['p1', 'p5']);
    expect((await get('product', '/products?size=1000')).status).toBe(200);
    expect((await get('product', '/products?size=1001')).status).toBe(400);
  });

  it.each(resources)('GET / of $owner lists its resource', async ({ collection, owner }) => {
    const { status, body } = await get(owner, '/');
    expect(status).toBe(200);
    expect(body._links[collection]).toEqual({
      href: `${system.url(owner)}/${collection}{?page,size,sort}`,
      templated: true,
    });
  });

  it('GET /myPages/search lists the searches', async () => {
    const self = `${system.url('customercenter')}/myPages/search`;
    expect((await get('customercenter', '/myPages/search')).body).toEqual({
      _links: {
        findByOrderId: { href: `${self}/findByOrderId{?orderId}`, templated: true },
        find: { href: `${self}/find{?customerId,status,itemcd,from,to,q,after,size}`, templated: true },
        self: { href: self },
      },
    });
    const unknown = await get('customercenter', '/myPages/search/findByOrderId?orderId=99');
    expect(unknown.status).toBe(404);
  });

  it.each(resources)('a /$collection that is not there is a problem', async ({ collection, owner, rel }) => {
    const { status, headers, body } = await get(owner, `/${collection}/4711`);
    expect(status).toBe(404);
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(body).toEqual({
      type: expect.stringMatching(/^\/problems\/unknown-[a-z]+$/),
      title: expect.any(String),
      status: 404,
      detail: expect.stringContaining(rel),
      instance: `/${collection}/4711`,
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  });

  it.each(resources.filter(({ rel }) => rel !== 'product'))(
    'PUT and PATCH of /$collection/1 are not allowed',
    async ({ collection, owner }) => {
      for (const method of ['PUT', 'PATCH']) {
        for (const door of [owner, 'gateway'] as const) {
          const { status, headers, body } = await system.call<Json>(door, method, `/${collection}/1`, {
            status: 'orderCanceled',
          });
          expect({ status, type: body.type }).toEqual({ status: 405, type: '/problems/method-not-allowed' });
          const allow = headers.get('allow')?.split(', ') ?? [];
          expect(allow).toContain('GET');
          expect(allow).not.toContain(method);
        }
      }
    },
  );

  it.each(services)('the %s service serves the document that is committed', async name => {
    const { body } = await system.call(name, 'GET', '/openapi.json');
    const committed = await readFile(new URL(`../../docs/openapi/${name}.json`, import.meta.url), 'utf8');
    expect(body).toEqual(JSON.parse(committed));
  });

  it('products without an itemcd take the next free number, also when many come at once', async () => {
    const created = await Promise.all(
      Array.from({ length: 10 }, () => system.call<Json>('product', 'POST', '/products', { name: 'tea' })),
    );
    const ids = created.map(({ body }) => body.id).sort((a, b) => a - b);
    expect(ids).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
    expect(created[0]?.body).toMatchObject({ totalQuantity: 0, itemcd: created[0]?.body.id });
  });

  it.each(['PUT', 'PATCH'])('%s of a product changes the fields it names', async method => {
    await system.call('product', 'PATCH', '/products/3', { name: 'p3', price: null, totalQuantity: 10 });
    const { headers, body } = await get('product', '/products/3');
    const etag = headers.get('etag') ?? '';
    expect(etag).toMatch(/^"\d+"$/);
    const change = await system.call<Json>(
      'product',
      method,
      '/products/3',
      { price: '500', totalQuantity: '12' },
      { 'if-match': etag },
    );
    expect(change.status).toBe(200);
    expect(change.body).toEqual({ ...body, price: 500, totalQuantity: 12, availableQuantity: 12 });
    expect(change.headers.get('etag')).not.toBe(etag);
    const stale = await system.call<Json>(
      'product',
      method,
      '/products/3',
      { price: 1 },
      { 'if-match': etag },
    );
    expect(stale).toMatchObject({ status: 412, body: { type: '/problems/stale-etag' } });
    const moves = (await get('product', '/products/3/movements')).body._embedded.movements;
    expect(moves[0]).toMatchObject({ quantity: 2 });
    const renumbered = await system.call<Json>('product', method, '/products/3', { itemcd: '4' });
    expect(renumbered.status).toBe(400);
    expect((await system.call('product', method, '/products/99', { price: 1 })).status).toBe(404);
  });

  it('movements add and remove without a race', async () => {
    const before = (await get('product', '/products/4')).body.totalQuantity;
    const changes = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        system.call('product', 'POST', '/products/4/movements', {
          quantity: i % 2 ? '3' : -2,
          reason: 'count',
        }),
      ),
    );
    expect(changes.every(({ status }) => status === 200)).toBe(true);
    expect((await get('product', '/products/4')).body.totalQuantity).toBe(before + 10);
    const tooMany = await system.call<Json>('product', 'POST', '/products/4/movements', {
      quantity: -1000,
      reason: 'broken',
    });
    expect(tooMany).toMatchObject({ status: 409, body: { type: '/problems/stock-conflict' } });
    await settled(system);
  });

  it('let browsers call from anywhere, with credentials', async () => {
    const origin = 'http://shop.example';
    const preflight = await fetch(`${system.url('gateway')}/orders`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': 'content-type,idempotency-key',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBe(origin);
    expect(preflight.headers.get('access-control-allow-credentials')).toBe('true');
    expect(preflight.headers.get('access-control-allow-methods')).toContain('PATCH');
    expect(preflight.headers.get('access-control-allow-headers')).toContain('idempotency-key');
    for (const path of ['/orders', '/orders/4711']) {
      const { headers } = await get('gateway', path, { origin });
      expect(headers.get('access-control-allow-origin')).toBe(origin);
      expect(headers.get('access-control-allow-credentials')).toBe('true');
      expect(headers.get('access-control-expose-headers')).toContain('Location');
    }
  });

  it('name the host that the client called', async () => {
    const { body } = await get('gateway', '/orders/1', {
      'x-forwarded-host': 'shop.example',
      'x-forwarded-proto': 'https',
    });
    expect(body._links.self.href).toBe('https://shop.example/orders/1');
    expect((await get('gateway', '/orders/1')).body._links.self.href).toBe(
      `${system.url('gateway')}/orders/1`,
    );
    const list = (await get('gateway', '/orders', { 'x-forwarded-host': 'shop.example' })).body;
    expect(list._links.self.href).toBe('http://shop.example/orders');
  });

  it('do not let the services’ own credential in through the gateway', async () => {
    const terms = { orderId: 4711, price: 1, itemcd: 1, orderQty: 1 };
    const headers = { ...asService, 'idempotency-key': crypto.randomUUID() };
    expect((await system.call('gateway', 'POST', '/pays', terms, headers)).status).toBe(404);
    expect((await system.call('gateway', 'POST', '/internal/charges', [], headers)).status).not.toBe(200);
  });

  it('show their dead letters to those who have the credential, and not through the gateway', async () => {
    for (const { owner } of resources) {
      const shown = await get(owner, '/dead-letters', asService);
      expect(shown, owner).toMatchObject({ status: 200, body: { page: { totalElements: 0 } } });
      const hidden = await get(owner, '/dead-letters');
      expect(hidden, owner).toMatchObject({ status: 404, body: { type: '/problems/not-found' } });
    }
    expect((await get('gateway', '/dead-letters', asService)).status).not.toBe(200);
  });

  it('say 503 with Retry-After at the gateway where a service is away', async () => {
    await system.stop('notice');
    const away = await get('gateway', '/notices');
    expect(away).toMatchObject({ status: 503, body: { type: '/problems/peer-unavailable' } });
    expect(Number(away.headers.get('retry-after'))).toBeGreaterThan(0);
    await system.start('notice');
    expect((await get('gateway', '/notices')).status).toBe(200);
  });

  it.each([...resources.map(({ owner }) => owner as Door), 'gateway' as Door])(
    '%s is in good health and shows its metrics',
    async door => {
      for (const path of ['', '/liveness', '/readiness']) {
        expect(await get(door, `/actuator/health${path}`)).toMatchObject({
          status: 200,
          body: { status: 'UP' },
        });
      }
      const response = await fetch(`${system.url(door)}/metrics`);
      const text = await response.text();
      expect(response.headers.get('content-type')).toContain('text/plain');
      const series = ['jumun_http_request_duration_seconds'];
      if (door !== 'gateway') {
        series.push(
          'jumun_outbox_waiting',
          'jumun_outbox_lag_seconds',
          'jumun_consumer_lag',
          'jumun_dead_letters',
        );
      }
      if (door === 'order') series.push('jumun_open_sagas', 'jumun_open_intents', 'jumun_breaker_state');
      if (door === 'pay') series.push('jumun_refunds_due', 'jumun_refunds_failed', 'jumun_breaker_state');
      if (door === 'product') series.push('jumun_stock_refusals_total');
      for (const name of series) expect(text).toContain(`# TYPE ${name} `);
      expect(text).toContain(`service="${door}"`);
    },
  );

  it('say DOWN while the database cannot be reached, and UP again after', async () => {
    const address = new URL(system.database('notice'));
    const proxy = await startProxy(`http://${address.host}`);
    address.port = new URL(proxy.url).port;
    await system.stop('notice');
    await system.start('notice', { NOTICE__DATABASE_URL: address.href });
    expect((await get('notice', '/actuator/health')).status).toBe(200);
    proxy.refuse();
    for (const path of ['', '/readiness']) {
      expect(await get('notice', `/actuator/health${path}`)).toMatchObject({
        status: 503,
        body: { status: 'DOWN' },
      });
    }
    expect((await get('notice', '/actuator/health/liveness')).status).toBe(200);
    expect(await get('notice', '/notices')).toMatchObject({
      status: 503,
      body: { type: '/problems/unavailable' },
    });
    proxy.pass();
    await eventually(async () => expect((await get('notice', '/actuator/health')).status).toBe(200));
    await settled(system);
    await system.stop('notice');
    await system.start('notice');
    await proxy.close();
  });

  it('carry one trace from the request to the last event of every service', async () => {
    const traceId = randomBytes(16).toString('hex');
    const headers = { traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` };
    const wish = { itemcd: 5, orderQty: 1, price: 100 };
    const { body } = await system.call<Json>('gateway', 'POST', '/orders', wish, headers);
    const delivery = await eventually(async () => {
      const [row] = await system.sql<{ id: number }>(
        'delivery',
        'SELECT id FROM delivery WHERE order_id = $1',
        [body.id],
      );
      expect(row).toBeDefined();
      return row?.id;
    });
    for (const step of ['deliverystarted', 'deliverycompleted']) {
      await system.call('gateway', 'POST', `/deliveries/${delivery}/${step}`, {}, headers);
    }
    await settled(system);
    const events = await system.sql<{ type: string; traceparent: string }>(
      'events',
      'SELECT type, traceparent FROM log WHERE key = $1',
      [String(body.id)],
    );
    expect(events.map(({ type }) => type).sort()).toEqual([
      'DeliveryCompleted',
      'DeliveryPrepared',
      'DeliveryRequested',
      'DeliveryStarted',
      'Ordered',
      'PayApproved',
    ]);
    for (const { traceparent } of events) expect(traceparent).toContain(traceId);
    const unknown = await system.call<Json>('order', 'GET', '/orders/4711', undefined, headers);
    expect(unknown.body.traceId).toBe(traceId);
  });

  it('show an order at GET /myPages within a second', async () => {
    const { body } = await system.call<Json>('order', 'POST', '/orders', {
      itemcd: 5,
      orderQty: 1,
      price: 100,
    });
    await eventually(async () => {
      const page = await get('customercenter', `/myPages/${body.id}`);
      expect(page.body).toMatchObject({ status: 'deliveryPrepared', deliveryStatus: 'deliveryRequested' });
    }, 1_000);
    await settled(system);
  });
});
