import { createHash } from 'node:crypto';
import {
  Address,
  CustomerId,
  Id,
  Item,
  KnownItem,
  knownCall,
  Money,
  Nullable,
  OrderExceptionResource,
  OrderQty,
  OrderResource,
  Text,
} from '@jumun/contracts';
import { type Outcome, stateOrThrow, type Traced } from '@jumun/messaging';
import {
  type Batcher,
  createBatcher,
  created,
  type Database,
  done,
  type Http,
  halCollection,
  IdParams,
  named,
  nameResource,
  ORDER_ID,
  ok,
  operation,
  Problem,
  sendCreated,
  serveBatch,
  serveResource,
} from '@jumun/service-kit';
import Type, { type Static } from 'typebox';
import type { Order, OrderCommand } from './order.ts';
import type { Placing } from './placing.ts';
import { findOrder, knownOrders, pageExceptions, pageOrders, type RequestKey } from './store.ts';

const resource = {
  collection: 'orders',
  rel: 'order',
  unknown: 'unknown-order',
  sortable: {
    id: 'id',
    item: 'item',
    orderQty: 'order_qty',
    status: 'status',
    price: 'price',
    itemcd: 'itemcd',
    customerId: 'customer_id',
  },
} as const;

const exceptions = { collection: 'exceptions', path: 'orders/exceptions', rel: 'exception' } as const;

/** The scope of keys whose request names no customer; no customer has this number. */
const NOBODY = -1;

const NewOrder = Type.Object(
  {
    itemcd: Id,
    orderQty: OrderQty,
    price: Type.Optional(Nullable(Money)),
    item: Type.Optional(Nullable(Item)),
    customerId: Type.Optional(Nullable(CustomerId)),
    address: Type.Optional(Nullable(Address)),
    // Sent by older clients; an order's status is not theirs to say.
    status: Type.Optional(Nullable(Text(100))),
  },
  { additionalProperties: false },
);

const place = operation({
  id: 'placeOrder',
  summary: 'Places an order',
  description:
    'Answers when the order is paid and durable. With an Idempotency-Key a repeated request is the same order. ' +
    'After a 503 it is not known yet whether there is an order: ask again under the same key. (`overloaded` and ' +
    '`backlog` say that none was begun.)',
  answers: created('The order stands.', named('Order')),
  refusals: [
    'payment-declined',
    'unknown-product',
    'price-changed',
    'out-of-stock',
    'reservation-closed',
    'idempotency-conflict',
    'payment-unknown',
    'peer-unavailable',
    'backlog',
  ],
  headers: Type.Object({
    'Idempotency-Key': Type.Optional(
      Type.String({ pattern: '^[!-~]{1,255}$', description: 'Kept for 24 hours, by customer.' }),
    ),
  }),
});
const cancel = operation({
  id: 'cancelOrder',
  summary: 'Cancels an order',
  description: 'The payment is refunded, and the pieces go back. To cancel it again changes nothing.',
  answers: done('The order is canceled.'),
  refusals: ['unknown-order', 'delivery-completed'],
});
const listExceptions = operation({
  id: 'listExceptions',
  summary: 'Orders that a person has to look at',
  answers: ok('The open ones.', named('ExceptionCollection')),
});
const settle = operation({
  id: 'settleException',
  summary: 'Notes that a person has settled it',
  answers: done('It is settled.'),
  refusals: ['unknown-exception'],
});

export interface OrderRoutes {
  db: Database;
  placing: Placing;
  commands: Batcher<Traced<OrderCommand>, Outcome<Order>>;
}

export function serveOrders(http: Http, { db, placing, commands }: OrderRoutes): void {
  serveResource(http, {
    ...resource,
    schema: OrderResource,
    find: id => findOrder(db, id),
    page: request => pageOrders(db, request),
  });

  http.post('/orders', { schema: { body: NewOrder, ...place } }, async (request, reply) => {
    const { itemcd, orderQty, price = null, item = null, customerId = null, address = null } = request.body;
    const wish = { itemcd, orderQty, price, item, customerId, address };
    const key = requestKey(request.headers['idempotency-key'], request.body);
    const order = await placing.place(wish, key, request.trace.traceparent);
    request.trace.span?.setAttribute(ORDER_ID, order.id);
    return sendCreated(request, reply, resource, order);
  });

  const CancelQuery = Type.Object({ reason: Type.Optional(Text(200)) });
  http.delete(
    '/orders/:id',
    { schema: { params: IdParams, querystring: CancelQuery, ...cancel } },
    async (request, reply) => {
      const command: OrderCommand = {
        type: 'cancel',
        id: request.params.id,
        reason: request.query.reason ?? null,
      };
      stateOrThrow(await commands.submit({ command, traceparent: request.trace.traceparent }));
      return reply.code(204).send();
    },
  );

  nameResource(http, exceptions, OrderExceptionResource);
  http.get('/orders/exceptions', { schema: listExceptions }, async request => {
    const { items, total } = await pageExceptions(db, { limit: 1000, offset: 0, order: [] });
    return halCollection(request, exceptions, items, {
      page: 0,
      size: 1000,
      total,
    });
  });

  http.post(
    '/orders/exceptions/:id/settled',
    { schema: { params: IdParams, ...settle } },
    async (request, reply) => {
      const command: OrderCommand = { type: 'settleException', id: request.params.id };
      stateOrThrow(await commands.submit({ command, traceparent: request.trace.traceparent }));
      return reply.code(204).send();
    },
  );

  const known = createBatcher({
    async run(ids: number[]) {
      const found = await knownOrders(db, ids);
      return ids.map(id => ({ known: found.has(id) }));
    },
    maxBatch: 500,
    maxWaiting: 10_000,
    concurrency: 1,
  });
  serveBatch(http, knownCall, KnownItem, ({ orderId }) => known.submit(orderId));
}

/** The client's Idempotency-Key with the customer it belongs to and what was asked under it. */
function requestKey(
  header: string | string[] | undefined,
  body: Static<typeof NewOrder>,
): RequestKey | undefined {
  if (header === undefined) return undefined;
  if (typeof header !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(header)) {
    throw new Problem('invalid-request', 'The Idempotency-Key has to be 1 to 255 visible ASCII characters.');
  }
  const fields = Object.entries(body).sort(([a], [b]) => (a < b ? -1 : 1));
  const bodyHash = createHash('sha256').update(JSON.stringify(fields)).digest('base64');
  return { customerId: body.customerId ?? NOBODY, key: header, bodyHash };
}
