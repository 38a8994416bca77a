import { randomUUID } from 'node:crypto';
import { createBatcher, type Database, UnavailableError } from '@jumun/service-kit';
import { SpanStatusCode } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { recordSpans } from '../../../tests/support/spans.ts';
import type { Message } from '../src/message.ts';
import { sendInSpans, traceHandling, traceWork } from '../src/tracing.ts';
import type { Transport } from '../src/transport.ts';
import {
  type Cleanup,
  consume,
  createCleanup,
  openLog,
  openServiceDatabase,
  ordered,
  publish,
  randomOrder,
  stepsOf,
  takeNote,
} from './harness.ts';

const newTraceparent = () => `00-${randomUUID().replaceAll('-', '')}-00f067aa0ba902b7-01`;
const inTrace = (message: Message): Message => ({ ...message, traceparent: newTraceparent() });

describe('without a tracer', () => {
  it('messages go to the log as they are', async () => {
    const messages = [inTrace(ordered(1, 1)), ordered(1, 2)];
    let sent: Message[] | undefined;
    await sendInSpans(undefined, messages, async given => {
      sent = given;
    });
    expect(sent).toBe(messages);
  });

  it('an event hands its traceparent on', () => {
    const record = { ...inTrace(ordered(1, 1)), partition: 0, position: 1 };
    expect(traceHandling(undefined).begin(record)).toBe(record.traceparent);
  });

  it('work goes to its batcher as it is', () => {
    const batcher = createBatcher({
      run: async (items: { traceparent: string | null }[]) => items,
      maxBatch: 1,
      maxWaiting: 1,
      concurrency: 1,
    });
    expect(traceWork(undefined, batcher, () => ({ name: 'none' }))).toBe(batcher);
  });
});

describe('with a tracer', () => {
  let cleanup: Cleanup;
  let transport: Transport;
  let db: Database;
  let recorded: ReturnType<typeof recordSpans>;

  beforeEach(async () => {
    cleanup = createCleanup();
    ({ transport } = await openLog(cleanup));
    ({ db } = await openServiceDatabase(cleanup));
    recorded = recordSpans();
  });
  afterEach(() => cleanup.run());

  const spansOf = ({ eventId }: Message) =>
    recorded.all().filter(({ attributes }) => attributes['messaging.message.id'] === eventId);

  it('an event has one span, though the batch it came in was halved, and commands are under it', async () => {
    const [good, bad] = [randomOrder(), randomOrder()];
    const messages = [1, 2, 3].map(step => inTrace(ordered(good, step)));
    const poisoned = inTrace(ordered(bad, 1));
    let broken = true;
    const seen = new Map<number, string | null>();
    consume(cleanup, db, transport, {
      tracer: recorded.tracerOf('test'),
      async execute(tx, commands) {
        if (broken && commands.some(({ command }) => command.order === bad)) throw new Error('not this one');
        for (const { command, traceparent } of commands) seen.set(command.step, traceparent);
        await takeNote()(tx, commands);
      },
    });
    await publish(transport, ...messages, poisoned);
    await eventually(async () => expect(await stepsOf(db, good)).toEqual([1, 2, 3]));
    for (const [i, message] of messages.entries()) {
      const [span, ...others] = await eventually(() => {
        const found = spansOf(message);
        expect(found).not.toEqual([]);
        return found;
      });
      expect(others).toEqual([]);
      expect(span).toMatchObject({
        status: { code: SpanStatusCode.UNSET },
        parentSpanContext: { spanId: '00f067aa0ba902b7' },
      });
      expect(seen.get(i + 1)).toContain(span?.spanContext().spanId);
    }

    // The one that failed has a span for each try.
    await eventually(() => expect(spansOf(poisoned).length).toBeGreaterThan(1));
    broken = false;
    await eventually(async () => expect(await stepsOf(db, bad)).toEqual([1]));
    await eventually(() => expect(spansOf(poisoned).at(-1)?.status.code).toBe(SpanStatusCode.UNSET));
    for (const [i, { status, attributes, events }] of spansOf(poisoned).slice(0, -1).entries()) {
      expect(status).toEqual({ code: SpanStatusCode.ERROR, message: 'not this one' });
      expect(events).toMatchObject([{ name: 'exception' }]);
      expect(attributes['jumun.attempt']).toBe(i === 0 ? undefined : i + 1);
    }
  });

  it('a fault of the surroundings ends the spans of the batch with it', async () => {
    const order = randomOrder();
    const message = inTrace(ordered(order, 1));
    let tries = 0;
    consume(cleanup, db, transport, {
      tracer: recorded.tracerOf('test'),
      async execute(tx, commands) {
        if (++tries === 1) throw new UnavailableError('not now');
        await takeNote()(tx, commands);
      },
    });
    await publish(transport, message);
    await eventually(async () => expect(await stepsOf(db, order)).toEqual([1]));
    await eventually(() =>
      expect(spansOf(message).map(({ status }) => status.code)).toEqual([
        SpanStatusCode.ERROR,
        SpanStatusCode.UNSET,
      ]),
    );
  });

  it('what the log carries is under the span of the sending, which ends with it', async () => {
    const message = inTrace(ordered(randomOrder(), 1));
    const tracer = recorded.tracerOf('test');
    let sent: Message | undefined;
    await sendInSpans(tracer, [message], async ([given]) => {
      sent = given;
      expect(spansOf(message)).toEqual([]);
    });
    const [span] = spansOf(message);
    expect(sent).toEqual({
      ...message,
      traceparent: expect.stringContaining(span?.spanContext().spanId ?? '?'),
    });
    await expect(
      sendInSpans(tracer, [message], () => Promise.reject(new UnavailableError('no log'))),
    ).rejects.toThrow('no log');
    expect(spansOf(message).at(-1)?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no log' });
  });
});
