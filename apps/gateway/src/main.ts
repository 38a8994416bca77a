import { Readable } from 'node:stream';
import cors from '@fastify/cors';
import proxy from '@fastify/http-proxy';
import {
  baseConfig,
  createApp,
  HttpUrl,
  loadConfig,
  Milliseconds,
  Problem,
  type Running,
  type Surroundings,
  sendProblem,
} from '@jumun/service-kit';
import type { FastifyRequest } from 'fastify';
import Type from 'typebox';

const config = Type.Object({
  ...baseConfig,
  ORDER_URL: HttpUrl,
  PRODUCT_URL: HttpUrl,
  PAY_URL: HttpUrl,
  NOTICE_URL: HttpUrl,
  CUSTOMERCENTER_URL: HttpUrl,
  DELIVERY_URL: HttpUrl,
  WEB_URL: HttpUrl,
  /** Origins that browsers may call from, with commas; * for any, as in the first implementation. */
  CORS_ORIGINS: Type.String({ default: '*' }),
  /** How long a service has to answer. Longer than the slowest order. */
  UPSTREAM_TIMEOUT_MS: { ...Milliseconds(100, 120_000), default: 15_000 },
});

/** The one door: sends each resource's requests to its service, and everything else to the web. */
export const gateway = { name: 'gateway', start: startGateway } as const;

async function startGateway(surroundings: Surroundings): Promise<Running> {
  const settings = loadConfig('gateway', config, surroundings.env);
  const app = createApp('gateway', settings, surroundings);
  const { http } = app;

  await http.register(cors, {
    origin:
      settings.CORS_ORIGINS === '*' ? true : settings.CORS_ORIGINS.split(',').map(origin => origin.trim()),
    credentials: true,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: ['Location', 'ETag', 'Retry-After', 'Allow'],
    maxAge: 600,
  });

  // Bodies pass as they are, for the services to judge, once they are here: what is too large goes no further.
  http.removeAllContentTypeParsers();
  http.addContentTypeParser<Buffer>('*', { parseAs: 'buffer' }, (_request, body, done) =>
    done(null, body.length > 0 ? Readable.from(body) : undefined),
  );

  const resources: [path: string, upstream: string][] = [
    ['/orders', settings.ORDER_URL],
    ['/products', settings.PRODUCT_URL],
    ['/pays', settings.PAY_URL],
    ['/notices', settings.NOTICE_URL],
    ['/myPages', settings.CUSTOMERCENTER_URL],
    ['/deliveries', settings.DELIVERY_URL],
  ];
  const routes: [prefix: string, upstream: string][] = [
    ...resources,
    ...resources.map(([path, upstream]): [string, string] => [`/profile${path}`, upstream]),
    ['', settings.WEB_URL],
  ];
  for (const [prefix, upstream] of routes) {
    await http.register(proxy, {
      prefix,
      upstream,
      rewritePrefix: prefix,
      proxyPayloads: false,
      // Every request is logged once, by its service and here.
      disableRequestLogging: true,
      // OPTIONS is CORS's.
      httpMethods: ['DELETE', 'GET', 'HEAD', 'PATCH', 'POST', 'PUT'],
      undici: {
        connections: 64,
        headersTimeout: settings.UPSTREAM_TIMEOUT_MS,
        bodyTimeout: settings.UPSTREAM_TIMEOUT_MS,
        connect: { timeout: 1_000 },
      },
      replyOptions: {
        // A service that says 503 would be asked ten times over, just when it has too much to do.
        retryDelay: () => null,
        rewriteHeaders: withoutHopByHop,
        rewriteRequestHeaders: (request, headers) => forwarded(request as unknown as FastifyRequest, headers),
        onError: (reply, { error }) => {
          const request = reply.request as unknown as FastifyRequest;
          request.log.warn(
            { traceId: request.trace.traceId, upstream, err: String(error) },
            'upstream failed',
          );
          const detail = 'The service behind this resource does not answer.';
          sendProblem(request, reply as never, new Problem('peer-unavailable', detail, { retryAfter: 2 }));
        },
      },
    });
  }

  const port = await app.listen();
  return { name: 'gateway', port, stop: app.drain };
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
function forwarded(request: FastifyRequest, headers: Record<string, unknown>): Record<string, string> {
  const { authorization, ...rest } = withoutHopByHop(headers) as Record<string, string>;
  return {
    ...rest,
    // The services' own credential opens nothing from outside.
    ...(authorization !== undefined && !request.trusted && { authorization }),
    'x-forwarded-host': request.host,
    'x-forwarded-proto': request.protocol,
    'x-forwarded-for': request.ip,
    traceparent: request.trace.traceparent,
  };
}
