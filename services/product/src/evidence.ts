import { type Accounts, type States, type StockSums, stockSumsCall } from '@jumun/contracts';
import type { Evidence } from '@jumun/messaging';
import { type Database, type Http, ms, readRange, readRows, serveBatch } from '@jumun/service-kit';
import Type from 'typebox';

/** What the auditor is told of the pieces of each order. */
export function createEvidence(db: Database): Evidence {
  return {
    accounts: range =>
      readRange<Accounts['product']>(
        db,
        {
          columns: 'order_id AS "orderId", hold, itemcd, order_qty AS "orderQty"',
          from: 'stock_line',
          id: 'order_id',
        },
        range,
      ),
    states: range =>
      readRange<States['product']>(
        db,
        {
          columns: `order_id AS "orderId", itemcd, order_qty AS "orderQty", pay_id AS "payId", hold,
            ${ms('prepared_at')} AS "preparedAt", coalesce(p.total - p.reserved, 0) AS available`,
          from: 'stock_line LEFT JOIN product p ON p.id = itemcd',
          id: 'order_id',
        },
        range,
      ),
    async story(orderId) {
      return { happened: [], rows: await readRows(db, orderId, { stock_line: 'order_id' }) };
    },
  };
}

/** Tells which products' pieces do not add up. All of it is read in one statement, so nothing is under way. */
export function serveStockSums(http: Http, db: Database): void {
  serveBatch(http, stockSumsCall, Type.Object({}), async () => ({
    differing: await db.query<StockSums & Record<string, unknown>>(
      `WITH lines AS (
         SELECT itemcd, sum(order_qty) FILTER (WHERE hold = 'taken') AS taken,
                sum(order_qty) FILTER (WHERE hold = 'reserved') AS held
         FROM stock_line WHERE hold IN ('taken', 'reserved') GROUP BY itemcd
       ), movements AS (
         SELECT product_id AS itemcd, sum(quantity) AS supplied FROM stock_movement GROUP BY product_id
       ), sums AS (
         SELECT p.id AS itemcd, p.total, p.reserved, coalesce(m.supplied, 0) AS supplied, coalesce(l.taken, 0) AS taken,
                coalesce(l.held, 0) AS held
         FROM product p LEFT JOIN lines l ON l.itemcd = p.id LEFT JOIN movements m ON m.itemcd = p.id
       )
       SELECT * FROM sums WHERE total + taken <> supplied OR reserved <> held OR reserved > total
       ORDER BY itemcd LIMIT 100`,
    ),
  }));
}
