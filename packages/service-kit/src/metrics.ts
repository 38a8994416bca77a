import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { within } from './within.ts';

/** What takes longer to read is left out: the other series have to be there while a database hangs. */
const READ_MS = 2_000;

/** A service's own registry: several services may live in one process, so nothing here is global. */
export interface Metrics {
  readonly registry: Registry;
  counter(name: string, help: string, labels?: string[]): Counter;
  histogram(name: string, help: string, labels: string[], buckets: number[]): Histogram;
  /** A gauge that is read when it is scraped; what cannot be read then is left out. */
  gauge(
    name: string,
    help: string,
    read: () => GaugeReading | Promise<GaugeReading>,
    labels?: string[],
  ): Gauge;
}

/** A single value, or one for each set of labels. */
export type GaugeReading = number | { labels: Record<string, string>; value: number }[];

/** @param withProcess whether this registry also shows the process (once per process is enough) */
export function createMetrics(service: string, withProcess: boolean): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  if (withProcess) collectDefaultMetrics({ register: registry });
  return {
    registry,
    counter: (name, help, labels = []) =>
      new Counter({ name, help, labelNames: labels, registers: [registry] }),
    histogram: (name, help, labelNames, buckets) =>
      new Histogram({ name, help, labelNames, buckets, registers: [registry] }),
    gauge(name, help, read, labels = []) {
      /** One look at a time, however often somebody scrapes. */
      let looking: Promise<GaugeReading> | undefined;
      return new Gauge({
        name,
        help,
        labelNames: labels,
        registers: [registry],
        async collect() {
          this.reset();
          let reading: GaugeReading;
          try {
            looking ??= Promise.resolve(read()).finally(() => {
              looking = undefined;
            });
            reading = await within(READ_MS, name, looking);
          } catch {
            return;
          }
          if (typeof reading === 'number') this.set(reading);
          else for (const { labels, value } of reading) this.set(labels, value);
        },
      });
    },
  };
}
