import {
  Address,
  ChargeItem,
  CustomerId,
  chargeCall,
  FindPaymentItem,
  findPaymentCall,
  Id,
  Item,
  Money,
  Nullable,
  OrderQty,
  PayResource,
  payStatuses,
  RefundExceptionResource,
  Text,
  VoidItem,
  voidCall,
} from '@jumun/contracts';
import { type Outcome, stateOrThrow, type Traced } from '@jumun/messaging';
import {
  created,
  type Database,
  done,
  type Http,
  halCollection,
  halItem,
  IdParams,
  named,
  nameResource,
  ok,
  operation,
  Problem,
  type Range,
  sendCreated,
  serveBatch,
  serveExport,
  serveFinder,
  serveResource,
  unknownItem,
} from '@jumun/service-kit';
import Type, { type Static } from 'typebox';
import { type Charging, standing } from './charging.ts';
import type { Pay, Payment } from './pay.ts';
import {
  findPay,
  findPays,
  listFailedRefunds,
  pagePays,
  retryRefund,
  type StoreCommand,
  settleRefund,
} from './store.ts';

const resource = {
  collection: 'pays',
  rel: 'pay',
  unknown: 'unknown-payment',
  sortable: {
    id: 'id',
    price: 'price',
    status: 'status',
    itemcd: 'itemcd',
    item: 'item',
    orderQty: 'order_qty',
    orderId: 'order_id',
    customerId: 'customer_id',
  },
} as const;

const Filters = Type.Object({
  status: Type.Optional(Type.Enum([...payStatuses])),
  orderId: Type.Optional(Id),
  customerId: Type.Optional(CustomerId),
  itemcd: Type.Optional(Id),
});

const exceptions = { collection: 'exceptions', path: 'pays/exceptions', rel: 'exception' } as const;

const NewPay = Type.Object(
  {
    orderId: Id,
    price: Type.Optional(Money),
    itemcd: Type.Optional(Id),
    orderQty: Type.Optional(OrderQty),
    item: Type.Optional(Nullable(Item)),
    customerId: Type.Optional(Nullable(CustomerId)),
    address: Type.Optional(Nullable(Address)),
    // Sent by older clients; a payment's id and status are not theirs to say.
    id: Type.Optional(Nullable(Id)),
    status: Type.Optional(Nullable(Text(100))),
  },
  { additionalProperties: false },
);

const charge = operation({
  id: 'charge',
  summary: 'The payment of an order; services make one',
  description:
    'Gives the payment that stands for the order. Where there is none, only a caller with the service credential ' +
    'makes one: it sends price, itemcd and orderQty, and the payment key as Idempotency-Key.',
  answers: {
    ...ok('The payment that stands.', named('Pay')),
    ...created('The order was charged.', named('Pay')),
  },
  refusals: [
    'payment-declined',
    'unknown-order',
    'terms-differ',
    'payment-canceled',
    'payment-voided',
    'peer-unavailable',
    'backlog',
  ],
  headers: Type.Object({
    'Idempotency-Key': Type.Optional(
      Type.String({ description: 'The payment key, a UUID; read where a payment is made.' }),
    ),
  }),
});
const cancel = operation({
  id: 'cancelPay',
  summary: 'Cancels a payment, and with it the order',
  description: 'The money goes back. To cancel it again changes nothing.',
  answers: done('The payment is canceled.'),
  refusals: ['unknown-payment', 'delivery-completed'],
});
const listExceptions = operation({
  id: 'listExceptions',
  summary: 'Refunds that a person has to look at',
  answers: ok('Those that failed.', named('ExceptionCollection')),
});
const retry = operation({
  id: 'retryRefund',
  summary: 'Has a failed refund tried again',
  answers: done('It is due again.'),
  refusals: ['unknown-exception'],
});
const settle = operation({
  id: 'settleException',
  summary: 'Notes that a person has settled it',
  answers: done('It is settled.'),
  refusals: ['unknown-exception'],
});

export interface PayRoutes {
  db: Database;
  charging: Charging;
  read(orderId: number): Promise<Pay>;
  submit(command: Traced<StoreCommand>): Promise<Outcome<Pay>>;
  /** A hint that a refund is due. */
  refundDue(): void;
  /** Whether an order service of the first implementation, which shows no credential, may create payments. */
  legacyOrder: boolean;
}

export function servePays(
  http: Http,
  { db, charging, read, submit, refundDue, legacyOrder }: PayRoutes,
): void {
  serveResource(http, {
    ...resource,
    schema: PayResource,
    find: id => findPay(db, id),
    page: request => pagePays(db, request),
  });
  const finder = {
    ...resource,
    itemName: 'Pay',
    filters: Filters,
    find: (wanted: Static<typeof Filters>, range: Range) => findPays(db, wanted, range),
  };
  serveFinder(http, finder);
  serveExport(http, finder, [
    'id',
    'orderId',
    'status',
    'price',
    'customerId',
    'itemcd',
    'item',
    'orderQty',
    'address',
  ]);

  http.post('/pays', { schema: { body: NewPay, ...charge } }, async (request, reply) => {
    const { orderId, price, itemcd, orderQty, item = null, customerId = null, address = null } = request.body;
    const known = await read(orderId);
    const mayCreate = request.trusted || legacyOrder;
    if (!mayCreate || known.kind !== 'none') {
      // To others, what was voided never was.
      const seen: Pay = !mayCreate && known.kind === 'voided' ? { kind: 'none' } : known;
      return halItem(request, resource, toResource(standing(seen, request.body)));
    }
    if (price === undefined || itemcd === undefined || orderQty === undefined) {
      throw new Problem('invalid-request', 'A new payment needs orderId, price, itemcd and orderQty.');
    }
    const key = paymentKey(request.headers['idempotency-key'], request.trusted);
    const terms = { orderId, price, itemcd, orderQty, item, customerId, address };
    const payment = await charging.charge(
      { ...terms, ...(key && { paymentKey: key }) },
      request.trace.traceparent,
    );
    return sendCreated(request, reply, resource, toResource(payment));
  });

  http.delete('/pays/:id', { schema: { params: IdParams, ...cancel } }, async (request, reply) => {
    const pay = await findPay(db, request.params.id);
    if (!pay) throw unknownItem(resource, request.params.id);
    const command: StoreCommand = {
      type: 'cancel',
      orderId: pay.orderId,
      reason: 'the payment was canceled',
    };
    stateOrThrow(await submit({ command, traceparent: request.trace.traceparent }));
    refundDue();
    return reply.code(204).send();
  });

  nameResource(http, exceptions, RefundExceptionResource);
  http.get('/pays/exceptions', { schema: listExceptions }, async request => {
    const items = await listFailedRefunds(db);
    return halCollection(request, exceptions, items, { page: 0, size: 1000, total: items.length });
  });

  http.post(
    '/pays/exceptions/:id/retried',
    { schema: { params: IdParams, ...retry } },
    async (request, reply) => {
      if (!(await retryRefund(db, request.params.id))) throw noException(request.params.id);
      refundDue();
      return reply.code(204).send();
    },
  );

  http.post(
    '/pays/exceptions/:id/settled',
    { schema: { params: IdParams, ...settle } },
    async (request, reply) => {
      if (!(await settleRefund(db, request.params.id))) throw noException(request.params.id);
      return reply.code(204).send();
    },
  );

  serveBatch(http, chargeCall, ChargeItem, async (item, traceparent) => {
    const { id, price, itemcd, item: name } = await charging.charge(item, traceparent);
    return { id, price, itemcd, item: name };
  });
  serveBatch(http, findPaymentCall, FindPaymentItem, item => charging.find(item));
  serveBatch(http, voidCall, VoidItem, (item, traceparent) => charging.void(item, traceparent));
}

function noException(id: number): Problem {
  return new Problem('unknown-exception', `There is no refund ${id} that failed.`);
}

function toResource(payment: Payment): PayResource {
  const { id, price, status, itemcd, item, orderQty, orderId, customerId, address } = payment;
  return { id, price, status, itemcd, item, orderQty, orderId, customerId, address };
}

/** The payment key that the order service sends with a new payment; only an old one has none. */
function paymentKey(header: string | string[] | undefined, required: boolean): string | undefined {
  if (header === undefined && !required) return undefined;
  if (typeof header === 'string' && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(header))
    return header.toLowerCase();
  throw new Problem('invalid-request', 'A new payment needs an Idempotency-Key that is a UUID.');
}
