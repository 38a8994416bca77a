import { Id, MyPageResource } from '@jumun/contracts';
import { baseUrl, type Database, type Http, halItem, serveResource, unknownItem } from '@jumun/service-kit';
import Type from 'typebox';
import { findMyPage, pageMyPages } from './store.ts';

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

export function serveMyPages(http: Http, db: Database): void {
  serveResource(http, {
    ...resource,
    schema: MyPageResource,
    searches: true,
    find: id => findMyPage(db, id),
    page: request => pageMyPages(db, request),
  });

  http.get('/myPages/search', async request => {
    const self = `${baseUrl(request)}/myPages/search`;
    return {
      _links: {
        findByOrderId: { href: `${self}/findByOrderId{?orderId}`, templated: true },
        self: { href: self },
      },
    };
  });

  const Query = Type.Object({ orderId: Id });
  http.get('/myPages/search/findByOrderId', { schema: { querystring: Query } }, async request => {
    const { orderId } = request.query;
    const page = await findMyPage(db, orderId);
    if (!page) throw unknownItem({ unknown: 'unknown-order', rel: 'order' }, orderId);
    return halItem(request, resource, page);
  });
}
