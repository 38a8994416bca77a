import {
  type Attributes,
  ROOT_CONTEXT,
  type Span,
  type SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { Problem } from './problem.ts';
import { matchTraceparent } from './trace.ts';

/** The attribute by which the spans of one order are found. */
export const ORDER_ID = 'jumun.order_id';

/** What a span says of itself from its beginning. */
export interface SpanFacts {
  name: string;
  kind: SpanKind;
  attributes?: Attributes;
}

/** Begins a span under the one that a `traceparent` names, or a trace where it names none. */
export function startSpan(
  tracer: Tracer,
  { name, kind, attributes = {} }: SpanFacts,
  traceparent: string | null,
): Span {
  const parent = matchTraceparent(traceparent);
  const context = parent
    ? trace.setSpanContext(ROOT_CONTEXT, {
        traceId: parent[1] as string,
        spanId: parent[2] as string,
        traceFlags: Number.parseInt(parent[3] as string, 16),
        isRemote: true,
      })
    : ROOT_CONTEXT;
  return tracer.startSpan(name, { kind, attributes }, context);
}

/** What to send along, so that what follows is under this span. */
export function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}

/** Says of a span that its work failed, and why. */
export function recordFailure(span: Span, error: unknown): void {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  span.setAttribute('error.type', error instanceof Problem ? error.slug : name);
  span.recordException(error instanceof Error ? error : message);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

/**
 * Does work within a span of its own, which ends with it; a throw is recorded and thrown on. Without a tracer it is
 * only done.
 * @param work given the `traceparent` to send along
 */
export async function inSpan<T>(
  tracer: Tracer | undefined,
  facts: SpanFacts,
  traceparent: string | null,
  work: (traceparent: string | null) => Promise<T>,
): Promise<T> {
  if (!tracer) return work(traceparent);
  const span = startSpan(tracer, facts, traceparent);
  try {
    return await work(traceparentOf(span));
  } catch (error) {
    recordFailure(span, error);
    throw error;
  } finally {
    span.end();
  }
}
