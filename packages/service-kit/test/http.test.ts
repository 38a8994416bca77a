import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import Type from 'typebox';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { TooManyWaitingError } from '../src/batcher.ts';
import { UnavailableError } from '../src/errors.ts';
import { BODY_LIMIT_BYTES, onlyServices } from '../src/http.ts';
import { Problem } from '../src/problem.ts';
import { type Cleanup, createCleanup, createGate, SERVICE_TOKEN, serve } from './harness.ts';

const Order = Type.Object({
  itemcd: Type.Integer({ minimum: 1 }),
  orderQty: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
  address: Type.Optional(Type.String({ maxLength: 500 })),
});
const Strict = Type.Object({ a: Type.Integer() }, { additionalProperties: false });

describe('HTTP', () => {
  let cleanup: Cleanup;
  let url: string;

  beforeAll(async () => {
    cleanup = createCleanup();
    ({ url } = await serve(cleanup, http => {
      http.post('/orders', { schema: { body: Order } }, async request => ({ got: request.body }));
      http.get('/orders', async request => ({ trace: request.trace }));
      http.post('/strict', { schema: { body: Strict } }, async request => request.body);
      http.post('/anything', async request => ({ got: request.body ?? null }));
      http.get(
        '/orders/:id',
        { schema: { params: Type.Object({ id: Type.Integer({ minimum: 1 }) }) } },
        async request => request.params,
      );
      http.get('/inside', { onRequest: onlyServices }, async () => ({ inside: true }));
      http.get('/fail/:how', async request => {
        const { how } = request.params as { how: string };
        if (how === 'refused') throw new Problem('out-of-stock', 'Two are left.', { extra: { left: 2 } });
        if (how === 'away') throw new UnavailableError('the database at db.internal is away');
        if (how === 'busy') throw new TooManyWaitingError('busy');
        throw new Error('secret of the inside');
      });
    }));
  });
  afterAll(() => cleanup.run());

  async function send(path: string, init: RequestInit = {}) {
    const response = await fetch(`${url}${path}`, init);
    const text = await response.text();
    const type = response.headers.get('content-type') ?? '';
    return {
      status: response.status,
      headers: response.headers,
      type,
      text,
      body: text ? JSON.parse(text) : undefined,
    };
  }
  const post = (path: string, body: string | Buffer, type = 'application/json') =>
    send(path, { method: 'POST', body, headers: { 'content-type': type } });
  const order = (fields: object) => post('/orders', JSON.stringify({ itemcd: 1, orderQty: 1, ...fields }));

  function expectProblem(answer: Awaited<ReturnType<typeof send>>, status: number, slug: string) {
    expect(answer.body).toMatchObject({ type: `/problems/${slug}`, status, title: expect.any(String) });
    expect(answer.status).toBe(status);
    expect(answer.type).toBe('application/problem+json; charset=utf-8');
    expect(answer.body.detail).toEqual(expect.any(String));
    expect(answer.body.instance).toEqual(expect.stringMatching(/^\//));
    expect(answer.body.traceId).toMatch(/^[0-9a-f]{32}$/);
  }

  describe('a body', () => {
    it.each(['{"itemcd":1,', 'nothing', '{"a":1}{', "{'itemcd': 1}", '\u0000'])(
      'that is not JSON is refused: %j',
      async body => {
        expectProblem(await post('/orders', body), 400, 'malformed-request');
      },
    );

    it('that is not UTF-8 is refused and not repaired in silence', async () => {
      const latin1 = Buffer.from('{"itemcd":1,"orderQty":1,"address":"Caf\xe9"}', 'latin1');
      expectProblem(await post('/orders', latin1), 400, 'malformed-request');
    });

    it('in UTF-8 comes through as it is', async () => {
      const address = '서울시 ☕ Café 😀';
      expect((await order({ address })).body.got.address).toBe(address);
    });

    it.each([
      'application/json',
      'application/json; charset=utf-8',
      'Application/JSON',
      'application/hal+json',
    ])('may be %s', async type => {
      expect((await post('/orders', '{"itemcd":1,"orderQty":1}', type)).status).toBe(200);
    });

    it.each(['text/plain', 'application/xml', 'application/x-www-form-urlencoded', 'application/jsonx'])(
      'may not be %s',
      async type => {
        expectProblem(
          await post('/orders', '{"itemcd":1,"orderQty":1}', type),
          415,
          'unsupported-media-type',
        );
      },
    );

    it('of 64 KiB is taken, and a larger one is not', async () => {
      const body = (bytes: number) => `"${'x'.repeat(bytes - 2)}"`;
      expect((await post('/anything', body(BODY_LIMIT_BYTES))).status).toBe(200);
      expectProblem(await post('/anything', body(BODY_LIMIT_BYTES + 1)), 413, 'body-too-large');
    });

    it('of unknown length that turns out to be larger is not taken either', async () => {
      const response = await fetch(`${url}/anything`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: new ReadableStream({
          start(controller) {
            for (let i = 0; i < 5; i++) controller.enqueue(new TextEncoder().encode('1'.repeat(16 * 1024)));
            controller.close();
          },
        }),
        duplex: 'half',
      } as RequestInit);
      expect(response.status).toBe(413);
    });

    it('that is missing is refused where one is needed', async () => {
      expectProblem(await send('/orders', { method: 'POST' }), 400, 'invalid-request');
      expectProblem(await post('/orders', ''), 400, 'invalid-request');
    });

    it.each([
      '{"itemcd":1,"orderQty":1,"__proto__":{"isAdmin":true}}',
      '{"itemcd":1,"orderQty":1,"\\u005f_proto__":{"isAdmin":true}}',
      '{"itemcd":1,"orderQty":1,"x":{"constructor":{"prototype":{"isAdmin":true}}}}',
    ])('that would change prototypes is refused: %s', async body => {
      expectProblem(await post('/orders', body), 400, 'malformed-request');
      expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
    });

    it.each(['/orders', '/strict', '/anything'])(
      'that is nested 30,000 deep does no harm: %s',
      async path => {
        const depth = 30_000;
        const answer = await post(path, `${'['.repeat(depth)}${']'.repeat(depth)}`);
        expect(answer.status).toBeLessThan(path === '/anything' ? 501 : 500);
        const hidden = await post(
          '/orders',
          `{"itemcd":1,"orderQty":1,"x":${'['.repeat(depth)}${']'.repeat(depth)}}`,
        );
        expect(hidden.status).toBeLessThan(501);
        const objects = await post(path, `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`);
        expect(objects.status).toBeLessThan(501);
        expect((await order({})).status).toBe(200);
      },
    );
  });

  describe('a field', () => {
    it.each([
      [{ orderQty: 0 }, '/orderQty'],
      [{ orderQty: 1.5 }, '/orderQty'],
      [{ orderQty: true }, '/orderQty'],
      [{ orderQty: null }, '/orderQty'],
      [{ orderQty: 'one' }, '/orderQty'],
      [{ orderQty: '1e3' }, '/orderQty'],
      [{ itemcd: undefined }, '/itemcd'],
      [{ address: 5 }, '/address'],
      [{ address: 'x'.repeat(501) }, '/address'],
    ])('that is wrong is pointed at: %j', async (fields, pointer) => {
      const answer = await order(fields);
      expectProblem(answer, 400, 'invalid-request');
      expect(answer.body.errors).toEqual([{ pointer, detail: expect.any(String) }]);
      expect(answer.body.detail).toContain(pointer);
    });

    it('that nobody knows is pointed at where none is allowed', async () => {
      const answer = await post('/strict', '{"a":1,"b":2}');
      expectProblem(answer, 400, 'invalid-request');
      expect(answer.body.errors).toEqual([{ pointer: '/b', detail: 'is not a field of this resource' }]);
    });

    it('may be a numeric string where a number is wanted, and stays text where text is', async () => {
      const { body } = await order({ orderQty: '3', address: '42' });
      expect(body.got).toEqual({ itemcd: 1, orderQty: 3, address: '42' });
    });

    it('of the address may be one too, and is pointed at where it is wrong', async () => {
      expect((await send('/orders/7')).body).toEqual({ id: 7 });
      for (const wrong of ['seven', '0', '1.5', '-1']) {
        const answer = await send(`/orders/${wrong}`);
        expectProblem(answer, 400, 'invalid-request');
        expect(answer.body.errors[0].pointer).toBe('/id');
      }
    });
  });

  describe('an address', () => {
    it('that is not there is a problem too', async () => {
      const answer = await send('/nowhere?x=1');
      expectProblem(answer, 404, 'not-found');
      expect(answer.body).toMatchObject({ detail: 'There is no GET /nowhere.', instance: '/nowhere?x=1' });
    });

    it('may end with a slash', async () => {
      expect((await send('/orders/')).status).toBe(200);
    });

    it('that cannot be decoded is a problem too', async () => {
      const answer = await send('/orders/%zz');
      expect(answer.status).toBe(400);
      expect(answer.type).toBe('application/problem+json; charset=utf-8');
      expect(answer.body).toMatchObject({ type: '/problems/malformed-request', status: 400 });
    });

    it('with an endless parameter is a problem too', async () => {
      const answer = await send(`/orders/${'9'.repeat(5_000)}`);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      expect(answer.type).toBe('application/problem+json; charset=utf-8');
    });

    it.each([
      ['/orders', 'DELETE', ['GET', 'POST']],
      ['/orders', 'PUT', ['GET', 'POST']],
      ['/orders/1', 'POST', ['GET']],
      ['/orders/1', 'PATCH', ['GET']],
      ['/orders/not-a-number', 'DELETE', ['GET']],
      ['/strict', 'GET', ['POST']],
      ['/orders', 'QUERY', ['GET', 'POST']],
    ])('%s says of %s that it is not allowed, and what is', async (path, method, allowed) => {
      const answer = await send(path, { method });
      expectProblem(answer, 405, 'method-not-allowed');
      const allow = answer.headers.get('allow')?.split(', ') ?? [];
      expect(allow).toEqual(expect.arrayContaining(allowed));
      expect(allow).not.toContain(method);
    });

    it('says so of TRACE, which fetch does not send', async () => {
      const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
      socket.end('TRACE /orders HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n');
      let answer = '';
      for await (const chunk of socket) answer += chunk;
      expect(answer).toMatch(/^HTTP\/1.1 405 .*\r\n/);
      expect(answer).toContain('allow: POST, GET, HEAD, OPTIONS\r\n');
    });

    it('answers OPTIONS with the methods that it has', async () => {
      const answer = await send('/orders/1', { method: 'OPTIONS' });
      expect([answer.status, answer.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS']);
      expectProblem(await send('/nothing', { method: 'OPTIONS' }), 404, 'not-found');
    });

    it('says so before it reads the body', async () => {
      expectProblem(
        await send('/orders', { method: 'PUT', body: 'x'.repeat(100_000) }),
        405,
        'method-not-allowed',
      );
    });

    it('for services does not exist for others', async () => {
      const headers = (authorization: string) => ({ headers: { authorization } });
      expectProblem(await send('/inside'), 404, 'not-found');
      expectProblem(await send('/inside', headers('Bearer wrong')), 404, 'not-found');
      expectProblem(await send('/inside', headers(`Bearer ${SERVICE_TOKEN}x`)), 404, 'not-found');
      expect((await send('/inside', headers(`Bearer ${SERVICE_TOKEN}`))).body).toEqual({ inside: true });
      for (const method of ['POST', 'OPTIONS']) {
        expectProblem(await send('/inside', { method }), 404, 'not-found');
        const shown = await send('/inside', { method, ...headers(`Bearer ${SERVICE_TOKEN}`) });
        expect(shown.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
      }
    });
  });

  describe('a failure', () => {
    it('that is a refusal is answered with its problem', async () => {
      const answer = await send('/fail/refused');
      expectProblem(answer, 409, 'out-of-stock');
      expect(answer.body).toMatchObject({ left: 2, detail: 'Two are left.' });
    });

    it.each([
      ['away', 503, 'unavailable'],
      ['busy', 503, 'overloaded'],
    ])('that passes says when to try again: %s', async (how, status, slug) => {
      const answer = await send(`/fail/${how}`);
      expectProblem(answer, status, slug);
      expect(answer.headers.get('retry-after')).toBe('1');
      expect(answer.text).not.toContain('db.internal');
    });

    it('that nobody foresaw says nothing of the inside', async () => {
      const answer = await send('/fail/bug');
      expectProblem(answer, 500, 'internal-error');
      expect(answer.text).not.toContain('secret');
    });
  });

  describe('with as many requests under way as it holds', () => {
    it('refuses others at once, but not probes, metrics and services, and takes them again when there is room', async () => {
      const gate = createGate();
      const own = createCleanup();
      let arrived = 0;
      const { url } = await serve(
        own,
        http => {
          http.get('/slow', async () => {
            arrived++;
            await gate.opened;
            return {};
          });
          http.post('/orders', async () => ({}));
          http.get('/actuator/health', async () => ({ status: 'UP' }));
        },
        { requestsLimit: 3 },
      );
      own.add(gate.open);
      try {
        const leaving = new AbortController();
        const left = fetch(`${url}/slow`, { signal: leaving.signal }).catch(() => 'left');
        const held = [fetch(`${url}/slow`), fetch(`${url}/slow`)];
        await eventually(() => expect(arrived).toBe(3));

        const post = () =>
          fetch(`${url}/orders`, {
            method: 'POST',
            body: '{}',
            headers: { 'content-type': 'application/json' },
          });
        for (let n = 0; n < 20; n++) {
          const refused = await post();
          expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
          expect(refused.headers.get('content-type')).toContain('application/problem+json');
          expect(await refused.json()).toMatchObject({ type: '/problems/overloaded', status: 503 });
        }
        expect((await fetch(`${url}/actuator/health`)).status).toBe(200);
        const shown = await (await fetch(`${url}/metrics`)).text();
        expect(shown).toContain('jumun_refused_total{problem="overloaded",service="test"} 20');
        expect(shown).toContain('jumun_http_requests_under_way{service="test"} 3');
        const authorization = `Bearer ${SERVICE_TOKEN}`;
        const trusted = fetch(`${url}/slow`, { headers: { authorization } });
        await eventually(() => expect(arrived).toBe(4));

        // A client that does not wait any longer leaves its place to another.
        leaving.abort();
        expect(await left).toBe('left');
        await eventually(async () => expect((await post()).status).toBe(200));
        gate.open();
        for (const answer of [...held, trusted]) expect((await answer).status).toBe(200);
        for (let n = 0; n < 20; n++) expect((await post()).status).toBe(200);
      } finally {
        await own.run();
      }
    });

    it('counts no longer what a client sent in one go and did not wait for', async () => {
      const gate = createGate();
      const own = createCleanup();
      let arrived = 0;
      const { url } = await serve(
        own,
        http => {
          http.get('/slow', async () => {
            arrived++;
            await gate.opened;
            return {};
          });
        },
        { requestsLimit: 5 },
      );
      own.add(gate.open);
      try {
        const { hostname, port } = new URL(url);
        const socket = connect(Number(port), hostname);
        own.add(() => socket.destroy());
        socket.write('GET /slow HTTP/1.1\r\nHost: test\r\n\r\n'.repeat(5));
        await eventually(() => expect(arrived).toBe(5));
        const underWay = async () =>
          /under_way\{.*\} (\d+)/.exec(await (await fetch(`${url}/metrics`)).text())?.[1];
        expect(await underWay()).toBe('5');
        socket.destroy();
        await eventually(async () => expect(await underWay()).toBe('0'));
        gate.open();
        expect((await fetch(`${url}/slow`)).status).toBe(200);
        await eventually(async () => expect(await underWay()).toBe('0'));
      } finally {
        await own.run();
      }
    });
  });

  describe('a trace', () => {
    it('is continued', async () => {
      const traceId = randomBytes(16).toString('hex');
      const traceparent = `00-${traceId}-${randomBytes(8).toString('hex')}-01`;
      const { body } = await send('/orders', { headers: { traceparent } });
      expect(body.trace.traceId).toBe(traceId);
      expect(body.trace.traceparent).not.toBe(traceparent);
    });

    it('is begun anew where the header is malformed', async () => {
      const { body } = await send('/orders', { headers: { traceparent: '00-nothing-like-it-01' } });
      expect(body.trace.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
    });

    it('is named in a problem', async () => {
      const traceId = randomBytes(16).toString('hex');
      const { body } = await send('/nowhere', {
        headers: { traceparent: `00-${traceId}-${'1'.repeat(16)}-00` },
      });
      expect(body.traceId).toBe(traceId);
    });
  });

  it('does not fall over what is not HTTP', async () => {
    const { hostname, port } = new URL(url);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => socket.write('NOT HTTP AT ALL\r\n\r\n'));
      let text = '';
      socket.on('data', chunk => {
        text += chunk;
      });
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect((await order({})).status).toBe(200);
  });
});
