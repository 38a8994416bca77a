import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type System, startSystem } from '../support/system.ts';
import { audited } from './audited.ts';
import { type Json, move, order, ordered, orderedAndPrepared, stock } from './steps.ts';

describe('the audit', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem();
    await stock(system, { itemcd: 1, totalQuantity: 1_000, price: 2_000 });
    await stock(system, { itemcd: 2, totalQuantity: 1_000 });
  });
  afterAll(() => system.close());

  const audit = async (): Promise<Json> => (await system.call<Json>('customercenter', 'GET', '/audit')).body;

  it('is clean when orders were delivered, canceled, refused and refunded', async () => {
    const delivered = await orderedAndPrepared(system, { itemcd: 1 });
    await move(system, delivered.deliveryId, 'deliverystarted');
    await move(system, delivered.deliveryId, 'deliverycompleted');
    const canceled = await orderedAndPrepared(system, { itemcd: 1 });
    await system.call('order', 'DELETE', `/orders/${canceled.orderId}`);
    const atOnce = await ordered(system, { itemcd: 1 });
    await system.call('order', 'DELETE', `/orders/${atOnce}`);
    await ordered(system, { itemcd: 1 });
    expect((await order(system, { itemcd: 1, orderQty: 100_000 })).status).toBe(409);
    expect(await audited(system)).toMatchObject({ status: 'clean', differences: [], unreachable: null });
  });

  /** What is done to the databases behind the services' backs, and what the audit calls it. */
  const planted: [
    what: string,
    subject: (id: number) => string,
    kind: string,
    plant: (id: number) => Promise<unknown>,
  ][] = [
    [
      'money that the provider gave back for an order that stands',
      id => `order ${id}`,
      'money',
      id =>
        system.sql(
          'pay',
          `UPDATE sandbox_charge SET state = 'refunded' WHERE payment_key = (SELECT payment_key FROM pay WHERE order_id = $1)`,
          [id],
        ),
    ],
    [
      'a captured charge that nobody knows of',
      () => 'charge ',
      'money',
      () =>
        system.sql(
          'pay',
          `INSERT INTO sandbox_charge (payment_key, amount, state) VALUES (gen_random_uuid(), 4711, 'captured')`,
        ),
    ],
    [
      'a payment on other terms',
      id => `order ${id}`,
      'payment',
      id => system.sql('pay', 'UPDATE pay SET order_qty = 7 WHERE order_id = $1', [id]),
    ],
    [
      'a payment that is gone',
      id => `order ${id}`,
      'payment',
      id => system.sql('pay', 'DELETE FROM pay WHERE order_id = $1', [id]),
    ],
    [
      'a payment without an order',
      id => `order ${id + 1_000_000}`,
      'payment',
      id =>
        system.sql(
          'pay',
          `INSERT INTO pay (id, order_id, payment_key, status, price, itemcd, order_qty) VALUES ($1, $1, gen_random_uuid(), 'approved', 1, 1, 1)`,
          [id + 1_000_000],
        ),
    ],
    [
      'pieces that were given back',
      id => `order ${id}`,
      'stock',
      id => system.sql('product', `UPDATE stock_line SET hold = 'released' WHERE order_id = $1`, [id]),
    ],
    [
      'pieces that came from nowhere',
      () => 'product 1',
      'stock',
      () => system.sql('product', 'UPDATE product SET total = total + 5 WHERE id = 1'),
    ],
    [
      'reserved pieces without a line',
      () => 'product 2',
      'stock',
      () => system.sql('product', 'UPDATE product SET reserved = reserved + 1 WHERE id = 2'),
    ],
    [
      'a reservation without an order',
      id => `order ${id + 2_000_000}`,
      'reservation',
      id =>
        system.sql(
          'product',
          `WITH held AS (UPDATE product SET reserved = reserved + 3 WHERE id = 1)
           INSERT INTO stock_line (order_id, itemcd, order_qty, hold, expires_at) VALUES ($1, 1, 3, 'reserved', now() + interval '1 minute')`,
          [id + 2_000_000],
        ),
    ],
    [
      'a delivery that is gone',
      id => `order ${id}`,
      'delivery',
      id => system.sql('delivery', 'DELETE FROM delivery WHERE order_id = $1', [id]),
    ],
    [
      'a delivery of no order',
      id => `order ${id + 3_000_000}`,
      'delivery',
      id =>
        system.sql(
          'delivery',
          `INSERT INTO delivery (order_id, id, status) VALUES ($1, $1, 'deliverystarted')`,
          [id + 3_000_000],
        ),
    ],
    [
      'a notice that is gone',
      id => `order ${id}`,
      'notice',
      id => system.sql('notice', `DELETE FROM notice WHERE order_id = $1 AND kind = 'Ordered'`, [id]),
    ],
    [
      'a notice of what did not happen',
      id => `order ${id}`,
      'notice',
      id =>
        system.sql(
          'notice',
          `INSERT INTO notice (order_id, channel, status, kind, text, at) VALUES ($1, 'inbox', 'sent', 'DeliveryCompleted', '', now())`,
          [id],
        ),
    ],
    [
      'a view that shows another state',
      id => `order ${id}`,
      'view',
      id =>
        system.sql('customercenter', `UPDATE my_page SET status = 'deliverycompleted' WHERE order_id = $1`, [
          id,
        ]),
    ],
    [
      'an order that the view lacks',
      id => `order ${id}`,
      'view',
      id => system.sql('customercenter', 'DELETE FROM my_page WHERE order_id = $1', [id]),
    ],
    [
      'a saga that was set back',
      id => `order ${id}`,
      'saga',
      id => system.sql('order', `UPDATE orders SET status = 'ordered' WHERE id = $1`, [id]),
    ],
    [
      'an order that is gone',
      id => `order ${id}`,
      'payment',
      id => system.sql('order', 'DELETE FROM orders WHERE id = $1', [id]),
    ],
  ];

  it('finds each planted difference and says what it is', async () => {
    const orders: number[] = [];
    for (const _ of planted) orders.push((await orderedAndPrepared(system, { itemcd: 1 })).orderId);
    expect(await audited(system)).toMatchObject({ differences: [] });

    const began = performance.now();
    for (const [i, [, , , plant]] of planted.entries()) await plant(orders[i] ?? 0);
    const found = await eventually(async () => {
      const { status, differences } = await audit();
      expect(status).toBe('differs');
      for (const [i, [what, subject, kind]] of planted.entries()) {
        const name = subject(orders[i] ?? 0);
        const named = differences.filter((one: Json) => one.subject.startsWith(name) && one.kind === kind);
        expect(named, `${what}: ${name}`).not.toHaveLength(0);
      }
      return differences;
    }, 40_000);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    const lines = found.map(({ subject, kind, detail }: Json) => `  ${subject}: ${kind}: ${detail}`);
    process.stdout.write(`found after ${seconds} s:\n${lines.join('\n')}\n`);
  }, 120_000);

  it('forgets a difference that is gone', async () => {
    const { orderId } = await orderedAndPrepared(system, { itemcd: 1 });
    const price = (by: number) =>
      system.sql('customercenter', 'UPDATE my_page SET price = price + $2 WHERE order_id = $1', [
        orderId,
        by,
      ]);
    const mine = async () =>
      (await audited(system)).differences.filter((one: Json) => one.subject === `order ${orderId}`);
    await price(1);
    expect(await mine()).toMatchObject([{ kind: 'view', detail: 'shows price 2001, which is 2000' }]);
    await price(-1);
    expect(await mine()).toEqual([]);
  });
});
