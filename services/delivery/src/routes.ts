import { CustomerId, DeliveryResource, deliveryStatuses, Id, Nullable, Text } from '@jumun/contracts';
import { type Outcome, stateOrThrow, type Traced } from '@jumun/messaging';
import {
  type Batcher,
  type Database,
  type Http,
  halItem,
  IdParams,
  named,
  ok,
  operation,
  serveFinder,
  serveResource,
  unknownItem,
} from '@jumun/service-kit';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import type { Delivery, DeliveryCommand } from './delivery.ts';
import { findDeliveries, findDelivery, pageDeliveries, type StoreCommand } from './store.ts';

const Filters = Type.Object({
  status: Type.Optional(Type.Enum([...deliveryStatuses])),
  orderId: Type.Optional(Id),
  customerId: Type.Optional(CustomerId),
});

const resource = {
  collection: 'deliveries',
  rel: 'delivery',
  unknown: 'unknown-delivery',
  sortable: {
    id: 'id',
    orderId: 'order_id',
    customerId: 'customer_id',
    status: 'status',
    price: 'price',
    qtyp: 'qtyp',
  },
} as const;

// Carriers' systems send what they like beside these two, or nothing.
const StepBody = Nullable(
  Type.Object({
    carrier: Type.Optional(Nullable(Text(100))),
    trackingNumber: Type.Optional(Nullable(Text(100))),
  }),
);

const stepping = (id: string, summary: string) =>
  operation({
    id,
    summary,
    description: 'For the carrier; to report it again changes nothing.',
    answers: ok('The delivery as it is now.', named('Delivery')),
    refusals: ['unknown-delivery', 'delivery-step-conflict'],
  });
const started = stepping('startDelivery', 'Reports that a delivery is on its way');
const completed = stepping('completeDelivery', 'Reports that a delivery has arrived');

export interface DeliveryRoutes {
  db: Database;
  commands: Batcher<Traced<StoreCommand>, Outcome<Delivery>>;
}

export function serveDeliveries(http: Http, { db, commands }: DeliveryRoutes): void {
  serveResource(http, {
    ...resource,
    schema: DeliveryResource,
    find: id => findDelivery(db, id),
    page: request => pageDeliveries(db, request),
  });
  serveFinder(http, {
    ...resource,
    itemName: 'Delivery',
    filters: Filters,
    find: (wanted, range) => findDeliveries(db, wanted, range),
  });

  const schema = { params: IdParams, body: StepBody };
  http.post('/deliveries/:id/deliverystarted', { schema: { ...schema, ...started } }, (request, reply) => {
    const { carrier = null, trackingNumber = null } = request.body ?? {};
    const tracking = { carrier, trackingNumber };
    return step(request, request.params.id, orderId => ({ type: 'start', orderId, tracking })).then(body =>
      reply.send(body),
    );
  });
  http.post('/deliveries/:id/deliverycompleted', { schema: { ...schema, ...completed } }, (request, reply) =>
    step(request, request.params.id, orderId => ({ type: 'complete', orderId })).then(body =>
      reply.send(body),
    ),
  );

  async function step(
    request: FastifyRequest,
    id: number,
    toCommand: (orderId: number) => Exclude<DeliveryCommand, { type: 'prepare' }>,
  ) {
    const found = await findDelivery(db, id);
    if (!found) throw unknownItem(resource, id);
    const { traceparent } = request.trace;
    const after = stateOrThrow(await commands.submit({ command: toCommand(found.orderId), traceparent }));
    if (after.kind !== 'delivery') throw unknownItem(resource, id);
    const { kind: _, ...item } = after;
    return halItem(request, resource, item);
  }
}
