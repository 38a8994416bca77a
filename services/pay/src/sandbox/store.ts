import type { Database, Queryable } from '@jumun/service-kit';
import type { BookEntry, Charge, PaymentProvider } from '../provider.ts';

type Books = Map<string, Charge>;

/** Captures each amount under its key, once; gives what stands under each key. */
export async function captureAll(
  db: Database,
  charges: { key: string; amount: number }[],
): Promise<Charge[]> {
  const first = new Map(charges.map(({ key, amount }) => [key, amount]));
  const keys = [...first.keys()];
  const fresh = await queryCharges(
    db,
    `INSERT INTO sandbox_charge (payment_key, amount, state)
     SELECT c.*, 'captured' FROM unnest($1::uuid[], $2::bigint[]) AS c ON CONFLICT DO NOTHING
     RETURNING payment_key AS key, state, amount`,
    [keys, [...first.values()]],
  );
  const known = keys.filter(key => !fresh.has(key));
  const books = known.length > 0 ? new Map([...fresh, ...(await readCharges(db, known))]) : fresh;
  return charges.map(({ key }) => books.get(key) as Charge);
}

async function queryCharges(db: Queryable, text: string, values: unknown[]): Promise<Books> {
  const rows = await db.query<{ key: string } & Extract<Charge, { amount: number }>>(text, values);
  return new Map(rows.map(({ key, ...charge }) => [key, charge]));
}

function readCharges(db: Queryable, keys: string[]): Promise<Books> {
  return queryCharges(
    db,
    'SELECT payment_key AS key, state, amount FROM sandbox_charge WHERE payment_key = ANY($1)',
    [keys],
  );
}

export async function findCharge(db: Queryable, key: string): Promise<Charge | undefined> {
  return (await readCharges(db, [key])).get(key);
}

/** Gives back what was captured under each key, once. */
export async function refundAll(db: Database, keys: string[]): Promise<undefined[]> {
  await db.query(
    `UPDATE sandbox_charge SET state = 'refunded', refunded_at = now()
     WHERE payment_key = ANY($1) AND state = 'captured'`,
    [keys],
  );
  return keys.map(() => undefined);
}

export function readBooks(
  db: Queryable,
  range: Parameters<PaymentProvider['books']>[0],
): Promise<BookEntry[]> {
  const columns = 'payment_key AS "paymentKey", state, amount, charged_at AS at, refunded_at AS "refundedAt"';
  return 'keys' in range
    ? db.query<BookEntry & Record<string, unknown>>(
        `SELECT ${columns} FROM sandbox_charge WHERE payment_key = ANY($1)`,
        [range.keys],
      )
    : db.query<BookEntry & Record<string, unknown>>(
        `SELECT ${columns} FROM sandbox_charge WHERE payment_key > $1 ORDER BY payment_key LIMIT $2`,
        [range.after, range.limit],
      );
}
