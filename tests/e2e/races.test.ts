import { services } from '@jumun/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sandboxAmounts } from '../../services/pay/src/sandbox/provider.ts';
import { eventually } from '../support/eventually.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';
import { type System, startSystem } from '../support/system.ts';
import { settled } from './invariants.ts';
import {
  asService,
  count,
  internal,
  type Json,
  lag,
  move,
  order,
  ordered,
  orderedAndPrepared,
  payIdOf,
  stock,
  tally,
  times,
} from './steps.ts';

const PRICE = 2_000;
const NAME = '서울우유 1리터 🥛';

async function shelf(system: System, itemcd: number) {
  const { body } = await system.call<Json>('product', 'GET', `/products/${itemcd}`);
  return { total: body.totalQuantity, available: body.availableQuantity };
}

const statusOf = async (system: System, orderId: number) =>
  (await system.call<Json>('order', 'GET', `/orders/${orderId}`)).body.status;

describe('the last pieces', () => {
  let system: System;
  let proxy: TcpProxy | undefined;

  let itemcd = 0;
  let charges = 0;

  beforeAll(async () => {
    system = await startSystem({ env: { PRODUCT__RESERVATION_MS: '2000', DRAIN_MS: '200' } });
  });
  afterAll(() => system.close());

  beforeEach(async () => {
    itemcd++;
    await stock(system, { itemcd, totalQuantity: 100, price: PRICE, name: NAME });
    charges = await count(system, 'pay', 'sandbox_charge');
  });
  afterEach(async () => {
    if (!proxy) return;
    await system.stop('order');
    await system.start('order');
    await proxy.close();
    proxy = undefined;
  });

  const prepared = () =>
    count(system, 'order', `orders WHERE itemcd = ${itemcd} AND status = 'deliveryPrepared'`);
  const charged = async () => (await count(system, 'pay', 'sandbox_charge')) - charges;

  /** Puts something between the order service and the product service that can fail. */
  async function interpose(): Promise<TcpProxy> {
    proxy = await startProxy(system.url('product'));
    await system.stop('order');
    await system.start('order', { ORDER__PRODUCT_URL: proxy.url, ORDER__PRODUCT_TIMEOUT_MS: '300' });
    return proxy;
  }

  it('are sold once each to 200 customers at the same time, and nobody else is charged', async () => {
    const answers = await times(200, () => order(system, { itemcd, price: PRICE }));
    expect(tally(answers)).toEqual({ 201: 100, 409: 100 });
    for (const { status, body } of answers) {
      if (status === 409)
        expect(body).toMatchObject({ type: '/problems/out-of-stock', availableQuantity: 0 });
    }
    await settled(system);
    expect(await shelf(system, itemcd)).toEqual({ total: 0, available: 0 });
    expect(await charged()).toBe(100);
    expect(await prepared()).toBe(100);
  });

  it('are sold once each while the product service is down: the surplus is canceled, refunded and told', async () => {
    await system.stop('product');
    const answers = await times(200, () => order(system, { itemcd, price: PRICE }));
    expect(tally(answers)).toEqual({ 201: 200 });
    await system.start('product');
    await settled(system);
    expect(await shelf(system, itemcd)).toEqual({ total: 0, available: 0 });
    expect(await prepared()).toBe(100);
    expect(await count(system, 'order', `orders WHERE reason LIKE 'out of stock%'`)).toBe(100);
    expect(await count(system, 'pay', `sandbox_charge WHERE state = 'refunded'`)).toBe(100);
    expect(await count(system, 'notice', `notice WHERE kind = 'OrderCanceled'`)).toBe(100);
    expect(await count(system, 'notice', `notice WHERE kind = 'PayCanceled'`)).toBe(100);
  });

  it('are sold once each while the product service hangs and is started again', async () => {
    const link = await interpose();
    link.hang();
    const early = times(100, () => order(system, { itemcd, price: PRICE }));
    await eventually(async () => expect(await count(system, 'order', 'intent')).toBeGreaterThan(0));
    await system.stop('product');
    const middle = times(50, () => order(system, { itemcd, price: PRICE }));
    await system.start('product');
    link.pass();
    const late = times(50, () => order(system, { itemcd, price: PRICE }));
    const answers = (await Promise.all([early, middle, late])).flat();
    const { 201: accepted = 0, 409: refused = 0 } = tally(answers);
    expect(accepted + refused).toBe(200);
    expect(accepted).toBeGreaterThanOrEqual(100);
    await settled(system, 25_000);
    expect(await shelf(system, itemcd)).toEqual({ total: 0, available: 0 });
    expect(await prepared()).toBe(100);
    expect(await charged()).toBe(accepted);
  });

  it('have their name whole, however the product service’s answer is cut', async () => {
    (await interpose()).chopAnswers();
    const { status, body } = await order(system, { itemcd });
    expect({ status, item: body.item }).toEqual({ status: 201, item: NAME });
    await settled(system);
  });
});

describe('a reservation', () => {
  let system: System;

  beforeAll(async () => {
    system = await startSystem({ env: { PRODUCT__RESERVATION_MS: '1000', DRAIN_MS: '200' } });
  });
  afterAll(() => system.close());

  let itemcd = 0;
  beforeEach(async () => {
    itemcd++;
    await stock(system, { itemcd, totalQuantity: 1, price: PRICE });
  });

  /** An order whose service stopped after it had reserved and before it had charged. */
  async function halfPlaced(settleAfter: string): Promise<number> {
    const [row] = await system.sql<{ id: number }>(
      'order',
      `INSERT INTO intent (id, payment_key, order_qty, price, itemcd, keyed, settle_after)
       VALUES (nextval('order_id'), gen_random_uuid(), 1, $1, $2, true, now() + $3::interval) RETURNING id`,
      [PRICE, itemcd, settleAfter],
    );
    const orderId = Number(row?.id);
    const answer = await internal(system, 'product', 'reservations', { orderId, itemcd, orderQty: 1 });
    expect(answer.ok).toMatchObject({ unitPrice: PRICE, availableQuantity: 0 });
    return orderId;
  }

  const expired = (orderId: number) =>
    eventually(async () => {
      expect(
        await count(system, 'product', `stock_line WHERE order_id = ${orderId} AND hold = 'expired'`),
      ).toBe(1);
    });

  it('that expires gives its pieces back once, and a late release gives nothing', async () => {
    const first = await halfPlaced('1 minute');
    expect(await shelf(system, itemcd)).toEqual({ total: 1, available: 0 });
    await expired(first);
    expect(await shelf(system, itemcd)).toEqual({ total: 1, available: 1 });
    const late = await internal(system, 'product', 'releases', { orderId: first, itemcd });
    expect(late.ok).toEqual({ released: false });
    expect(await shelf(system, itemcd)).toEqual({ total: 1, available: 1 });
    await system.sql('order', 'UPDATE intent SET settle_after = now()');
    await settled(system);
  });

  it('that expired and was sold to another ends its order without a charge', async () => {
    const first = await halfPlaced('3 seconds');
    await expired(first);
    const charges = await count(system, 'pay', 'sandbox_charge');
    const second = await ordered(system, { itemcd, price: PRICE });
    await settled(system);
    expect(await statusOf(system, second)).toBe('deliveryPrepared');
    expect((await system.call('order', 'GET', `/orders/${first}`)).status).toBe(404);
    expect(await count(system, 'pay', 'sandbox_charge')).toBe(charges + 1);
  });

  it('that expired and is sold to both, because product could not be asked, is taken once', async () => {
    const first = await halfPlaced('1 minute');
    await expired(first);
    const second = await ordered(system, { itemcd, price: PRICE });
    await system.stop('product');
    await system.sql('order', 'UPDATE intent SET settle_after = now()');
    await eventually(async () => expect(await count(system, 'order', 'intent')).toBe(0));
    await system.start('product');
    await settled(system);
    expect(await statusOf(system, second)).toBe('deliveryPrepared');
    expect(await statusOf(system, first)).toBe('orderCanceled');
    expect(await shelf(system, itemcd)).toEqual({ total: 0, available: 0 });
  });

  it('of an order that is paid does not expire', async () => {
    const first = await halfPlaced('1 minute');
    const [intent] = await system.sql<{ key: string }>('order', 'SELECT payment_key AS key FROM intent');
    const terms = { orderId: first, price: PRICE, itemcd, orderQty: 1 };
    const paid = await system.call('pay', 'POST', '/pays', terms, {
      ...asService,
      'idempotency-key': intent?.key ?? '',
    });
    expect(paid.status).toBe(201);
    await eventually(async () => {
      expect(
        await count(
          system,
          'product',
          `stock_line WHERE order_id = ${first} AND paid_price IS NOT NULL AND expires_at < now()`,
        ),
      ).toBe(1);
    });
    expect((await order(system, { itemcd, price: PRICE })).body.type).toBe('/problems/out-of-stock');
    await system.sql('order', 'UPDATE intent SET settle_after = now()');
    await settled(system);
    expect(await statusOf(system, first)).toBe('deliveryPrepared');
  });
});

describe('crossing', () => {
  let system: System;

  beforeAll(async () => {
    system = await startSystem();
    await stock(system, { itemcd: 1, totalQuantity: 10_000, price: PRICE, name: 'milk' });
    await stock(system, { itemcd: 2, totalQuantity: 10_000 });
  });
  afterAll(() => system.close());

  const wish = { itemcd: 1, price: PRICE };
  const cancel = (orderId: number) => system.call<Json>('order', 'DELETE', `/orders/${orderId}`);

  it('cancels and payments: every order ends canceled and refunded once', async () => {
    const before = await shelf(system, 1);
    await times(40, async () => {
      const orderId = await ordered(system, wish);
      const payId = await payIdOf(system, orderId);
      const [byOrder, byPay, again] = await Promise.all([
        cancel(orderId),
        system.call('pay', 'DELETE', `/pays/${payId}`),
        system.call('pay', 'POST', '/pays', { orderId, price: PRICE }),
      ]);
      expect(byOrder.status).toBe(204);
      expect(byPay.status).toBe(204);
      expect([200, 409]).toContain(again.status);
    });
    await settled(system);
    expect(await shelf(system, 1)).toEqual(before);
    expect(await count(system, 'order', `orders WHERE status <> 'orderCanceled'`)).toBe(0);
    expect(await count(system, 'pay', `refund WHERE state = 'done'`)).toBe(
      await count(system, 'order', 'orders'),
    );
  });

  it('a cancel and a start of the delivery: the delivery is canceled', async () => {
    const placed = await times(40, () => orderedAndPrepared(system, wish));
    await Promise.all(
      placed.map(async ({ orderId, deliveryId }, i) => {
        const both = [() => cancel(orderId), () => move(system, deliveryId, 'deliverystarted')];
        if (i % 2) both.reverse();
        const [first, second] = await Promise.all(both.map(act => act()));
        const [canceled, started] = i % 2 ? [second, first] : [first, second];
        expect(canceled?.status).toBe(204);
        expect([200, 409]).toContain(started?.status);
      }),
    );
    await settled(system);
    for (const { orderId, deliveryId } of placed) {
      expect(await statusOf(system, orderId)).toBe('orderCanceled');
      const { body } = await system.call<Json>('delivery', 'GET', `/deliveries/${deliveryId}`);
      expect(body.status).toBe('deliveryCanceled');
    }
  });

  it('cancels and completions: each order is either delivered, or canceled with an exception where goods are out', async () => {
    const placed = await times(40, () => orderedAndPrepared(system, wish));
    await Promise.all(placed.map(({ deliveryId }) => move(system, deliveryId, 'deliverystarted')));
    const outcomes = await Promise.all(
      placed.map(async ({ orderId, deliveryId }) => {
        const [completed, canceled] = await Promise.all([
          move(system, deliveryId, 'deliverycompleted'),
          cancel(orderId),
        ]);
        return { orderId, completed: completed.status, canceled: canceled.status };
      }),
    );
    await settled(system);
    const { body } = await system.call<Json>('order', 'GET', '/orders/exceptions');
    const listed = new Set(body._embedded.exceptions.map((exception: Json) => exception.orderId));
    for (const { orderId, completed, canceled } of outcomes) {
      expect(canceled === 204 ? 'orderCanceled' : 'deliverycompleted').toBe(await statusOf(system, orderId));
      expect(listed.has(orderId)).toBe(completed === 200 && canceled === 204);
    }
    for (const orderId of listed) {
      await system.call('order', 'POST', `/orders/exceptions/${orderId}/settled`);
    }
  });

  it('a cancel that the delivery hears of after its completion leaves an exception for the administrator', async () => {
    const { orderId, deliveryId } = await orderedAndPrepared(system, wish);
    const before = await shelf(system, 1);
    await move(system, deliveryId, 'deliverystarted');
    const catchUp = await lag(system, 'delivery');
    expect((await cancel(orderId)).status).toBe(204);
    expect((await move(system, deliveryId, 'deliverycompleted')).status).toBe(200);
    await catchUp();
    const exceptions = async () =>
      (await system.call<Json>('order', 'GET', '/orders/exceptions')).body._embedded.exceptions;
    await eventually(async () => {
      expect(await exceptions()).toMatchObject([{ orderId, status: 'orderCanceled' }]);
    });
    await settled(system);
    expect(await statusOf(system, orderId)).toBe('orderCanceled');
    expect((await shelf(system, 1)).total).toBe(before.total + 1);
    expect((await system.call('order', 'POST', `/orders/exceptions/${orderId}/settled`)).status).toBe(204);
    expect(await exceptions()).toEqual([]);
    const again = await system.call<Json>('order', 'POST', `/orders/exceptions/${orderId}/settled`);
    expect(again).toMatchObject({ status: 404, body: { type: '/problems/unknown-exception' } });
    expect((await cancel(orderId)).status).toBe(204);
  });

  it('twenty cancels: each is answered 204, and there is one refund and one notice', async () => {
    const before = await shelf(system, 1);
    const { orderId } = await orderedAndPrepared(system, wish);
    expect(tally(await times(20, () => cancel(orderId)))).toEqual({ 204: 20 });
    await settled(system);
    expect((await cancel(orderId)).status).toBe(204);
    expect(await shelf(system, 1)).toEqual(before);
    expect(await count(system, 'pay', `refund WHERE order_id = ${orderId}`)).toBe(1);
    expect(await count(system, 'events', `log WHERE key = '${orderId}' AND type = 'OrderCanceled'`)).toBe(1);
    expect(await count(system, 'events', `log WHERE key = '${orderId}' AND type = 'PayCanceled'`)).toBe(1);
    expect(
      await count(system, 'notice', `notice WHERE order_id = ${orderId} AND kind = 'OrderCanceled'`),
    ).toBe(1);
  });

  it('a cancel after the completion is refused', async () => {
    const { orderId, deliveryId } = await orderedAndPrepared(system, wish);
    await move(system, deliveryId, 'deliverystarted');
    await move(system, deliveryId, 'deliverycompleted');
    await eventually(async () => expect(await statusOf(system, orderId)).toBe('deliverycompleted'));
    expect(await cancel(orderId)).toMatchObject({
      status: 409,
      body: { type: '/problems/delivery-completed' },
    });
    await eventually(async () => {
      expect(await count(system, 'pay', `pay WHERE order_id = ${orderId} AND delivered`)).toBe(1);
    });
    const payId = await payIdOf(system, orderId);
    const payCancel = await system.call<Json>('pay', 'DELETE', `/pays/${payId}`);
    expect(payCancel).toMatchObject({ status: 409, body: { type: '/problems/delivery-completed' } });
    await settled(system);
  });

  it('cancels of the order and of its payment before anything is prepared leave no delivery', async () => {
    const before = await shelf(system, 1);
    const catchUp = await lag(system, 'product');
    const orderIds = await times(10, () => ordered(system, wish));
    await Promise.all(orderIds.map(cancel));
    await eventually(async () => {
      const dead = orderIds.join(',');
      expect(await count(system, 'delivery', `delivery WHERE id IS NULL AND order_id IN (${dead})`)).toBe(10);
    });
    await catchUp();
    await settled(system);
    expect(await shelf(system, 1)).toEqual(before);
    expect(
      await count(
        system,
        'delivery',
        `delivery WHERE id IS NOT NULL AND order_id IN (${orderIds.join(',')})`,
      ),
    ).toBe(0);
  });

  it('payments by outsiders: what was paid is shown, and nothing is charged', async () => {
    const { orderId } = await orderedAndPrepared(system, wish);
    const charges = await count(system, 'pay', 'sandbox_charge');
    const body = { orderId: String(orderId), item: 'milk', orderQty: '1', price: String(PRICE), itemcd: '1' };
    const answers = await times(2, () => system.call<Json>('pay', 'POST', '/pays', body));
    expect(tally(answers)).toEqual({ 200: 2 });
    expect(answers[0]?.body).toMatchObject({ orderId, status: 'approved', price: PRICE });
    expect(answers[1]?.body).toEqual(answers[0]?.body);
    for (const terms of [{ price: '1999' }, { itemcd: '2' }, { orderQty: '2' }]) {
      const differs = await system.call<Json>('pay', 'POST', '/pays', { ...body, ...terms });
      expect(differs).toMatchObject({ status: 409, body: { type: '/problems/terms-differ' } });
    }
    const unknown = await system.call<Json>('pay', 'POST', '/pays', { ...body, orderId: '999999' });
    expect(unknown).toMatchObject({ status: 404, body: { type: '/problems/unknown-order' } });
    await cancel(orderId);
    await eventually(async () => {
      const canceled = await system.call<Json>('pay', 'POST', '/pays', body);
      expect(canceled).toMatchObject({ status: 409, body: { type: '/problems/payment-canceled' } });
    });
    expect(await count(system, 'pay', 'sandbox_charge')).toBe(charges);
    await settled(system);
  });

  it('DELETE of a payment cancels its order, once', async () => {
    const before = await shelf(system, 1);
    const { orderId, deliveryId } = await orderedAndPrepared(system, wish);
    const payId = await payIdOf(system, orderId);
    const answers = await times(10, () => system.call('pay', 'DELETE', `/pays/${payId}`));
    expect(tally(answers)).toEqual({ 204: 10 });
    await settled(system);
    expect(await statusOf(system, orderId)).toBe('orderCanceled');
    expect((await system.call<Json>('delivery', 'GET', `/deliveries/${deliveryId}`)).body.status).toBe(
      'deliveryCanceled',
    );
    expect(await shelf(system, 1)).toEqual(before);
  });

  it('a DELETE of a payment that pay accepts before it hears of the completion leaves an exception', async () => {
    const { orderId, deliveryId } = await orderedAndPrepared(system, wish);
    const payId = await payIdOf(system, orderId);
    await move(system, deliveryId, 'deliverystarted');
    const catchUp = await lag(system, 'pay');
    await move(system, deliveryId, 'deliverycompleted');
    expect((await system.call('pay', 'DELETE', `/pays/${payId}`)).status).toBe(204);
    await catchUp();
    await eventually(async () => {
      const { body } = await system.call<Json>('order', 'GET', '/orders/exceptions');
      expect(body._embedded.exceptions).toMatchObject([{ orderId, exception: expect.any(String) }]);
    });
    await settled(system);
    expect(await count(system, 'pay', `refund WHERE order_id = ${orderId} AND state = 'done'`)).toBe(1);
    expect((await system.call('order', 'POST', `/orders/exceptions/${orderId}/settled`)).status).toBe(204);
  });

  it('steps of a delivery: repeats are answered alike, and one event goes out for each', async () => {
    const { orderId, deliveryId } = await orderedAndPrepared(system, wish);
    expect((await move(system, deliveryId, 'deliverycompleted')).body.type).toBe(
      '/problems/delivery-step-conflict',
    );
    const started = await times(10, () => move(system, deliveryId, 'deliverystarted'));
    expect(tally(started)).toEqual({ 200: 10 });
    const completed = await times(10, () => move(system, deliveryId, 'deliverycompleted'));
    expect(tally(completed)).toEqual({ 200: 10 });
    expect((await move(system, deliveryId, 'deliverystarted')).status).toBe(409);
    await settled(system);
    for (const type of ['DeliveryStarted', 'DeliveryCompleted']) {
      expect(await count(system, 'events', `log WHERE key = '${orderId}' AND type = '${type}'`)).toBe(1);
    }
  });

  it('a refund that is refused for good waits for the administrator', async () => {
    const orderId = await ordered(system, { itemcd: 2, price: sandboxAmounts.refundRefused });
    const payId = await payIdOf(system, orderId);
    expect((await cancel(orderId)).status).toBe(204);
    const exceptions = async () =>
      (await system.call<Json>('pay', 'GET', '/pays/exceptions')).body._embedded.exceptions;
    const listed = { payId, orderId, amount: sandboxAmounts.refundRefused };
    await eventually(async () => expect(await exceptions()).toMatchObject([listed]));
    await settled(system);
    const [{ id, _links }] = await exceptions();
    expect(_links.self.href).toBe(`${system.url('pay')}/pays/exceptions/${id}`);
    expect((await system.call('pay', 'POST', `/pays/exceptions/${id}/retried`)).status).toBe(204);
    await eventually(async () => expect(await exceptions()).toMatchObject([listed]));
    expect((await system.call('pay', 'POST', `/pays/exceptions/${id}/settled`)).status).toBe(204);
    expect(await exceptions()).toEqual([]);
    expect((await system.call('pay', 'POST', `/pays/exceptions/${id}/settled`)).status).toBe(404);
    // Paid back another way: in the provider's books it stays captured.
    await system.sql('pay', `UPDATE sandbox_charge SET state = 'refunded' WHERE amount = $1`, [
      sandboxAmounts.refundRefused,
    ]);
    await settled(system);
  });

  it('changes of a product with the same If-Match: one is made, the others are stale', async () => {
    await stock(system, { itemcd: 3, totalQuantity: 10 });
    await stock(system, { itemcd: 4, totalQuantity: 10 });
    const { headers } = await system.call('product', 'GET', '/products/3');
    const etag = headers.get('etag') ?? '';
    // While one change waits for its row, the others come together.
    const holder = await system.connect('product');
    await holder.query('BEGIN');
    await holder.query('SELECT FROM product WHERE id = 4 FOR UPDATE');
    const first = system.call('product', 'PATCH', '/products/4', { name: 'tea' });
    await eventually(async () => {
      const waiting = `pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
      expect(await count(system, 'product', waiting)).toBe(1);
    });
    const changes = times(20, i =>
      system.call<Json>('product', 'PATCH', '/products/3', { totalQuantity: 100 + i }, { 'if-match': etag }),
    );
    await times(20, () => system.call('product', 'GET', '/products/3'));
    await holder.query('COMMIT');
    expect((await first).status).toBe(200);
    expect(tally(await changes)).toEqual({ 200: 1, 412: 19 });
    await settled(system);
  });
});

describe('two replicas of every service', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({ env: { DRAIN_MS: '500' } });
    await stock(system, { itemcd: 1, totalQuantity: 100, price: PRICE });
  });
  afterAll(() => system.close());

  it('share the work, and when the first ones end in the middle nothing is done twice or lost', async () => {
    const replicas = Object.fromEntries(
      await Promise.all(services.map(async name => [name, await system.join(name)] as const)),
    );
    const at = async (base: string, method: string, path: string, body?: object) => {
      const response = await fetch(`${base}${path}`, {
        method,
        headers: body ? { 'content-type': 'application/json' } : {},
        ...(body && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: (text ? JSON.parse(text) : {}) as Json };
    };
    const either = (i: number) => (i % 2 ? system.url('order') : (replicas.order?.url ?? ''));
    const place = (i: number) => at(either(i), 'POST', '/orders', { itemcd: 1, orderQty: 1, price: PRICE });
    const first = await times(60, place);
    expect(tally(first)).toEqual({ 201: 60 });
    const cancels = times(20, i => at(either(i), 'DELETE', `/orders/${first[i]?.body.id}`));
    const second = times(60, place);
    expect(tally(await cancels)).toEqual({ 204: 20 });
    const answers = await second;
    await Promise.all(Object.values(replicas).map(replica => replica.stop()));
    await settled(system);
    const { 201: accepted = 0, 409: refused = 0 } = tally(answers);
    expect(accepted + refused).toBe(60);
    expect(accepted).toBeGreaterThanOrEqual(40);
    expect(await count(system, 'order', `orders WHERE status = 'deliveryPrepared'`)).toBe(40 + accepted);
    expect(await shelf(system, 1)).toEqual({ total: 60 - accepted, available: 60 - accepted });
  });
});

describe('a payment that is canceled before its order is established', () => {
  let system: System;
  let proxy: TcpProxy;

  beforeAll(async () => {
    system = await startSystem({ without: ['order'], env: { DRAIN_MS: '200' } });
    proxy = await startProxy(system.url('pay'));
    await system.start('order', { ORDER__PAY_URL: proxy.url, ORDER__PAY_TIMEOUT_MS: '5000' });
    await stock(system, { itemcd: 1, totalQuantity: 10, price: PRICE });
  });
  afterAll(async () => {
    await proxy.close();
    await system.close();
  });

  it('leaves no order', async () => {
    proxy.holdAnswers();
    const placing = order(system, { itemcd: 1, price: PRICE });
    const payId = await eventually(async () => {
      const [row] = await system.sql<{ id: number }>('pay', 'SELECT id FROM pay');
      expect(row).toBeDefined();
      return Number(row?.id);
    });
    expect((await system.call('pay', 'DELETE', `/pays/${payId}`)).status).toBe(204);
    await eventually(async () => {
      const heard = await system.sql<{ id: string }>(
        'events',
        `SELECT event_id AS id FROM log WHERE type = 'PayCanceled'`,
      );
      expect(await count(system, 'order', `inbox WHERE event_id = '${heard[0]?.id}'`)).toBe(1);
    });
    proxy.pass();
    const answer = await placing;
    await settled(system);
    if (answer.status === 201) expect(await statusOf(system, answer.body.id)).toBe('orderCanceled');
    expect(await shelf(system, 1)).toEqual({ total: 10, available: 10 });
  });
});
