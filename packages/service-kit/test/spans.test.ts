import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Call } from '@jumun/contracts';
import { SpanKind, SpanStatusCode } from '@opentelemetry/api';
import Type from 'typebox';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { recordSpans } from '../../../tests/support/spans.ts';
import { createPeer, serveBatch } from '../src/peer.ts';
import { Problem } from '../src/problem.ts';
import { inSpan, startSpan, traceparentOf } from '../src/spans.ts';
import { type Cleanup, createCleanup, createGate, SERVICE_TOKEN, serve } from './harness.ts';

const hex = (bytes: number) => randomBytes(bytes).toString('hex');
const facts = { name: 'work', kind: SpanKind.INTERNAL };
const call: Call<{ orderId: number }, { traceparent: string | null }> = { path: '/internal/test' };
const Item = Type.Object({ orderId: Type.Integer() });

describe('a span', () => {
  const { tracerOf, all } = recordSpans();
  const tracer = tracerOf('test');

  it('is under the one that the traceparent names', () => {
    const [traceId, parentId] = [hex(16), hex(8)];
    const span = startSpan(tracer, facts, `00-${traceId}-${parentId}-01`);
    expect(traceparentOf(span)).toBe(`00-${traceId}-${span.spanContext().spanId}-01`);
    span.end();
    expect(all().at(-1)?.parentSpanContext?.spanId).toBe(parentId);
  });

  it.each([null, 'nonsense', `00-${'0'.repeat(32)}-${hex(8)}-01`])('begins a trace at %j', none => {
    const span = startSpan(tracer, facts, none);
    span.end();
    expect(all().at(-1)?.parentSpanContext).toBeUndefined();
    expect(traceparentOf(span)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });

  it('is not recorded where the one above is not, and hands that on', () => {
    const before = all().length;
    const span = startSpan(tracer, facts, `00-${hex(16)}-${hex(8)}-00`);
    span.end();
    expect(all()).toHaveLength(before);
    expect(traceparentOf(span)).toMatch(/-00$/);
  });

  it('ends with its work, and says why that failed', async () => {
    expect(await inSpan(tracer, facts, null, async traceparent => traceparent)).toMatch(/^00-/);
    expect(all().at(-1)?.status.code).toBe(SpanStatusCode.UNSET);
    const problem = new Problem('out-of-stock', 'There are 2 left.');
    await expect(inSpan(tracer, facts, null, () => Promise.reject(problem))).rejects.toBe(problem);
    expect(all().at(-1)).toMatchObject({
      status: { code: SpanStatusCode.ERROR, message: 'There are 2 left.' },
      attributes: { 'error.type': 'out-of-stock' },
      events: [{ name: 'exception', attributes: { 'exception.message': 'There are 2 left.' } }],
    });
  });

  it('is not there without a tracer: the traceparent goes on as it came', async () => {
    for (const traceparent of [null, `00-${hex(16)}-${hex(8)}-01`]) {
      expect(await inSpan(undefined, facts, traceparent, async given => given)).toBe(traceparent);
    }
  });
});

describe('what goes between services', () => {
  let cleanup: Cleanup;
  let recorded: ReturnType<typeof recordSpans>;
  beforeEach(() => {
    cleanup = createCleanup();
    recorded = recordSpans();
  });
  afterEach(() => cleanup.run());

  /** What a service is told of an item's trace, when a peer with or without spans is called. */
  async function passOn(traced: boolean, traceparent: string | null) {
    const { url } = await serve(
      cleanup,
      http => serveBatch(http, call, Item, async (_item, given) => ({ traceparent: given })),
      traced ? { tracer: recorded.tracerOf('pay') } : {},
    );
    const tracer = traced ? recorded.tracerOf('order') : undefined;
    const peer = createPeer({ name: 'pay', url, token: SERVICE_TOKEN, tracer });
    cleanup.add(() => peer.close());
    return (await peer.batch(call, 5_000)({ orderId: 5 }, traceparent)).traceparent;
  }

  it('carries the traceparent as it is where there are no spans', async () => {
    const traceparent = `00-${hex(16)}-${hex(8)}-01`;
    expect(await passOn(false, traceparent)).toBe(traceparent);
    expect(await passOn(false, null)).toBeNull();
  });

  it('has a span of the caller for each item, and under it one of the service', async () => {
    const [traceId, parentId] = [hex(16), hex(8)];
    const given = await passOn(true, `00-${traceId}-${parentId}-01`);
    const [server, client] = recorded.trace(traceId).spans.sort((a, b) => a.kind - b.kind);
    expect(recorded.all()).toHaveLength(2);
    expect(client).toMatchObject({ kind: SpanKind.CLIENT, parentSpanContext: { spanId: parentId } });
    expect(server).toMatchObject({
      kind: SpanKind.SERVER,
      parentSpanContext: { spanId: client?.spanContext().spanId },
    });
    expect(given).toBe(`00-${traceId}-${server?.spanContext().spanId}-01`);
  });

  it('ends the span of a request whose client did not wait', async () => {
    const { opened, open } = createGate();
    const arrived = createGate();
    const { url } = await serve(
      cleanup,
      http => {
        http.get('/slow', async () => {
          arrived.open();
          await opened;
          return {};
        });
      },
      { tracer: recorded.tracerOf('order') },
    );
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    socket.write('GET /slow HTTP/1.1\r\nhost: x\r\n\r\n');
    await arrived.opened;
    socket.destroy();
    await once(socket, 'close');
    await eventually(() =>
      expect(recorded.all()).toMatchObject([{ name: 'GET /slow', status: { code: SpanStatusCode.ERROR } }]),
    );
    open();
  });
});
