import { InMemorySpanExporter, type ReadableSpan, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { createTracer } from '../../apps/jumun/src/tracing-sdk.ts';

/** Spans that have ended, kept in memory; `tracerOf` is for `startSystem`. */
export function recordSpans() {
  const exporter = new InMemorySpanExporter();
  const processor = new SimpleSpanProcessor(exporter);
  return {
    tracerOf: (part: string) => createTracer(part, processor),
    all: () => exporter.getFinishedSpans(),
    trace: (traceId: string) => traceOf(exporter.getFinishedSpans(), traceId),
  };
}

/** One trace, to be read from its root. */
export interface TraceTree {
  spans: ReadableSpan[];
  /** Those that no other span is above. */
  roots: ReadableSpan[];
  /** Each span's way from its root: `order: POST /orders > order: order open`. */
  paths: string[];
  /** Indented by what is under what, in the order in which it began. */
  text(): string;
}

const idOf = (span: ReadableSpan) => span.spanContext().spanId;
const title = (span: ReadableSpan) => `${span.resource.attributes['service.name']}: ${span.name}`;
const millis = ([seconds, nanos]: [number, number]) => seconds * 1000 + nanos / 1e6;

function traceOf(all: ReadableSpan[], traceId: string): TraceTree {
  const spans = all
    .filter(span => span.spanContext().traceId === traceId)
    .sort((a, b) => millis(a.startTime) - millis(b.startTime));
  const byId = new Map(spans.map(span => [idOf(span), span]));
  const parentOf = (span: ReadableSpan) => byId.get(span.parentSpanContext?.spanId ?? '');
  const pathOf = (span: ReadableSpan): string => {
    const parent = parentOf(span);
    return parent ? `${pathOf(parent)} > ${title(span)}` : title(span);
  };
  const roots = spans.filter(span => !parentOf(span));

  function lines(span: ReadableSpan, depth: number): string[] {
    const from = Math.round(millis(span.startTime) - millis(spans[0]?.startTime ?? [0, 0]));
    const children = spans.filter(child => parentOf(child) === span);
    const line = `${'  '.repeat(depth)}${title(span)}`;
    return [
      `${line.padEnd(64)}${String(from).padStart(4)} +${Math.round(millis(span.duration))} ms`,
      ...children.flatMap(child => lines(child, depth + 1)),
    ];
  }
  return {
    spans,
    roots,
    paths: spans.map(pathOf),
    text: () => roots.flatMap(root => lines(root, 0)).join('\n'),
  };
}
