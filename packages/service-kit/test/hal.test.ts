import Type from 'typebox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendCreated, serveResource } from '../src/hal.ts';
import type { Http } from '../src/http.ts';
import type { PageRequest } from '../src/page.ts';
import { type Cleanup, createCleanup, serve } from './harness.ts';

type Link = { href: string };
/** What these tests look at of a document or a problem. */
interface Document {
  id: number;
  type: string;
  detail: string;
  errors: { pointer: string }[];
  page: object;
  _links: Record<string, Link> & { self: Link; first: Link; next?: Link };
  _embedded: { orders: { id: number; _links: { self: Link } }[] };
}

const all = Array.from({ length: 45 }, (_, i) => ({ id: i + 1, price: 100 - i }));

describe('HAL', () => {
  let cleanup: Cleanup;
  let url: string;
  let untrusting: string;
  let asked: PageRequest[];

  function routes(http: Http) {
    serveResource(http, {
      schema: Type.Object({ id: Type.Integer(), name: Type.String() }),
      collection: 'orders',
      rel: 'order',
      unknown: 'unknown-order',
      sortable: { id: 'id', price: 'price_minor' },
      searches: true,
      async find(id, reply) {
        reply.header('etag', `"${id}"`);
        return all.find(item => item.id === id);
      },
      async page(request) {
        asked.push(request);
        return { items: all.slice(request.offset, request.offset + request.limit), total: all.length };
      },
    });
    http.post('/orders', async (request, reply) =>
      sendCreated(request, reply, { collection: 'orders', rel: 'order' }, { id: 46 }),
    );
  }

  beforeAll(async () => {
    cleanup = createCleanup();
    asked = [];
    ({ url } = await serve(cleanup, routes));
    ({ url: untrusting } = await serve(cleanup, routes, { trustedProxies: '10.1.2.3' }));
  });
  afterAll(() => cleanup.run());

  async function get(path: string, headers: Record<string, string> = {}, base = url) {
    const response = await fetch(`${base}${path}`, { headers });
    return { status: response.status, headers: response.headers, body: (await response.json()) as Document };
  }
  const linksOf = async (path: string): Promise<Record<string, string>> => {
    const { body } = await get(path);
    return Object.fromEntries(
      Object.entries(body._links).map(([rel, { href }]) => [rel, href.replace(url, '')]),
    );
  };

  it('has a root with what there is, as templates', async () => {
    expect((await get('/')).body._links).toEqual({
      orders: { href: `${url}/orders{?page,size,sort}`, templated: true },
      search: { href: `${url}/orders/search` },
      profile: { href: `${url}/profile` },
    });
  });

  it('gives one item with its links', async () => {
    const { status, headers, body } = await get('/orders/7');
    expect(status).toBe(200);
    expect(headers.get('etag')).toBe('"7"');
    expect(body).toEqual({
      id: 7,
      price: 94,
      _links: { self: { href: `${url}/orders/7` }, order: { href: `${url}/orders/7` } },
    });
  });

  it('says which item is not there', async () => {
    const { status, body } = await get('/orders/700');
    expect(status).toBe(404);
    expect(body).toMatchObject({ type: '/problems/unknown-order', detail: 'There is no order 700.' });
  });

  it('answers a creation with where it is', async () => {
    const response = await fetch(`${url}/orders`, { method: 'POST' });
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe(`${url}/orders/46`);
    expect(((await response.json()) as { _links: unknown })._links).toEqual({
      self: { href: `${url}/orders/46` },
      order: { href: `${url}/orders/46` },
    });
  });

  describe('a page', () => {
    it('has 20 items where nothing else is said, with the links that lead on', async () => {
      const { body } = await get('/orders');
      expect(body._embedded.orders.map(({ id }) => id)).toEqual(all.slice(0, 20).map(({ id }) => id));
      expect(body._embedded.orders[0]?._links.self.href).toBe(`${url}/orders/1`);
      expect(body.page).toEqual({ size: 20, totalElements: 45, totalPages: 3, number: 0 });
      expect(await linksOf('/orders')).toEqual({
        self: '/orders',
        first: '/orders?page=0&size=20',
        next: '/orders?page=1&size=20',
        last: '/orders?page=2&size=20',
        profile: '/profile/orders',
      });
    });

    it('in the middle leads both ways, and keeps size and sort', async () => {
      const page = (n: number) => `/orders?page=${n}&size=10&sort=price,desc`;
      expect(await linksOf('/orders?size=10&page=2&sort=price,desc')).toEqual({
        first: page(0),
        prev: page(1),
        self: page(2),
        next: page(3),
        last: page(4),
        profile: '/profile/orders',
      });
    });

    it('at the end leads back only', async () => {
      const links = await linksOf('/orders?page=2');
      expect(links).toMatchObject({ first: '/orders?page=0&size=20', prev: '/orders?page=1&size=20' });
      expect(links).not.toHaveProperty('next');
    });

    it('beyond the end is empty and leads back to the last', async () => {
      const { body } = await get('/orders?page=9');
      expect(body._embedded.orders).toEqual([]);
      const links = await linksOf('/orders?page=9');
      expect(links).toMatchObject({ prev: '/orders?page=2&size=20', last: '/orders?page=2&size=20' });
      expect(links).not.toHaveProperty('next');
    });

    it('that is the only one leads nowhere else', async () => {
      expect(Object.keys(await linksOf('/orders?size=100')).sort()).toEqual(['profile', 'self']);
    });

    it('can be walked from the first to the last by its links', async () => {
      const seen: number[] = [];
      let next: string | undefined = `${url}/orders?size=7`;
      while (next) {
        const {
          body,
        }: { body: { _embedded: { orders: { id: number }[] }; _links: { next?: { href: string } } } } =
          await get(next.replace(url, ''));
        seen.push(...body._embedded.orders.map(({ id }) => id));
        next = body._links.next?.href;
      }
      expect(seen).toEqual(all.map(({ id }) => id));
    });

    it.each([
      'page=-1',
      'page=x',
      'size=0',
      'size=1001',
      'page=1&page=2',
      'page=1.5',
      'page=',
      'sort=id,asc,price',
      'sort=id&sort=price&sort=id',
    ])('is refused where it cannot be: %s', async query => {
      const { status, body } = await get(`/orders?${query}`);
      expect(status).toBe(400);
      expect(body.type).toBe('/problems/invalid-request');
    });
  });

  describe('a sort', () => {
    const orderOf = async (query: string) => {
      asked.length = 0;
      await get(`/orders?${query}`);
      return asked[0]?.order;
    };

    it('is by columns, ascending where nothing else is said', async () => {
      expect(await orderOf('sort=price')).toEqual([{ column: 'price_minor', descending: false }]);
      expect(await orderOf('sort=price,desc')).toEqual([{ column: 'price_minor', descending: true }]);
      expect(await orderOf('sort=price,ASC&sort=id,DESC')).toEqual([
        { column: 'price_minor', descending: false },
        { column: 'id', descending: true },
      ]);
      expect(await orderOf('size=5')).toEqual([]);
    });

    it.each([
      'name',
      'price_minor',
      'constructor',
      '__proto__',
      'price,sideways',
      'id;DROP TABLE orders',
      '',
    ])('by %j is refused with what can be sorted by', async sort => {
      const { status, body } = await get(`/orders?sort=${encodeURIComponent(sort)}`);
      expect(status).toBe(400);
      expect(body.errors[0]?.pointer).toBe('/sort');
      expect(body.detail).toContain('id, price');
    });

    it('asks for the rows of the page', async () => {
      asked.length = 0;
      await get('/orders?page=3&size=7');
      expect(asked).toEqual([{ limit: 7, offset: 21, order: [] }]);
    });
  });

  describe('links behind a proxy', () => {
    const forwarded = { 'x-forwarded-proto': 'https', 'x-forwarded-host': 'shop.example' };

    it('have the address that the client called', async () => {
      const { body } = await get('/orders/7', forwarded);
      expect(body._links.self.href).toBe('https://shop.example/orders/7');
      const page = await get('/orders?page=1', forwarded);
      expect(page.body._links.first.href).toBe('https://shop.example/orders?page=0&size=20');
    });

    it('do not believe those who are no proxy of ours', async () => {
      const { body } = await get('/orders/7', forwarded, untrusting);
      expect(body._links.self.href).toBe(`${untrusting}/orders/7`);
    });
  });
});
