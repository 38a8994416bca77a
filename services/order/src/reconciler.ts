import { type Database, type Logger, traceIdOf } from '@jumun/service-kit';
import type { Placing } from './placing.ts';
import { claimIntents, type PendingIntent } from './store.ts';

/**
 * Until this age an intent with a client's key is still charged and established; after it, only if it was paid.
 * Earlier than the reservation expires (two minutes).
 */
const GIVE_UP_MS = 60_000;
const TRY_AGAIN_MS = 1_000;
const BATCH = 200;

/**
 * Settles intents whose outcome is unknown: those whose request ended without one, and those that a crash left.
 * @returns a round that gives whether there may be more
 */
export function createReconciler(db: Database, placing: Placing, log: Logger): () => Promise<boolean> {
  async function settle(intent: PendingIntent): Promise<void> {
    const { traceparent } = intent;
    try {
      if (intent.voiding || !intent.keyed) await placing.giveUp(intent, traceparent);
      else if (intent.ageMs < GIVE_UP_MS) await placing.resume(intent, traceparent);
      else await placing.giveUpUnlessPaid(intent, traceparent);
    } catch (error) {
      // It stays, and is taken up again after TRY_AGAIN_MS.
      const details = { traceId: traceIdOf(traceparent), orderId: intent.id, err: String(error) };
      log.debug(details, 'intent not settled yet');
    }
  }

  return async () => {
    const intents = await claimIntents(db, placing.takeUnsettled(), TRY_AGAIN_MS, BATCH);
    if (intents.length === 0) return false;
    await Promise.all(intents.map(settle));
    return false;
  };
}
