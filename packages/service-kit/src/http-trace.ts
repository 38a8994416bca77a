import { SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { startSpan, traceparentOf } from './spans.ts';
import { continueTrace, type Trace } from './trace.ts';

/** Requests without a span of their own: probes, and batches between services, where each item has one. */
const UNSPANNED = /^\/(actuator|metrics|internal)(\/|$)/;

/** The trace that a request is in, by its `traceparent`; with a tracer, in a span that ends when it is answered. */
export function traceRequest(
  tracer: Tracer | undefined,
  request: FastifyRequest,
  reply: FastifyReply,
): Trace {
  const { traceparent } = request.headers;
  const given = typeof traceparent === 'string' ? traceparent : null;
  const route = request.routeOptions.url;
  if (!tracer || (route && UNSPANNED.test(route))) return continueTrace(given);
  const { method } = request;
  const name = route ? `${method} ${route}` : method;
  const attributes = {
    'http.request.method': method,
    'url.path': request.url.split('?')[0],
    'url.scheme': request.protocol,
    ...(route && { 'http.route': route }),
  };
  const span = startSpan(tracer, { name, kind: SpanKind.SERVER, attributes }, given);
  // Comes after the answer, and also where the client did not wait for it.
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: 'the client went away' });
    } else {
      span.setAttribute('http.response.status_code', reply.statusCode);
      if (reply.statusCode >= 500) {
        span.setAttribute('error.type', String(reply.statusCode));
        span.setStatus({ code: SpanStatusCode.ERROR });
      }
    }
    span.end();
  });
  return { traceId: span.spanContext().traceId, traceparent: traceparentOf(span), span };
}
