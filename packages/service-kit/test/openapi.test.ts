import Type from 'typebox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveResource } from '../src/hal.ts';
import { createHttp, onlyServices, refuseOtherMethods } from '../src/http.ts';
import { createMetrics } from '../src/metrics.ts';
import { created, done, named, ok, operation, serveDocument } from '../src/openapi.ts';
import { type Cleanup, createCleanup, log, SERVICE_TOKEN } from './harness.ts';

type Responses = Record<string, { description: string; headers?: object; content?: Record<string, object> }>;
interface Operation {
  operationId: string;
  tags: string[];
  security?: object[];
  parameters?: { name: string; in: string; required: boolean; schema: { items?: { pattern: string } } }[];
  requestBody?: { required: boolean };
  responses: Responses;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { properties: Record<string, unknown> }> };
}

describe('The document of a service', () => {
  let cleanup: Cleanup;
  let url: string;
  let document: Document;

  beforeAll(async () => {
    cleanup = createCleanup();
    const metrics = createMetrics('test', false);
    const http = createHttp({ log, metrics, serviceToken: SERVICE_TOKEN, trustedProxies: '127.0.0.1' });
    const methods = refuseOtherMethods(http);
    await serveDocument(http, 'tea');
    serveResource(http, {
      collection: 'teas',
      rel: 'tea',
      unknown: 'unknown-product',
      sortable: { id: 'id', name: 'tea_name' },
      schema: Type.Object({ id: Type.Integer(), name: Type.String() }),
      find: async () => undefined,
      page: async () => ({ items: [], total: 0 }),
    });
    const brew = operation({
      id: 'brewTea',
      summary: 'Brews',
      answers: created('It is hot.', named('Tea'), { ETag: Type.String() }),
      refusals: ['out-of-stock', 'payment-declined'],
      headers: Type.Object({ 'Idempotency-Key': Type.Optional(Type.String()) }),
    });
    http.post('/teas', { schema: { body: Type.Object({ name: Type.String() }), ...brew } }, async () => ({}));
    const pour = operation({ id: 'pourTea', summary: 'Pours', answers: done('It is poured.') });
    const optional = Type.Union([Type.Object({}), Type.Null()]);
    http.post('/teas/pour', { schema: { body: optional, ...pour } }, async (_, reply) =>
      reply.code(204).send(),
    );
    const look = operation({ id: 'look', summary: 'Looks', answers: ok('A look.', Type.Object({})) });
    http.get('/look', { schema: look }, async () => ({}));
    const count = operation({ id: 'count', summary: 'Counts', answers: ok('A count.', Type.Object({})) });
    http.get('/count', { schema: count, onRequest: onlyServices }, async () => ({}));
    http.post('/internal/teas', { onRequest: onlyServices }, async () => ({}));
    methods.finish();
    url = await http.listen({ host: '127.0.0.1', port: 0 });
    cleanup.add(() => {
      http.server.closeAllConnections();
      return http.close();
    });
    document = (await (await fetch(`${url}/openapi.json`)).json()) as Document;
  });
  afterAll(() => cleanup.run());

  const at = (path: string, method: string): Operation => {
    const found = document.paths[path]?.[method];
    if (!found) throw new Error(`${method} ${path} is not in the document`);
    return found;
  };

  it('has the routes that a client calls, and no others', () => {
    expect(Object.keys(document.paths).sort()).toEqual(
      ['/', '/count', '/look', '/profile', '/profile/teas', '/teas', '/teas/pour', '/teas/{id}'].sort(),
    );
    expect(Object.keys(document.paths['/teas'] ?? {}).sort()).toEqual(['get', 'post']);
  });

  it('has the answer of a route with its headers', () => {
    const { responses, operationId, tags } = at('/teas', 'post');
    expect({ operationId, tags }).toEqual({ operationId: 'brewTea', tags: ['teas'] });
    expect(responses['201']).toMatchObject({
      description: 'It is hot.',
      headers: { Location: {}, ETag: {} },
      content: { 'application/json': { schema: { $ref: '#/components/schemas/Tea' } } },
    });
    expect(at('/teas/pour', 'post').responses['204']).toEqual({ description: 'It is poured.' });
  });

  it('has the refusals of a route beside those that it must expect of any', () => {
    const { responses } = at('/teas', 'post');
    const statuses = ['201', '400', '402', '409', '413', '415', '500', '503'];
    expect(Object.keys(responses)).toEqual(statuses);
    expect(responses['409']).toEqual({
      description: 'There are not enough pieces left (`out-of-stock`).',
      content: {
        'application/problem+json': {
          schema: {
            allOf: [
              { $ref: '#/components/schemas/Problem' },
              {
                type: 'object',
                required: ['type'],
                properties: { type: { enum: ['/problems/out-of-stock'] } },
              },
            ],
          },
        },
      },
    });
    expect(responses['503']?.headers).toHaveProperty('Retry-After');
    expect(Object.keys(at('/look', 'get').responses)).toEqual(['200', '500', '503']);
  });

  it('has request headers, and how a collection can be sorted', () => {
    expect(at('/teas', 'post').parameters).toEqual([
      { in: 'header', name: 'Idempotency-Key', required: false, schema: { type: 'string' } },
    ]);
    const { parameters } = at('/teas', 'get');
    // What has a default can be left out.
    expect(parameters?.map(({ name, required }) => [name, required])).toEqual([
      ['page', false],
      ['size', false],
      ['sort', false],
    ]);
    const sort = parameters?.find(({ name }) => name === 'sort');
    const { pattern = '' } = sort?.schema.items ?? {};
    for (const term of ['id', 'name,asc', 'id,DESC']) expect(term).toMatch(new RegExp(pattern));
    for (const term of ['tea_name', 'id,up', 'id,', '']) expect(term).not.toMatch(new RegExp(pattern));
  });

  it('says what only services may call, and that it does not exist for others', () => {
    const { security, responses } = at('/count', 'get');
    expect(security).toEqual([{ service: [] }]);
    expect(responses['404']?.description).toContain('not-found');
    expect(at('/look', 'get').security).toBeUndefined();
  });

  it('says which bodies can be left out', () => {
    expect(at('/teas', 'post').requestBody?.required).toBe(true);
    expect(at('/teas/pour', 'post').requestBody?.required).toBe(false);
  });

  it('names what occurs often once', () => {
    expect(Object.keys(document.components.schemas).sort()).toEqual(
      ['Link', 'Page', 'Problem', 'Tea', 'TeaCollection', 'TemplatedLink'].sort(),
    );
    expect(Object.keys(document.components.schemas.Tea?.properties ?? {})).toEqual(['id', 'name', '_links']);
  });

  it('is shown to people by a page that loads nothing from elsewhere', async () => {
    const page = await fetch(`${url}/docs`);
    expect(page.headers.get('content-type')).toContain('text/html');
    const html = await page.text();
    expect(html).toContain('<title>jumun tea</title>');
    const parts = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, part = '']) => part);
    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts) {
      expect(part).toMatch(/^\/docs\//);
      expect((await fetch(url + part)).status, part).toBe(200);
    }
  });
});
