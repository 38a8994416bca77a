import { isRejection, MAX_INTEGER, type ProductResource } from '@jumun/contracts';
import type { Outbox, Outcome, Outgoing, Traced } from '@jumun/messaging';
import {
  anywhere,
  columns,
  isFromTheFuture,
  type Page,
  type PageRequest,
  Problem,
  type Queryable,
  type Range,
  readNewest,
  readPage,
  type Tx,
} from '@jumun/service-kit';
import {
  available,
  decide,
  evolve,
  type Line,
  type Product,
  type ProductCommand,
  type ProductEvent,
  type Shelf,
} from './product.ts';

/** A change of a product may name the version that it was read at. */
export type StoreCommand = ProductCommand & { ifVersion?: number };

const CREATE_LOCK = 7_216_003;
const PRODUCT = `id, name, price, total, reserved, image_url AS "imageUrl", version`;

interface Movement {
  productId: number;
  quantity: number;
  reason: string;
}

interface StoredProduct extends Product {
  version: number;
}

/**
 * Carries out commands in order within a transaction. Hundreds of orders for one product are one update of its row,
 * decided one after the other in memory.
 * @param reservationMs how long a reservation lasts
 */
export async function execute(
  tx: Tx,
  outbox: Outbox,
  commands: Traced<StoreCommand>[],
  reservationMs: number,
): Promise<Outcome<Shelf>[]> {
  // Products before lines, each in order: whoever touches a line has its product locked.
  const ids = [...new Set(commands.map(({ command }) => command.itemcd))];
  const orderIds = [
    ...new Set(commands.flatMap(({ command }) => ('orderId' in command ? [command.orderId] : []))),
  ];
  const [stored, storedLines] = await Promise.all([lockProducts(tx, ids), lockLines(tx, orderIds)]);

  const products = new Map<number, Product>(stored);
  const lines = new Map<number, Line & { itemcd: number }>(storedLines);
  const movements: Movement[] = [];
  const outgoing: Outgoing[] = [];
  /** Orders whose pieces are taken now, also where they come back in the same batch. */
  const prepared = new Set<number>();

  const outcomes = commands.map(({ command, traceparent }): Outcome<Shelf> => {
    const { itemcd } = command;
    const orderId = 'orderId' in command ? command.orderId : undefined;
    const line = orderId === undefined ? null : (lines.get(orderId) ?? null);
    // An order is for one product; what names another is not about this line.
    if (line && line.itemcd !== itemcd) {
      return { rejected: 'reservation-closed', detail: `Order ${orderId} is not for product ${itemcd}.` };
    }
    const shelf: Shelf = { product: products.get(itemcd) ?? null, line };
    // A command before it in the same batch makes the version stale as well.
    const before = stored.get(itemcd);
    const isCurrent = before?.version === command.ifVersion && before === shelf.product;
    if (command.ifVersion !== undefined && shelf.product && !isCurrent) {
      return { rejected: 'stale-etag', detail: `Product ${itemcd} changed since it was read.` };
    }
    const decision = decide(command, shelf);
    if (isRejection(decision)) return decision;
    const next = decision.reduce(evolve, shelf);
    if (next.product) products.set(itemcd, next.product);
    if (orderId !== undefined && next.line) lines.set(orderId, { ...next.line, itemcd });
    for (const event of decision) {
      const movement = movementOf(itemcd, event);
      if (movement) movements.push(movement);
      if (event.type === 'DeliveryPrepared') prepared.add(event.orderId);
      const published = publish(event);
      if (published) outgoing.push({ ...published, traceparent });
    }
    return { state: next, changed: decision.length > 0 };
  });

  const created = [...products.values()].filter(product => !stored.has(product.id));
  const updated = [...products.values()].filter(
    product => stored.has(product.id) && stored.get(product.id) !== product,
  );
  const touched = [...lines].filter(([orderId, line]) => storedLines.get(orderId) !== line);
  if (created.length > 0) insertProducts(tx, created);
  if (updated.length > 0) updateProducts(tx, updated);
  if (touched.length > 0) saveLines(tx, touched, prepared, reservationMs);
  if (movements.length > 0) insertMovements(tx, movements);
  outbox.append(tx, outgoing);
  return outcomes;
}

function movementOf(productId: number, event: ProductEvent): Movement | undefined {
  if (event.type === 'StockMoved') return { productId, quantity: event.quantity, reason: event.reason };
  if (event.type === 'ProductCreated')
    return { productId, quantity: event.product.total, reason: 'first supply' };
  return undefined;
}

function publish(event: ProductEvent): Omit<Outgoing, 'traceparent'> | undefined {
  switch (event.type) {
    case 'DeliveryPrepared':
    case 'StockShort': {
      const { type, ...fields } = event;
      return { type, key: String(event.orderId), fields };
    }
    case 'ProductChanged': {
      const { type, ...fields } = event;
      return { type, key: `product-${event.id}`, fields };
    }
    default:
      return undefined;
  }
}

async function lockProducts(tx: Tx, ids: number[]): Promise<Map<number, StoredProduct>> {
  const rows = await tx.query<StoredProduct & Record<string, unknown>>(
    `SELECT ${PRODUCT} FROM product WHERE id = ANY($1) ORDER BY id FOR UPDATE`,
    [ids],
  );
  return new Map(rows.map(row => [row.id, row]));
}

async function lockLines(tx: Tx, orderIds: number[]): Promise<Map<number, Line & { itemcd: number }>> {
  if (orderIds.length === 0) return new Map();
  const rows = await tx.query<Line & { itemcd: number; orderId: number }>(
    `SELECT order_id AS "orderId", itemcd, order_qty AS "orderQty", hold, paid_price AS "paidPrice",
            ordered_price AS "orderedPrice", pay_id AS "payId"
     FROM stock_line WHERE order_id = ANY($1) ORDER BY order_id FOR UPDATE`,
    [orderIds],
  );
  return new Map(rows.map(({ orderId, ...line }) => [orderId, line]));
}

function insertProducts(tx: Tx, products: Product[]): void {
  tx.send(
    `INSERT INTO product (id, name, price, total, reserved, image_url)
     SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[])`,
    fieldsOf(products),
  );
}

function updateProducts(tx: Tx, products: Product[]): void {
  tx.send(
    `UPDATE product p SET name = u.name, price = u.price, total = u.total, reserved = u.reserved,
            image_url = u.image_url, version = version + 1
     FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[])
          AS u(id, name, price, total, reserved, image_url) WHERE p.id = u.id`,
    fieldsOf(products),
  );
}

const fieldsOf = (products: Product[]) =>
  columns(products, 'id', 'name', 'price', 'total', 'reserved', 'imageUrl');

function saveLines(
  tx: Tx,
  lines: [number, Line & { itemcd: number }][],
  prepared: ReadonlySet<number>,
  reservationMs: number,
): void {
  tx.send(
    `INSERT INTO stock_line (order_id, itemcd, order_qty, hold, paid_price, ordered_price, pay_id, prepared_at, expires_at)
     SELECT l.order_id, l.itemcd, l.order_qty, l.hold, l.paid_price, l.ordered_price, l.pay_id,
            CASE WHEN l.prepared THEN now() END, now() + $9::float8 * interval '1 ms'
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
                 $8::boolean[])
          AS l(order_id, itemcd, order_qty, hold, paid_price, ordered_price, pay_id, prepared)
     ON CONFLICT (order_id) DO UPDATE SET
       order_qty = excluded.order_qty, hold = excluded.hold, paid_price = excluded.paid_price,
       ordered_price = excluded.ordered_price, pay_id = excluded.pay_id,
       prepared_at = coalesce(excluded.prepared_at, stock_line.prepared_at),
       expires_at = CASE WHEN stock_line.hold = excluded.hold THEN stock_line.expires_at ELSE excluded.expires_at END`,
    [
      lines.map(([orderId]) => orderId),
      lines.map(([, line]) => line.itemcd),
      lines.map(([, line]) => line.orderQty),
      lines.map(([, line]) => line.hold),
      lines.map(([, line]) => line.paidPrice),
      lines.map(([, line]) => line.orderedPrice),
      lines.map(([, line]) => line.payId),
      lines.map(([orderId]) => prepared.has(orderId)),
      reservationMs,
    ],
  );
}

function insertMovements(tx: Tx, movements: Movement[]): void {
  tx.send(
    `INSERT INTO stock_movement (product_id, quantity, reason)
     SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[])`,
    [movements.map(m => m.productId), movements.map(m => m.quantity), movements.map(m => m.reason)],
  );
}

/** The number after the highest of a product's; until the transaction ends, nobody else is given one. */
export async function nextProductId(tx: Tx): Promise<number> {
  await tx.query('SELECT pg_advisory_xact_lock($1)', [CREATE_LOCK]);
  const [row] = await tx.query<{ next: number }>(
    'SELECT coalesce(max(id), 0) + 1 AS next FROM product WHERE id < $1',
    [MAX_INTEGER],
  );
  return row?.next ?? 1;
}

/**
 * Orders whose reservation has run out, oldest first, and those of which a clock that was set back since says that it lasts
 * longer than any may. Two ranges of the index: what lies between, the reservations in use, is not read.
 */
export function expiredLines(
  db: Queryable,
  limit: number,
  reservationMs: number,
): Promise<{ orderId: number; itemcd: number }[]> {
  const open = `SELECT order_id AS "orderId", itemcd FROM stock_line
     WHERE hold = 'reserved' AND paid_price IS NULL AND ordered_price IS NULL`;
  return db.query<{ orderId: number; itemcd: number }>(
    `(${open} AND expires_at <= now() ORDER BY expires_at LIMIT $1)
     UNION ALL
     (${open} AND ${isFromTheFuture('expires_at', reservationMs)} ORDER BY expires_at LIMIT $1)
     LIMIT $1`,
    [limit],
  );
}

/** A product as it is shown, with the version for its ETag. */
export interface VersionedProduct {
  resource: ProductResource;
  version: number;
}

function toResource(product: Product): ProductResource {
  const { id, name, price, total, imageUrl } = product;
  const legacy = { address: null, orderQty: null, orderId: null };
  return {
    id,
    itemcd: id,
    name,
    price,
    totalQuantity: total,
    availableQuantity: available(product),
    imageUrl,
    ...legacy,
  };
}

export async function findProduct(db: Queryable, id: number): Promise<VersionedProduct | undefined> {
  const [row] = await db.query<StoredProduct & Record<string, unknown>>(
    `SELECT ${PRODUCT} FROM product WHERE id = $1`,
    [id],
  );
  return row && { resource: toResource(row), version: row.version };
}

/** @throws Problem unknown-product */
export async function getProduct(db: Queryable, id: number): Promise<VersionedProduct> {
  const product = await findProduct(db, id);
  if (!product) throw new Problem('unknown-product', `There is no product ${id}.`);
  return product;
}

export async function pageProducts(db: Queryable, request: PageRequest): Promise<Page<ProductResource>> {
  const { items, total } = await readPage<Product>(
    db,
    { columns: PRODUCT, from: 'product', tieBreaker: 'id' },
    request,
  );
  return { items: items.map(toResource), total };
}

/** What products are searched by; each has to hold. */
export interface Wanted {
  /** A part of the name. */
  q?: string;
  /** Of which fewer are left. */
  availableBelow?: number;
}

/** Products that are searched for, the newest first. */
export async function findProducts(db: Queryable, wanted: Wanted, range: Range): Promise<ProductResource[]> {
  const found = await readNewest<Product>(
    db,
    { columns: PRODUCT, from: 'product', id: 'id' },
    [
      ['name ILIKE ?', anywhere(wanted.q)],
      ['total - reserved < ?', wanted.availableBelow],
    ],
    range,
  );
  return found.map(toResource);
}

/** What was supplied or removed by hand, newest first. */
export function listMovements(db: Queryable, productId: number) {
  return db.query<{ id: number; quantity: number; reason: string; at: Date }>(
    'SELECT id, quantity, reason, at FROM stock_movement WHERE product_id = $1 ORDER BY id DESC LIMIT 1000',
    [productId],
  );
}
