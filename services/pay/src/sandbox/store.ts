import type { Database, Queryable } from '@jumun/service-kit';
import type { Charge } from '../provider.ts';

/** Captures each amount under its key, once; gives what stands under each key. */
export async function captureAll(
  db: Database,
  charges: { key: string; amount: number }[],
): Promise<Charge[]> {
  const first = new Map(charges.map(({ key, amount }) => [key, amount]));
  const keys = [...first.keys()];
  const books = await db.transaction(async tx => {
    tx.send(
      `INSERT INTO sandbox_charge (payment_key, amount, state)
       SELECT c.*, 'captured' FROM unnest($1::uuid[], $2::bigint[]) AS c ON CONFLICT DO NOTHING`,
      [keys, [...first.values()]],
    );
    return readCharges(tx, keys);
  });
  return charges.map(({ key }) => books.get(key) as Charge);
}

async function readCharges(db: Queryable, keys: string[]): Promise<Map<string, Charge>> {
  const rows = await db.query<{ key: string; state: 'captured' | 'refunded'; amount: number }>(
    'SELECT payment_key AS key, state, amount FROM sandbox_charge WHERE payment_key = ANY($1)',
    [keys],
  );
  return new Map(rows.map(({ key, ...charge }) => [key, charge]));
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
