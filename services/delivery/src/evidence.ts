import type { Accounts, States } from '@jumun/contracts';
import type { Evidence } from '@jumun/messaging';
import { type Database, momentsOf, ms, readRange, readRows } from '@jumun/service-kit';

/** What the auditor is told of deliveries, those that were canceled beforehand too. */
export function createEvidence(db: Database): Evidence {
  return {
    accounts: range =>
      readRange<Accounts['delivery']>(
        db,
        { columns: 'order_id AS "orderId", status', from: 'delivery', id: 'order_id' },
        range,
      ),
    states: range =>
      readRange<States['delivery']>(
        db,
        {
          columns: `order_id AS "orderId", id, customer_id AS "customerId", product_name AS "productName", qtyp, price,
            address, status, ${ms('created_at')} AS "requestedAt", ${ms('started_at')} AS "startedAt",
            ${ms('completed_at')} AS "completedAt", ${ms('canceled_at')} AS "canceledAt"`,
          from: '(SELECT * FROM delivery WHERE id IS NOT NULL) d',
          id: 'order_id',
        },
        range,
      ),
    async story(orderId) {
      const rows = await readRows(db, orderId, { delivery: 'order_id' });
      return { happened: momentsOf(rows, { delivery: { created_at: 'delivery opened' } }), rows };
    },
  };
}
