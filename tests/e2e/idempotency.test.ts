import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sandboxAmounts } from '../../services/pay/src/sandbox/provider.ts';
import { eventually } from '../support/eventually.ts';
import { type System, startSystem } from '../support/system.ts';
import { settled } from './invariants.ts';
import { count, type Json, order, ordered, stock, tally, times } from './steps.ts';

const PRICE = 2_000;

describe('an Idempotency-Key', () => {
  let system: System;
  let key: string;

  beforeAll(async () => {
    system = await startSystem({ env: { DRAIN_MS: '500' } });
    await stock(system, { itemcd: 1, totalQuantity: 1_000, price: PRICE, name: 'milk' });
    await stock(system, { itemcd: 2, totalQuantity: 1_000 });
  });
  afterAll(() => system.close());
  beforeEach(() => {
    key = randomUUID();
  });

  const wish = { itemcd: 1, price: PRICE };
  const placed = () => count(system, 'order', 'orders');
  const charged = () => count(system, 'pay', 'sandbox_charge');

  it('sent 50 times at once makes one order, and all 50 have the same answer', async () => {
    const [orders, charges] = [await placed(), await charged()];
    const answers = await times(50, () => order(system, wish, key));
    expect(tally(answers)).toEqual({ 201: 50 });
    for (const { body, headers } of answers) {
      expect(body).toEqual(answers[0]?.body);
      expect(headers.get('location')).toBe(answers[0]?.body._links.self.href);
    }
    expect(await placed()).toBe(orders + 1);
    expect(await charged()).toBe(charges + 1);
    await settled(system);
  });

  it('sent again after a restart of the order service gives the same answer', async () => {
    const first = await order(system, wish, key);
    const orders = await placed();
    await system.stop('order');
    await system.start('order');
    const again = await order(system, wish, key);
    expect(again).toMatchObject({ status: 201, body: first.body });
    expect(await placed()).toBe(orders);
  });

  it('sent again when the order has gone on gives the first answer', async () => {
    const first = await order(system, wish, key);
    await system.call('order', 'DELETE', `/orders/${first.body.id}`);
    await settled(system);
    expect(await order(system, wish, key)).toMatchObject({ status: 201, body: first.body });
  });

  it('sent with another body is refused, at once and at the same time', async () => {
    await ordered(system, wish, key);
    const refused = { status: 409, body: { type: '/problems/idempotency-conflict' } };
    expect(await order(system, { ...wish, orderQty: 2, price: 2 * PRICE }, key)).toMatchObject(refused);
    const other = randomUUID();
    const answers = await times(20, i => order(system, i % 2 ? wish : { itemcd: 1 }, other));
    const counts = tally(answers);
    expect(counts).toEqual({ 201: 10, 409: 10 });
    expect(new Set(answers.filter(({ status }) => status === 201).map(({ body }) => body.id)).size).toBe(1);
  });

  it('does not mind whether a number is sent as a string, or in which order the fields stand', async () => {
    const first = await order(system, wish, key);
    const again = await system.call<Json>(
      'order',
      'POST',
      '/orders',
      { price: String(PRICE), orderQty: '1', itemcd: '1' },
      { 'idempotency-key': key },
    );
    expect(again).toMatchObject({ status: 201, body: first.body });
  });

  it('stays bound to a refused payment', async () => {
    const dear = { itemcd: 2, price: sandboxAmounts.declined };
    const charges = await charged();
    const first = await order(system, dear, key);
    expect(first).toMatchObject({ status: 402, body: { type: '/problems/payment-declined' } });
    const again = await order(system, dear, key);
    expect(again).toMatchObject({ status: 402, body: { detail: first.body.detail } });
    expect((await order(system, { ...dear, orderQty: 2 }, key)).status).toBe(409);
    expect(await charged()).toBe(charges);
    await settled(system);
  });

  it('stays free after a refusal that came before the payment', async () => {
    expect((await order(system, { itemcd: 99, price: PRICE }, key)).status).toBe(404);
    expect((await order(system, { ...wish, price: PRICE + 1 }, key)).body.type).toBe(
      '/problems/price-changed',
    );
    expect((await order(system, { ...wish, orderQty: 1_001, price: 1_001 * PRICE }, key)).body.type).toBe(
      '/problems/out-of-stock',
    );
    expect((await order(system, { ...wish, orderQty: 0 }, key)).status).toBe(400);
    expect((await order(system, wish, key)).status).toBe(201);
    await settled(system);
  });

  it('is one of each customer: the same key of another is another', async () => {
    const bodies = await Promise.all(
      [undefined, 1, 2].map(customerId => order(system, { ...wish, ...(customerId && { customerId }) }, key)),
    );
    expect(tally(bodies)).toEqual({ 201: 3 });
    expect(new Set(bodies.map(({ body }) => body.id)).size).toBe(3);
  });

  it('sent to two replicas at once makes one order', async () => {
    const replica = await system.join('order');
    const addresses = [system.url('order'), replica.url];
    const place = (base: string, name: string) =>
      eventually(async () => {
        const response = await fetch(`${base}/orders`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'idempotency-key': name },
          body: JSON.stringify({ ...wish, orderQty: 1 }),
        });
        // Whoever is told to come back does, with the same key.
        if (response.status === 503) throw new Error('not now');
        return { status: response.status, body: (await response.json()) as Json };
      });
    const orders = await placed();
    const names = Array.from({ length: 20 }, () => randomUUID());
    const rounds = await Promise.all(
      names.map(name => Promise.all([...addresses, ...addresses].map(base => place(base, name)))),
    );
    for (const answers of rounds) {
      expect(tally(answers)).toEqual({ 201: 4 });
      expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    }
    expect(await placed()).toBe(orders + names.length);
    await replica.stop();
    await settled(system);
  });

  it('is forgotten after a day', async () => {
    const first = await ordered(system, wish, key);
    await system.sql('order', `UPDATE order_request SET expires_at = now() WHERE order_id = $1`, [first]);
    expect(await ordered(system, wish, key)).not.toBe(first);
  });

  it('without one, each request is an order of its own', async () => {
    const [first, second] = await Promise.all([ordered(system, wish), ordered(system, wish)]);
    expect(first).not.toBe(second);
    await eventually(async () => {
      const { body } = await system.call<Json>('order', 'GET', `/orders/${second}`);
      expect(body.status).toBe('deliveryPrepared');
    });
    await settled(system);
  });
});
