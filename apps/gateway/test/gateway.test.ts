import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { createHttp, createLogger, createMetrics, type Running } from '@jumun/service-kit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { gateway } from '../src/main.ts';

const TOKEN = 'a-token-for-tests-only';
const names = ['order', 'product', 'pay', 'notice', 'customercenter', 'delivery', 'web'] as const;
const resources = {
  order: '/orders',
  product: '/products',
  pay: '/pays',
  notice: '/notices',
  customercenter: '/myPages',
  delivery: '/deliveries',
} as const;

interface Seen {
  name: string;
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** What reached the services. */
let seen: Seen[] = [];
/** What the services do instead of telling what they saw. */
let instead: ((response: ServerResponse) => void) | undefined;
/** The service that takes requests and does not answer. */
let hangs: string | undefined;
const upstreams = new Map<string, Server>();
const started: Running[] = [];
let door: string;

const portOf = (server: Server) => (server.address() as AddressInfo).port;

async function startUpstream(name: string): Promise<void> {
  const server = createServer((message, response) => {
    const chunks: Buffer[] = [];
    message.on('data', chunk => chunks.push(chunk));
    message.on('end', () => {
      const { method = '', url = '', headers } = message;
      seen.push({ name, method, url, headers, body: Buffer.concat(chunks).toString() });
      if (instead) return instead(response);
      if (name === hangs) return;
      response.writeHead(200, { 'content-type': 'application/json', etag: '"7"' });
      response.end(JSON.stringify({ from: name }));
    });
  });
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  upstreams.set(name, server);
}

async function startGateway(settings: Record<string, string> = {}): Promise<string> {
  const env: Record<string, string> = { PORT: '0', SERVICE_TOKEN: TOKEN, LOG_LEVEL: 'silent' };
  for (const [name, server] of upstreams)
    env[`${name.toUpperCase()}_URL`] = `http://127.0.0.1:${portOf(server)}`;
  const running = await gateway.start({ env: { ...env, ...settings }, processMetrics: false });
  started.push(running);
  return `http://127.0.0.1:${running.port}`;
}

beforeAll(async () => {
  for (const name of names) await startUpstream(name);
  door = await startGateway();
});

afterEach(() => {
  seen = [];
  instead = undefined;
  hangs = undefined;
});

afterAll(async () => {
  for (const it of started) await it.stop();
  for (const server of upstreams.values()) {
    server.closeAllConnections();
    server.close();
  }
});

/** Sends bytes as they are, which fetch would tidy up; gives the status and the rest of the answer. */
async function raw(base: string, text: string): Promise<{ status: number; answer: string }> {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(base).port) });
  socket.write(text);
  let answer = '';
  for await (const chunk of socket) answer += chunk;
  return { status: Number(answer.split(' ')[1]), answer };
}

const get = (path: string, headers = '') =>
  `GET ${path} HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\n${headers}\r\n`;

describe('sends', () => {
  it.each(Object.entries(resources))('to %s all that is under %s', async (name, prefix) => {
    for (const path of ['', '/7', '/7?a=%20b&a=c', '/search/find%C3%A9?x=1', '/7/deeper/still/']) {
      const response = await fetch(`${door}${prefix}${path}`);
      expect(await response.json()).toEqual({ from: name });
      expect(response.headers.get('etag')).toBe('"7"');
    }
    expect(seen.map(({ url }) => url)).toEqual(
      ['', '/7', '/7?a=%20b&a=c', '/search/find%C3%A9?x=1', '/7/deeper/still/'].map(path => prefix + path),
    );
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('%s with its body and headers', async method => {
    const body = '{"itemcd": 1, "text": "한글"}';
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'idempotency-key': 'k1',
      'if-match': '"3"',
    };
    const response = await fetch(`${door}/products/1`, { method, body, headers });
    expect(response.status).toBe(200);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ name: 'product', method, url: '/products/1', body, headers });
  });

  it.each(['application/hal+json', 'text/plain', 'application/x-www-form-urlencoded'])(
    'a body of type %s as it is, for the service to judge',
    async type => {
      const body = '{"itemcd":1}';
      const response = await fetch(`${door}/orders`, {
        method: 'POST',
        body,
        headers: { 'content-type': type },
      });
      expect(response.status).toBe(200);
      expect(seen[0]).toMatchObject({ name: 'order', body });
      expect(seen[0]?.headers['content-type']).toBe(type);
    },
  );

  it('a body that comes in pieces, and a request without one', async () => {
    const message = request(`${door}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    });
    message.write('{"itemcd"');
    message.end(':1}');
    const [response] = await once(message, 'response');
    response.resume();
    expect(response.statusCode).toBe(200);
    expect((await fetch(`${door}/deliveries/1/deliverystarted`, { method: 'POST' })).status).toBe(200);
    expect(seen.map(({ body }) => body)).toEqual(['{"itemcd":1}', '']);
  });

  it('everything else to the web', async () => {
    for (const path of ['/', '/problems/out-of-stock', '/ordersx', '/order/1', '/favicon.ico'])
      expect(await (await fetch(`${door}${path}`)).json()).toEqual({ from: 'web' });
  });

  it('HEAD, and answers it without a body', async () => {
    const response = await fetch(`${door}/orders/1`, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(seen[0]?.method).toBe('HEAD');
  });

  it('on what a proxy has to take off: headers that are only for the next hop', async () => {
    const headers = 'keep-alive: 300\r\nupgrade: h2c\r\nte: trailers\r\nproxy-authorization: Basic eA==\r\n';
    expect((await raw(door, get('/orders/1', headers))).status).toBe(200);
    expect(seen[0]?.headers).not.toHaveProperty('upgrade');
    expect(seen[0]?.headers).not.toHaveProperty('proxy-authorization');
  });

  it('a body that waits for 100-continue, as curl does with a long one', async () => {
    const message = request(`${door}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': 2, expect: '100-continue' },
    });
    message.on('continue', () => message.end('{}'));
    message.flushHeaders();
    const [response] = await once(message, 'response');
    response.resume();
    expect(response.statusCode).toBe(200);
    expect(seen[0]?.body).toBe('{}');
  });
});

describe('tells the service', () => {
  it('which address the client called', async () => {
    expect((await raw(door, get('/orders/1'))).status).toBe(200);
    expect(seen[0]?.headers).toMatchObject({
      'x-forwarded-host': 'shop.example',
      'x-forwarded-proto': 'http',
      'x-forwarded-for': '127.0.0.1',
    });
  });

  it('what a trusted proxy before it says of the client', async () => {
    const forwarded =
      'x-forwarded-host: jumun.kr\r\nx-forwarded-proto: https\r\nx-forwarded-for: 203.0.113.7\r\n';
    await raw(door, get('/orders/1', forwarded));
    expect(seen[0]?.headers).toMatchObject({
      'x-forwarded-host': 'jumun.kr',
      'x-forwarded-proto': 'https',
      'x-forwarded-for': '203.0.113.7',
    });
  });

  it('nothing of what a stranger says of himself', async () => {
    const strict = await startGateway({ TRUSTED_PROXIES: '10.0.0.1' });
    const forwarded = 'x-forwarded-host: evil.example\r\nx-forwarded-for: 203.0.113.7\r\n';
    await raw(strict, get('/orders/1', forwarded));
    expect(seen[0]?.headers).toMatchObject({
      'x-forwarded-host': 'shop.example',
      'x-forwarded-for': '127.0.0.1',
    });
  });

  it('the trace, begun here where there is none', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    await fetch(`${door}/orders`, { headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` } });
    await fetch(`${door}/orders`);
    const [known, begun] = seen.map(({ headers }) => headers.traceparent);
    expect(known).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
    expect(begun).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });
});

describe("the services' own routes", () => {
  const bearer = `authorization: Bearer ${TOKEN}\r\n`;
  const paths = [
    '/internal/charges',
    '/orders/../internal/charges',
    '/orders/%2e%2e/internal/charges',
    '/orders/..%2finternal/charges',
    '/orders/..%5cinternal/charges',
    '/orders//internal/charges',
    '//internal/charges',
    '/%69nternal/charges',
    '/orders/;/../../internal/charges',
  ];

  it.each(paths)('are not reached by %s', async path => {
    await raw(door, get(path, bearer));
    for (const { name, url } of seen.filter(it => it.name !== 'web')) {
      expect(name).toBe('order');
      expect(decodeURIComponent(new URL(url, 'http://service').pathname)).toMatch(/^\/orders\//);
      expect(new URL(url, 'http://service').pathname).not.toMatch(/^\/internal/);
    }
  });

  it('are not opened by the services’ credential: it is taken off, others are passed on', async () => {
    await raw(door, get('/pays', bearer));
    await raw(door, get('/pays', 'authorization: Bearer of-a-customer\r\n'));
    await raw(door, get('/pays', `authorization: Bearer of-a-customer\r\n${bearer}`));
    await raw(door, get('/pays', `${bearer}authorization: Bearer of-a-customer\r\n`));
    expect(seen.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      'Bearer of-a-customer',
      'Bearer of-a-customer',
      undefined,
    ]);
  });
});

describe('answers 503 with Retry-After', () => {
  async function expectUnavailable(response: Response): Promise<void> {
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('2');
    expect(response.headers.get('content-type')).toMatch('application/problem+json');
    expect(await response.json()).toMatchObject({
      type: '/problems/peer-unavailable',
      status: 503,
      instance: '/orders/1',
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    });
  }

  it('where a service is down, and only there', async () => {
    const half = await startGateway({ ORDER_URL: 'http://127.0.0.1:1' });
    await expectUnavailable(await fetch(`${half}/orders/1`));
    await expectUnavailable(await fetch(`${half}/orders/1`, { method: 'DELETE' }));
    expect((await fetch(`${half}/products`)).status).toBe(200);
    // The door itself is well.
    expect((await fetch(`${half}/actuator/health`)).status).toBe(200);
  });

  it('where a service does not answer in time', async () => {
    const hasty = await startGateway({ UPSTREAM_TIMEOUT_MS: '200' });
    instead = () => undefined;
    await expectUnavailable(await fetch(`${hasty}/orders/1`));
    expect(seen).toHaveLength(1);
  });

  it('where a service hangs up', async () => {
    instead = response => void response.destroy();
    await expectUnavailable(await fetch(`${door}/orders/1`, { method: 'DELETE' }));
    expect(seen).toHaveLength(1);
  });
});

describe('does not ask a service that hangs', () => {
  it('but by one request at a time, whatever its address, while the others go on; and all again when it is well', async () => {
    const careful = await startGateway({ UPSTREAM_TIMEOUT_MS: '300' });
    const ask = (path: string) => fetch(`${careful}${path}`);
    const shown = async () => (await ask('/metrics')).text();
    const trials = async () =>
      Number(
        /jumun_breaker_transitions_total\{peer="order",state="halfopen".*\} (\d+)/.exec(await shown())?.[1],
      );
    hangs = 'order';
    await Promise.all(Array.from({ length: 10 }, () => ask('/orders/0')));
    expect(await shown()).toContain('jumun_breaker_state{peer="order",state="open",service="gateway"} 1');

    seen = [];
    for (let n = 0; n < 60; n++) {
      const refused = await ask(n % 2 ? '/orders/1' : '/profile/orders');
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '2']);
      expect(await refused.json()).toMatchObject({ type: '/problems/peer-unavailable' });
      expect((await ask('/products/1')).status).toBe(200);
    }
    // Of the first, given up meanwhile, some may arrive only now.
    const asked = seen.filter(({ name, url }) => name === 'order' && url !== '/orders/0').length;
    expect(asked).toBeLessThanOrEqual(await trials());
    expect(seen.filter(({ name }) => name === 'product')).toHaveLength(60);
    expect(await shown()).toContain('jumun_breaker_state{peer="product",state="closed",service="gateway"} 1');

    hangs = undefined;
    await eventually(async () => expect((await ask('/orders/1')).status).toBe(200));
    const all = await Promise.all(Array.from({ length: 50 }, () => ask('/orders/1')));
    for (const { status } of all) expect(status).toBe(200);
    expect(await shown()).toContain('jumun_breaker_state{peer="order",state="closed",service="gateway"} 1');
  });

  it('and waits for no connection longer than for an answer: all are told, and none is kept', async () => {
    const careful = await startGateway({ UPSTREAM_TIMEOUT_MS: '1000' });
    hangs = 'order';
    // Many times more than it has connections: who waits for his turn gives up with those before him.
    const answers = await Promise.all(Array.from({ length: 400 }, () => fetch(`${careful}/orders/1`)));
    for (const { status } of answers) expect(status).toBe(503);
    expect(seen.length).toBeLessThan(answers.length);
    const text = await (await fetch(`${careful}/metrics`)).text();
    expect(text).toContain('jumun_http_requests_under_way{service="gateway"} 0');
  });
});

describe('passes on the refusals of a service', () => {
  it('at once: a service that says 503 is not asked again behind the client’s back', async () => {
    instead = response => {
      response.writeHead(503, { 'retry-after': '1', 'content-type': 'application/problem+json' });
      response.end('{"type":"/problems/unavailable"}');
    };
    const response = await fetch(`${door}/orders/503`);
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await response.json()).toEqual({ type: '/problems/unavailable' });
    // What the test before gave up may still arrive.
    expect(seen.filter(({ url }) => url === '/orders/503')).toHaveLength(1);
  });

  it.each([70_000, 5_000_000])('of a body of %i bytes', async size => {
    const log = createLogger('order', 'silent');
    const metrics = createMetrics('order', false);
    const service = createHttp({ log, metrics, serviceToken: TOKEN, trustedProxies: '127.0.0.1' });
    service.post('/orders', async () => ({}));
    const url = await service.listen({ host: '127.0.0.1', port: 0 });
    const before = await startGateway({ ORDER_URL: url });
    for (let i = 0; i < 10; i++) {
      const response = await fetch(`${before}/orders`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ text: 'x'.repeat(size) }),
      });
      expect(response.status).toBe(413);
      expect(await response.json()).toMatchObject({ type: '/problems/body-too-large' });
    }
    await service.close();
  });
});

describe('lets browsers call', () => {
  const preflight = (base: string, origin: string) =>
    fetch(`${base}/orders`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'DELETE',
        'access-control-request-headers': 'content-type,idempotency-key',
      },
    });

  it('from anywhere, if nothing else is said', async () => {
    const response = await preflight(door, 'https://shop.example');
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe('https://shop.example');
    expect(response.headers.get('access-control-allow-methods')).toContain('DELETE');
    expect(response.headers.get('access-control-allow-headers')).toContain('idempotency-key');
    expect(seen).toHaveLength(0);
  });

  it('from the origins that are listed, and no others', async () => {
    const strict = await startGateway({ CORS_ORIGINS: 'https://shop.example, https://admin.example' });
    for (const origin of ['https://shop.example', 'https://admin.example']) {
      const response = await fetch(`${strict}/orders`, { headers: { origin } });
      expect(response.headers.get('access-control-allow-origin')).toBe(origin);
      expect(response.headers.get('access-control-expose-headers')).toContain('Location');
      expect(response.headers.get('vary')).toMatch(/origin/i);
    }
    for (const response of [
      await fetch(`${strict}/orders`, { headers: { origin: 'https://evil.example' } }),
      await preflight(strict, 'https://evil.example'),
    ])
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('and read refusals too', async () => {
    const half = await startGateway({ ORDER_URL: 'http://127.0.0.1:1' });
    const response = await fetch(`${half}/orders`, { headers: { origin: 'https://shop.example' } });
    expect(response.status).toBe(503);
    expect(response.headers.get('access-control-allow-origin')).toBe('https://shop.example');
  });
});

it('finishes what is under way before it stops', async () => {
  const leaving = await startGateway();
  let answer = () => {};
  const reached = new Promise<void>(resolve => {
    instead = response => {
      answer = () => response.end('late');
      resolve();
    };
  });
  const late = fetch(`${leaving}/orders/1`);
  await reached;
  const stopped = started.pop()?.stop();
  // Whoever comes while it closes is told so, and soon nobody is let in.
  await eventually(() => expect(fetch(`${leaving}/actuator/health`)).rejects.toThrow());
  answer();
  expect(await (await late).text()).toBe('late');
  await stopped;
});

it('stands clients that leave before the service has answered', async () => {
  const failures: unknown[] = [];
  const note = (error: unknown) => failures.push(error);
  process.on('uncaughtException', note);
  const answers: ServerResponse[] = [];
  instead = response => void answers.push(response);
  const client = new AbortController();
  const asked = Array.from({ length: 10 }, () => fetch(`${door}/orders/left`, { signal: client.signal }));
  await eventually(async () => expect(answers).toHaveLength(asked.length));
  client.abort();
  await Promise.allSettled(asked);
  instead = undefined;
  // By then the gateway has noticed.
  await fetch(`${door}/actuator/health`);
  const ended = answers.map(answer => once(answer, 'close'));
  for (const answer of answers) answer.end('an answer');
  await Promise.all(ended);
  expect((await fetch(`${door}/orders/1`)).status).toBe(200);
  process.off('uncaughtException', note);
  expect(failures).toEqual([]);
});
