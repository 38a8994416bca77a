import { type Batcher, inSpan, ORDER_ID, recordFailure, startSpan, traceparentOf } from '@jumun/service-kit';
import { type Span, SpanKind, type Tracer } from '@opentelemetry/api';
import { type LogRecord, type Message, orderIdOf } from './message.ts';

/** What the conventions for messaging say of a message. */
function attributesOf({ eventId, key, type }: Message, operation: 'send' | 'process') {
  const orderId = orderIdOf(key);
  return {
    'messaging.system': 'jumun',
    'messaging.operation.name': operation,
    'messaging.operation.type': operation,
    'messaging.destination.name': 'events',
    'messaging.message.id': eventId,
    'jumun.event': type,
    ...(orderId !== undefined && { [ORDER_ID]: orderId }),
  };
}

/**
 * Hands messages to the log, each in a span; what the log carries is this span's `traceparent`, so that handlers come
 * under it.
 */
export async function sendInSpans<M extends Message>(
  tracer: Tracer | undefined,
  messages: M[],
  send: (messages: M[]) => Promise<void>,
): Promise<void> {
  if (!tracer) return send(messages);
  const spans: Span[] = [];
  const traced = messages.map(message => {
    const { type, traceparent } = message;
    const attributes = attributesOf(message, 'send');
    const span = startSpan(
      tracer,
      { name: `send ${type}`, kind: SpanKind.PRODUCER, attributes },
      traceparent,
    );
    spans.push(span);
    return { ...message, traceparent: traceparentOf(span) };
  });
  try {
    await send(traced);
  } catch (error) {
    for (const span of spans) recordFailure(span, error);
    throw error;
  } finally {
    for (const span of spans) span.end();
  }
}

/** The spans of the events that a consumer is handling. */
export interface Handling {
  /** Begins an event's span, unless it has begun; gives the `traceparent` for what the event leads to. */
  begin(record: LogRecord, attempt?: number): string | null;
  /** These events, or all under way, are done and durable. */
  end(records?: LogRecord[]): void;
  /** These events, or all under way, have failed. */
  fail(error: unknown, records?: LogRecord[]): void;
}

const untraced: Handling = { begin: ({ traceparent }) => traceparent, end() {}, fail() {} };

/** One span an event, however often its batch is halved or its transaction run again. */
export function traceHandling(tracer: Tracer | undefined): Handling {
  if (!tracer) return untraced;
  const open = new Map<string, Span>();

  function settle(records: LogRecord[] | undefined, last?: (span: Span) => void): void {
    for (const eventId of records?.map(record => record.eventId) ?? [...open.keys()]) {
      const span = open.get(eventId);
      if (!span) continue;
      last?.(span);
      span.end();
      open.delete(eventId);
    }
  }

  return {
    begin(record, attempt) {
      let span = open.get(record.eventId);
      if (!span) {
        const attributes = {
          ...attributesOf(record, 'process'),
          'messaging.destination.partition.id': String(record.partition),
          ...(attempt !== undefined && { 'jumun.attempt': attempt }),
        };
        const facts = { name: `process ${record.type}`, kind: SpanKind.CONSUMER, attributes };
        span = startSpan(tracer, facts, record.traceparent);
        open.set(record.eventId, span);
      }
      return traceparentOf(span);
    },
    end: records => settle(records),
    fail: (error, records) => settle(records, span => recordFailure(span, error)),
  };
}

/**
 * Has each piece of work a span from its submission to its commit, under which what it publishes comes.
 * @param describe the span's name, and the order that the work is about
 */
export function traceWork<I extends { traceparent: string | null }, O>(
  tracer: Tracer | undefined,
  batcher: Batcher<I, O>,
  describe: (item: I) => { name: string; orderId?: number },
): Batcher<I, O> {
  if (!tracer) return batcher;
  return {
    get pending() {
      return batcher.pending;
    },
    idle: () => batcher.idle(),
    submit(item) {
      const { name, orderId } = describe(item);
      const attributes = orderId === undefined ? {} : { [ORDER_ID]: orderId };
      return inSpan(tracer, { name, kind: SpanKind.INTERNAL, attributes }, item.traceparent, traceparent =>
        batcher.submit({ ...item, traceparent }),
      );
    },
  };
}
