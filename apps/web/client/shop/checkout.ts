import type { ApiProblem } from '../api/problem.ts';

/** What is sent to order something: exactly this, however often. */
export interface OrderBody {
  itemcd: number;
  orderQty: number;
  price: number;
  address: string;
  customerId: number;
}

/** An order whose outcome is not known yet. Kept in the browser until it is, so that it is never placed twice. */
export interface Draft {
  /** The Idempotency-Key. */
  key: string;
  body: OrderBody;
  /** When it was sent first, in ms since 1970. */
  at: number;
}

/** What the browser keeps of a customer's checkout of a product, for all its tabs. */
export interface Kept {
  draft?: Draft;
  /** The order that the last draft became. */
  placed?: number;
}

/** Why an attempt came to nothing, and what was wished. */
export interface Refusal {
  problem: ApiProblem;
  body: OrderBody;
}

export type Checkout =
  /** Nothing is under way; `refusal` says why the last attempt came to nothing. */
  | { step: 'open'; refusal?: Refusal }
  | { step: 'sending'; draft: Draft; attempt: number }
  /** The outcome is not known; it is asked for again after `waitMs`. */
  | { step: 'waiting'; draft: Draft; attempt: number; waitMs: number; problem: ApiProblem }
  | { step: 'placed'; orderId: number };

export type CheckoutEvent =
  | { type: 'submitted'; draft: Draft }
  | { type: 'answered'; orderId: number }
  /** Another tab has placed the order. */
  | { type: 'found'; orderId: number }
  | { type: 'failed'; problem: ApiProblem }
  | { type: 'retried' }
  /** Another tab has ended the draft that waits here; `by` is what became of it. */
  | { type: 'superseded'; by: Checkout }
  | { type: 'reopened' };

/** Keys are remembered for 24 hours by the order service; an hour less, so that none is used when it is forgotten. */
const KEY_LIFE_MS = 23 * 3_600_000;
const LONGEST_WAIT_MS = 15_000;

/** Whether a draft can still be sent again without ordering twice. */
export const isFresh = (draft: Draft, now: number): boolean => now - draft.at < KEY_LIFE_MS;

/** Refusals of the way to the service, which say nothing of what was sent before: time-out, too early, too many. */
const PASSING = [408, 425, 429];

/**
 * Whether an answer leaves open whether there is an order: then only the same key and body may be sent again. A refusal
 * with a reason (4xx) is final, and nothing was ordered.
 */
export const isOpen = ({ status }: ApiProblem): boolean =>
  status === 0 || status >= 500 || PASSING.includes(status);

/** Where a checkout was left, in whatever tab: an open outcome comes first. */
export function begin({ draft, placed }: Kept, now: number): Checkout {
  if (draft && isFresh(draft, now)) return { step: 'sending', draft, attempt: 1 };
  return placed === undefined ? { step: 'open' } : { step: 'placed', orderId: placed };
}

/** What is kept once the outcome of a draft is known. A draft that another tab has begun since stays. */
export function settle(kept: Kept, { key }: Draft, outcome: { placed?: number }): Kept {
  return kept.draft && kept.draft.key !== key ? { ...kept, ...outcome } : outcome;
}

/** What comes of an event. A draft is only ever replaced when its outcome is known. */
export function evolve(state: Checkout, event: CheckoutEvent): Checkout {
  switch (event.type) {
    case 'submitted':
      return state.step === 'open' ? { step: 'sending', draft: event.draft, attempt: 1 } : state;
    case 'answered':
      return state.step === 'sending' ? { step: 'placed', orderId: event.orderId } : state;
    case 'found':
      return state.step === 'open' ? { step: 'placed', orderId: event.orderId } : state;
    case 'failed': {
      if (state.step !== 'sending') return state;
      const { problem } = event;
      if (!isOpen(problem)) return { step: 'open', refusal: { problem, body: state.draft.body } };
      const asked = Math.max(1, problem.retryAfter ?? 1) * 1_000;
      const waitMs = Math.min(LONGEST_WAIT_MS, asked * 2 ** (state.attempt - 1));
      return { step: 'waiting', draft: state.draft, attempt: state.attempt, waitMs, problem };
    }
    case 'retried':
      return state.step === 'waiting'
        ? { step: 'sending', draft: state.draft, attempt: state.attempt + 1 }
        : state;
    case 'superseded':
      return state.step === 'waiting' ? event.by : state;
    case 'reopened':
      return state.step === 'placed' || state.step === 'open' ? { step: 'open' } : state;
  }
}
