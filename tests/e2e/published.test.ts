import { eventContracts } from '@jumun/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type System, startSystem } from '../support/system.ts';
import { eventsOf, settled } from './invariants.ts';
import { move, ordered, orderedAndPrepared, stock } from './steps.ts';

let system: System;
beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system.close());

/** What the services say that they have published, by type; each type that they show. */
async function published(): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const name of new Set(eventContracts.map(({ publisher }) => publisher))) {
    const text = await (await fetch(`${system.url(name)}/metrics`)).text();
    for (const [, type = '', value] of text.matchAll(
      /^jumun_events_published_total\{type="(\w+)",[^}]*\} (\d+)$/gm,
    ))
      found[type] = (found[type] ?? 0) + Number(value);
  }
  return found;
}

it('what a service hands to the log is counted by type, from nothing on', async () => {
  const none = Object.fromEntries(eventContracts.map(({ type }) => [type, 0]));
  expect(await published()).toEqual(none);

  await stock(system, { itemcd: 1, totalQuantity: 10, price: 1_000 });
  const wish = { itemcd: 1, price: 1_000 };
  const { deliveryId } = await orderedAndPrepared(system, wish);
  for (const step of ['deliverystarted', 'deliverycompleted'])
    expect((await move(system, deliveryId, step)).status).toBe(200);
  const canceled = await ordered(system, wish);
  await system.call('order', 'DELETE', `/orders/${canceled}`);
  await settled(system);

  const inLog = { ...none };
  for (const { type } of await eventsOf(system)) inLog[type] = (inLog[type] ?? 0) + 1;
  await eventually(async () => expect(await published()).toEqual(inLog));
  expect(inLog).toMatchObject({
    Ordered: 2,
    PayApproved: 2,
    DeliveryCompleted: 1,
    OrderCanceled: 1,
    PayCanceled: 1,
  });
});
