import { randomBytes } from 'node:crypto';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { recordSpans } from '../support/spans.ts';
import { type System, startSystem } from '../support/system.ts';
import { settled } from './invariants.ts';
import { type Json, move, prepared, stock } from './steps.ts';

const recorded = recordSpans();
const lines: string[] = [];
let system: System;

beforeAll(async () => {
  system = await startSystem({
    tracerOf: recorded.tracerOf,
    env: { LOG_LEVEL: 'info' },
    logTo: { write: line => void lines.push(line) },
  });
  await stock(system, { itemcd: 1, totalQuantity: 100, price: 1_000, name: 'milk' });
});
afterAll(() => system.close());

const newTraceId = () => randomBytes(16).toString('hex');
const traceparentIn = (traceId: string, flags = '01') =>
  `00-${traceId}-${randomBytes(8).toString('hex')}-${flags}`;

/** Sends a request in a trace of its own; gives what was answered, and the trace's id. */
async function inTrace(method: string, path: string, body?: unknown) {
  const traceId = newTraceId();
  const traceparent = traceparentIn(traceId);
  const answer = await system.call<Json>('gateway', method, path, body, { traceparent });
  return { traceId, traceparent, answer };
}

const wish = { itemcd: 1, orderQty: 1, customerId: 7, address: 'Seoul' };

/** Waits until all has come of a trace that is to come. */
async function complete(traceId: string, ...last: string[]) {
  return eventually(() => {
    const trace = recorded.trace(traceId);
    const names = trace.paths.map(path => path.split(' > ').at(-1));
    expect(names).toEqual(expect.arrayContaining(last));
    return trace;
  });
}

/** The handlers' spans that an order which is placed comes to. */
const placed = [
  'product: process Ordered',
  'product: process PayApproved',
  'notice: process Ordered',
  'customercenter: process Ordered',
  'customercenter: process PayApproved',
  'delivery: process DeliveryPrepared',
  'order: process DeliveryPrepared',
  'notice: process DeliveryPrepared',
  'customercenter: process DeliveryPrepared',
  'customercenter: process DeliveryRequested',
  'notice: send notice inbox',
];

it('an order is one trace, from the request to the notice', async () => {
  const { traceId, traceparent, answer } = await inTrace('POST', '/orders', wish);
  expect(answer.status).toBe(201);
  await settled(system);
  const { spans, roots, paths, text } = await eventually(async () => {
    const trace = await complete(traceId, ...placed);
    // One notice of the order, and one of its delivery.
    expect(trace.spans.filter(({ name }) => name === 'send notice inbox')).toHaveLength(2);
    return trace;
  });

  const [root, ...orphans] = roots;
  expect(orphans).toEqual([]);
  expect(root?.parentSpanContext?.spanId).toBe(traceparent.split('-')[2]);

  const order = 'gateway: POST /orders > order: POST /orders';
  const charge = `${order} > order: POST /internal/charges > pay: POST /internal/charges`;
  const ordered = `${order} > order: order establish > order: send Ordered`;
  const approved = `${charge} > pay: pay record > pay: send PayApproved`;
  expect(paths).toEqual(
    expect.arrayContaining([
      order,
      `${order} > order: order open`,
      `${order} > order: POST /internal/reservations > product: POST /internal/reservations > product: product reserve`,
      `${charge} > pay: charge sandbox`,
      approved,
      `${approved} > product: process PayApproved`,
      `${approved} > customercenter: process PayApproved`,
      `${ordered} > product: process Ordered`,
      `${ordered} > customercenter: process Ordered`,
      `${ordered} > notice: process Ordered > notice: send notice inbox`,
    ]),
  );
  // Whichever of the two product sees last has it prepare the delivery.
  const preparing = paths.find(path => path.endsWith('product: send DeliveryPrepared'));
  expect([`${ordered} > product: process Ordered`, `${approved} > product: process PayApproved`]).toContain(
    preparing?.replace(' > product: send DeliveryPrepared', ''),
  );
  expect(paths).toEqual(
    expect.arrayContaining([
      `${preparing} > order: process DeliveryPrepared`,
      `${preparing} > customercenter: process DeliveryPrepared`,
      `${preparing} > notice: process DeliveryPrepared > notice: send notice inbox`,
      `${preparing} > delivery: process DeliveryPrepared > delivery: send DeliveryRequested > customercenter: process DeliveryRequested`,
    ]),
  );

  // Nothing twice, nothing failed, and nothing ended before it began.
  expect(new Set(paths).size).toBe(paths.length);
  for (const span of spans) {
    expect(span.status.code).toBe(SpanStatusCode.UNSET);
    expect(span.duration[0]).toBeGreaterThanOrEqual(0);
  }
  if (process.env.SHOW_TRACE) process.stdout.write(`${text()}\n`);
});

it('spans say what they are about, in the words of the conventions', async () => {
  const { traceId, answer } = await inTrace('POST', '/orders', wish);
  const orderId = answer.body.id;
  const { spans } = await complete(traceId, ...placed);
  const named = (service: string, name: string) => {
    const found = spans.find(
      span => span.name === name && span.resource.attributes['service.name'] === service,
    );
    return found ?? expect.fail(`there is no ${service} ${name}`);
  };
  expect(named('order', 'POST /orders')).toMatchObject({
    kind: SpanKind.SERVER,
    resource: { attributes: { 'service.namespace': 'jumun', 'jumun.service': 'order' } },
    attributes: {
      'http.request.method': 'POST',
      'http.route': '/orders',
      'http.response.status_code': 201,
      'url.path': '/orders',
      'jumun.order_id': orderId,
    },
  });
  expect(named('order', 'POST /internal/charges')).toMatchObject({
    kind: SpanKind.CLIENT,
    attributes: { 'peer.service': 'pay', 'jumun.order_id': orderId },
  });
  expect(named('pay', 'POST /internal/charges')).toMatchObject({
    kind: SpanKind.SERVER,
    attributes: { 'http.response.status_code': 200, 'jumun.order_id': orderId },
  });
  const message = await system.sql<{ id: string }>(
    'events',
    `SELECT event_id AS id FROM log WHERE type = 'Ordered' AND key = $1`,
    [String(orderId)],
  );
  const conventional = {
    'messaging.system': 'jumun',
    'messaging.destination.name': 'events',
    'messaging.message.id': message[0]?.id,
    'jumun.event': 'Ordered',
    'jumun.order_id': orderId,
  };
  expect(named('order', 'send Ordered')).toMatchObject({
    kind: SpanKind.PRODUCER,
    attributes: { ...conventional, 'messaging.operation.type': 'send' },
  });
  expect(named('notice', 'process Ordered')).toMatchObject({
    kind: SpanKind.CONSUMER,
    attributes: { ...conventional, 'messaging.operation.type': 'process' },
  });
  expect(named('notice', 'send notice inbox').attributes).toMatchObject({ 'jumun.order_id': orderId });
});

it('a cancellation is a trace of its own, down to the refund', async () => {
  const { traceId: placing, answer } = await inTrace('POST', '/orders', wish);
  await prepared(system, answer.body.id);
  const { traceId, answer: canceled } = await inTrace('DELETE', `/orders/${answer.body.id}`);
  expect(canceled.status).toBe(204);
  const trace = await complete(
    traceId,
    'pay: refund sandbox',
    'product: process OrderCanceled',
    'product: process PayCanceled',
    'delivery: process OrderCanceled',
    'order: process PayCanceled',
    'notice: process PayCanceled',
    'customercenter: process DeliveryCanceled',
  );
  expect(trace.roots).toHaveLength(1);
  const sent =
    'gateway: DELETE /orders/* > order: DELETE /orders/:id > order: order cancel > order: send OrderCanceled';
  expect(trace.paths).toEqual(
    expect.arrayContaining([
      `${sent} > pay: process OrderCanceled > pay: refund sandbox`,
      `${sent} > pay: process OrderCanceled > pay: send PayCanceled > order: process PayCanceled`,
      `${sent} > product: process OrderCanceled`,
      `${sent} > delivery: process OrderCanceled > delivery: send DeliveryCanceled > customercenter: process DeliveryCanceled`,
    ]),
  );
  expect(recorded.trace(placing).roots).toHaveLength(1);
});

it('a refusal is an answer and no error; what fails says why', async () => {
  const { traceId, answer } = await inTrace('POST', '/orders', { ...wish, orderQty: 1_000 });
  expect(answer.status).toBe(409);
  const { spans } = await complete(traceId, 'gateway: POST /orders');
  const servers = spans.filter(({ kind }) => kind === SpanKind.SERVER);
  expect(servers.map(({ attributes }) => attributes['http.response.status_code'])).toEqual([409, 409, 409]);
  for (const { status } of servers) expect(status.code).toBe(SpanStatusCode.UNSET);
  const [asked] = spans.filter(({ kind }) => kind === SpanKind.CLIENT);
  expect(asked).toMatchObject({
    status: { code: SpanStatusCode.ERROR },
    attributes: { 'error.type': 'out-of-stock' },
  });

  // The provider does not answer.
  await stock(system, { itemcd: 2, totalQuantity: 100 });
  const unknown = await inTrace('POST', '/orders', { itemcd: 2, orderQty: 1, price: 1_000_503 });
  expect(unknown.answer.status).toBe(503);
  const failed = await complete(unknown.traceId, 'gateway: POST /orders', 'pay: charge sandbox');
  const errors = failed.spans.filter(({ status }) => status.code === SpanStatusCode.ERROR);
  expect(errors.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['POST /orders', 'POST /internal/charges', 'charge sandbox']),
  );
  const [provider] = errors.filter(({ name }) => name === 'charge sandbox');
  expect(provider?.events[0]).toMatchObject({
    name: 'exception',
    attributes: { 'exception.type': expect.anything() },
  });
});

it('an event that cannot be handled has a span with its error for each try, and one where it succeeds', async () => {
  const { traceId, answer } = await inTrace('POST', '/orders', wish);
  const deliveryId = await prepared(system, answer.body.id);
  await system.sql(
    'customercenter',
    `ALTER TABLE my_page ADD CONSTRAINT poison CHECK (delivery_status <> 'deliverystarted') NOT VALID`,
  );
  const started = await move(system, deliveryId, 'deliverystarted');
  const failures = () =>
    recorded
      .all()
      .filter(
        ({ name, status }) => name === 'process DeliveryStarted' && status.code === SpanStatusCode.ERROR,
      );
  await eventually(() => expect(failures().length).toBeGreaterThan(1));
  await system.sql('customercenter', 'ALTER TABLE my_page DROP CONSTRAINT poison');
  expect(started.status).toBe(200);
  const [first, second] = failures();
  expect(first?.attributes).toMatchObject({ 'jumun.order_id': answer.body.id, 'error.type': 'error' });
  expect(first?.events[0]?.attributes).toMatchObject({
    'exception.message': expect.stringContaining('poison'),
  });
  expect(second?.attributes['jumun.attempt']).toBe(2);
  expect(second?.parentSpanContext?.spanId).toBe(first?.parentSpanContext?.spanId);
  const trace = first?.spanContext().traceId ?? '';
  expect(trace).not.toBe(traceId);
  await eventually(() => {
    const handled = recorded
      .trace(trace)
      .spans.filter(
        ({ name, resource, status }) =>
          name === 'process DeliveryStarted' &&
          resource.attributes['service.name'] === 'customercenter' &&
          status.code === SpanStatusCode.UNSET,
      );
    expect(handled).toHaveLength(1);
  });
});

it('a trace that its client does not sample leaves no spans, and keeps its id', async () => {
  const traceId = newTraceId();
  const headers = { traceparent: traceparentIn(traceId, '00') };
  const answer = await system.call<Json>('gateway', 'POST', '/orders', wish, headers);
  await prepared(system, answer.body.id);
  await settled(system);
  expect(recorded.trace(traceId).spans).toEqual([]);
  const kept = await system.sql<{ traceparent: string }>(
    'events',
    'SELECT traceparent FROM log WHERE key = $1',
    [String(answer.body.id)],
  );
  expect(kept.length).toBeGreaterThan(2);
  for (const { traceparent } of kept)
    expect(traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-00$`));
});

it('probes and batches have no spans of their own', async () => {
  await system.call('order', 'GET', '/actuator/health');
  await fetch(`${system.url('order')}/metrics`);
  const names = recorded.all().map(({ attributes }) => String(attributes['url.path'] ?? ''));
  expect(names.filter(path => /^\/(actuator|metrics|internal)/.test(path))).toEqual([]);
});

it('every line that names an order has its trace', async () => {
  const { traceId, answer } = await inTrace('POST', '/orders', wish);
  await complete(traceId, ...placed);
  const entries = lines.map(line => JSON.parse(line));
  const ofOrders = entries.filter(({ orderId }) => orderId !== undefined);
  expect(ofOrders.filter(entry => !entry.traceId)).toEqual([]);
  const own = ofOrders.filter(({ orderId }) => orderId === answer.body.id);
  expect(new Set(own.map(entry => entry.traceId))).toEqual(new Set([traceId]));
  expect(new Set(own.map(entry => entry.service))).toEqual(
    new Set(['pay', 'product', 'order', 'delivery', 'notice', 'customercenter']),
  );
});
