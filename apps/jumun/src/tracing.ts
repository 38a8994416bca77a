import { createLogger } from '@jumun/service-kit';
import type { Tracer } from '@opentelemetry/api';
import type { LogFile } from './log-file.ts';

export interface Tracing {
  /** Makes the spans of one part of this process. */
  tracer(part: string): Tracer;
  /** Sends what waits, as far as there is time, and ends. */
  close(): Promise<void>;
}

/** Whether traces are to go anywhere, by the standard variables of OpenTelemetry. */
export function tracesWanted(env: NodeJS.ProcessEnv): boolean {
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === 'true' || env.OTEL_TRACES_EXPORTER === 'none') return false;
  return Boolean(env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT);
}

/** Opens the way to the collector, where one is named. Without, nothing of the SDK is loaded. */
export async function openTracing(logTo: LogFile | undefined): Promise<Tracing | undefined> {
  if (!tracesWanted(process.env)) return undefined;
  const { exportTraces } = await import('./tracing-sdk.ts');
  return exportTraces(createLogger('tracing', 'info', logTo));
}
