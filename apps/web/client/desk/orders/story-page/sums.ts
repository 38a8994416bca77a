import type { Row, Story } from './story.ts';

/** Where the money of one order is, in minor units. */
export interface MoneySums {
  /** What the provider has ever taken. */
  captured: number;
  /** What it gave back. */
  refunded: number;
  /** What it holds now. */
  held: number;
  /** Refunds that are due, and not made yet. */
  due: number;
  /** Refunds that it refused, and nobody has settled. */
  failed: number;
  /** Refunds that a person has given back in another way. */
  byHand: number;
}

/** The money of an order, from the provider's books and from what pay owes. */
export function moneyOf(rows: readonly Row[]): MoneySums {
  const amounts = (table: string, isMeant: (row: Row['row']) => boolean) =>
    rows
      .filter(entry => entry.table === table && isMeant(entry.row))
      .reduce((sum, { row }) => sum + Number(row.amount ?? 0), 0);
  const captured = amounts('provider', ({ state }) => state === 'captured' || state === 'refunded');
  const refunded = amounts('provider', ({ state }) => state === 'refunded');
  return {
    captured,
    refunded,
    held: captured - refunded,
    due: amounts('refund', ({ state }) => state === 'due'),
    failed: amounts('refund', ({ state, settled_by_hand }) => state === 'failed' && settled_by_hand !== true),
    byHand: amounts('refund', ({ settled_by_hand }) => settled_by_hand === true),
  };
}

/** The row of a table that there is one of for each order. */
export function rowOf({ rows }: Pick<Story, 'rows'>, table: string): Row['row'] | undefined {
  return rows.find(row => row.table === table)?.row;
}
