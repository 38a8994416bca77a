import type { MyPageResource, OrderStatus } from '@jumun/contracts';
import type { Traced } from '@jumun/messaging';
import {
  columns,
  type Page,
  type PageRequest,
  type Queryable,
  type Range,
  readNewest,
  readPage,
  type Tx,
} from '@jumun/service-kit';
import { emptyPage, evolve, type MyPage, type ViewChange } from './view.ts';

const PAGE = `order_id AS "orderId", shown, status, item, quantity, price, itemcd, customer_id AS "customerId",
  delivery_status AS "deliveryStatus", delivery_id AS "deliveryId", pay_status AS "payStatus", reason,
  updated_at AS "updatedAt", timeline`;

const COLUMNS = `order_id, shown, status, item, quantity, price, itemcd, customer_id, delivery_status, delivery_id, pay_status,
  reason, updated_at, timeline`;

/** The view, or the one that is to take its place. */
type View = 'my_page' | 'my_page_next';

/** Folds changes into the view, many orders at once. */
export async function execute(
  tx: Pick<Tx, 'query' | 'send'>,
  commands: Pick<Traced<ViewChange>, 'command'>[],
  view: View = 'my_page',
): Promise<void> {
  const ids = [...new Set(commands.map(({ command }) => command.orderId))];
  const rows = await tx.query<MyPage & Record<string, unknown>>(
    `SELECT ${PAGE} FROM ${view} WHERE order_id = ANY($1) ORDER BY order_id FOR UPDATE`,
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
  if (fresh.length > 0) save(tx, view, fresh, '');
  if (known.length > 0) save(tx, view, known, REPLACE);
}

const VALUES = COLUMNS.split(',')
  .map(column => column.trim())
  .slice(1);
const all = (row: string) => VALUES.map(column => `${row}.${column}`).join();
/** A row that an event adds nothing to stays as it is, and nobody who follows the view is told of it. */
const REPLACE = `ON CONFLICT (order_id) DO UPDATE
  SET ${VALUES.map(column => `${column} = excluded.${column}`).join()}, changed = excluded.changed
  WHERE (${all('old')}) IS DISTINCT FROM (${all('excluded')})`;

function save(tx: Pick<Tx, 'send'>, view: View, pages: MyPage[], onConflict: string): void {
  tx.send(
    `INSERT INTO ${view} AS old (${COLUMNS})
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

function toResource(page: MyPage): MyPageResource {
  const { orderId, updatedAt, timeline } = page;
  const steps = Object.entries(timeline).sort(([a, at], [b, bt]) => at - bt || a.localeCompare(b));
  return {
    id: orderId,
    orderId,
    item: page.item,
    status: page.status,
    quantity: page.quantity,
    price: page.price,
    itemcd: page.itemcd,
    customerId: page.customerId,
    deliveryStatus: page.deliveryStatus,
    deliveryId: page.deliveryId,
    payStatus: page.payStatus,
    reason: page.reason,
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

/** What orders are searched by; each has to hold. */
export interface Wanted {
  customerId?: number;
  status?: OrderStatus;
  itemcd?: number;
  /** When it was ordered: not before, and before (RFC 3339). */
  from?: string;
  to?: string;
  /** An order's number, or a part of what was ordered or of why it was canceled. */
  q?: string;
}

/** The statuses that an order ends with: in `my_page.ended`, which is null for all others. */
const ENDS: readonly OrderStatus[] = ['deliverycompleted', 'orderCanceled'];
/** What a text is looked for in. */
const WORDS = `coalesce(item, '') || ' ' || coalesce(reason, '')`;
const instant = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text));

/** Orders that are searched for, the newest first. */
export async function findMyPages(db: Queryable, wanted: Wanted, range: Range): Promise<MyPageResource[]> {
  const { customerId, status, itemcd, from, to, q } = wanted;
  const orderId = q && /^\d{1,15}$/.test(q) ? Number(q) : undefined;
  const words = orderId === undefined ? q : undefined;
  const ended = status && ENDS.includes(status);
  const rows = await readNewest<MyPage>(
    db,
    // In the order of the dates, a range of them is one piece of an index. Ids follow them only nearly.
    { columns: PAGE, from: 'my_page', id: 'order_id', by: from || to ? 'ordered_at' : undefined },
    [
      ['shown = ?', true],
      ['customer_id = ?', customerId],
      [ended ? 'ended = ?' : 'ended IS NULL AND status = ?', status],
      ['itemcd = ?', itemcd],
      ['ordered_at >= ?', instant(from)],
      ['ordered_at < ?', instant(to)],
      ['order_id = ?', orderId],
      // The pairs have an index; those that are found need not stand side by side. ILIKE would say so too, but the planner
      // takes it for a second, very rare condition, and then reads all that has a common word.
      [`letter_pairs(${WORDS}) @> letter_pairs(?)`, words],
      [`strpos(lower(${WORDS}), lower(?)) > 0`, words],
    ],
    range,
  );
  return rows.map(toResource);
}

/** What happened in each minute, the first first. */
export interface Minute {
  at: Date;
  ordered: number;
  canceled: number;
  completed: number;
}

/** How many orders came, were canceled, and arrived in each of the last minutes. */
export function countMinutes(db: Queryable, minutes: number): Promise<Minute[]> {
  return db.query<Minute & Record<string, unknown>>(
    `WITH recent AS (
       SELECT timeline FROM my_page WHERE shown AND updated_at >= $2
     ), steps AS (
       SELECT step, at::bigint / 60000 AS minute FROM recent, jsonb_each_text(timeline) AS t(step, at)
       WHERE step IN ('ordered', 'orderCanceled', 'deliverycompleted') AND at::bigint >= $2
     )
     SELECT to_timestamp(m * 60) AS at,
            count(*) FILTER (WHERE step = 'ordered')::int AS ordered,
            count(*) FILTER (WHERE step = 'orderCanceled')::int AS canceled,
            count(*) FILTER (WHERE step = 'deliverycompleted')::int AS completed
     FROM generate_series($2::bigint / 60000, $2::bigint / 60000 + $1 - 1) AS m LEFT JOIN steps ON minute = m
     GROUP BY m ORDER BY m`,
    [minutes, (Math.floor(Date.now() / 60_000) - minutes + 1) * 60_000],
  );
}

/** How many orders have each status that is not the last. */
export async function countOpen(db: Queryable): Promise<Partial<Record<OrderStatus, number>>> {
  const rows = await db.query<{ status: OrderStatus; count: number }>(
    `SELECT status, count(*)::int AS count FROM my_page
     WHERE ended IS NULL AND shown GROUP BY status`,
  );
  return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
}

/** What has changed in the view, and where the view stands then. */
export interface Changes {
  /** A snapshot as PostgreSQL writes it (`xmin:xmax:xip`): which transactions' changes are in what was read so far. */
  position: string;
  /** Names this view and the numbering of transactions; positions of another one mean nothing. */
  epoch: string;
  pages: MyPageResource[];
}

/**
 * The rows that transactions have changed which were not yet committed at a position, whatever the order of their commits
 * (PostgreSQL's manual, 9.28: pg_visible_in_snapshot). Without a position, only where the view stands.
 * @param limit one more row than this is read, so that the caller sees that there were more
 */
export async function changesSince(
  db: Queryable,
  position: string | undefined,
  customerId: number | undefined,
  limit: number,
): Promise<Changes> {
  type Row = MyPage & { position: string; epoch: string | null } & Record<string, unknown>;
  const rows = await db.query<Row>(
    `SELECT pg_current_snapshot()::text AS position,
            'my_page'::regclass::oid || '-' || (SELECT epoch FROM view_epoch) AS epoch, changes.*
     FROM (SELECT) AS here LEFT JOIN (
       SELECT ${PAGE} FROM my_page
       WHERE $1::pg_snapshot IS NOT NULL AND shown
         AND changed >= pg_snapshot_xmin($1::pg_snapshot)::text::bigint
         AND NOT pg_visible_in_snapshot(changed::text::xid8, $1::pg_snapshot)
         AND ($2::bigint IS NULL OR customer_id = $2)
       ORDER BY changed, order_id LIMIT $3
     ) AS changes ON true`,
    [position ?? null, customerId ?? null, limit + 1],
  );
  const [{ position: here, epoch }] = rows as [Row];
  if (epoch === null) {
    await db.query('INSERT INTO view_epoch DEFAULT VALUES ON CONFLICT DO NOTHING');
    return changesSince(db, undefined, customerId, limit);
  }
  return {
    position: here,
    epoch,
    pages: rows.filter(row => row.orderId !== null).map(toResource),
  };
}

/** Delivered or canceled, or a payment that was given back and never had an order. None of it is ever undone. */
const ENDED = `(status IN ('deliverycompleted', 'orderCanceled') OR pay_status = 'canceled')`;

/** Which of these orders have come to their end. */
export async function endedOrders(db: Queryable, ids: number[]): Promise<Set<number>> {
  const rows = await db.query<{ id: number }>(
    `SELECT order_id AS id FROM my_page WHERE order_id = ANY($1) AND ${ENDED}`,
    [ids],
  );
  return new Set(rows.map(row => row.id));
}

/** Held by the session that rebuilds the view. */
const REBUILD_LOCK = 7_216_016;

/** Makes this session the one that may rebuild the view. Gives whether no other is at it. */
export async function claimRebuild(session: Queryable): Promise<boolean> {
  const [row] = await session.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1) AS mine', [
    REBUILD_LOCK,
  ]);
  return row?.mine === true;
}

/** Begins a view anew, beside the one that is read; what a rebuild that died has left goes. */
export async function createNextView(session: Queryable): Promise<void> {
  await dropNextView(session);
  await session.query('CREATE TABLE my_page_next (LIKE my_page INCLUDING ALL) WITH (fillfactor = 60)');
}

export async function dropNextView(session: Queryable): Promise<void> {
  await session.query('DROP TABLE IF EXISTS my_page_next');
}

/**
 * Takes over rows of orders of which events may be missing in the log, some at a time.
 * @param after the order that the step before came to
 * @param lastOrder of those that have ended: the last one that they may be missing of
 * @param before of all: those to which something happened before (ms since 1970)
 * @returns how many were taken over, and the last of them; nothing where there were none
 */
export async function carryOver(
  session: Queryable,
  after: number,
  { lastOrder, before }: { lastOrder: number; before: number },
  limit: number,
): Promise<{ rows: number; last: number } | undefined> {
  const [step] = await session.query<{ rows: number; last: number | null }>(
    `WITH carried AS (
       INSERT INTO my_page_next (${COLUMNS}, changed) SELECT ${COLUMNS}, changed FROM my_page WHERE order_id > $1 AND (
         (order_id <= $2 AND ${ENDED})
         OR ($4::bigint > 0 AND EXISTS (SELECT FROM jsonb_each(timeline) AS t(step, at) WHERE at::bigint < $4::bigint)))
       ORDER BY order_id LIMIT $3 RETURNING order_id
     )
     SELECT count(*)::int AS rows, max(order_id) AS last FROM carried`,
    [after, lastOrder, limit, before],
  );
  return step?.last ? { rows: step.rows, last: step.last } : undefined;
}

/** A row that is not the same in both views; null where it is in one only. */
export interface Difference {
  orderId: number;
  old: Record<string, unknown> | null;
  next: Record<string, unknown> | null;
}

export interface Comparison {
  /** Rows of the new view. */
  rows: number;
  differences: number;
  sample: Difference[];
  /** The order that this step came to; nothing at the end. */
  last: number | undefined;
}

/**
 * Compares the two views, some rows at a time.
 * @param after the order that the step before came to
 * @param sample the most differences to show
 */
export async function compareViews(
  session: Queryable,
  after: number,
  limit: number,
  sample: number,
): Promise<Comparison> {
  const nth = (view: View) =>
    `(SELECT order_id FROM ${view} WHERE order_id > $1 ORDER BY order_id OFFSET $2 LIMIT 1)`;
  const [bound] = await session.query<{ last: number | null }>(
    `SELECT least(${nth('my_page')}, ${nth('my_page_next')}) AS last`,
    [after, limit - 1],
  );
  const last = bound?.last ?? undefined;
  const range = [after, last ?? Number.MAX_SAFE_INTEGER];
  const part = (view: View) => `(SELECT ${COLUMNS} FROM ${view} WHERE order_id > $1 AND order_id <= $2)`;
  const differing = await session.query<Difference & { total: number }>(
    `SELECT order_id AS "orderId", to_jsonb(o) AS old, to_jsonb(n) AS next, count(*) OVER ()::int AS total
     FROM ${part('my_page')} o FULL JOIN ${part('my_page_next')} n USING (order_id)
     WHERE o IS DISTINCT FROM n ORDER BY order_id LIMIT $3`,
    [...range, Math.max(1, sample)],
  );
  const [count] = await session.query<{ rows: number }>(
    `SELECT count(*)::int AS rows FROM ${part('my_page_next')} n`,
    range,
  );
  const rows = differing.slice(0, sample).map(({ orderId, old, next }) => ({ orderId, old, next }));
  return { rows: count?.rows ?? 0, differences: differing[0]?.total ?? 0, sample: rows, last };
}

/** Has nothing more written to the view until the transaction ends; it can be read. */
export async function holdView(tx: Queryable): Promise<void> {
  await tx.query('LOCK TABLE my_page IN EXCLUSIVE MODE');
}

/** Lets the planner know the new view before anybody reads it. */
export async function analyzeNextView(session: Queryable): Promise<void> {
  await session.query('ANALYZE my_page_next');
}

/** Puts the new view in the place of the old one, with its indexes' names, so that it can be done again. */
export async function swapViews(tx: Queryable): Promise<void> {
  const indexes = await tx.query<{ old: string; next: string }>(
    `WITH index AS (
       SELECT i.indrelid AS view, quote_ident(c.relname) AS name,
              regexp_replace(pg_get_indexdef(i.indexrelid), ' INDEX .* USING ', ' INDEX ') AS definition
       FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
     )
     SELECT o.name AS old, n.name AS next FROM index o JOIN index n USING (definition)
     WHERE o.view = 'my_page'::regclass AND n.view = 'my_page_next'::regclass`,
  );
  await tx.query('DROP TABLE my_page');
  await tx.query('ALTER TABLE my_page_next RENAME TO my_page');
  for (const { old, next } of indexes) await tx.query(`ALTER INDEX ${next} RENAME TO ${old}`);
}
