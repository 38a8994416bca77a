import { CustomerId, Id, Instant, MyPageResource, orderStatuses, Text } from '@jumun/contracts';
import {
  baseUrl,
  type Database,
  type Http,
  halItem,
  named,
  ok,
  operation,
  type Range,
  searchesSchema,
  serveExport,
  serveFinder,
  serveResource,
  unknownItem,
} from '@jumun/service-kit';
import Type, { type Static } from 'typebox';
import { countMinutes, countOpen, findMyPage, findMyPages, pageMyPages } from './store.ts';

const resource = {
  collection: 'myPages',
  rel: 'myPage',
  unknown: 'unknown-order',
  sortable: {
    id: 'order_id',
    orderId: 'order_id',
    item: 'item',
    status: 'status',
    quantity: 'quantity',
    price: 'price',
    itemcd: 'itemcd',
    customerId: 'customer_id',
    deliveryStatus: 'delivery_status',
    payStatus: 'pay_status',
    updatedAt: 'updated_at',
  },
} as const;

const listSearches = operation({
  id: 'listSearches',
  summary: 'What can be searched for',
  answers: ok('Templated links to the searches.', searchesSchema('findByOrderId', 'find')),
});
const findByOrderId = operation({
  id: 'findByOrderId',
  summary: 'The page of an order',
  answers: ok('It, with its links.', named('MyPage')),
  refusals: ['unknown-order'],
});

const Filters = Type.Object({
  customerId: Type.Optional(CustomerId),
  status: Type.Optional(Type.Enum([...orderStatuses])),
  itemcd: Type.Optional(Id),
  /** When it was ordered: not before, and before. */
  from: Type.Optional(Instant),
  to: Type.Optional(Instant),
  /** An order's number, or a part of what was ordered or of why it was canceled. */
  q: Type.Optional(Text(100)),
});
/** What a file of orders has, by its columns. */
const EXPORTED = [
  'orderId',
  'status',
  'customerId',
  'itemcd',
  'item',
  'quantity',
  'price',
  'payStatus',
  'deliveryStatus',
  'deliveryId',
  'reason',
  'updatedAt',
] as const;

const Count = Type.Integer({ minimum: 0 });
const readFigures = operation({
  id: 'getFigures',
  summary: 'How many orders came, went and are open',
  answers: ok(
    'The minutes come the oldest first, and the last one is not over.',
    Type.Object({
      minutes: Type.Array(Type.Object({ at: Instant, ordered: Count, canceled: Count, completed: Count })),
      open: Type.Object({ ordered: Count, deliveryPrepared: Count, deliverystarted: Count }),
    }),
  ),
});

export function serveMyPages(http: Http, db: Database): void {
  serveResource(http, {
    ...resource,
    schema: MyPageResource,
    searches: true,
    find: id => findMyPage(db, id),
    page: request => pageMyPages(db, request),
  });

  http.get('/myPages/search', { schema: listSearches }, async request => {
    const self = `${baseUrl(request)}/myPages/search`;
    return {
      _links: {
        findByOrderId: { href: `${self}/findByOrderId{?orderId}`, templated: true },
        find: { href: `${self}/find{?${Object.keys(Filters.properties)},after,size}`, templated: true },
        self: { href: self },
      },
    };
  });

  const Query = Type.Object({ orderId: Id });
  http.get(
    '/myPages/search/findByOrderId',
    { schema: { querystring: Query, ...findByOrderId } },
    async request => {
      const { orderId } = request.query;
      const page = await findMyPage(db, orderId);
      if (!page) throw unknownItem({ unknown: 'unknown-order', rel: 'order' }, orderId);
      return halItem(request, resource, page);
    },
  );

  const finder = {
    ...resource,
    itemName: 'MyPage',
    filters: Filters,
    find: (wanted: Static<typeof Filters>, range: Range) => findMyPages(db, wanted, range),
  };
  serveFinder(http, finder);
  serveExport(http, finder, EXPORTED);

  const FiguresQuery = Type.Object({ minutes: Type.Integer({ minimum: 1, maximum: 1_440, default: 60 }) });
  http.get('/myPages/figures', { schema: { querystring: FiguresQuery, ...readFigures } }, async request => {
    const [minutes, open] = await Promise.all([countMinutes(db, request.query.minutes), countOpen(db)]);
    return {
      minutes: minutes.map(({ at, ...counts }) => ({ at: at.toISOString(), ...counts })),
      open: { ordered: 0, deliveryPrepared: 0, deliverystarted: 0, ...open },
    };
  });
}
