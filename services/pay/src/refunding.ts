import type { Database, Logger } from '@jumun/service-kit';
import { type PaymentProvider, RefundRefusedError } from './provider.ts';
import { claimRefunds, type DueRefund, type RefundResult, saveRefunds } from './store.ts';

const BATCH = 200;
const LEAVE_MS = 15_000;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 60_000;
/** About a day of tries; then a person has to look. */
const MAX_ATTEMPTS = 1_500;

/**
 * Pays back what is owed, for as long as it takes; what the provider refuses for good becomes an exception.
 * @returns a round that gives whether there may be more
 */
export function createRefunder(db: Database, provider: PaymentProvider, log: Logger): () => Promise<boolean> {
  async function refund({ paymentKey, orderId, attempts }: DueRefund): Promise<RefundResult> {
    try {
      await provider.refund(paymentKey);
      return { paymentKey, state: 'done', reason: null, retryInMs: 0 };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (error instanceof RefundRefusedError || attempts >= MAX_ATTEMPTS) {
        log.error({ orderId, err: reason }, 'refund failed for good');
        return { paymentKey, state: 'failed', reason, retryInMs: 0 };
      }
      log.warn({ orderId, attempts, err: reason }, 'refund will be tried again');
      const retryInMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempts, 20));
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
