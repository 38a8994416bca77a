import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApiProblem } from '../../client/api/problem.ts';
import {
  begin,
  type Checkout,
  type Draft,
  evolve,
  isFresh,
  isOpen,
  type Kept,
  settle,
} from '../../client/shop/checkout.ts';
import { wayOn } from '../../client/shop/refusal.ts';

const draft = (key: string): Draft => ({
  key,
  body: { itemcd: 1, orderQty: 1, price: 100, address: 'here', customerId: 1 },
  at: 0,
});
const open: Checkout = { step: 'open' };
const sending = (attempt = 1): Checkout => ({ step: 'sending', draft: draft('a'), attempt });
const problem = (status: number, reason = 'unavailable', retryAfter?: number) =>
  new ApiProblem(reason as ApiProblem['reason'], status, {}, retryAfter);

describe('given nothing is under way', () => {
  it('what is submitted is sent', () => {
    expect(evolve(open, { type: 'submitted', draft: draft('a') })).toEqual(sending());
  });
  it('what another tab has placed is placed', () => {
    expect(evolve(open, { type: 'found', orderId: 3 })).toEqual({ step: 'placed', orderId: 3 });
    expect(evolve(sending(), { type: 'found', orderId: 3 })).toEqual(sending());
  });
  it('an answer that comes late changes nothing', () => {
    expect(evolve(open, { type: 'answered', orderId: 3 })).toBe(open);
    expect(evolve(open, { type: 'failed', problem: problem(503) })).toBe(open);
  });
});

describe('given an order is being sent', () => {
  it('pressing again sends nothing else', () => {
    const state = sending();
    expect(evolve(state, { type: 'submitted', draft: draft('b') })).toBe(state);
    expect(evolve(state, { type: 'reopened' })).toBe(state);
  });
  it('it is placed once it is answered', () => {
    expect(evolve(sending(), { type: 'answered', orderId: 3 })).toEqual({ step: 'placed', orderId: 3 });
  });
  it.each([400, 402, 404, 409])('a refusal with %i is final', status => {
    const refusal = problem(status);
    expect(evolve(sending(), { type: 'failed', problem: refusal })).toEqual({
      step: 'open',
      refusal: { problem: refusal, body: draft('a').body },
    });
  });
  it.each([0, 408, 425, 429, 500, 503, 504])('after %i the same is sent again, later', status => {
    const state = evolve(sending(), { type: 'failed', problem: problem(status, 'unavailable', 2) });
    expect(state).toMatchObject({ step: 'waiting', draft: draft('a'), waitMs: 2_000 });
    expect(evolve(state, { type: 'retried' })).toEqual(sending(2));
  });
  it('it waits longer each time, up to a limit', () => {
    const waits = [1, 2, 3, 4, 5, 9].map(attempt => {
      const state = evolve(sending(attempt), { type: 'failed', problem: problem(503) });
      return state.step === 'waiting' && state.waitMs;
    });
    expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  });
});

it('given it was placed, only an act of its own begins another one', () => {
  const placed: Checkout = { step: 'placed', orderId: 3 };
  expect(evolve(placed, { type: 'submitted', draft: draft('b') })).toBe(placed);
  expect(evolve(placed, { type: 'reopened' })).toEqual(open);
});

it('a draft is used for as long as its key is remembered', () => {
  expect(isFresh({ ...draft('a'), at: 1_000 }, 1_000 + 22 * 3_600_000)).toBe(true);
  expect(isFresh({ ...draft('a'), at: 1_000 }, 1_000 + 24 * 3_600_000)).toBe(false);
});

it('whatever is pressed and answered in whatever order, another key is only used when the outcome of the one before is known', () => {
  const action = fc.oneof(
    fc.constant({ do: 'press' } as const),
    fc.constant({ do: 'retry' } as const),
    fc.constant({ do: 'again' } as const),
    fc.constantFrom(201, 0, 400, 402, 404, 409, 500, 503).map(status => ({ do: 'answer', status }) as const),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40 }), actions => {
      let state: Checkout = open;
      let keys = 0;
      /** What the server was sent and has not finally answered. */
      let unsettled: string | undefined;
      const sent = (next: Checkout) => {
        if (next.step !== 'sending' || next === state) return;
        if (unsettled !== undefined) expect(next.draft.key).toBe(unsettled);
        unsettled = next.draft.key;
      };
      for (const it of actions) {
        let next: Checkout = state;
        if (it.do === 'press') next = evolve(state, { type: 'submitted', draft: draft(`key ${keys++}`) });
        if (it.do === 'retry') next = evolve(state, { type: 'retried' });
        if (it.do === 'again') next = evolve(state, { type: 'reopened' });
        sent(next);
        if (it.do === 'answer' && state.step === 'sending') {
          const answer = problem(it.status);
          if (it.status === 201 || !isOpen(answer)) unsettled = undefined;
          next =
            it.status === 201
              ? evolve(state, { type: 'answered', orderId: 1 })
              : evolve(state, { type: 'failed', problem: answer });
        }
        state = next;
      }
    }),
  );
});

describe('what the browser keeps', () => {
  const now = 1_000;
  const mine = { ...draft('a'), at: now };
  const other = { ...draft('b'), at: now };

  it('goes on with a draft first, and then says what was placed', () => {
    expect(begin({}, now)).toEqual({ step: 'open' });
    expect(begin({ placed: 3 }, now)).toEqual({ step: 'placed', orderId: 3 });
    expect(begin({ draft: mine, placed: 3 }, now)).toEqual({ step: 'sending', draft: mine, attempt: 1 });
    expect(begin({ draft: mine }, now + 24 * 3_600_000)).toEqual({ step: 'open' });
  });
  it('is the outcome, and the draft that another tab has begun since', () => {
    expect(settle({ draft: mine }, mine, {})).toEqual({});
    expect(settle({ draft: mine }, mine, { placed: 3 })).toEqual({ placed: 3 });
    expect(settle({ draft: other }, mine, {})).toEqual({ draft: other });
    expect(settle({ draft: other }, mine, { placed: 3 })).toEqual({ draft: other, placed: 3 });
  });
  it('ends what waits here where it was ended in another tab', () => {
    const waiting = evolve(sending(), { type: 'failed', problem: problem(503) });
    const by: Checkout = { step: 'placed', orderId: 3 };
    expect(evolve(waiting, { type: 'superseded', by })).toBe(by);
    expect(evolve(open, { type: 'superseded', by })).toBe(open);
  });
});

it('whatever two tabs press, reload and are answered, only an act of its own orders once more', () => {
  const tab = fc.constantFrom(0, 1);
  const answer = fc.record({ do: fc.constant('answer'), tab, status: fc.constantFrom(201, 402, 409, 503) });
  const action = fc.oneof(
    { arbitrary: fc.record({ do: fc.constant('go on'), tab }), weight: 4 },
    { arbitrary: answer, weight: 3 },
    // The answer is lost on its way; the order may stand even so.
    fc.record({ do: fc.constant('lose'), tab, status: fc.constantFrom(201, 402, 503) }),
    fc.record({ do: fc.constant('reload'), tab }),
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), actions => {
      let kept: Kept = {};
      let tabs: Checkout[] = [open, open];
      let keys = 0;
      let again = 0;
      /** What a key is bound to at the service: an order's id, or a refusal. */
      const bound = new Map<string, number | 'declined'>();
      const bodies = new Map<string, string>();
      const put = (i: number, state: Checkout) => {
        tabs = tabs.with(i, state);
        if (state.step !== 'sending') return;
        const { key, body } = state.draft;
        // What is sent is kept, or a reload would forget it.
        expect(kept.draft?.key).toBe(key);
        expect(bodies.get(key) ?? JSON.stringify(body)).toBe(JSON.stringify(body));
        bodies.set(key, JSON.stringify(body));
      };
      for (const it of actions) {
        const i = it.tab;
        const state = tabs[i] ?? open;
        if (it.do === 'go on' && state.step === 'open') {
          const begun = begin(kept, 0);
          if (begun.step === 'placed') {
            put(i, evolve(state, { type: 'found', orderId: begun.orderId }));
            continue;
          }
          // Each press wishes something else.
          const n = keys++;
          const fresh = { ...draft(`key ${n}`), body: { ...draft('').body, orderQty: n + 1 } };
          const next = begun.step === 'sending' ? begun.draft : fresh;
          kept = { ...kept, draft: next };
          put(i, evolve(state, { type: 'submitted', draft: next }));
        }
        if (it.do === 'reload') put(i, begin(kept, 0));
        if (it.do === 'go on' && state.step === 'placed') {
          again++;
          kept = kept.draft ? { draft: kept.draft } : {};
          put(i, evolve(state, { type: 'reopened' }));
        }
        if (it.do === 'go on' && state.step === 'waiting') {
          const by = begin(kept, 0);
          const isKept = by.step === 'sending' && by.draft.key === state.draft.key;
          put(i, evolve(state, isKept ? { type: 'retried' } : { type: 'superseded', by }));
        }
        if (!('status' in it) || state.step !== 'sending') continue;
        const { key } = state.draft;
        if (!bound.has(key) && it.status === 201) bound.set(key, bound.size + 1);
        if (!bound.has(key) && it.status === 402) bound.set(key, 'declined');
        const outcome = bound.get(key);
        const status =
          it.do === 'lose' ? 0 : outcome === undefined ? it.status : outcome === 'declined' ? 402 : 201;
        // The service lets those who ask under one key at a time have one answer.
        for (const [j, other] of tabs.entries()) {
          if (other.step !== 'sending' || other.draft.key !== key || (j !== i && status === 0)) continue;
          if (typeof outcome === 'number' && status === 201) {
            kept = settle(kept, other.draft, { placed: outcome });
            put(j, evolve(other, { type: 'answered', orderId: outcome }));
          } else {
            if (!isOpen(problem(status))) kept = settle(kept, other.draft, {});
            put(j, evolve(other, { type: 'failed', problem: problem(status) }));
          }
        }
      }
      const orders = [...bound.values()].filter(value => value !== 'declined');
      expect(orders.length).toBeLessThanOrEqual(1 + again);
    }),
    { numRuns: 2_000 },
  );
});

describe('a refusal says the way on', () => {
  const body = { ...draft('a').body, orderQty: 5, price: 500 };
  it('to what is left', () => {
    const refusal = new ApiProblem('out-of-stock', 409, { availableQuantity: 2 });
    expect(wayOn({ problem: refusal, body })).toMatchObject({ left: 2, quantity: 5 });
  });
  it('to the new price', () => {
    const refusal = new ApiProblem('price-changed', 409, { price: 600, unitPrice: 120 });
    expect(wayOn({ problem: refusal, body })).toMatchObject({ unitPrice: 120, before: 100 });
  });
  it('to the fields that are wrong', () => {
    const refusal = new ApiProblem('invalid-request', 400, {
      errors: [{ pointer: '/address', detail: 'is too long' }],
    });
    expect(wayOn({ problem: refusal, body }).fields).toEqual({ address: 'is too long' });
  });
  it('or no other than to try again', () => {
    const refusal = new ApiProblem('payment-declined', 402);
    expect(wayOn({ problem: refusal, body })).toEqual({ problem: refusal, quantity: 5, fields: {} });
  });
});
