import { timingSafeEqual } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { Tracer } from '@opentelemetry/api';
import {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  LogController,
} from 'fastify';
import type { Logger } from 'pino';
import secureJson from 'secure-json-parse';
import { TooManyWaitingError } from './batcher.ts';
import { coerceNumbers } from './coerce.ts';
import { isTransient } from './errors.ts';
import { traceRequest } from './http-trace.ts';
import type { Metrics } from './metrics.ts';
import { isForWantOfRoom, Problem } from './problem.ts';
import { continueTrace, type Trace } from './trace.ts';

declare module 'fastify' {
  interface FastifyRequest {
    trace: Trace;
    /** Whether the caller showed the service credential. */
    trusted: boolean;
  }
  interface FastifyContextConfig {
    /** The answer goes on for as long as the client wants: it is no request under way, and no measure of time. */
    stream?: boolean;
  }
  interface FastifyInstance {
    /** Makes spans, where traces are exported. */
    tracer: Tracer | undefined;
  }
}

export const BODY_LIMIT_BYTES = 64 * 1024;
/** A connection on which nothing moves for so long is closed: longer than the slowest answer takes. */
const CONNECTION_TIMEOUT_MS = 120_000;
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'QUERY'] as const;

export interface HttpOptions {
  log: Logger;
  metrics: Metrics;
  tracer?: Tracer | undefined;
  serviceToken: string;
  trustedProxies: string;
  /** A request that takes longer than this to arrive is dropped. */
  requestTimeoutMs?: number;
  /** Requests under way; more are refused. Not counted: probes, metrics, and those who show the credential. */
  requestsLimit?: number;
  /** How long a connection is kept that nothing comes on. */
  keepAliveMs?: number;
}

export type Http = ReturnType<typeof createHttp>;

/**
 * A Fastify server with what every service answers alike: problem+json for each refusal, numeric strings for
 * numbers, a body limit, a trace for every request, and request metrics.
 */
export function createHttp({
  log,
  metrics,
  tracer,
  serviceToken,
  trustedProxies,
  requestTimeoutMs = 10_000,
  requestsLimit = 5_000,
  keepAliveMs = 72_000,
}: HttpOptions) {
  const app = fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: requestTimeoutMs,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    keepAliveTimeout: keepAliveMs,
    trustProxy: trustedProxies.split(',').map(address => address.trim()),
    forceCloseConnections: 'idle',
    // Who comes last is answered as everybody is, and not by a bare 503 of Fastify's own.
    return503OnClosing: false,
    // What is refused before a route is found, such as an address that cannot be decoded.
    frameworkErrors: (error, request, reply) => void sendProblem(request, reply, toProblem(error)),
    routerOptions: { maxParamLength: 200, ignoreTrailingSlash: true },
    ajv: {
      customOptions: { coerceTypes: false, removeAdditional: false, allErrors: false, allowUnionTypes: true },
    },
  }).withTypeProvider<TypeBoxTypeProvider>();

  // What we send is built field by field from our own types, and V8's JSON.stringify needs no second schema.
  app.setSerializerCompiler(() => JSON.stringify);
  acceptOnlyJson(app);
  app.decorate('tracer', tracer);
  traceRequests(app, serviceToken);
  measureRequests(app, metrics);
  limitRequests(app, metrics, requestsLimit);
  answerWithProblems(app, metrics);

  app.addHook('preValidation', async request => {
    const { schema } = request.routeOptions;
    coerceNumbers(request.params, schema?.params);
    coerceNumbers(request.query, schema?.querystring);
    coerceNumbers(request.body, schema?.body);
  });
  return app;
}

/** JSON in UTF-8, or 415 and 400: Fastify's own parser would replace what is not UTF-8 in silence. */
function acceptOnlyJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    /^application\/(json|hal\+json)\s*(;|$)/i,
    { parseAs: 'buffer' },
    (_request, body, done) => {
      try {
        if (body.length === 0) return done(null, undefined);
        const text = new TextDecoder('utf-8', { fatal: true }).decode(body as Buffer);
        done(null, secureJson.parse(text, null, { protoAction: 'error', constructorAction: 'error' }));
      } catch {
        done(new Problem('malformed-request', 'The body is not JSON in UTF-8.'));
      }
    },
  );
}

function traceRequests(app: FastifyInstance, serviceToken: string): void {
  const expected = Buffer.from(`Bearer ${serviceToken}`);
  app.decorateRequest('trace');
  app.decorateRequest('trusted', false);
  app.addHook('onRequest', async (request, reply) => {
    const { authorization } = request.headers;
    request.trace = traceRequest(app.tracer, request, reply);
    if (authorization) {
      const shown = Buffer.from(authorization);
      request.trusted = shown.length === expected.length && timingSafeEqual(shown, expected);
    }
  });
}

function measureRequests(app: FastifyInstance, metrics: Metrics): void {
  const durations = metrics.histogram(
    'jumun_http_request_duration_seconds',
    'HTTP requests by route, method and status',
    ['method', 'route', 'status'],
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  );
  app.addHook('onResponse', async (request, reply) => {
    if (request.routeOptions.config.stream && reply.raw.statusCode === 200) return;
    const route = request.routeOptions.url ?? 'none';
    const seconds = reply.elapsedTime / 1000;
    durations.observe({ method: request.method, route, status: String(reply.statusCode) }, seconds);
    request.log.info(
      {
        traceId: request.trace?.traceId,
        method: request.method,
        route,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime * 10) / 10,
      },
      'request',
    );
  });
}

/** What has to go on while clients are refused, as do the services and operators, who show their credential. */
const UNLIMITED = /^\/(actuator|metrics)(\/|$)/;

/** Refuses what comes while too much is under way: at once, before its body is read. */
function limitRequests(app: FastifyInstance, metrics: Metrics, limit: number): void {
  let underWay = 0;
  const openBy = new WeakMap<Socket, Set<ServerResponse>>();
  metrics.gauge('jumun_http_requests_under_way', 'Requests that have no answer yet', () => underWay);
  app.addHook('onRequest', (request, reply, done) => {
    const { url = '', config } = request.routeOptions;
    if (request.trusted || config.stream || UNLIMITED.test(url)) return done();
    if (underWay >= limit) return done(new TooManyWaitingError(`${limit} requests are under way`));
    underWay++;
    const ofConnection = openOf(request.raw.socket);
    ofConnection.add(reply.raw);
    // Comes after the answer, and also where the client did not wait for it.
    reply.raw.once('close', () => {
      if (ofConnection.delete(reply.raw)) underWay--;
    });
    done();
  });

  /** Of a connection that ends, requests which stood behind another one (pipelining) get neither answer nor 'close'. */
  function openOf(socket: Socket): Set<ServerResponse> {
    const known = openBy.get(socket);
    if (known) return known;
    const open = new Set<ServerResponse>();
    openBy.set(socket, open);
    socket.once('close', () => {
      underWay -= open.size;
      open.clear();
    });
    return open;
  }
}

/** Sends a refusal as `application/problem+json`. */
export function sendProblem(request: FastifyRequest, reply: FastifyReply, problem: Problem): FastifyReply {
  const { retryAfter } = problem.more;
  if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter));
  return (
    reply
      .code(problem.status)
      .header('content-type', 'application/problem+json; charset=utf-8')
      // A path that cannot be read comes here before it has a trace.
      .send(problem.toDocument(request.url, (request.trace ?? continueTrace()).traceId))
  );
}

function answerWithProblems(app: FastifyInstance, metrics: Metrics): void {
  const refused = metrics.counter('jumun_refused_total', 'Requests refused since a limit was reached', [
    'problem',
  ]);
  app.setNotFoundHandler((request, reply) =>
    sendProblem(
      request,
      reply,
      new Problem('not-found', `There is no ${request.method} ${request.url.split('?')[0]}.`),
    ),
  );
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = toProblem(error);
    // Counted and not logged one by one: there are many of them when there is little time.
    if (isForWantOfRoom(problem)) refused.inc({ problem: problem.slug });
    else if (problem.status >= 500) {
      const details = { traceId: request.trace?.traceId, err: error };
      request.trace?.span?.recordException(error);
      if (problem.slug === 'internal-error') request.log.error(details, 'request failed');
      else request.log.warn({ ...details, err: error.message }, 'request could not be served');
    }
    return sendProblem(request, reply, problem);
  });
}

/** Any error as a problem; what we did not foresee says nothing of its inside to the caller. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TooManyWaitingError) {
    return new Problem(
      'overloaded',
      'More requests are waiting than the service will hold; nothing was changed.',
      {
        retryAfter: 1,
      },
    );
  }
  if (isTransient(error)) {
    return new Problem('unavailable', 'The service cannot do this now; nothing was changed.', {
      retryAfter: 1,
    });
  }
  const { validation, validationContext, code, statusCode } = error as FastifyError;
  if (validation) {
    const errors = validation.map(({ instancePath, message, params, keyword }) => {
      const named = (params as { missingProperty?: string; additionalProperty?: string }) ?? {};
      const leaf = named.missingProperty ?? named.additionalProperty;
      const detail =
        keyword === 'additionalProperties' ? 'is not a field of this resource' : (message ?? 'is invalid');
      return { pointer: leaf === undefined ? instancePath : `${instancePath}/${leaf}`, detail };
    });
    const where = validationContext === 'body' ? 'body' : 'address';
    const first = errors[0];
    return new Problem(
      'invalid-request',
      `The ${where} is invalid: ${first?.pointer || 'it'} ${first?.detail}.`,
      { errors },
    );
  }
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new Problem('body-too-large', `The body is larger than ${BODY_LIMIT_BYTES} bytes.`);
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new Problem('unsupported-media-type', 'The body has to be application/json.');
  }
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new Problem('malformed-request', 'The request cannot be read.');
  }
  return new Problem('internal-error', 'Something failed here; the trace id names it in the logs.');
}

/**
 * Lets only callers with the service credential through; to all others the route does not exist.
 * Use as an `onRequest` hook.
 */
export async function onlyServices(request: FastifyRequest): Promise<void> {
  if (!request.trusted)
    throw new Problem('not-found', `There is no ${request.method} ${request.url.split('?')[0]}.`);
}

/**
 * For every path that is served, answers the methods that are not with 405, and OPTIONS with what is allowed.
 * Call it before the first route is added; it acts on the routes that follow.
 */
export function refuseOtherMethods(app: FastifyInstance): { finish(): void } {
  const served = new Map<string, { methods: Set<string>; forServices: boolean }>();
  app.addHook('onRoute', ({ url, method, onRequest }) => {
    const it = served.get(url) ?? { methods: new Set(), forServices: true };
    for (const one of [method].flat()) it.methods.add(one);
    it.forServices &&= [onRequest].flat().includes(onlyServices);
    served.set(url, it);
  });
  return {
    finish() {
      for (const [url, { methods, forServices }] of [...served]) {
        if (url.includes('*')) continue;
        const allow = [...methods, 'OPTIONS'].join(', ');
        // What does not exist for others has no methods for them either.
        const first = forServices ? [onlyServices] : [];
        const schema = { hide: true };
        if (!methods.has('OPTIONS')) {
          app.options(url, { schema, onRequest: first }, async (_request, reply) =>
            reply.header('allow', allow).code(204).send(),
          );
        }
        const others = METHODS.filter(method => !methods.has(method));
        if (others.length === 0) continue;
        // Before the body is read: a wrong method is wrong whatever it carries.
        const refuse = async (request: FastifyRequest, reply: FastifyReply) => {
          reply.header('allow', allow);
          throw new Problem(
            'method-not-allowed',
            `${request.method} is not allowed here; allowed: ${allow}.`,
          );
        };
        app.route({
          url,
          method: others,
          schema,
          onRequest: [...first, refuse],
          handler: async () => undefined,
        });
      }
    },
  };
}
