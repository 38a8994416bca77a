import { within } from '@jumun/service-kit';

/** What became of a charge at the provider. */
export type Charge =
  | { state: 'captured' | 'refunded'; amount: number }
  | { state: 'declined'; reason: string };

/**
 * A payment provider. Everything is asked by key (the order's payment key), and doing it twice under one key is
 * doing it once: that is what makes a charge safe to repeat when its answer was lost. To add a provider, implement
 * this and name it in main.ts. (One that cannot be asked by key needs a pending row of its own before each charge.)
 */
export interface PaymentProvider {
  readonly name: string;
  /**
   * Captures an amount (minor units) under a key; again under the same key, gives the first outcome.
   * @throws ProviderError when the provider cannot be reached or does not answer: the outcome is unknown
   */
  charge(key: string, amount: number): Promise<Charge>;
  /** What is known under a key. @throws ProviderError as above */
  find(key: string): Promise<Charge | undefined>;
  /**
   * Gives back what was captured under a key, once.
   * @throws RefundRefusedError when it never will  @throws ProviderError as above
   */
  refund(key: string): Promise<void>;
  /**
   * Its books, for the auditor: what they say of some keys, or the next charges after a key (in the keys' order).
   * (A real provider's are its settlement reports.)
   */
  books(range: { keys: string[] } | { after: string; limit: number }): Promise<BookEntry[]>;
}

/** One line of a provider's books. */
export interface BookEntry {
  paymentKey: string;
  state: 'captured' | 'refunded' | 'declined';
  /** In minor units. */
  amount: number;
  at: Date;
  refundedAt: Date | null;
}

/** The provider did not answer, so nothing is known. */
export class ProviderError extends Error {
  override name = 'ProviderError';
}

/** The provider will not refund this, ever: a person has to settle it. */
export class RefundRefusedError extends Error {
  override name = 'RefundRefusedError';
}

/**
 * A provider whose calls end: one that hangs has not answered, and must not hold up all refunds, say.
 * @throws UnavailableError from each call that takes longer than `ms`
 */
export function inTime(provider: PaymentProvider, ms: number): PaymentProvider {
  return {
    name: provider.name,
    charge: (key, amount) => within(ms, 'a charge', provider.charge(key, amount)),
    find: key => within(ms, 'a look at a charge', provider.find(key)),
    refund: key => within(ms, 'a refund', provider.refund(key)),
    books: range => within(ms, 'a look at the books', provider.books(range)),
  };
}
