import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@jumun/service-kit';
import { DiagLogLevel, diag, type Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { Tracing } from './tracing.ts';

/** A collector that is away must not hold the stop for longer. */
const FLUSH_MS = 3_000;

/**
 * Sends spans to the collector that the environment names, some seconds' worth at a time. The queue is bounded: where
 * the collector is away or too slow, spans are dropped, and a warning is all that is left of them.
 */
export function exportTraces(log: Logger): Tracing {
  const warn = (message: string) => log.warn({ err: firstLine(message) }, 'traces may be missing');
  const quiet = () => undefined;
  diag.setLogger(
    { error: warn, warn, info: quiet, debug: quiet, verbose: quiet },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  const processor = new BatchSpanProcessor(new OTLPTraceExporter());
  return {
    tracer: part => createTracer(part, processor),
    async close() {
      const ended = processor.shutdown().catch((error: Error) => warn(error.message));
      await Promise.race([ended, delay(FLUSH_MS, undefined, { ref: false })]);
    },
  };
}

/**
 * Several services live in one process, so each part has a resource of its own: it is a service to those who read
 * traces. OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES go before what is said here; the sampler and the limits are
 * the environment's.
 */
export function createTracer(part: string, processor: SpanProcessor): Tracer {
  const ours = { 'service.name': part, 'service.namespace': 'jumun', 'jumun.service': part };
  const resource = defaultResource()
    .merge(resourceFromAttributes(ours))
    .merge(detectResources({ detectors: [envDetector] }));
  return new BasicTracerProvider({ resource, spanProcessors: [processor] }).getTracer(`jumun.${part}`);
}

/** Errors come as JSON with their stack. */
function firstLine(text: string): string {
  try {
    const { message, code } = JSON.parse(text) as { message?: string; code?: string };
    return message || code || text;
  } catch {
    return text.split('\n')[0] ?? '';
  }
}
