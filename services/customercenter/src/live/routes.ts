import type { ServerResponse } from 'node:http';
import { CustomerId, type MyPageResource } from '@jumun/contracts';
import { type Http, operation, TooManyWaitingError } from '@jumun/service-kit';
import Type from 'typebox';
import type { Follower, Hub } from './hub.ts';

/** A browser that has lost its connection tries again after this. */
const RETRY_MS = 2_000;
const BEAT_MS = 5_000;
/** A client that takes less than is told to it is let go; it comes back and is told the rest. */
const MOST_BUFFERED_BYTES = 1 << 20;

const followView = operation({
  id: 'followMyPages',
  summary: 'What changes in the view, as it changes',
  description: [
    "Server-sent events (WHATWG HTML, 9.2), of one customer's orders or of all. First",
    '`hello` with `{"resumed": boolean}`: whether all changes since the',
    '`Last-Event-ID` follow; if not, or if `hello` comes again, what was loaded before may be old. Then `myPage` with the',
    'present state of each order that has changed, now and then more than once, and `beat` every five seconds.',
  ].join(' '),
  answers: {
    200: {
      description: 'It goes on until one side ends it.',
      content: { 'text/event-stream': { schema: Type.String() } },
    },
  },
  refusals: ['overloaded'],
});

/**
 * Serves the live view.
 * @param limit how many may follow at once
 * @param wake has a round begin at once
 */
export function serveLive(http: Http, hub: Hub, limit: number, wake: () => void): void {
  const Query = Type.Object({ customerId: Type.Optional(CustomerId) });
  const open = new Set<ServerResponse>();

  http.get(
    '/myPages/events',
    { schema: { querystring: Query, ...followView }, config: { stream: true } },
    (request, reply) => {
      if (hub.count() >= limit) throw new TooManyWaitingError(`${limit} clients follow the view`);
      const lastId = request.headers['last-event-id'];
      reply.hijack();
      const response = reply.raw;
      response.writeHead(200, {
        ...reply.getHeaders(),
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        // nginx would gather what is to arrive at once.
        'x-accel-buffering': 'no',
      } as Record<string, string>);
      response.write(`retry: ${RETRY_MS}\n\n`);
      const follower = followerOf(response, request.query.customerId, lastId ? String(lastId) : undefined);
      open.add(response);
      hub.follow(follower);
      response.once('close', () => {
        open.delete(response);
        hub.leave(follower);
      });
      wake();
    },
  );

  const beats = setInterval(hub.beat, BEAT_MS);
  beats.unref();
  // A stop waits for what is under way; who follows comes back to another replica.
  http.addHook('preClose', async () => {
    clearInterval(beats);
    for (const response of open) response.end();
  });
}

function followerOf(
  response: ServerResponse,
  customerId: number | undefined,
  lastId: string | undefined,
): Follower {
  function tell(event: string, data: object, id?: string): void {
    if (response.writableLength > MOST_BUFFERED_BYTES) response.destroy();
    if (response.destroyed) return;
    const named = id === undefined ? '' : `id: ${id}\n`;
    response.write(`event: ${event}\n${named}data: ${JSON.stringify(data)}\n\n`);
  }
  return {
    customerId,
    lastId,
    hello: (id, resumed) => tell('hello', { resumed }, id),
    page: (page: MyPageResource) => tell('myPage', page),
    beat: id => tell('beat', {}, id),
  };
}
