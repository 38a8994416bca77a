import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sandboxAmounts } from '../../services/pay/src/sandbox/provider.ts';
import { eventually } from '../support/eventually.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';
import { type System, startSystem } from '../support/system.ts';
import { settled } from './invariants.ts';
import { count, internal, type Json, order, ordered, prepared, stock, times } from './steps.ts';

/** What changes while an order is being placed, and what else goes wrong meanwhile. */
let system: System;
let pay: TcpProxy;
beforeAll(async () => {
  system = await startSystem({ without: ['order'], env: { DRAIN_MS: '200', ORDER__PAY_TIMEOUT_MS: '500' } });
  pay = await startProxy(system.url('pay'));
  await system.start('order', { ORDER__PAY_URL: pay.url });
});
afterAll(async () => {
  await pay.close();
  await system.close();
});

const change = (itemcd: number, fields: object) =>
  system.call('product', 'PATCH', `/products/${itemcd}`, fields);
const retried = (wish: Parameters<typeof order>[1], key: string) =>
  eventually(async () => {
    const answer = await order(system, wish, key);
    expect(answer.status).toBe(201);
    return answer.body;
  });

describe('a paid order whose answer was lost stands as it was paid', () => {
  /** An order that pay charges while its answer does not arrive. */
  async function lost(wish: Parameters<typeof order>[1]): Promise<string> {
    const key = randomUUID();
    pay.holdAnswers();
    expect((await order(system, wish, key)).status).toBe(503);
    await eventually(async () =>
      expect(await count(system, 'pay', `pay WHERE itemcd = ${wish.itemcd}`)).toBe(1),
    );
    return key;
  }
  function answersAgain(): void {
    pay.cut();
    pay.pass();
  }

  it('though the price has changed, said or not', async () => {
    for (const [itemcd, price] of [
      [10, undefined],
      [11, 100],
    ] as const) {
      await stock(system, { itemcd, totalQuantity: 10, price: 100 });
      const wish = { itemcd, ...(price && { price }) };
      const key = await lost(wish);
      await change(itemcd, { price: 200 });
      answersAgain();
      expect(await retried(wish, key)).toMatchObject({ price: 100 });
    }
    await settled(system);
  });

  it('though the product has another name', async () => {
    await stock(system, { itemcd: 12, totalQuantity: 10, price: 100, name: 'old' });
    const key = await lost({ itemcd: 12 });
    await change(12, { name: 'new' });
    answersAgain();
    const { id, item } = await retried({ itemcd: 12 }, key);
    expect(item).toBe('old');
    await prepared(system, id);
    await settled(system);
    const view = await system.call<Json>('customercenter', 'GET', `/myPages/${id}`);
    expect(view.body.item).toBe('old');
  });

  it('though only the provider knows that it was paid', async () => {
    const price = sandboxAmounts.hangsAfterCharge;
    await stock(system, { itemcd: 13, totalQuantity: 10, price });
    const key = randomUUID();
    expect((await order(system, { itemcd: 13 }, key)).status).toBe(503);
    await change(13, { price: 5_000 });
    expect(await retried({ itemcd: 13 }, key)).toMatchObject({ price });
    await settled(system);
  });
});

it('a late refusal does not end what another replica has carried on under the same key', async () => {
  const product = await startProxy(system.url('product'));
  const replica = await system.join('order', {
    ORDER__PRODUCT_URL: product.url,
    ORDER__PRODUCT_TIMEOUT_MS: '2500',
  });
  try {
    await stock(system, { itemcd: 20, totalQuantity: 0 });
    const wish = { itemcd: 20, orderQty: 1, price: 700 };
    const key = randomUUID();
    product.holdAnswers();
    const first = fetch(`${replica.url}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(wish),
    });
    await eventually(async () => expect(await count(system, 'order', 'intent WHERE itemcd = 20')).toBe(1));
    await system.call('product', 'POST', '/products/20/movements', { quantity: 1, reason: 'restock' });
    const second = await order(system, wish, key);
    product.pass();
    const late = await first;
    // Both tell of the same end.
    expect([second.status, late.status]).toEqual([201, 201]);
    expect(((await late.json()) as Json).id).toBe(second.body.id);
    await prepared(system, second.body.id);
    await settled(system);
  } finally {
    await replica.stop();
    await product.close();
  }
});

it('an order that cannot be charged does not close the shop to others', async () => {
  await stock(system, { itemcd: 30, totalQuantity: 100 });
  const failing = { itemcd: 30, price: sandboxAmounts.failsBeforeCharge };
  await times(5, () => order(system, failing, randomUUID()));
  // The reconciler tries those again all the while.
  for (let n = 0; n < 30; n++) await ordered(system, { itemcd: 30, price: 500 });
  await system.sql('order', `UPDATE intent SET created_at = now() - interval '2 min', settle_after = now()`);
  await settled(system);
});

it('the refund of a void that is refused for good waits for the administrator', async () => {
  const paymentKey = randomUUID();
  await system.sql(
    'pay',
    `INSERT INTO sandbox_charge (payment_key, amount, state) VALUES ($1, $2, 'captured')`,
    [paymentKey, sandboxAmounts.refundRefused],
  );
  await internal(system, 'pay', 'voids', { paymentKey, orderId: 900_555, unlessCaptured: false });
  const [exception] = await eventually(async () => {
    const { body } = await system.call<Json>('pay', 'GET', '/pays/exceptions');
    expect(body._embedded.exceptions).toMatchObject([{ orderId: 900_555, payId: null }]);
    return body._embedded.exceptions;
  });
  const settle = () => system.call('pay', 'POST', `/pays/exceptions/${exception.id}/settled`);
  expect((await settle()).status).toBe(204);
  expect((await settle()).status).toBe(404);
  await system.sql('pay', `UPDATE sandbox_charge SET state = 'refunded' WHERE payment_key = $1`, [
    paymentKey,
  ]);
  await settled(system);
});

it('to others, a payment that was voided never was', async () => {
  const orderId = 900_556;
  await internal(system, 'pay', 'voids', { paymentKey: randomUUID(), orderId, unlessCaptured: false });
  const answer = await system.call('pay', 'POST', '/pays', { orderId });
  expect(answer).toMatchObject({ status: 404, body: { type: '/problems/unknown-order' } });
});

it('the customer is told of the refund whatever reason is given', async () => {
  await stock(system, { itemcd: 40, totalQuantity: 1 });
  const id = await ordered(system, { itemcd: 40, price: 500 });
  expect((await system.call('order', 'DELETE', `/orders/${id}?reason=voided`)).status).toBe(204);
  await eventually(async () =>
    expect(await count(system, 'notice', `notice WHERE order_id = ${id} AND kind = 'PayCanceled'`)).toBe(1),
  );
});

it('pieces that come back to a full shelf do not hold up the orders after them', async () => {
  await stock(system, { itemcd: 50, totalQuantity: 1_000_000_000_000 });
  const first = await ordered(system, { itemcd: 50, orderQty: 10, price: 1 });
  await prepared(system, first);
  await system.call('product', 'POST', '/products/50/movements', { quantity: 10, reason: 'full again' });
  await system.call('order', 'DELETE', `/orders/${first}`);
  await eventually(async () => {
    const { body } = await system.call<Json>('product', 'GET', '/products/50');
    expect(body.totalQuantity).toBe(1_000_000_000_010);
  });
  await prepared(system, await ordered(system, { itemcd: 50, price: 1 }));
  await settled(system);
});
