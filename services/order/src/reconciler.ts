import { type Database, type Logger, traceIdOf } from '@jumun/service-kit';
import type { Placing, Unsettled } from './placing.ts';
import { claimIntents, type PendingIntent, postponeIntents } from './store.ts';

/**
 * Until this age an intent with a client's key is still charged and established; after it, only if it was paid.
 * Earlier than the reservation expires (two minutes).
 */
const GIVE_UP_MS = 60_000;
/** Longer than one attempt takes. */
const LEAVE_MS = 8_000;
const BATCH = 200;

/**
 * Settles intents whose outcome is unknown: those whose request ended without one, and those that a crash left.
 * @returns a round that gives whether there may be more
 */
export function createReconciler(db: Database, placing: Placing, log: Logger): () => Promise<boolean> {
  /** Gives whether the intent has come to its end. */
  async function settle(intent: PendingIntent): Promise<boolean> {
    const { traceparent } = intent;
    try {
      if (intent.voiding || !intent.keyed) await placing.giveUp(intent, traceparent);
      else if (intent.ageMs < GIVE_UP_MS) await placing.resume(intent, traceparent);
      else await placing.giveUpUnlessPaid(intent, traceparent);
      return true;
    } catch (error) {
      const details = { traceId: traceIdOf(traceparent), orderId: intent.id, err: String(error) };
      log.debug(details, 'intent not settled yet');
      return false;
    }
  }

  /**
   * The commit that established an order may have gone through though its answer was lost. A client without a key was
   * told that there is no order.
   */
  async function withdraw(requests: Unsettled[], intents: PendingIntent[]): Promise<void> {
    const open = new Set(intents.map(({ id }) => id));
    const confirmed = requests.filter(({ id, keyed }) => !keyed && !open.has(id));
    await Promise.all(confirmed.map(({ id }) => placing.withdraw(id)));
  }

  return async () => {
    const requests = placing.takeUnsettled();
    const named = requests.map(({ id }) => id);
    let intents: PendingIntent[];
    try {
      intents = await claimIntents(db, named, LEAVE_MS, BATCH);
      await withdraw(requests, intents);
    } catch (error) {
      placing.putBack(requests);
      throw error;
    }
    const settled = await Promise.all(intents.map(settle));
    const open = intents.filter((_, i) => !settled[i]).map(({ id }) => id);
    if (open.length > 0) await postponeIntents(db, open);
    return false;
  };
}
