import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { problems, services } from '@jumun/contracts';
import type { Running } from '@jumun/service-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { web } from '../src/main.ts';

const TOKEN = 'a-token-for-tests-only';

interface Seen {
  name: string;
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
}

const behind = new Map<string, Server>();
let seen: Seen[] = [];
let running: Running;
let url: string;

async function listen(name: string): Promise<string> {
  const server = createServer(({ method = '', url = '', headers }, response) => {
    seen.push({ name, method, url, headers });
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ from: name }));
  });
  server.listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  behind.set(name, server);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

beforeAll(async () => {
  const env: Record<string, string> = {
    PORT: '0',
    SERVICE_TOKEN: TOKEN,
    LOG_LEVEL: 'silent',
    CURRENCY: 'EUR',
  };
  for (const name of ['gateway', ...services]) env[`${name.toUpperCase()}_URL`] = await listen(name);
  running = await web.start({ env, processMetrics: false });
  url = `http://127.0.0.1:${running.port}`;
});

afterAll(async () => {
  await running.stop();
  for (const server of behind.values()) {
    server.closeAllConnections();
    server.close();
  }
});

/** What a request gets that fetch would not send: another Host, say. */
async function raw(path: string, headers: Record<string, string>): Promise<{ status: number; text: string }> {
  const socket = connect({ host: '127.0.0.1', port: running.port });
  const lines = Object.entries({ host: `127.0.0.1:${running.port}`, connection: 'close', ...headers });
  socket.write(
    `GET ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
  );
  let text = '';
  for await (const chunk of socket) text += chunk;
  return { status: Number(text.split(' ')[1]), text };
}

describe('the client', () => {
  it.each(['/', '/items/7', '/my/orders', '/my/orders/3', '/my/notices', '/desk', '/desk/orders/3'])(
    'is a page at %s, which may run nothing but our own files and is asked for each time',
    async path => {
      const response = await fetch(url + path);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
      expect(response.headers.get('cache-control')).toBe('no-cache');
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      const policy = response.headers.get('content-security-policy');
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self';");
      expect(policy).not.toContain('unsafe');
      const page = await response.text();
      // Nothing inline that the policy would forbid.
      expect(page).not.toMatch(/<script(?![^>]* src=)|<style|style=| on\w+=/);
    },
  );

  it('has files that never change under their names, and come compressed where that is understood', async () => {
    const page = await (await fetch(url)).text();
    const [, script] = /<script type="module"[^>]* src="([^"]+)"/.exec(page) ?? [];
    const sizes: Record<string, number> = {};
    for (const encoding of ['br', 'gzip', 'identity']) {
      const { status, text } = await raw(script ?? '', { 'accept-encoding': encoding });
      expect(status).toBe(200);
      expect(text).toMatch(/cache-control: public, max-age=31536000, immutable/i);
      if (encoding !== 'identity') expect(text).toMatch(new RegExp(`content-encoding: ${encoding}`, 'i'));
      sizes[encoding] = Number(/content-length: (\d+)/i.exec(text)?.[1]);
    }
    expect(sizes.br).toBeLessThan(sizes.gzip ?? 0);
    expect(sizes.gzip).toBeLessThan((sizes.identity ?? 0) / 2);
  });

  it.each([
    [undefined, 'ko'],
    ['ko-KR,ko;q=0.9,en;q=0.8', 'ko'],
    ['en-GB,en;q=0.9,ko;q=0.8', 'en'],
    ['de-DE,de;q=0.9', 'ko'],
    ['de-DE,en;q=0.9', 'en'],
  ])('speaks, to who asks for %s, %s', async (wanted, language) => {
    const { text } = await raw('/', wanted === undefined ? {} : { 'accept-language': wanted });
    expect(text).toContain(`<html lang="${language}">`);
  });

  it('is told the currency', async () => {
    expect(await (await fetch(url)).text()).toContain('&quot;currency&quot;:&quot;EUR&quot;');
  });

  it.each(['/index.html', '/nowhere', '/assets/none.js', '/assets/..%2f..%2fpackage.json', '/items', '/my'])(
    'has nothing at %s',
    async path => {
      const response = await fetch(url + path);
      expect(response.status).toBe(404);
      expect(response.headers.get('content-type')).toMatch('application/problem+json');
      expect(await response.json()).toMatchObject({ type: '/problems/not-found' });
    },
  );
});

describe('the API', () => {
  it.each([
    '/orders',
    '/products/7',
    '/pays?size=3',
    '/notices',
    '/myPages/search/findByOrderId?orderId=3',
    '/deliveries',
  ])('is reached through the gateway: %s', async path => {
    seen = [];
    const response = await fetch(url + path, { headers: { authorization: 'Bearer of-a-customer' } });
    expect(await response.json()).toEqual({ from: 'gateway' });
    expect(seen).toMatchObject([
      { name: 'gateway', url: path, headers: { authorization: 'Bearer of-a-customer' } },
    ]);
  });
});

describe('the desk', () => {
  it.each(services)('reaches %s as an administrator', async service => {
    seen = [];
    const response = await fetch(`${url}/desk/api/${service}/dead-letters?state=parked`);
    expect(await response.json()).toEqual({ from: service });
    expect(seen).toMatchObject([
      { name: service, url: '/dead-letters?state=parked', headers: { authorization: `Bearer ${TOKEN}` } },
    ]);
  });

  it.each([
    ['who comes from another machine', { 'x-forwarded-for': '203.0.113.7' }],
    ['a name that somebody else has led to this machine', { host: 'attacker.example' }],
    ['a proxy that was called by another name', { 'x-forwarded-host': 'shop.example' }],
    ['a page of another site', { 'sec-fetch-site': 'cross-site' }],
    ['a page of another port', { 'sec-fetch-site': 'same-site' }],
    ['a page of another origin', { origin: 'https://attacker.example' }],
    ['a page without an origin', { origin: 'null' }],
  ])('does nothing for %s', async (_, headers) => {
    seen = [];
    const { status, text } = await raw('/desk/api/order/orders', headers);
    expect(status).toBe(403);
    expect(text).toContain('/problems/unauthorized');
    expect(seen).toEqual([]);
  });

  it.each([
    ['its own page', { 'sec-fetch-site': 'same-origin' }],
    ['a program of this machine', {}],
  ])('works for %s', async (_, headers) => {
    expect((await raw('/desk/api/order/orders', headers)).status).toBe(200);
  });

  it('opens, and is shown, on the machine itself only', async () => {
    const here = await raw('/desk', { host: `localhost:${running.port}` });
    expect([here.status, here.text.includes('&quot;desk&quot;:true')]).toEqual([200, true]);
    const elsewhere = { host: 'shop.example', 'x-forwarded-for': '203.0.113.7' };
    expect((await raw('/desk/orders', elsewhere)).status).toBe(403);
    expect((await raw('/', elsewhere)).text).toContain('&quot;desk&quot;:false');
  });

  it('opens by a link on another site', async () => {
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect((await raw('/desk', headers)).status).toBe(200);
  });
});

it.each(Object.entries(problems))('explains the problem %s', async (slug, { title, status }) => {
  const response = await fetch(`${url}/problems/${slug}`);
  expect(response.status).toBe(200);
  const page = await response.text();
  expect(page).toContain(`<title>${title}</title>`);
  expect(page).toContain(`HTTP status ${status}`);
});

it.each(['/problems/none', '/problems/__proto__', '/problems/toString', '/problems'])(
  'explains nothing at %s',
  async path => {
    expect((await fetch(url + path)).status).toBe(404);
  },
);
