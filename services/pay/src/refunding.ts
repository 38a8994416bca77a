import { type Database, inSpan, type Logger, ORDER_ID, traceIdOf } from '@jumun/service-kit';
import { SpanKind, type Tracer } from '@opentelemetry/api';
import { type PaymentProvider, RefundRefusedError } from './provider.ts';
import {
  claimRefunds,
  type DueRefund,
  LONGEST_REFUND_WAIT_MS,
  type RefundResult,
  saveRefunds,
} from './store.ts';

const BATCH = 200;
const LEAVE_MS = 15_000;
const FIRST_WAIT_MS = 250;
/** About a day of tries; then a person has to look. */
const MAX_ATTEMPTS = 1_500;

/**
 * Pays back what is owed, for as long as it takes; what the provider refuses for good becomes an exception.
 * @returns a round that gives whether there may be more
 */
export function createRefunder(
  db: Database,
  provider: PaymentProvider,
  log: Logger,
  tracer?: Tracer,
): () => Promise<boolean> {
  async function refund({ paymentKey, orderId, attempts, traceparent }: DueRefund): Promise<RefundResult> {
    const facts = {
      name: `refund ${provider.name}`,
      kind: SpanKind.CLIENT,
      attributes: { [ORDER_ID]: orderId },
    };
    const traceId = traceIdOf(traceparent);
    try {
      await inSpan(tracer, facts, traceparent, () => provider.refund(paymentKey));
      log.info({ traceId, orderId }, 'refunded');
      return { paymentKey, state: 'done', reason: null, retryInMs: 0 };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (error instanceof RefundRefusedError || attempts >= MAX_ATTEMPTS) {
        log.error({ traceId, orderId, err: reason }, 'refund failed for good');
        return { paymentKey, state: 'failed', reason, retryInMs: 0 };
      }
      log.warn({ traceId, orderId, attempts, err: reason }, 'refund will be tried again');
      const retryInMs = Math.min(LONGEST_REFUND_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempts, 20));
      return { paymentKey, state: 'due', reason, retryInMs };
    }
  }

  return async () => {
    const due = await claimRefunds(db, LEAVE_MS, BATCH);
    if (due.length === 0) return false;
    await saveRefunds(db, await Promise.all(due.map(refund)));
    return due.length === BATCH;
  };
}
