import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { continueTrace, traceIdOf } from '../src/trace.ts';

const hex = (bytes: number) => randomBytes(bytes).toString('hex');
const FORM = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

describe('trace', () => {
  it.each(['00', '01'])('is continued: same trace and flags (%s), and a span of its own', flags => {
    const [traceId, parent] = [hex(16), hex(8)];
    const trace = continueTrace(`00-${traceId}-${parent}-${flags}`);
    expect(trace.traceId).toBe(traceId);
    expect(trace.traceparent).toMatch(FORM);
    expect(trace.traceparent.startsWith(`00-${traceId}-`)).toBe(true);
    expect(trace.traceparent.endsWith(`-${flags}`)).toBe(true);
    expect(trace.traceparent).not.toContain(parent);
  });

  it.each([undefined, null, ''])('begins where there is none: %j', none => {
    const trace = continueTrace(none);
    expect(trace.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(trace.traceparent).toMatch(FORM);
    expect(continueTrace(none).traceId).not.toBe(trace.traceId);
  });

  it.each([
    ['text', 'hello'],
    ['zero as trace id', `00-${'0'.repeat(32)}-${hex(8)}-01`],
    ['zero as parent id', `00-${hex(16)}-${'0'.repeat(16)}-01`],
    ['upper case', `00-${hex(15)}AB-${hex(8)}-01`],
    ['a short trace id', `00-${hex(15)}-${hex(8)}-01`],
    ['the forbidden version', `ff-${hex(16)}-${hex(8)}-01`],
    ['something after it', `00-${hex(16)}-${hex(8)}-01-extra`],
    ['a line break after it', `00-${hex(16)}-${hex(8)}-01\n`],
  ])('is replaced where it is malformed: %s', (_, traceparent) => {
    const trace = continueTrace(traceparent);
    expect(trace.traceparent).toMatch(FORM);
    expect(traceparent).not.toContain(trace.traceId);
  });

  it('does not repeat its ids', () => {
    const traces = Array.from({ length: 1_000 }, () => continueTrace());
    expect(new Set(traces.map(({ traceId }) => traceId)).size).toBe(1_000);
    expect(new Set(traces.map(({ traceparent }) => traceparent.slice(36, 52))).size).toBe(1_000);
  });

  it('id is found in a traceparent, and not in what is none', () => {
    const traceId = hex(16);
    expect(traceIdOf(`00-${traceId}-${hex(8)}-01`)).toBe(traceId);
    for (const none of ['x', '', null, undefined]) expect(traceIdOf(none)).toBeUndefined();
  });
});
