import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { settled } from '../e2e/invariants.ts';
import { type System, startSystem } from '../support/system.ts';

const script = fileURLToPath(new URL('../../deploy/smoke.sh', import.meta.url));
const PRODUCT = 9_000_000_001;

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.close());

/** Runs the script as a pipeline does; gives all that it printed, and its exit code. */
async function smoke(
  env: Record<string, string> = {},
  gateway = system.url('gateway'),
): Promise<{ code: number | null; printed: string }> {
  const child = spawn('sh', [script, gateway], { env: { ...process.env, ...env } });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (printed += chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { code, printed };
}

const shelf = async () => (await system.call('gateway', 'GET', `/products/${PRODUCT}`)).body;
const statuses = async () =>
  (await system.sql<{ status: string }>('order', 'SELECT status FROM orders ORDER BY id')).map(
    ({ status }) => status,
  );

test('it holds after a rollout, again and again, and leaves nothing behind that could be bought', async () => {
  for (const run of [1, 2]) {
    const { code, printed } = await smoke({ SMOKE_AUDIT_URL: system.url('customercenter') });
    expect(printed).toContain('smoke: repeated, it is the same order');
    expect(printed).toMatch(/the auditor (finds no difference|does not know yet)/);
    expect(printed).toContain('smoke: all of it holds');
    expect(code).toBe(0);
    expect(await shelf()).toMatchObject({ totalQuantity: 0, availableQuantity: 0 });
    expect(await statuses()).toEqual(Array(run).fill('orderCanceled'));
  }
});

test('where events do not arrive it fails at the view, and cancels its order', async () => {
  await system.stop('delivery');
  const { code, printed } = await smoke({ SMOKE_WAIT_SECONDS: '2' });
  expect(printed).toMatch(
    /FAILED: not seen within 2 s: the view shows order \d+ paid and its delivery requested/,
  );
  expect(code).toBe(1);
  expect((await statuses()).at(-1)).toBe('orderCanceled');
  await system.start('delivery');
  await settled(system);
});

test('without pay it fails at the order, and says so', async () => {
  await system.stop('pay');
  const { code, printed } = await smoke({ SMOKE_WAIT_SECONDS: '5' });
  expect(printed).toMatch(/FAILED: the order was not taken within 5 s, .* under the key smoke-\S+; .*: 503 /);
  // The piece is still set aside for the order.
  expect(printed).toContain(`product ${PRODUCT} could not be taken off the shelf`);
  expect(code).toBe(1);
  await system.start('pay');
  await settled(system);
  // Paid after all, when pay came back: the next run cancels it.
  expect((await statuses()).at(-1)).toBe('deliveryPrepared');
  const next = await smoke();
  expect(next.printed).toMatch(/order \d+, left by an earlier run, is canceled/);
  expect(next.code).toBe(0);
  await settled(system);
  expect(new Set(await statuses())).toEqual(new Set(['orderCanceled']));
  expect(await shelf()).toMatchObject({ totalQuantity: 0, availableQuantity: 0 });
});

test('it shows the name and the password that the way in asks for', async () => {
  const wanted = `Basic ${Buffer.from('pipeline:of-the-pipeline').toString('base64')}`;
  const door = createServer((asked, answer) => {
    if (asked.headers.authorization !== wanted) return void answer.writeHead(401).end();
    const { method, headers } = asked;
    const passed = request(`${system.url('gateway')}${asked.url}`, { method, headers }, back => {
      answer.writeHead(back.statusCode ?? 0, back.headers);
      back.pipe(answer);
    });
    asked.pipe(passed);
  });
  door.listen(0, '127.0.0.1');
  await once(door, 'listening');
  const url = `http://127.0.0.1:${(door.address() as AddressInfo).port}`;
  const stranger = await smoke({ SMOKE_WAIT_SECONDS: '1' }, url);
  expect(stranger.printed).toMatch(/FAILED: the gateway at \S+ is not ready: 401/);
  const known = await smoke({ SMOKE_LOGIN: 'pipeline:of-the-pipeline' }, url);
  expect(known.printed).toContain('smoke: all of it holds');
  expect(known.printed + stranger.printed).not.toContain('of-the-pipeline');
  door.close();
});

test('without a gateway it says that there is none', async () => {
  await system.stop('gateway');
  const { code, printed } = await smoke({ SMOKE_WAIT_SECONDS: '1' });
  expect(printed).toMatch(/FAILED: the gateway at http:\/\/\S+ is not ready: curl: /);
  expect(code).toBe(3);
});
