import { NoticeResource } from '@jumun/contracts';
import { type Database, type Http, serveResource } from '@jumun/service-kit';
import { findNotice, pageNotices } from './store.ts';

export function serveNotices(http: Http, db: Database): void {
  serveResource(http, {
    collection: 'notices',
    rel: 'notice',
    unknown: 'unknown-notice',
    schema: NoticeResource,
    sortable: {
      id: 'id',
      orderId: 'order_id',
      customerId: 'customer_id',
      kind: 'kind',
      status: 'status',
      at: 'at',
    },
    find: id => findNotice(db, id),
    page: request => pageNotices(db, request),
  });
}
