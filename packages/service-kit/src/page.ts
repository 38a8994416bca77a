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

/** Some rows by their ids, or the next ones after an id. */
export interface RangeRequest {
  ids?: number[] | undefined;
  after: number;
  limit: number;
}

/**
 * Reads rows in the order of their ids.
 * @param id a column with an index and without equals
 */
export function readRange<R>(
  db: Queryable,
  { columns, from, id }: { columns: string; from: string; id: string },
  { ids, after, limit }: RangeRequest,
): Promise<R[]> {
  return ids
    ? db.query<R>(`SELECT ${columns} FROM ${from} WHERE ${id} = ANY($1) ORDER BY ${id}`, [ids])
    : db.query<R>(`SELECT ${columns} FROM ${from} WHERE ${id} > $1 ORDER BY ${id} LIMIT $2`, [after, limit]);
}

/** A condition on rows, with `?` where its value stands. */
export type Condition = readonly [sql: string, value: unknown];

/**
 * Reads rows that meet all conditions, by falling ids.
 * @param id a column with an index and without equals
 * @param by a column that the order goes by before the id: none of the rows that are wanted lacks it
 * @param conditions text of the code's own; those without a value do not count
 * @param after the id that the page before ended with
 */
export function readNewest<R>(
  db: Queryable,
  { columns, from, id, by }: { columns: string; from: string; id: string; by?: string | undefined },
  conditions: readonly Condition[],
  { after, limit }: { after?: number | undefined; limit: number },
): Promise<R[]> {
  const next = by ? `(${by}, ${id}) < ((SELECT ${by} FROM ${from} WHERE ${id} = ?), ?)` : `${id} < ?`;
  const all = [...conditions, [next, after] as const].filter(([, value]) => value !== undefined);
  const where = all.map(([sql], i) => `(${sql.replaceAll('?', `$${i + 2}`)})`);
  return db.query<R>(
    `SELECT ${columns} FROM ${from} ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''}
     ORDER BY ${by ? `${by} DESC, ` : ''}${id} DESC LIMIT $1`,
    [limit, ...all.map(([, value]) => value)],
  );
}

/** A pattern for LIKE that finds a text anywhere in another. */
export const anywhere = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : `%${text.replace(/[\\%_]/g, '\\$&')}%`;
