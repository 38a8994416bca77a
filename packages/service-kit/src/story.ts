import type { Queryable } from './database.ts';

/** A row with the table that it is in. */
export interface TableRow {
  table: string;
  row: Record<string, unknown>;
}

/**
 * All rows of some tables that are about one order.
 * @param tables each table's name with its column for the order's id; never text of a client's
 */
export async function readRows(
  db: Queryable,
  orderId: number,
  tables: Record<string, string>,
): Promise<TableRow[]> {
  const found = await Promise.all(
    Object.entries(tables).map(async ([table, column]) => {
      const rows = await db.query(`SELECT * FROM ${table} WHERE ${column} = $1`, [orderId]);
      return rows.map(row => ({ table, row }));
    }),
  );
  return found.flat();
}

/** The SQL of a column's time in ms since 1970. */
export const ms = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8`;

/**
 * When things happened, from the columns of rows that say so.
 * @param times table → column → what happened then
 */
export function momentsOf(
  rows: TableRow[],
  times: Record<string, Record<string, string>>,
): { at: number; what: string }[] {
  return rows.flatMap(({ table, row }) =>
    Object.entries(times[table] ?? {}).flatMap(([column, what]) => {
      const at = row[column];
      return at instanceof Date ? [{ at: at.getTime(), what }] : [];
    }),
  );
}
