import { existsSync, readFileSync } from 'node:fs';
import { readFile, truncate } from 'node:fs/promises';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { portOffsets } from '../src/ports.ts';
import { call, openPlace, orderThrough, type Place, type Started, stock } from './jumun.ts';

const parts = Object.keys(portOffsets);

/** Local addresses, in the notation of /proc, on which a process listens. */
function listeningOn(port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return ['/proc/net/tcp', '/proc/net/tcp6']
    .filter(existsSync)
    .flatMap(file => readFileSync(file, 'utf8').split('\n').slice(1))
    .map(line => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === '0A' && local?.endsWith(`:${hex}`))
    .map(([, local]) => local?.split(':')[0] ?? '');
}

function canConnect(host: string, port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect({ host, port });
    socket.on('error', () => resolve(false));
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}

describe('npm start', () => {
  let place: Place;
  let system: Started;
  let firstMs: number;

  beforeAll(async () => {
    place = await openPlace();
    system = place.start([], { npm: { folder: '.', args: ['start'] } });
    firstMs = await system.ready();
  });

  afterAll(async () => {
    await place.clean();
  });

  it('is ready within ten seconds on a new directory', () => {
    process.stdout.write(`first start: ${Math.round(firstMs)} ms\n`);
    expect(firstMs).toBeLessThan(30_000);
  });

  it('says what runs where, and a first command', async () => {
    const said = system.stdout();
    for (const part of parts) {
      const port = place.portBase + (portOffsets[part] ?? 0);
      expect(said).toMatch(new RegExp(`${part} +http://localhost:${port}\n`));
    }
    expect(said).toContain(place.dataDir);
    expect(said).toMatch(/Try:\n {2}curl http/);
    expect(system.stderr()).toBe('');
  });

  it('says a command that works', async () => {
    const command = /curl (\S+) -H '([^']+)' -d '([^']+)'/.exec(system.stdout());
    const [, url = '', header = '', body = ''] = command ?? [];
    const [name = '', value = ''] = header.split(': ');
    expect((await call('POST', url, body, { [name]: value })).status).toBe(201);
  });

  it('serves every part: the web at the base, the gateway eight above', async () => {
    for (const part of parts) {
      const { status, body } = await call('GET', `${place.url(part)}/actuator/health`);
      expect({ part, status, body }).toEqual({ part, status: 200, body: { status: 'UP' } });
    }
    const shop = await call('GET', `http://127.0.0.1:${place.portBase}/`);
    expect(shop.headers.get('content-type')).toMatch('text/html');
    expect(shop.body).toContain('<div id="root">');
    const viaGateway = await call('GET', `http://127.0.0.1:${place.portBase + 8}/`);
    expect(viaGateway.body).toBe(shop.body);
    const orders = await call('GET', `http://127.0.0.1:${place.portBase}/orders`);
    expect(orders.body).toMatchObject({ page: { number: 0 } });
    const problem = await call('GET', `http://127.0.0.1:${place.portBase + 8}/problems/out-of-stock`);
    expect(problem.body).toContain('There are not enough pieces left');
  });

  it('listens on the loopback only', async () => {
    const outside = Object.values(networkInterfaces())
      .flat()
      .find(address => address && !address.internal && address.family === 'IPv4');
    const port = (await readFile(join(place.dataDir, 'pg/postmaster.pid'), 'utf8')).split('\n')[3];
    const ports = [...Object.values(portOffsets).map(offset => place.portBase + offset), Number(port)];
    for (const port of ports) {
      if (existsSync('/proc/net/tcp')) expect(listeningOn(port)).toEqual(['0100007F']);
      expect(await canConnect('127.0.0.1', port)).toBe(true);
      if (outside) expect(await canConnect(outside.address, port)).toBe(false);
    }
  });

  it('takes an order from payment to delivery', async () => {
    await stock(place, 11, 10);
    await orderThrough(place, 11);
  });

  it('puts a long log aside while it runs, and goes on in a new one', async () => {
    const log = join(place.dataDir, 'logs/jumun.log');
    await eventually(async () => expect(await readFile(log, 'utf8')).toContain('"route":"/orders"'));
    await truncate(log, 64 * 1024 * 1024 + 1);
    await eventually(() => expect(existsSync(`${log}.1`)).toBe(true));
    await eventually(async () => {
      await call('GET', `${place.url('pay')}/pays/4711`);
      expect(await readFile(log, 'utf8')).toContain('"route":"/pays/:id"');
    });
    const lines = (await readFile(log, 'utf8')).trimEnd().split('\n');
    for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
  });

  it('stops at a SIGTERM to npm, PostgreSQL too; is ready sooner the next time, with all it had', async () => {
    const before = performance.now();
    system.signal('SIGTERM');
    await system.exited;
    await eventually(async () => expect(await place.postmaster()).toBeUndefined());
    const stopMs = performance.now() - before;
    for (const part of parts) await expect(call('GET', place.url(part))).rejects.toThrow('fetch failed');

    system = place.start([], { npm: { folder: '.', args: ['start'] } });
    const againMs = await system.ready();
    process.stdout.write(`stop: ${Math.round(stopMs)} ms; second start: ${Math.round(againMs)} ms\n`);
    expect(againMs).toBeLessThan(30_000);
    const { body } = await call('GET', `${place.url('gateway')}/deliveries`);
    expect(body.page.totalElements).toBe(1);
    await orderThrough(place, 11);
  });
});
