import {
  createClockGuard,
  type Database,
  databaseClock,
  inSpan,
  type Logger,
  ORDER_ID,
  OVERLAP_MS,
  traceIdOf,
} from '@jumun/service-kit';
import { SpanKind, type Tracer } from '@opentelemetry/api';
import type { Placing, Unsettled } from './placing.ts';
import { claimIntents, type PendingIntent, postponeIntents, REQUEST_BUDGET_MS } from './store.ts';

/**
 * Until this age an intent with a client's key is still charged and established; after it, only if it was paid.
 * Earlier than the reservation expires (two minutes).
 */
const GIVE_UP_MS = 60_000;
/** Longer than one attempt takes. */
const LEAVE_MS = 8_000;
const BATCH = 200;

/**
 * For how many ms an intent has been open, as far as one can say: if the clock jumped since, from the jump on. One from the
 * future, opened before a jump back that this process did not see, counts as old.
 * @param steadyMs for how long the clock has not jumped
 */
export const ageOf = ({ ageMs }: Pick<PendingIntent, 'ageMs'>, steadyMs: number) =>
  Math.min(ageMs < -OVERLAP_MS ? Number.POSITIVE_INFINITY : ageMs, steadyMs);

/**
 * Settles intents whose outcome is unknown: those whose request ended without one, and those that a crash left.
 * @returns a round that gives whether there may be more
 */
export function createReconciler(
  db: Database,
  placing: Placing,
  log: Logger,
  tracer?: Tracer,
): () => Promise<boolean> {
  const clockSteadyMs = createClockGuard(() => databaseClock(db));

  async function goOn(intent: PendingIntent, steadyMs: number, traceparent: string | null): Promise<unknown> {
    if (intent.voiding || !intent.keyed) return placing.giveUp(intent, traceparent);
    if (ageOf(intent, steadyMs) < GIVE_UP_MS) return placing.resume(intent, traceparent);
    return placing.giveUpUnlessPaid(intent, traceparent);
  }

  /** Gives whether the intent has come to its end. */
  async function settle(intent: PendingIntent, steadyMs: number): Promise<boolean> {
    const { id: orderId, traceparent } = intent;
    const traceId = traceIdOf(traceparent);
    const facts = { name: 'settle intent', kind: SpanKind.INTERNAL, attributes: { [ORDER_ID]: orderId } };
    try {
      await inSpan(tracer, facts, traceparent, within => goOn(intent, steadyMs, within));
      log.info({ traceId, orderId }, 'intent settled');
      return true;
    } catch (error) {
      log.debug({ traceId, orderId, err: String(error) }, 'intent not settled yet');
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
    await Promise.all(confirmed.map(({ id, traceparent }) => placing.withdraw(id, traceparent)));
  }

  return async () => {
    const requests = placing.takeUnsettled();
    const named = requests.map(({ id }) => id);
    let intents: PendingIntent[];
    let steadyMs: number;
    try {
      intents = await claimIntents(db, named, LEAVE_MS, BATCH);
      steadyMs = await clockSteadyMs();
      await withdraw(requests, intents);
    } catch (error) {
      placing.putBack(requests);
      throw error;
    }
    if (steadyMs === 0) log.warn("the database's clock jumped; intents have their full time from now on");
    // What only the clock says is overdue has its full time again: the claim has put it off by as much.
    const overdue = steadyMs < REQUEST_BUDGET_MS ? intents.filter(({ id }) => named.includes(id)) : intents;
    const settled = await Promise.all(overdue.map(intent => settle(intent, steadyMs)));
    const open = overdue.filter((_, i) => !settled[i]).map(({ id }) => id);
    if (open.length > 0) await postponeIntents(db, open);
    return false;
  };
}
