import type { ServiceName } from '@jumun/contracts';
import type { LogRecord } from '@jumun/messaging';
import { expect } from 'vitest';
import { eventually } from '../support/eventually.ts';
import type { System } from '../support/system.ts';

/** What the invariants are asked of: the databases of a system, wherever it runs. */
export interface Databases extends Pick<System, 'sql'> {
  /** What its log holds, in order, where that is not in the database `events`. */
  events?(): Promise<LogRecord[]>;
  /** Events that nobody can handle, by id: they are dead letters of those who hear them, and have no other effect. */
  poison?: ReadonlySet<string>;
}

/** The events of a system's log in order, without poison. */
export async function eventsOf(system: Databases): Promise<LogRecord[]> {
  const all = system.events
    ? await system.events()
    : await system.sql<LogRecord>(
        'events',
        `SELECT partition, position, event_id AS "eventId", key, type, payload, traceparent FROM log
         ORDER BY partition, position`,
      );
  return all.filter(({ eventId }) => !system.poison?.has(eventId));
}

const services: ServiceName[] = ['order', 'product', 'pay', 'delivery', 'notice', 'customercenter'];

/** Which events each service acts on. */
export const heard: Record<ServiceName, string[]> = {
  order: [
    'DeliveryPrepared',
    'DeliveryStarted',
    'DeliveryCompleted',
    'PayCanceled',
    'StockShort',
    'ProductChanged',
  ],
  product: ['OrderCanceled', 'Ordered', 'PayApproved', 'PayCanceled'],
  pay: ['DeliveryCompleted', 'OrderCanceled'],
  delivery: ['DeliveryPrepared', 'OrderCanceled', 'PayCanceled'],
  notice: [
    'Ordered',
    'OrderCanceled',
    'DeliveryPrepared',
    'DeliveryStarted',
    'DeliveryCompleted',
    'DeliveryCanceled',
    'PayCanceled',
  ],
  customercenter: [
    'Ordered',
    'OrderCanceled',
    'PayApproved',
    'PayCanceled',
    'DeliveryPrepared',
    'DeliveryRequested',
    'DeliveryStarted',
    'DeliveryCompleted',
    'DeliveryCanceled',
  ],
};

interface OrderRow {
  id: number;
  status: string;
  price: number;
  itemcd: number;
  qty: number;
  exception: string | null;
}

/** What the databases hold once everything has come to rest; it waits for that. */
export async function settled(system: Databases, withinMs = 15_000): Promise<void> {
  await eventually(() => assertInvariants(system), withinMs);
}

interface Facts {
  system: Databases;
  orders: OrderRow[];
  events: LogRecord[];
}

/** What has to hold whenever nothing is under way, by name. */
const invariants: Record<string, (facts: Facts) => Promise<void>> = {
  'no event was lost or given up': everythingWasHeard,
  'every order comes to its end': sagasHaveGoneOn,
  'the money agrees with the orders': moneyAgrees,
  'the stock agrees with the orders': stockAgrees,
  'the deliveries agree with the orders': deliveriesAgree,
  'one notice for each order and kind': noticesAgree,
  'the view agrees with the orders': viewAgrees,
};

async function factsOf(system: Databases): Promise<Facts> {
  const orders = await system.sql<OrderRow>(
    'order',
    `SELECT id::float8 AS id, status, price::float8 AS price, itemcd::float8 AS itemcd, order_qty AS qty, exception
     FROM orders ORDER BY id`,
  );
  return { system, orders, events: await eventsOf(system) };
}

/**
 * Asserts, over all databases, what has to hold whenever nothing is under way: money, stock, deliveries, notices and
 * the view agree with the orders, and no event was lost or given up.
 */
export async function assertInvariants(system: Databases): Promise<void> {
  const facts = await factsOf(system);
  for (const holds of Object.values(invariants)) await holds(facts);
}

/** The same, as checks of their own: each throws where it does not hold. */
export async function invariantsOf(system: Databases): Promise<Record<string, () => Promise<void>>> {
  const facts = await factsOf(system);
  return Object.fromEntries(Object.entries(invariants).map(([name, holds]) => [name, () => holds(facts)]));
}

async function sagasHaveGoneOn({ system, orders }: Facts): Promise<void> {
  const intents = await system.sql('order', 'SELECT id FROM intent');
  expect(intents, 'intents that were not settled').toEqual([]);
  const stuck = orders.filter(order => order.status === 'ordered');
  expect(stuck, 'orders whose saga does not go on').toEqual([]);
}

const isStanding = (order: OrderRow) => order.status !== 'orderCanceled';
/** Delivered, and its payment canceled at the same time: a person has to settle it. */
const isRefundedException = (order: OrderRow) => isStanding(order) && order.exception !== null;

async function everythingWasHeard({ system, events }: Facts): Promise<void> {
  const { poison = new Set() } = system;
  await Promise.all(
    services.map(async name => {
      expect(await system.sql(name, 'SELECT type, key FROM outbox'), `outbox of ${name}`).toEqual([]);
      const letters = await system.sql<{ id: string }>(
        name,
        'SELECT event_id AS id, type, key, reason FROM dead_letter',
      );
      expect(
        letters.filter(({ id }) => !poison.has(id)),
        `dead letters of ${name}`,
      ).toEqual([]);
    }),
  );
  await Promise.all(
    services.map(async name => {
      const rows = await system.sql<{ id: string }>(name, 'SELECT event_id AS id FROM inbox');
      const inbox = new Set(rows.map(row => row.id));
      const unheard = events.filter(event => heard[name].includes(event.type) && !inbox.has(event.eventId));
      expect(unheard, `events that ${name} has not heard`).toEqual([]);
    }),
  );
}

async function moneyAgrees({ system, orders }: Facts): Promise<void> {
  const charges = await system.sql<{ key: string; amount: number; state: string }>(
    'pay',
    'SELECT payment_key AS key, amount::float8 AS amount, state FROM sandbox_charge',
  );
  const refunds = await system.sql<{ key: string; state: string; amount: number }>(
    'pay',
    'SELECT payment_key AS key, state, amount::float8 AS amount FROM refund',
  );
  const pays = await system.sql<{ key: string; orderId: number; status: string; price: number }>(
    'pay',
    'SELECT payment_key AS key, order_id::float8 AS "orderId", status, price::float8 AS price FROM pay WHERE id IS NOT NULL',
  );
  expect(
    refunds.filter(refund => refund.state === 'due'),
    'refunds that were not made',
  ).toEqual([]);
  const seen = new Set<string>();
  expect(
    refunds.filter(({ key }) => seen.has(key) || !seen.add(key)),
    'payments that are refunded twice',
  ).toEqual([]);
  const refused = refunds.filter(refund => refund.state === 'failed');
  const refusedKeys = new Set(refused.map(({ key }) => key));
  const captured = charges.filter(charge => charge.state === 'captured');
  const paidFor = orders.filter(order => isStanding(order) && !isRefundedException(order));
  const sum = (amounts: number[]) => amounts.reduce((a, b) => a + b, 0);
  expect(sum(captured.map(charge => charge.amount)), 'captured and not refunded').toBe(
    sum(paidFor.map(order => order.price)) + sum(refused.map(refund => refund.amount)),
  );
  const payOf = new Map(pays.map(pay => [pay.orderId, pay]));
  const chargeOf = new Map(charges.map(charge => [charge.key, charge]));
  for (const order of orders) {
    const pay = payOf.get(order.id);
    const paid = isStanding(order) && !isRefundedException(order);
    expect(pay, `payment of order ${order.id}`).toMatchObject({
      status: paid ? 'approved' : 'canceled',
      price: order.price,
    });
    const isRefused = refusedKeys.has(pay?.key ?? '');
    expect(chargeOf.get(pay?.key ?? ''), `charge of order ${order.id}`).toMatchObject({
      state: paid || isRefused ? 'captured' : 'refunded',
    });
  }
}

async function stockAgrees({ system, orders }: Facts): Promise<void> {
  const products = await system.sql<{ id: number; total: number; reserved: number }>(
    'product',
    'SELECT id::float8 AS id, total::float8 AS total, reserved::float8 AS reserved FROM product',
  );
  const supplied = await system.sql<{ id: number; sum: number }>(
    'product',
    'SELECT product_id::float8 AS id, sum(quantity)::float8 AS sum FROM stock_movement GROUP BY product_id',
  );
  const lines = await system.sql<{ orderId: number; itemcd: number; qty: number; hold: string }>(
    'product',
    `SELECT order_id::float8 AS "orderId", itemcd::float8 AS itemcd, order_qty::float8 AS qty, hold FROM stock_line`,
  );
  const pieces = (itemcd: number, hold: string) =>
    lines
      .filter(line => line.itemcd === itemcd && line.hold === hold)
      .reduce((sum, line) => sum + line.qty, 0);
  for (const { id, total, reserved } of products) {
    const sum = supplied.find(product => product.id === id)?.sum ?? 0;
    expect(total + pieces(id, 'taken'), `shelf and taken pieces of product ${id}`).toBe(sum);
    expect(reserved, `reserved pieces of product ${id}`).toBe(pieces(id, 'reserved'));
    expect(total).toBeGreaterThanOrEqual(reserved);
    expect(reserved).toBeGreaterThanOrEqual(0);
  }
  expect(
    lines.filter(line => line.hold === 'reserved'),
    'pieces reserved for nobody',
  ).toEqual([]);
  const standing = new Map(orders.filter(isStanding).map(order => [order.id, order]));
  for (const { orderId, itemcd, qty, hold } of lines) {
    const order = standing.get(orderId);
    if (!order) expect(hold, `pieces of order ${orderId}, which does not stand`).not.toBe('taken');
    else if (!isRefundedException(order)) {
      expect({ itemcd, qty, hold }, `pieces of order ${orderId}`).toEqual({
        itemcd: order.itemcd,
        qty: order.qty,
        hold: 'taken',
      });
    }
  }
  const held = new Set(lines.map(line => line.orderId));
  expect(
    [...standing.keys()].filter(id => !held.has(id)),
    'orders without pieces',
  ).toEqual([]);
}

const deliveryOf: Record<string, string> = {
  deliveryPrepared: 'deliveryRequested',
  deliverystarted: 'deliverystarted',
  deliverycompleted: 'deliverycompleted',
};

async function deliveriesAgree({ system, orders, events }: Facts): Promise<void> {
  const rows = await system.sql<{ orderId: number; status: string }>(
    'delivery',
    'SELECT order_id::float8 AS "orderId", status FROM delivery WHERE id IS NOT NULL',
  );
  const deliveries = new Map(rows.map(row => [row.orderId, row.status]));
  expect(deliveries.size, 'one delivery for each order').toBe(rows.length);
  for (const { id, status, exception } of orders) {
    const delivery = deliveries.get(id);
    deliveries.delete(id);
    if (status !== 'orderCanceled') expect(delivery, `delivery of order ${id}`).toBe(deliveryOf[status]);
    else if (exception !== null) expect(delivery, `delivery of order ${id}`).toBe('deliverycompleted');
    else expect([undefined, 'deliveryCanceled'], `delivery of order ${id}`).toContain(delivery);
  }
  expect([...deliveries.keys()], 'deliveries without an order').toEqual([]);
  // An order that was canceled before its delivery was prepared leaves a row without an id.
  const tombstones = await system.sql<{ id: string }>(
    'delivery',
    'SELECT order_id AS id FROM delivery WHERE id IS NULL',
  );
  const keys = new Set(tombstones.map(({ id }) => String(id)));
  const told = events.filter(({ type }) => type === 'DeliveryCanceled');
  expect(
    told.filter(({ key }) => keys.has(key)),
    'cancellations of deliveries that never were',
  ).toEqual([]);
}

async function noticesAgree({ system, events }: Facts): Promise<void> {
  // A payment that was voided before there was an order is nothing to tell of.
  const due = events.filter(
    ({ type, payload }) =>
      heard.notice.includes(type) && (type !== 'PayCanceled' || !JSON.parse(payload).voided),
  );
  const notices = await system.sql<{ key: string; type: string; status: string }>(
    'notice',
    'SELECT order_id::text AS key, kind AS type, status FROM notice',
  );
  const names = (rows: { key: string; type: string }[]) => rows.map(row => `${row.key} ${row.type}`).sort();
  expect(names(notices), 'one notice for each order and kind').toEqual([...new Set(names(due))].sort());
  expect(
    notices.filter(notice => notice.status !== 'sent'),
    'notices that were not sent',
  ).toEqual([]);
}

async function viewAgrees({ system, orders }: Facts): Promise<void> {
  const pays = await system.sql<{ id: number; status: string }>(
    'pay',
    'SELECT order_id::float8 AS id, status FROM pay WHERE id IS NOT NULL',
  );
  const deliveries = await system.sql<{ id: number; status: string }>(
    'delivery',
    'SELECT order_id::float8 AS id, status FROM delivery WHERE id IS NOT NULL',
  );
  const statuses = (rows: { id: number; status: string }[]) =>
    new Map(rows.map(({ id, status }) => [id, status]));
  const payOf = statuses(pays);
  const deliveryOf = statuses(deliveries);
  const view = await system.sql(
    'customercenter',
    `SELECT order_id::float8 AS id, status, pay_status AS pay, delivery_status AS delivery, quantity::int AS qty,
            price::float8 AS price, itemcd::float8 AS itemcd
     FROM my_page WHERE shown ORDER BY order_id`,
  );
  expect(view, 'the view').toEqual(
    orders.map(({ id, status, qty, price, itemcd }) => ({
      id,
      status,
      pay: payOf.get(id) ?? null,
      delivery: deliveryOf.get(id) ?? null,
      qty,
      price,
      itemcd,
    })),
  );
}
