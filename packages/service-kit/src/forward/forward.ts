import { Readable } from 'node:stream';
import proxy from '@fastify/http-proxy';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { App } from '../app.ts';
import { measureBreakers } from '../breaker.ts';
import { type Http, sendProblem } from '../http.ts';
import { Problem } from '../problem.ts';
import { createUpstream, type Upstream } from './upstream.ts';

export interface Route {
  /** Requests under this path are sent on; '' for all that have no other route. */
  prefix: string;
  upstream: Upstream;
  /** What stands for the prefix behind; the same if not said. */
  target?: string;
  /** The credential to show there, instead of what the client showed. */
  credential?: string;
}

/**
 * For an app that sends requests on. Bodies pass as they are, for the services to judge, once they are here: what is too
 * large goes no further.
 * @param timeoutMs how long a service has to answer
 * @returns adds a service that requests are sent on to; it is let go, and measured, with the app
 */
export function createUpstreams({ http, metrics, log }: App, timeoutMs: number) {
  http.removeAllContentTypeParsers();
  http.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body.length > 0 ? Readable.from(body) : undefined),
  );
  const upstreams: Upstream[] = [];
  http.addHook('onReady', async () =>
    measureBreakers(
      metrics,
      log,
      upstreams.map(({ breaker }) => breaker),
    ),
  );
  // A stop waits for what is under way.
  http.addHook('preClose', async () => {
    for (const upstream of upstreams) upstream.endStreams();
  });
  http.addHook('onClose', async () => {
    await Promise.all(upstreams.map(upstream => upstream.close()));
  });
  return (name: string, url: string): Upstream => {
    const upstream = createUpstream({ name, url, timeoutMs });
    upstreams.push(upstream);
    return upstream;
  };
}

/** Sends requests on to a service, and its answers back; 503 where it does not answer. */
export async function forward(
  http: Http,
  { prefix, upstream, target = prefix, credential }: Route,
): Promise<void> {
  await http.register(proxy, {
    prefix,
    upstream: upstream.url,
    rewritePrefix: target,
    proxyPayloads: false,
    // Every request is logged once, by its service and here.
    disableRequestLogging: true,
    // OPTIONS is CORS's.
    httpMethods: ['DELETE', 'GET', 'HEAD', 'PATCH', 'POST', 'PUT'],
    undici: upstream as never,
    // Not even begun while the circuit is open.
    preHandler(request, reply, done) {
      if (upstream.breaker.admits()) done();
      else sendUnavailable(request, reply, 'The service behind this resource is not asked for now.');
    },
    replyOptions: {
      // A service that says 503 would be asked ten times over, just when it has too much to do.
      retryDelay: () => null,
      rewriteHeaders: withoutHopByHop,
      rewriteRequestHeaders: (request, headers) =>
        forwarded(request as unknown as FastifyRequest, headers, credential),
      onError: (reply, { error }) => {
        const request = reply.request as unknown as FastifyRequest;
        request.log.warn(
          { traceId: request.trace.traceId, upstream: upstream.url, err: String(error) },
          'upstream failed',
        );
        const detail =
          'The service behind this resource does not answer; whether it did what was asked is not known.';
        sendUnavailable(request, reply, detail);
      },
    },
  });
}

function sendUnavailable(request: unknown, reply: unknown, detail: string): void {
  const problem = new Problem('peer-unavailable', detail, { retryAfter: 2 });
  sendProblem(request as FastifyRequest, reply as FastifyReply, problem);
}

/** Headers that are for the next hop only (RFC 9110, 7.6.1), and what undici does not send. */
const HOP_BY_HOP = [
  'connection',
  'expect',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

function withoutHopByHop<H extends object>(headers: H): H {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name))) as H;
}

/** What the service learns of the client: which host it called, and which trace it is in. */
function forwarded(
  request: FastifyRequest,
  headers: Record<string, unknown>,
  credential: string | undefined,
): Record<string, string> {
  const { authorization, ...rest } = withoutHopByHop(headers) as Record<string, string>;
  // The services' own credential opens nothing from outside.
  const shown = credential ? `Bearer ${credential}` : request.trusted ? undefined : authorization;
  return {
    ...rest,
    ...(shown !== undefined && { authorization: shown }),
    'x-forwarded-host': request.host,
    'x-forwarded-proto': request.protocol,
    'x-forwarded-for': request.ip,
    traceparent: request.trace.traceparent,
  };
}
