import { setTimeout as delay } from 'node:timers/promises';
import { createBatcher, type Database } from '@jumun/service-kit';
import { type Charge, type PaymentProvider, ProviderError, RefundRefusedError } from '../provider.ts';
import { captureAll, findCharge, readBooks, refundAll } from './store.ts';

/** Amounts at which the sandbox shows what else a provider can do; every other amount is approved. */
export const sandboxAmounts = {
  /** The card is declined: nothing is captured. */
  declined: 1_000_402,
  /** The amount is captured, and the answer never arrives; asked again under its key, it does. */
  hangsAfterCharge: 1_000_408,
  /** The provider is down before it captures anything. */
  failsBeforeCharge: 1_000_503,
  /** Approved, and a refund is refused for good. */
  refundRefused: 1_000_409,
} as const;

const HANG_MS = 60_000;

/**
 * A provider for trying things out. Its books are durable and kept in transactions of their own, so it can be
 * asked after a crash, like a real one.
 */
export function createSandbox(db: Database, signal: AbortSignal): PaymentProvider {
  const limits = { maxBatch: 500, maxWaiting: 20_000, concurrency: 1 };
  const captures = createBatcher({
    ...limits,
    run: (batch: { key: string; amount: number }[]) => captureAll(db, batch),
  });
  const refunds = createBatcher({ ...limits, run: (keys: string[]) => refundAll(db, keys) });

  return {
    name: 'sandbox',
    async charge(key, amount): Promise<Charge> {
      if (amount === sandboxAmounts.failsBeforeCharge)
        throw new ProviderError('the provider is down (sandbox amount)');
      if (amount === sandboxAmounts.declined)
        return { state: 'declined', reason: 'The card was declined (sandbox amount).' };
      const repeated =
        amount === sandboxAmounts.hangsAfterCharge && (await findCharge(db, key)) !== undefined;
      const charge = await captures.submit({ key, amount });
      if (amount === sandboxAmounts.hangsAfterCharge && !repeated) {
        await delay(HANG_MS, undefined, { signal }).catch(() => undefined);
        throw new ProviderError('the provider did not answer (sandbox amount)');
      }
      return charge;
    },
    find: key => findCharge(db, key),
    books: range => readBooks(db, range),
    async refund(key) {
      const charge = await findCharge(db, key);
      if (charge?.state !== 'declined' && charge?.amount === sandboxAmounts.refundRefused) {
        throw new RefundRefusedError('the account is closed (sandbox amount)');
      }
      await refunds.submit(key);
    },
  };
}
