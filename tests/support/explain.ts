import type { Queryable } from '@jumun/service-kit';

/** The plan of the statement that `act` makes. */
export async function planOf(db: Queryable, act: (db: Queryable) => Promise<unknown>): Promise<string> {
  let plan = '';
  await act({
    async query(text, values) {
      const rows = await db.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values);
      plan = rows.map(row => row['QUERY PLAN']).join('\n');
      return [];
    },
  });
  return plan;
}
