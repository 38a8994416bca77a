import { type Database, type Logger, ORDER_ID, recordFailure, startSpan, within } from '@jumun/service-kit';
import { SpanKind, type Tracer } from '@opentelemetry/api';
import type { Channel, Letter } from './channel.ts';
import { type Attempt, LONGEST_WAIT_MS, queuedLetters, saveAttempts } from './store.ts';

const BATCH = 500;
const FIRST_WAIT_MS = 500;
const MAX_ATTEMPTS = 12;
/** A channel that takes longer has not taken the letters, and does not hold up all others. */
const SEND_MS = 30_000;

/**
 * Sends what is queued; what cannot be sent is tried again for about half an hour and then marked failed. One replica
 * does it at a time; where two overlap, a letter may be sent twice under the same id.
 * @returns a round that gives whether there may be more
 */
export function createSender(
  db: Database,
  channel: Channel,
  log: Logger,
  tracer?: Tracer,
): () => Promise<boolean> {
  /** Begins a span for each letter; gives what ends them. */
  function beginSpans(letters: Letter[]): (sent: boolean[]) => void {
    if (!tracer) return () => undefined;
    const spans = letters.map(({ id, orderId, kind, attempts, traceparent }) => {
      const attributes = {
        [ORDER_ID]: orderId,
        'jumun.notice_id': id,
        'jumun.event': kind,
        'jumun.attempt': attempts + 1,
      };
      const facts = { name: `send notice ${channel.name}`, kind: SpanKind.CLIENT, attributes };
      return startSpan(tracer, facts, traceparent);
    });
    return sent => {
      for (const [i, span] of spans.entries()) {
        if (!sent[i]) recordFailure(span, `the channel ${channel.name} did not take it`);
        span.end();
      }
    };
  }

  return async () => {
    const letters = await queuedLetters(db, BATCH);
    if (letters.length === 0) return false;
    const endSpans = beginSpans(letters);
    const sent = await within(SEND_MS, channel.name, channel.send(letters)).catch((error: unknown) => {
      log.warn({ channel: channel.name, err: String(error) }, 'channel unavailable');
      return letters.map(() => false);
    });
    const results = letters.map(({ id, attempts }, i): Attempt => {
      if (sent[i]) return { id, status: 'sent', retryInMs: 0 };
      if (attempts + 1 >= MAX_ATTEMPTS) return { id, status: 'failed', retryInMs: 0 };
      return { id, status: 'queued', retryInMs: Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempts) };
    });
    await saveAttempts(db, results).finally(() => endSpans(sent));
    return letters.length === BATCH;
  };
}
