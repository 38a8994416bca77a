import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { type Collector, startCollector } from './collector.ts';
import { call, freePortBase, openPlace, orderThrough, type Place, stock } from './jumun.ts';

let place: Place;
let collector: Collector;

beforeAll(async () => {
  place = await openPlace();
});
beforeEach(async () => {
  collector = await startCollector();
});
afterEach(() => collector.close());
afterAll(() => place.clean());

const services = ['gateway', 'order', 'product', 'pay', 'delivery', 'notice', 'customercenter'];

it('sends the traces of a process to the collector that the environment names', async () => {
  const system = place.start([], {
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_BSP_SCHEDULE_DELAY: '200' },
  });
  await system.ready();
  await stock(place, 1, 10);
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01` };
  const order = { itemcd: 1, orderQty: 1, price: 1_000 };
  const { status } = await call('POST', `${place.url('gateway')}/orders`, order, headers);
  expect(status).toBe(201);
  await eventually(() => {
    const spans = collector.spans().filter(span => span.traceId === traceId);
    expect(new Set(spans.map(({ service }) => service))).toEqual(new Set(services));
    const ids = new Set(spans.map(({ spanId }) => spanId));
    const roots = spans.filter(({ parentId }) => !ids.has(parentId));
    expect(roots).toEqual([expect.objectContaining({ service: 'gateway', parentId: 'b7ad6b7169203331' })]);
    expect(spans.map(({ name }) => name)).toContain('send notice inbox');
  });
  system.signal('SIGTERM');
  expect(await system.exited).toEqual({ code: 0, signal: null });
}, 120_000);

it('sends what still waits when it stops, under the name that it is given', async () => {
  const system = place.start([], {
    // Far longer than this test.
    env: {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.endpoint}/v1/traces`,
      OTEL_BSP_SCHEDULE_DELAY: '3600000',
      OTEL_SERVICE_NAME: 'shop',
    },
  });
  await system.ready();
  await orderThrough(place, 1);
  system.signal('SIGTERM');
  expect(await system.exited).toEqual({ code: 0, signal: null });
  const spans = collector.spans();
  expect(spans.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['POST /orders', 'process DeliveryRequested']),
  );
  expect(new Set(spans.map(({ service }) => service))).toEqual(new Set(['shop']));
}, 120_000);

it.each([
  ['OTEL_SDK_DISABLED', 'true'],
  ['OTEL_TRACES_SAMPLER', 'always_off'],
])(
  'sends nothing with %s=%s',
  async (name, value) => {
    const system = place.start([], {
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, [name]: value },
    });
    await system.ready();
    await orderThrough(place, 1);
    system.signal('SIGTERM');
    expect(await system.exited).toEqual({ code: 0, signal: null });
    expect(collector.spans()).toEqual([]);
  },
  120_000,
);

it('goes on where the collector is away, and stops in time; all that there is are warnings', async () => {
  const nobody = await freePortBase();
  const system = place.start([], {
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${nobody}`,
      OTEL_BSP_SCHEDULE_DELAY: '100',
      OTEL_BSP_MAX_QUEUE_SIZE: '10',
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: '10',
      OTEL_EXPORTER_OTLP_TIMEOUT: '500',
    },
  });
  await system.ready();
  const log = join(place.dataDir, 'logs/jumun.log');
  const of = async (service: string) =>
    (await readFile(log, 'utf8'))
      .trim()
      .split('\n')
      .map(line => JSON.parse(line))
      .filter(line => line.service === service);
  await eventually(async () => {
    await orderThrough(place, 1);
    expect(await of('tracing')).not.toEqual([]);
  });
  system.signal('SIGTERM');
  expect(await system.exited).toEqual({ code: 0, signal: null });
  const told = await of('tracing');
  expect(new Set(told.map(({ level }) => level))).toEqual(new Set(['warn']));
  expect(system.stderr()).toBe('');
  process.stdout.write(`${told.length} warnings, such as ${JSON.stringify(told[0])}\n`);
}, 120_000);
