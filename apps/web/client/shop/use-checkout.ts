import { useCallback, useEffect, useReducer } from 'react';
import { answer, api } from '../api/client.ts';
import { ApiProblem } from '../api/problem.ts';
import { store, stored } from '../app/stored.ts';
import { begin, type Draft, evolve, isFresh, isOpen, type Kept, type OrderBody, settle } from './checkout.ts';

const keptUnder = (key: string) => stored<Kept>(key, {});

async function send({ key, body }: Draft): Promise<number> {
  const params = { header: { 'Idempotency-Key': key } };
  return (await answer(api.order.POST('/orders', { body, params }))).id;
}

/**
 * The checkout of one product by one customer. What is sent is kept first, under a key that is used until its outcome is
 * known: pressing twice, a second tab, a reload or a lost answer never order twice.
 */
export function useCheckout(customerId: number, itemcd: number) {
  const key = `jumun.checkout.${customerId}.${itemcd}`;
  const [state, dispatch] = useReducer(evolve, key, () => begin(keptUnder(key), Date.now()));

  const draft = state.step === 'sending' ? state.draft : undefined;
  const attempt = state.step === 'sending' ? state.attempt : 0;
  useEffect(() => {
    if (!draft || attempt === 0) return;
    let left = false;
    send(draft).then(
      orderId => {
        store(key, settle(keptUnder(key), draft, { placed: orderId }));
        if (!left) dispatch({ type: 'answered', orderId });
      },
      (error: unknown) => {
        const problem = error instanceof ApiProblem ? error : ApiProblem.unreachable(error);
        // A refusal is final: the next attempt is another order.
        if (!isOpen(problem)) store(key, settle(keptUnder(key), draft, {}));
        if (!left) dispatch({ type: 'failed', problem });
      },
    );
    return () => {
      left = true;
    };
  }, [key, draft, attempt]);

  const waiting = state.step === 'waiting' ? state : undefined;
  const waitingFor = waiting?.draft.key;
  const retry = useCallback(() => {
    if (waitingFor === undefined) return;
    // What is not kept any more has ended in another tab, and must not be sent again.
    const by = begin(keptUnder(key), Date.now());
    const isKept = by.step === 'sending' && by.draft.key === waitingFor;
    dispatch(isKept ? { type: 'retried' } : { type: 'superseded', by });
  }, [key, waitingFor]);
  useEffect(() => {
    if (!waiting) return;
    const timer = setTimeout(retry, waiting.waitMs);
    return () => clearTimeout(timer);
  }, [waiting, retry]);

  // What another tab has placed is placed here as well.
  useEffect(() => {
    const look = (event: StorageEvent) => {
      const { placed } = keptUnder(key);
      if (event.key === key && placed !== undefined) dispatch({ type: 'found', orderId: placed });
    };
    addEventListener('storage', look);
    return () => removeEventListener('storage', look);
  }, [key]);

  const submit = useCallback(
    (body: OrderBody) => {
      // Another tab may have sent one, whose outcome is open: that one is sent, and no other.
      const kept = keptUnder(key);
      const begun = begin(kept, Date.now());
      if (begun.step === 'placed') return dispatch({ type: 'found', orderId: begun.orderId });
      const draft =
        begun.step === 'sending' ? begun.draft : { key: crypto.randomUUID(), body, at: Date.now() };
      store(key, { ...kept, draft });
      dispatch({ type: 'submitted', draft });
    },
    [key],
  );
  /** Begins another order, by an act of the customer's own. */
  const reopen = useCallback(() => {
    const { draft } = keptUnder(key);
    store(key, draft && isFresh(draft, Date.now()) ? { draft } : {});
    dispatch({ type: 'reopened' });
  }, [key]);

  return { state, submit, retry, reopen };
}
