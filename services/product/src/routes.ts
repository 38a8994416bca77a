import {
  Id,
  Item,
  Money,
  MovementResource,
  Nullable,
  Pieces,
  ProductResource,
  ReleaseItem,
  ReserveItem,
  releaseCall,
  reserveCall,
  Stock,
  Text,
} from '@jumun/contracts';
import { type Outcome, stateOrThrow, type Traced } from '@jumun/messaging';
import {
  type Batcher,
  created,
  type Database,
  type Http,
  halItem,
  IdParams,
  named,
  ok,
  operation,
  Problem,
  sendCreated,
  serveBatch,
  serveFinder,
  serveResource,
} from '@jumun/service-kit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Type, { type Static } from 'typebox';
import { available, type Catalogue, type Shelf } from './product.ts';
import {
  findProduct,
  findProducts,
  getProduct,
  listMovements,
  pageProducts,
  type StoreCommand,
} from './store.ts';

const resource = {
  collection: 'products',
  rel: 'product',
  unknown: 'unknown-product',
  sortable: { id: 'id', itemcd: 'id', name: 'name', price: 'price', totalQuantity: 'total' },
} as const;

const Filters = Type.Object({
  q: Type.Optional(Text(100)),
  availableBelow: Type.Optional(Pieces),
});

/** Fields of the item that come back with it and cannot be set. */
const readOnly = {
  id: Type.Optional(Nullable(Id)),
  availableQuantity: Type.Optional(Type.Any()),
  address: Type.Optional(Type.Any()),
  orderQty: Type.Optional(Type.Any()),
  orderId: Type.Optional(Type.Any()),
  _links: Type.Optional(Type.Any()),
};
const fields = {
  itemcd: Type.Optional(Nullable(Id)),
  name: Type.Optional(Nullable(Item)),
  price: Type.Optional(Nullable(Money)),
  totalQuantity: Type.Optional(Stock),
  imageUrl: Type.Optional(Nullable(Text(2000))),
  ...readOnly,
};
const ProductBody = Type.Object(fields, { additionalProperties: false });
const MovementBody = Type.Object(
  {
    quantity: Type.Integer({ minimum: -1_000_000_000, maximum: 1_000_000_000 }),
    reason: Text(200),
  },
  { additionalProperties: false },
);

const ETag = { ETag: Type.String({ pattern: '^"[0-9]+"$', description: 'The version, for If-Match.' }) };
const IfMatch = Type.Object({
  'If-Match': Type.Optional(Type.String({ description: 'The ETag that the product was read with, or `*`.' })),
});

const create = operation({
  id: 'createProduct',
  summary: 'Puts a product into the catalogue',
  description: 'Under the number `itemcd`, or the next that is free.',
  answers: created('The product is there.', named('Product'), ETag),
  refusals: ['product-exists', 'backlog'],
});
const changing = (id: string) =>
  operation({
    id,
    summary: 'Changes a product',
    description: 'PUT and PATCH alike change the fields that are given.',
    answers: ok('The product as it is now.', named('Product'), ETag),
    refusals: ['unknown-product', 'stock-conflict', 'stale-etag', 'backlog'],
    headers: IfMatch,
  });
const moveStock = operation({
  id: 'moveStock',
  summary: 'Adds pieces to the stock, or takes some away',
  answers: ok('The product as it is now.', named('Product'), ETag),
  refusals: ['unknown-product', 'stock-conflict', 'backlog'],
});
const readMovements = operation({
  id: 'listMovements',
  summary: 'How the stock was changed, the newest first',
  answers: ok(
    'At most 1000.',
    Type.Object({ _embedded: Type.Object({ movements: Type.Array(MovementResource) }) }),
  ),
  refusals: ['unknown-product'],
});

export interface ProductRoutes {
  db: Database;
  /** Asked before a product is changed or pieces are reserved. @throws Problem backlog */
  admit(): void;
  commands: Batcher<Traced<StoreCommand>, Outcome<Shelf>>;
  /** Creates a product under the next free number. */
  createNext(traced: { catalogue: Catalogue; total: number; traceparent: string }): Promise<Outcome<Shelf>>;
}

export function serveProducts(http: Http, { db, admit, commands, createNext }: ProductRoutes): void {
  serveResource(http, {
    ...resource,
    schema: ProductResource,
    itemHeaders: ETag,
    async find(id, reply) {
      const found = await findProduct(db, id);
      if (found) reply.header('etag', etagOf(found.version));
      return found?.resource;
    },
    page: request => pageProducts(db, request),
  });
  serveFinder(http, {
    ...resource,
    itemName: 'Product',
    filters: Filters,
    find: (wanted, range) => findProducts(db, wanted, range),
  });

  http.post('/products', { schema: { body: ProductBody, ...create } }, async (request, reply) => {
    admit();
    const { itemcd, totalQuantity: total = 0 } = request.body;
    const { traceparent } = request.trace;
    const catalogue = catalogueOf(request.body);
    const outcome = itemcd
      ? await commands.submit({ command: { type: 'create', itemcd, catalogue, total }, traceparent })
      : await createNext({ catalogue, total, traceparent });
    const { product } = stateOrThrow(outcome);
    const created = await getProduct(db, product?.id ?? 0);
    reply.header('etag', etagOf(created.version));
    return sendCreated(request, reply, resource, created.resource);
  });

  type Change = FastifyRequest & { params: Static<typeof IdParams>; body: Static<typeof ProductBody> };
  const schema = { params: IdParams, body: ProductBody };
  http.put('/products/:id', { schema: { ...schema, ...changing('putProduct') } }, (request, reply) =>
    change(request as unknown as Change, reply),
  );
  http.patch('/products/:id', { schema: { ...schema, ...changing('patchProduct') } }, (request, reply) =>
    change(request as unknown as Change, reply),
  );

  async function change(request: Change, reply: FastifyReply) {
    admit();
    const { id } = request.params;
    const { itemcd, totalQuantity } = request.body;
    if (itemcd != null && itemcd !== id) {
      throw new Problem('invalid-request', `The itemcd of product ${id} is ${id} and does not change.`, {
        errors: [{ pointer: '/itemcd', detail: 'does not change' }],
      });
    }
    const ifVersion = versionOf(request.headers['if-match']);
    const command: StoreCommand = {
      type: 'change',
      itemcd: id,
      catalogue: catalogueOf(request.body),
      ...(totalQuantity !== undefined && { total: totalQuantity }),
      ...(ifVersion !== undefined && { ifVersion }),
    };
    stateOrThrow(await commands.submit({ command, traceparent: request.trace.traceparent }));
    return sendProduct(request, reply, id);
  }

  async function sendProduct(request: FastifyRequest, reply: FastifyReply, id: number) {
    const { resource: item, version } = await getProduct(db, id);
    return reply.header('etag', etagOf(version)).send(halItem(request, resource, item));
  }

  http.post(
    '/products/:id/movements',
    { schema: { params: IdParams, body: MovementBody, ...moveStock } },
    async (request, reply) => {
      const { id: itemcd } = request.params;
      const { quantity, reason } = request.body;
      admit();
      const command: StoreCommand = { type: 'move', itemcd, quantity, reason };
      stateOrThrow(await commands.submit({ command, traceparent: request.trace.traceparent }));
      return sendProduct(request, reply, itemcd);
    },
  );

  http.get('/products/:id/movements', { schema: { params: IdParams, ...readMovements } }, async request => {
    await getProduct(db, request.params.id);
    return { _embedded: { movements: await listMovements(db, request.params.id) } };
  });

  serveBatch(http, reserveCall, ReserveItem, async ({ orderId, itemcd, orderQty }, traceparent) => {
    admit();
    const command: StoreCommand = { type: 'reserve', orderId, itemcd, orderQty };
    const { product } = stateOrThrow(await commands.submit({ command, traceparent }));
    return {
      name: product?.name ?? null,
      unitPrice: product?.price ?? null,
      availableQuantity: product ? available(product) : 0,
    };
  });

  serveBatch(http, releaseCall, ReleaseItem, async ({ orderId, itemcd }, traceparent) => {
    const outcome = await commands.submit({ command: { type: 'release', orderId, itemcd }, traceparent });
    return { released: 'changed' in outcome && outcome.changed };
  });
}

function catalogueOf({ name, price, imageUrl }: Static<typeof ProductBody>): Catalogue {
  return {
    ...(name !== undefined && { name }),
    ...(price !== undefined && { price }),
    ...(imageUrl !== undefined && { imageUrl }),
  };
}

const etagOf = (version: number) => `"${version}"`;

/** The version of an If-Match; one that is not of ours matches nothing. */
function versionOf(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  return Number(/^"(\d{1,15})"$/.exec(ifMatch.trim())?.[1] ?? -1);
}
