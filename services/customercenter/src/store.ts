import type { MyPageResource } from '@jumun/contracts';
import type { Traced } from '@jumun/messaging';
import { columns, type Page, type PageRequest, type Queryable, readPage, type Tx } from '@jumun/service-kit';
import { emptyPage, evolve, type MyPage, type ViewChange } from './view.ts';

const PAGE = `order_id AS "orderId", shown, status, item, quantity, price, itemcd, customer_id AS "customerId",
  delivery_status AS "deliveryStatus", delivery_id AS "deliveryId", pay_status AS "payStatus", reason,
  updated_at AS "updatedAt", timeline`;

/** Folds changes into the view, many orders at once. */
export async function execute(tx: Tx, commands: Traced<ViewChange>[]): Promise<void> {
  const ids = [...new Set(commands.map(({ command }) => command.orderId))];
  const rows = await tx.query<MyPage & Record<string, unknown>>(
    `SELECT ${PAGE} FROM my_page WHERE order_id = ANY($1) ORDER BY order_id FOR UPDATE`,
    [ids],
  );
  const stored = new Set(rows.map(row => row.orderId));
  const pages = new Map<number, MyPage>(rows.map(row => [row.orderId, row]));
  for (const { command } of commands) {
    const page = pages.get(command.orderId) ?? emptyPage(command.orderId);
    pages.set(command.orderId, evolve(page, command));
  }
  const all = [...pages.values()];
  const fresh = all.filter(page => !stored.has(page.orderId));
  const known = all.filter(page => stored.has(page.orderId));
  // Where another replica has added the row meanwhile, the transaction is run again and finds it.
  if (fresh.length > 0) save(tx, fresh, '');
  if (known.length > 0) save(tx, known, REPLACE);
}

const REPLACE = `ON CONFLICT (order_id) DO UPDATE SET
  shown = excluded.shown, status = excluded.status, item = excluded.item, quantity = excluded.quantity,
  price = excluded.price, itemcd = excluded.itemcd, customer_id = excluded.customer_id,
  delivery_status = excluded.delivery_status, delivery_id = excluded.delivery_id,
  pay_status = excluded.pay_status, reason = excluded.reason, updated_at = excluded.updated_at,
  timeline = excluded.timeline`;

function save(tx: Tx, pages: MyPage[], onConflict: string): void {
  tx.send(
    `INSERT INTO my_page (order_id, shown, status, item, quantity, price, itemcd, customer_id, delivery_status,
                          delivery_id, pay_status, reason, updated_at, timeline)
     SELECT * FROM unnest($1::bigint[], $2::boolean[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
                          $8::bigint[], $9::text[], $10::bigint[], $11::text[], $12::text[], $13::bigint[], $14::jsonb[])
     ${onConflict}`,
    [
      ...columns(
        pages,
        'orderId',
        'shown',
        'status',
        'item',
        'quantity',
        'price',
        'itemcd',
        'customerId',
        'deliveryStatus',
        'deliveryId',
        'payStatus',
        'reason',
        'updatedAt',
      ),
      pages.map(page => JSON.stringify(page.timeline)),
    ],
  );
}

function toResource({ shown: _, orderId, updatedAt, timeline, ...page }: MyPage): MyPageResource {
  const steps = Object.entries(timeline).sort(([a, at], [b, bt]) => at - bt || a.localeCompare(b));
  return {
    id: orderId,
    orderId,
    ...page,
    updatedAt: new Date(updatedAt).toISOString(),
    timeline: steps.map(([status, at]) => ({ status, at: new Date(at).toISOString() })),
  } as MyPageResource;
}

export async function findMyPage(db: Queryable, orderId: number): Promise<MyPageResource | undefined> {
  const [row] = await db.query<MyPage & Record<string, unknown>>(
    `SELECT ${PAGE} FROM my_page WHERE order_id = $1 AND shown`,
    [orderId],
  );
  return row && toResource(row);
}

export async function pageMyPages(db: Queryable, request: PageRequest): Promise<Page<MyPageResource>> {
  const { items, total } = await readPage<MyPage>(
    db,
    { columns: PAGE, from: 'my_page WHERE shown', tieBreaker: 'order_id' },
    request,
  );
  return { items: items.map(toResource), total };
}
