import {
  type Accounts,
  MAX_STANDSTILLS,
  OpenKeysItem,
  openKeysCall,
  type Standstill,
  type States,
} from '@jumun/contracts';
import type { Evidence } from '@jumun/messaging';
import { type Database, type Http, momentsOf, ms, readRange, readRows, serveBatch } from '@jumun/service-kit';

/** What the auditor is told of orders, those that are still being placed too. */
export function createEvidence(db: Database): Evidence {
  return {
    accounts: range =>
      readRange<Accounts['order']>(
        db,
        {
          columns: `id AS "orderId", state, price, itemcd, order_qty AS "orderQty", exception,
            (extract(epoch FROM created_at) * 1000)::float8 AS "createdAt"`,
          from: `(
            SELECT id, status AS state, price, itemcd, order_qty, exception IS NOT NULL AS exception, created_at FROM orders
            UNION ALL SELECT id, 'intent', price, itemcd, order_qty, false, created_at FROM intent) o`,
          id: 'id',
        },
        range,
      ),

    states: range =>
      readRange<States['order']>(
        db,
        {
          columns: `id AS "orderId", item, order_qty AS "orderQty", status, price, itemcd, customer_id AS "customerId", address,
            reason, ${ms('created_at')} AS "orderedAt", ${ms('updated_at')} AS "updatedAt"`,
          from: 'orders',
          id: 'id',
        },
        range,
      ),

    standstills: ({ machineMs, carrierMs }) =>
      db.query<Standstill & Record<string, unknown>>(
        `SELECT id AS "orderId", step, NULL AS why, (extract(epoch FROM since) * 1000)::float8 AS since FROM (
           (SELECT id, created_at AS since,
                   CASE WHEN voiding THEN 'pay: void the payment' ELSE 'pay: outcome of the charge' END AS step
            FROM intent WHERE created_at < now() - $1::float8 * interval '1 ms' ORDER BY created_at LIMIT $3)
           UNION ALL
           (${standing('ordered', 'product: take the pieces', '$1')})
           UNION ALL
           (${standing('deliveryPrepared', 'carrier: start the delivery', '$2')})
           UNION ALL
           (${standing('deliverystarted', 'carrier: complete the delivery', '$2')})
         ) s ORDER BY since LIMIT $3`,
        [machineMs, carrierMs, MAX_STANDSTILLS],
      ),

    async story(orderId) {
      const rows = await readRows(db, orderId, { intent: 'id', orders: 'id', order_request: 'order_id' });
      const times = { intent: { created_at: 'intent opened' }, orders: { created_at: 'order established' } };
      return { happened: momentsOf(rows, times), rows };
    },
  };
}

const standing = (status: string, step: string, age: string) =>
  `SELECT id, updated_at, '${step}' FROM orders
   WHERE status = '${status}' AND updated_at < now() - ${age}::float8 * interval '1 ms' ORDER BY updated_at LIMIT $3`;

/** Tells which payment keys belong to an order that is being placed. */
export function serveOpenKeys(http: Http, db: Database): void {
  serveBatch(http, openKeysCall, OpenKeysItem, async ({ paymentKeys }) => {
    const rows = await db.query<{ key: string }>(
      'SELECT payment_key AS key FROM intent WHERE payment_key = ANY($1)',
      [paymentKeys],
    );
    return { open: rows.map(({ key }) => key) };
  });
}
