import {
  type Accounts,
  type AccountsItem,
  MAX_STANDSTILLS,
  type Standstill,
  type States,
  UnclaimedItem,
  unclaimedCall,
} from '@jumun/contracts';
import type { Evidence } from '@jumun/messaging';
import { type Database, type Http, momentsOf, ms, readRange, readRows, serveBatch } from '@jumun/service-kit';
import type { BookEntry, PaymentProvider } from './provider.ts';

const BOOK_PAGE = 1_000;
/** A charge is on its way into our books for a moment. */
const CLAIM_MS = 2_000;

interface PayRow extends Omit<Accounts['pay'], 'captured' | 'owed' | 'refused' | 'settledByHand'> {
  paymentKey: string;
}

interface RefundRow {
  orderId: number;
  paymentKey: string;
  amount: number;
  state: 'due' | 'done' | 'failed';
  settledByHand: boolean;
}

/** What the auditor is told of payments: our books beside the provider's. */
export function createEvidence(db: Database, provider: PaymentProvider): Evidence {
  return {
    accounts: range => readAccounts(db, provider, range),

    states: range =>
      readRange<States['pay']>(
        db,
        {
          columns: `p.order_id AS "orderId", p.id, p.status, price, itemcd, item, order_qty AS "orderQty",
            customer_id AS "customerId", address, p.reason, ${ms('p.created_at')} AS "approvedAt",
            ${ms('r.created_at')} AS "canceledAt"`,
          from: `(SELECT * FROM pay WHERE status IN ('approved', 'canceled')) p LEFT JOIN refund r USING (payment_key)`,
          id: 'p.order_id',
        },
        range,
      ),

    standstills: ({ machineMs }) =>
      db.query<Standstill & Record<string, unknown>>(
        `SELECT order_id AS "orderId", 'pay: give the money back' AS step, reason AS why,
                (extract(epoch FROM created_at) * 1000)::float8 AS since
         FROM (SELECT * FROM refund WHERE state = 'due' UNION ALL SELECT * FROM refund WHERE state = 'failed') r
         WHERE created_at < now() - $1::float8 * interval '1 ms' ORDER BY created_at LIMIT $2`,
        [machineMs, MAX_STANDSTILLS],
      ),

    async story(orderId) {
      const rows = await readRows(db, orderId, { pay: 'order_id', refund: 'order_id' });
      const keys = [...new Set(rows.map(({ row }) => String(row.payment_key)))];
      const books = await provider.books({ keys });
      const times = { pay: { created_at: 'payment recorded' }, refund: { created_at: 'refund due' } };
      return {
        happened: [...books.flatMap(movementsOf), ...momentsOf(rows, times)],
        rows: [...rows, ...books.map(entry => ({ table: 'provider', row: { ...entry } }))],
      };
    },
  };
}

/** When the provider moved money. */
function movementsOf({ state, amount, at, refundedAt }: BookEntry) {
  if (state === 'declined') return [];
  const captured = { at: at.getTime(), what: `provider captured ${amount}` };
  return refundedAt
    ? [captured, { at: refundedAt.getTime(), what: `provider gave ${amount} back` }]
    : [captured];
}

async function readAccounts(
  db: Database,
  provider: PaymentProvider,
  range: AccountsItem,
): Promise<Accounts['pay'][]> {
  const pays = await readRange<PayRow>(
    db,
    {
      columns: `order_id AS "orderId", status, price, itemcd, order_qty AS "orderQty", payment_key AS "paymentKey"`,
      from: 'pay',
      id: 'order_id',
    },
    range,
  );
  const refunds = await db.query<RefundRow & Record<string, unknown>>(
    `SELECT order_id AS "orderId", payment_key AS "paymentKey", amount, state, settled_by_hand AS "settledByHand"
     FROM refund WHERE order_id = ANY($1)`,
    [pays.map(({ orderId }) => orderId)],
  );
  const keys = new Set([...pays, ...refunds].map(({ paymentKey }) => paymentKey));
  const books = new Map((await provider.books({ keys: [...keys] })).map(entry => [entry.paymentKey, entry]));
  const refundsOf = new Map<number, RefundRow[]>();
  for (const refund of refunds) {
    refundsOf.set(refund.orderId, [...(refundsOf.get(refund.orderId) ?? []), refund]);
  }
  return pays.map(({ paymentKey, ...pay }) => ({
    ...pay,
    ...moneyOf(paymentKey, refundsOf.get(pay.orderId) ?? [], books),
  }));
}

/** Where the money of one order is. */
function moneyOf(paymentKey: string, refunds: RefundRow[], books: Map<string, BookEntry>) {
  const capturedUnder = (key: string) => {
    const entry = books.get(key);
    return entry?.state === 'captured' ? entry.amount : 0;
  };
  const sum = (rows: RefundRow[]) => rows.reduce((all, row) => all + capturedUnder(row.paymentKey), 0);
  const keys = new Set([paymentKey, ...refunds.map(refund => refund.paymentKey)]);
  return {
    captured: [...keys].reduce((all, key) => all + capturedUnder(key), 0),
    owed: sum(refunds.filter(({ state }) => state === 'due')),
    refused: sum(refunds.filter(({ state }) => state === 'failed')),
    settledByHand: sum(refunds.filter(refund => refund.settledByHand)),
  };
}

/** Tells what the provider has captured without our knowing why. */
export function serveUnclaimed(http: Http, db: Database, provider: PaymentProvider): void {
  serveBatch(http, unclaimedCall, UnclaimedItem, async ({ paymentKeys, after }) => {
    const page = await provider.books(paymentKeys ? { keys: paymentKeys } : { after, limit: BOOK_PAGE });
    const captured = page.filter(
      ({ state, at }) => state === 'captured' && Date.now() - at.getTime() > CLAIM_MS,
    );
    const keys = captured.map(({ paymentKey }) => paymentKey);
    const claimed = await db.query<{ key: string }>(
      `SELECT payment_key AS key FROM pay WHERE payment_key = ANY($1)
       UNION SELECT payment_key FROM refund WHERE payment_key = ANY($1)`,
      [keys],
    );
    const known = new Set(claimed.map(({ key }) => key));
    return {
      charges: captured
        .filter(({ paymentKey }) => !known.has(paymentKey))
        .map(({ paymentKey, amount }) => ({ paymentKey, amount })),
      next: !paymentKeys && page.length === BOOK_PAGE ? (page.at(-1)?.paymentKey ?? null) : null,
    };
  });
}
