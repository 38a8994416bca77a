import { timingSafeEqual } from 'node:crypto';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
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
import type { Metrics } from './metrics.ts';
import { Problem } from './problem.ts';
import { continueTrace, type Trace } from './trace.ts';

declare module 'fastify' {
  interface FastifyRequest {
    trace: Trace;
    /** Whether the caller showed the service credential. */
    trusted: boolean;
  }
}

export const BODY_LIMIT_BYTES = 64 * 1024;
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

export interface HttpOptions {
  log: Logger;
  metrics: Metrics;
  serviceToken: string;
  trustedProxies: string;
  /** A request that takes longer than this to arrive is dropped. */
  requestTimeoutMs?: number;
}

export type Http = ReturnType<typeof createHttp>;

/**
 * A Fastify server with what every service answers alike: problem+json for each refusal, numeric strings for
 * numbers, a body limit, a trace for every request, and request metrics.
 */
export function createHttp({
  log,
  metrics,
  serviceToken,
  trustedProxies,
  requestTimeoutMs = 10_000,
}: HttpOptions) {
  const app = fastify({
    loggerInstance: log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    requestTimeout: requestTimeoutMs,
    trustProxy: trustedProxies.split(',').map(address => address.trim()),
    forceCloseConnections: 'idle',
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
  traceRequests(app, serviceToken);
  measureRequests(app, metrics);
  answerWithProblems(app);

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
  app.addHook('onRequest', async request => {
    const { traceparent, authorization } = request.headers;
    request.trace = continueTrace(typeof traceparent === 'string' ? traceparent : null);
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

function answerWithProblems(app: FastifyInstance): void {
  app.setNotFoundHandler((request, reply) =>
    sendProblem(
      request,
      reply,
      new Problem('not-found', `There is no ${request.method} ${request.url.split('?')[0]}.`),
    ),
  );
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = toProblem(error);
    if (problem.status >= 500) {
      const details = { traceId: request.trace?.traceId, err: error };
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
    return new Problem('too-many-requests', 'More requests are waiting than the service will hold.', {
      retryAfter: 1,
    });
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
 * For every path that is served, answers the methods that are not with 405 and what is allowed.
 * Call it before the first route is added; it acts on the routes that follow.
 */
export function refuseOtherMethods(app: FastifyInstance): { finish(): void } {
  const allowed = new Map<string, Set<string>>();
  app.addHook('onRoute', route => {
    const methods = allowed.get(route.url) ?? new Set();
    for (const method of [route.method].flat()) methods.add(method);
    allowed.set(route.url, methods);
  });
  return {
    finish() {
      for (const [url, methods] of [...allowed]) {
        if (url.includes('*')) continue;
        const allow = [...methods].join(', ');
        const others = METHODS.filter(method => !methods.has(method));
        if (others.length === 0) continue;
        app.route({
          url,
          method: others,
          // Before the body is read: a wrong method is wrong whatever it carries.
          onRequest: async (request, reply) => {
            reply.header('allow', allow);
            throw new Problem(
              'method-not-allowed',
              `${request.method} is not allowed here; allowed: ${allow}.`,
            );
          },
          handler: async () => undefined,
        });
      }
    },
  };
}
