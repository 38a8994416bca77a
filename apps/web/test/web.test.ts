import { problems } from '@jumun/contracts';
import type { Running } from '@jumun/service-kit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { web } from '../src/main.ts';

const PUBLIC_URL = 'https://jumun.example';
let running: Running;
let url: string;

beforeAll(async () => {
  const env = { PORT: '0', SERVICE_TOKEN: 'a-token-for-tests-only', LOG_LEVEL: 'silent', PUBLIC_URL };
  running = await web.start({ env, processMetrics: false });
  url = `http://127.0.0.1:${running.port}`;
});

afterAll(async () => {
  await running.stop();
});

it('shows where everything is, and a first order', async () => {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
  const page = await response.text();
  for (const name of ['products', 'orders', 'pays', 'deliveries', 'notices', 'myPages'])
    expect(page).toContain(`<a href="${PUBLIC_URL}/${name}">`);
  expect(page).toContain(`curl ${PUBLIC_URL}/orders -H 'content-type: application/json'`);
});

it.each(Object.entries(problems))('explains the problem %s', async (slug, { title, status }) => {
  const response = await fetch(`${url}/problems/${slug}`);
  expect(response.status).toBe(200);
  const page = await response.text();
  expect(page).toContain(`<title>${title}</title>`);
  expect(page).toContain(`HTTP status ${status}`);
});

it.each(['/problems/none', '/problems/__proto__', '/problems/toString', '/problems', '/index.html'])(
  'has nothing at %s',
  async path => {
    const response = await fetch(url + path);
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toMatch('application/problem+json');
    expect(await response.json()).toMatchObject({ type: '/problems/not-found', instance: path });
  },
);

it.each(['/', '/problems/out-of-stock', '/problems/none', '/nowhere'])(
  'lets the browser run and load nothing at %s',
  async path => {
    const { headers } = await fetch(url + path);
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'",
    );
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  },
);

it('uses nothing that it forbids', async () => {
  const page = await (await fetch(url)).text();
  expect(page).not.toMatch(/<script|<img|<link|<form|style=|\son\w+=|src=/);
});

it('refuses other methods, and answers HEAD', async () => {
  const posted = await fetch(url, { method: 'POST' });
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, expect.stringContaining('GET')]);
  expect((await fetch(url, { method: 'HEAD' })).status).toBe(200);
});
