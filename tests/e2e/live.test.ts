import { get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type System, startSystem } from '../support/system.ts';
import { order, stock } from './steps.ts';

let system: System;
beforeAll(async () => {
  system = await startSystem();
  await stock(system, { itemcd: 1, price: 100, totalQuantity: 1_000 });
});
afterAll(() => system.close());

interface Told {
  event: string;
  id: string | undefined;
  data: Record<string, unknown>;
}

/** Follows the view as a browser does, through a part of the system. */
async function follow(part: 'gateway' | 'customercenter', query = '', lastId?: string) {
  const told: Told[] = [];
  let ended = false;
  const headers = { accept: 'text/event-stream', ...(lastId !== undefined && { 'last-event-id': lastId }) };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${system.url(part)}/myPages/events${query}`, { headers, agent: false }, resolve).once(
      'error',
      reject,
    );
  });
  let text = '';
  response.setEncoding('utf8').on('data', chunk => {
    text += chunk;
    const events = text.split('\n\n');
    text = events.pop() ?? '';
    for (const event of events) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(event)?.[1];
      const name = field('event');
      if (name) told.push({ event: name, id: field('id'), data: JSON.parse(field('data') ?? '{}') });
    }
  });
  response
    .on('error', () => undefined)
    .once('close', () => {
      ended = true;
    });
  return {
    response,
    told,
    lastId: () => told.findLast(({ id }) => id !== undefined)?.id,
    statuses: (id: number) =>
      told.filter(({ event, data }) => event === 'myPage' && data.id === id).map(({ data }) => data.status),
    hasEnded: () => ended,
    leave: () => response.destroy(),
  };
}

const openStreams = async () => {
  const text = await (await fetch(`${system.url('customercenter')}/metrics`)).text();
  return Number(/^jumun_streams_open\S* (\d+)$/m.exec(text)?.[1]);
};

it('an order is followed to the door, through the gateway, by its customer and by nobody else', async () => {
  const mine = await follow('gateway', '?customerId=1');
  const other = await follow('gateway', '?customerId=2');
  expect(mine.response.headers['content-type']).toBe('text/event-stream');
  await eventually(async () =>
    expect(mine.told[0]).toMatchObject({ event: 'hello', data: { resumed: false } }),
  );
  await eventually(async () => expect(other.told).toHaveLength(1));

  const { id } = (await order(system, { itemcd: 1, orderQty: 1, customerId: 1 })).body as { id: number };
  await eventually(async () => expect(mine.statuses(id).at(-1)).toBe('deliveryPrepared'));
  const delivery = await eventually(async () => {
    const { body } = await system.call('customercenter', 'GET', `/myPages/${id}`);
    expect(body.deliveryId).toEqual(expect.any(Number));
    return body.deliveryId;
  });
  await system.call('delivery', 'POST', `/deliveries/${delivery}/deliverystarted`, {});
  await eventually(async () => expect(mine.statuses(id).at(-1)).toBe('deliverystarted'));

  // Away while it arrives.
  const lastId = mine.lastId();
  mine.leave();
  await system.call('delivery', 'POST', `/deliveries/${delivery}/deliverycompleted`, {});
  await eventually(async () => {
    const { body } = await system.call('customercenter', 'GET', `/myPages/${id}`);
    expect(body.status).toBe('deliverycompleted');
  });
  const back = await follow('gateway', '?customerId=1', lastId);
  await eventually(async () => expect(back.statuses(id)).toEqual(['deliverycompleted']));
  expect(back.told[0]).toMatchObject({ event: 'hello', data: { resumed: true } });
  expect(other.told.filter(({ event }) => event === 'myPage')).toEqual([]);
  const { body } = await system.call('customercenter', 'GET', `/myPages/${id}`);
  const { _links, ...page } = body;
  expect(back.told.find(({ event }) => event === 'myPage')?.data).toEqual(page);
  back.leave();
  other.leave();
  // Who left at the gateway has left.
  await eventually(async () => expect(await openStreams()).toBe(0));
});

it('a hundred who follow leave the customer centre open for others', async () => {
  const all = await Promise.all(Array.from({ length: 100 }, () => follow('gateway')));
  await eventually(async () => expect(await openStreams()).toBe(100));
  expect((await system.call('gateway', 'GET', '/myPages')).status).toBe(200);
  const { id } = (await order(system, { itemcd: 1, orderQty: 1 })).body as { id: number };
  for (const one of all)
    await eventually(async () => expect(one.statuses(id).at(-1)).toBe('deliveryPrepared'));
  for (const one of all) one.leave();
  await eventually(async () => expect(await openStreams()).toBe(0));
});

it('no more may follow than there is room for', async () => {
  const small = await system.join('customercenter', { CUSTOMERCENTER__STREAMS_LIMIT: '1' });
  const headers = { accept: 'text/event-stream' };
  const leave = new AbortController();
  expect((await fetch(`${small.url}/myPages/events`, { headers, signal: leave.signal })).status).toBe(200);
  const refused = await fetch(`${small.url}/myPages/events`, { headers });
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect(await refused.json()).toMatchObject({ type: '/problems/overloaded' });
  leave.abort();
  await small.stop();
});

it.each(['gateway', 'customercenter'] as const)('a stop of the %s ends what goes on for ever', async part => {
  const all = await Promise.all([follow(part), follow(part)]);
  for (const one of all) await eventually(async () => expect(one.lastId()).toBeDefined());
  const begun = performance.now();
  await system.stop(part);
  process.stdout.write(
    `${part} with two streams: stopped after ${Math.round(performance.now() - begun)} ms\n`,
  );
  for (const one of all) await eventually(async () => expect(one.hasEnded()).toBe(true));
  await system.start(part);
});

it('those who follow go on with the next', async () => {
  const before = await follow('customercenter');
  await eventually(async () => expect(before.lastId()).toBeDefined());
  await system.stop('customercenter');
  await eventually(async () => expect(before.hasEnded()).toBe(true));
  const { id } = (await order(system, { itemcd: 1, orderQty: 1 })).body as { id: number };
  await system.start('customercenter');
  const after = await follow('customercenter', '', before.lastId());
  await eventually(async () => expect(after.statuses(id).at(-1)).toBe('deliveryPrepared'));
  expect(after.told[0]).toMatchObject({ data: { resumed: true } });
  after.leave();
});
