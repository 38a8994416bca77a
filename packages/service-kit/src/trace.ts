import { randomBytes } from 'node:crypto';

/** W3C Trace Context (https://www.w3.org/TR/trace-context/): version, trace id, parent id, flags. */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const ZERO_TRACE = '0'.repeat(32);
const ZERO_PARENT = '0'.repeat(16);

export interface Trace {
  /** 32 hex digits; the same from the first request to the last event of an order. */
  readonly traceId: string;
  /** What to send along. */
  readonly traceparent: string;
}

/** Random hex digits from a pool, since a system call for each span would cost more than the span. */
let pool = '';
function hex(digits: number): string {
  if (pool.length < digits) pool = randomBytes(4096).toString('hex');
  const taken = pool.slice(0, digits);
  pool = pool.slice(digits);
  return taken;
}

/** Continues the trace of a `traceparent`, or begins one where there is none or a malformed one. */
export function continueTrace(traceparent?: string | null): Trace {
  const match = traceparent ? TRACEPARENT.exec(traceparent) : null;
  const known = match && match[1] !== ZERO_TRACE && match[2] !== ZERO_PARENT;
  const traceId = known ? (match[1] as string) : hex(32);
  return { traceId, traceparent: `00-${traceId}-${hex(16)}-${known ? match[3] : '01'}` };
}

/** The trace id within a `traceparent`, if it is one. */
export function traceIdOf(traceparent?: string | null): string | undefined {
  return traceparent ? TRACEPARENT.exec(traceparent)?.[1] : undefined;
}
