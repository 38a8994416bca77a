import { randomBytes } from 'node:crypto';
import type { Span } from '@opentelemetry/api';

/** W3C Trace Context (https://www.w3.org/TR/trace-context/): version, trace id, parent id, flags. */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const ZERO_TRACE = '0'.repeat(32);
const ZERO_PARENT = '0'.repeat(16);

export interface Trace {
  /** 32 hex digits; the same from the first request to the last event of an order. */
  readonly traceId: string;
  /** What to send along. */
  readonly traceparent: string;
  /** Where traces are exported: what is told of this piece of work. */
  readonly span?: Span;
}

/** Random hex digits from a pool, since a system call for each span would cost more than the span. */
let pool = '';
function hex(digits: number): string {
  if (pool.length < digits) pool = randomBytes(4096).toString('hex');
  const taken = pool.slice(0, digits);
  pool = pool.slice(digits);
  return taken;
}

/** A well-formed `traceparent` as its parts: trace id (1), parent id (2) and flags (3); null for any other. */
export function matchTraceparent(traceparent?: string | null): RegExpExecArray | null {
  const match = traceparent ? TRACEPARENT.exec(traceparent) : null;
  return match && match[1] !== ZERO_TRACE && match[2] !== ZERO_PARENT ? match : null;
}

/** Continues the trace of a `traceparent`, or begins one where there is none or a malformed one. */
export function continueTrace(traceparent?: string | null): Trace {
  const known = matchTraceparent(traceparent);
  const traceId = known ? (known[1] as string) : hex(32);
  return { traceId, traceparent: `00-${traceId}-${hex(16)}-${known ? known[3] : '01'}` };
}

/** The trace id within a `traceparent`, if it is one. */
export function traceIdOf(traceparent?: string | null): string | undefined {
  return traceparent ? TRACEPARENT.exec(traceparent)?.[1] : undefined;
}
