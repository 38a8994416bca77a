import type { Queryable } from './database.ts';

/** Which rows of a collection are wanted. */
export interface PageRequest {
  limit: number;
  offset: number;
  /** Columns with their direction; never text of the client's. */
  order: { column: string; descending: boolean }[];
}

export interface Page<T> {
  items: T[];
  total: number;
}

/**
 * Reads a page of rows and counts all of them. Only the order is in the statement's text, beside what the code says, so
 * that there are few different statements to prepare.
 * @param tieBreaker a column without equals, which makes the order total
 */
export async function readPage<R>(
  db: Queryable,
  { columns, from, tieBreaker }: { columns: string; from: string; tieBreaker: string },
  { limit, offset, order }: PageRequest,
): Promise<Page<R>> {
  const terms = order.map(({ column, descending }) => `${column} ${descending ? 'DESC' : 'ASC'}`);
  const [items, [count]] = await Promise.all([
    db.query<R>(
      `SELECT ${columns} FROM ${from} ORDER BY ${[...terms, tieBreaker].join(', ')} LIMIT $1 OFFSET $2`,
      [limit, offset],
    ),
    db.query<{ total: number }>(`SELECT count(*) AS total FROM ${from}`),
  ]);
  return { items, total: count?.total ?? 0 };
}
