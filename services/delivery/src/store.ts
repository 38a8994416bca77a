import type { DeliveryResource, DeliveryStatus } from '@jumun/contracts';
import { type Aggregate, carryOut, type Outbox, type Outcome, type Traced } from '@jumun/messaging';
import {
  columns,
  drawIds,
  type Page,
  type PageRequest,
  type Queryable,
  type Range,
  readNewest,
  readPage,
  type Tx,
} from '@jumun/service-kit';
import {
  type Delivery,
  type DeliveryCommand,
  type DeliveryEvent,
  decide,
  evolve,
  type Parcel,
} from './delivery.ts';

type Stored = Extract<Delivery, { kind: 'delivery' }>;

/** A delivery to prepare is given its id by the store. */
export type StoreCommand =
  | Exclude<DeliveryCommand, { type: 'prepare' }>
  | { type: 'prepare'; orderId: number; parcel: Omit<Parcel, 'id'> };

const DELIVERY = `id, order_id AS "orderId", customer_id AS "customerId", product_name AS "productName", qtyp, price,
  address, status, carrier, tracking_number AS "trackingNumber"`;

const deliveries: Aggregate<number, DeliveryCommand, Delivery, DeliveryEvent> = {
  idOf: command => command.orderId,
  initial: { kind: 'none' },
  decide,
  evolve,

  async load(tx, commands) {
    const orderIds = [...new Set(commands.map(command => command.orderId))];
    const rows = await tx.query<Omit<Stored, 'kind'> | { orderId: number; status: 'tombstone' }>(
      `SELECT ${DELIVERY} FROM delivery WHERE order_id = ANY($1) ORDER BY order_id FOR UPDATE`,
      [orderIds],
    );
    return new Map(
      rows.map((row): [number, Delivery] => [
        row.orderId,
        row.status === 'tombstone' ? { kind: 'tombstone' } : { kind: 'delivery', ...row },
      ]),
    );
  },

  save(tx, changes) {
    const tombstones = changes.filter(({ after }) => after.kind === 'tombstone').map(({ id }) => id);
    const created = changes.flatMap(({ before, after }) =>
      before.kind === 'none' && after.kind === 'delivery' ? [after] : [],
    );
    const updated = changes.flatMap(({ before, after }) =>
      before.kind === 'delivery' && after.kind === 'delivery' ? [after] : [],
    );
    if (tombstones.length > 0) {
      tx.send(`INSERT INTO delivery (order_id, status) SELECT unnest($1::bigint[]), 'tombstone'`, [
        tombstones,
      ]);
    }
    if (created.length > 0) insert(tx, created);
    if (updated.length > 0) update(tx, updated);
  },

  publish(event) {
    if (event.type === 'CanceledBeforehand' || event.type === 'TrackingNoted') return undefined;
    const { type, ...fields } = event;
    return { type, key: String(event.orderId), fields };
  },
};

function insert(tx: Tx, created: Stored[]): void {
  tx.send(
    `INSERT INTO delivery (id, order_id, customer_id, product_name, qtyp, price, address, status, canceled_at)
     SELECT d.*, CASE WHEN d.status = 'deliveryCanceled' THEN now() END
     FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[],
                 $7::text[], $8::text[]) AS d(id, order_id, customer_id, product_name, qtyp, price, address, status)`,
    columns(created, 'id', 'orderId', 'customerId', 'productName', 'qtyp', 'price', 'address', 'status'),
  );
}

const stepTime = (column: string, status: DeliveryStatus) =>
  `${column} = CASE WHEN u.status = '${status}' THEN coalesce(d.${column}, now()) ELSE d.${column} END`;

function update(tx: Tx, updated: Stored[]): void {
  tx.send(
    `UPDATE delivery d SET status = u.status, carrier = u.carrier, tracking_number = u.tracking_number,
            ${stepTime('started_at', 'deliverystarted')}, ${stepTime('completed_at', 'deliverycompleted')},
            ${stepTime('canceled_at', 'deliveryCanceled')}
     FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) AS u(order_id, status, carrier, tracking_number)
     WHERE d.order_id = u.order_id`,
    columns(updated, 'orderId', 'status', 'carrier', 'trackingNumber'),
  );
}

/** Carries out commands in order within a transaction. */
export async function execute(
  tx: Tx,
  outbox: Outbox,
  commands: Traced<StoreCommand>[],
): Promise<Outcome<Delivery>[]> {
  const toPrepare = commands.filter(({ command }) => command.type === 'prepare').length;
  const ids = await drawIds(tx, 'delivery_id', toPrepare);
  const numbered = commands.map(({ command, traceparent }): Traced<DeliveryCommand> => {
    if (command.type !== 'prepare') return { command, traceparent };
    const id = ids.shift() ?? 0;
    return { command: { ...command, parcel: { id, ...command.parcel } }, traceparent };
  });
  return carryOut(tx, outbox, deliveries, numbered);
}

export async function findDelivery(db: Queryable, id: number): Promise<DeliveryResource | undefined> {
  const [row] = await db.query<DeliveryResource & Record<string, unknown>>(
    `SELECT ${DELIVERY} FROM delivery WHERE id = $1`,
    [id],
  );
  return row;
}

export function pageDeliveries(db: Queryable, request: PageRequest): Promise<Page<DeliveryResource>> {
  return readPage(
    db,
    { columns: DELIVERY, from: 'delivery WHERE id IS NOT NULL', tieBreaker: 'id' },
    request,
  );
}

/** What deliveries are searched by; each has to hold. */
export interface Wanted {
  status?: DeliveryStatus;
  orderId?: number;
  customerId?: number;
}

/** Deliveries that are searched for, the newest first. */
export function findDeliveries(db: Queryable, wanted: Wanted, range: Range): Promise<DeliveryResource[]> {
  return readNewest(
    db,
    { columns: DELIVERY, from: 'delivery', id: 'id' },
    [
      // Every delivery has one; a tombstone has none.
      ['id >= ?', 1],
      ['status = ?', wanted.status],
      ['order_id = ?', wanted.orderId],
      ['customer_id = ?', wanted.customerId],
    ],
    range,
  );
}
