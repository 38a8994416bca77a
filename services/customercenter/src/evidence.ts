import type { Accounts } from '@jumun/contracts';
import type { Evidence } from '@jumun/messaging';
import { type Database, readRange, readRows } from '@jumun/service-kit';

/** What the auditor is told of the view itself. */
export function createEvidence(db: Database): Evidence {
  return {
    accounts: range =>
      readRange<Accounts['customercenter']>(
        db,
        {
          columns: `order_id AS "orderId", shown, status, pay_status AS "payStatus", delivery_status AS "deliveryStatus",
            price, itemcd, quantity`,
          from: 'my_page',
          id: 'order_id',
        },
        range,
      ),
    async story(orderId) {
      return { happened: [], rows: await readRows(db, orderId, { my_page: 'order_id' }) };
    },
  };
}
