import { CustomerId, Id, NoticeResource } from '@jumun/contracts';
import {
  type Database,
  done,
  type Http,
  ok,
  operation,
  serveFinder,
  serveResource,
} from '@jumun/service-kit';
import Type from 'typebox';
import { countUnread, findNotice, findNotices, markRead, pageNotices } from './store.ts';
import { noticeKinds } from './texts.ts';

const resource = {
  collection: 'notices',
  rel: 'notice',
  unknown: 'unknown-notice',
  sortable: {
    id: 'id',
    orderId: 'order_id',
    customerId: 'customer_id',
    kind: 'kind',
    status: 'status',
    at: 'at',
  },
} as const;

const Filters = Type.Object({
  customerId: Type.Optional(CustomerId),
  orderId: Type.Optional(Id),
  kind: Type.Optional(Type.Enum([...noticeKinds])),
  unread: Type.Optional(Type.Enum(['true', 'false'])),
});

const unread = operation({
  id: 'countUnread',
  summary: 'How many notices of a customer have not been seen',
  answers: ok('Their number.', Type.Object({ unread: Type.Integer({ minimum: 0 }) })),
});
const read = operation({
  id: 'markRead',
  summary: 'Notes that a customer has seen all notices up to one',
  answers: done('Noted; once more, nothing changes.'),
});

export function serveNotices(http: Http, db: Database): void {
  serveResource(http, {
    ...resource,
    schema: NoticeResource,
    find: id => findNotice(db, id),
    page: request => pageNotices(db, request),
  });
  serveFinder(http, {
    ...resource,
    itemName: 'Notice',
    filters: Filters,
    find: ({ unread, ...wanted }, range) => findNotices(db, { ...wanted, unread: unread === 'true' }, range),
  });

  const UnreadQuery = Type.Object({ customerId: CustomerId });
  http.get(
    '/notices/search/countUnread',
    { schema: { querystring: UnreadQuery, ...unread } },
    async request => ({
      unread: await countUnread(db, request.query.customerId),
    }),
  );

  const ReadBody = Type.Object({ customerId: CustomerId, upTo: Id }, { additionalProperties: false });
  http.post('/notices/read', { schema: { body: ReadBody, ...read } }, async (request, reply) => {
    const { customerId, upTo } = request.body;
    await markRead(db, customerId, upTo);
    return reply.code(204).send();
  });
}
