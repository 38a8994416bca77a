import { type KnownItem, knownCall } from '@jumun/contracts';
import type { Outcome, Traced } from '@jumun/messaging';
import { type Database, type Logger, type Peer, PeerError, traceIdOf } from '@jumun/service-kit';
import type { Charging } from './charging.ts';
import type { Pay } from './pay.ts';
import { auditedUpTo, claimVoids, type StoreCommand, unauditedPays, voidsChecked } from './store.ts';

const BATCH = 200;
const LEAVE_MS = 30_000;
/** By this age an intent has become an order or was voided. */
const SETTLED_MS = 300_000;

/**
 * Looks for money without an order: charges that came through after their void, and payments of which the order
 * service knows nothing (it lost its data, say). Both are refunded.
 * @returns rounds that give whether there may be more
 */
export function createAudit(
  db: Database,
  charging: Charging,
  order: Peer,
  submit: (command: Traced<StoreCommand>) => Promise<Outcome<Pay>>,
  log: Logger,
): { voids(): Promise<boolean>; payments(): Promise<boolean> } {
  const known = order.batch<KnownItem, { known: boolean }>(knownCall, 2_000);

  return {
    async voids() {
      const voids = await claimVoids(db, LEAVE_MS, BATCH);
      const results = await Promise.allSettled(voids.map(charging.sweep));
      // A provider that could not be asked is asked again: a check counts when it was made.
      const checked = voids
        .filter((_, i) => results[i]?.status === 'fulfilled')
        .map(({ orderId }) => orderId);
      if (checked.length > 0) await voidsChecked(db, checked);
      return voids.length === BATCH;
    },
    async payments() {
      const payments = await unauditedPays(db, SETTLED_MS, BATCH);
      const last = payments.at(-1);
      if (!last) return false;
      try {
        await Promise.all(
          payments.map(async ({ id, orderId, paymentKey, traceparent }) => {
            if ((await known({ orderId }, traceparent)).known) return;
            log.error(
              { traceId: traceIdOf(traceparent), orderId, payId: id },
              'a payment without an order is refunded',
            );
            const command: StoreCommand = { type: 'void', orderId, paymentKey, unlessCaptured: false };
            await submit({ command, traceparent });
          }),
        );
      } catch (error) {
        // An order service that is away, or an old one that cannot be asked: later.
        if (error instanceof PeerError) return false;
        throw error;
      }
      await auditedUpTo(db, last.id);
      return payments.length === BATCH;
    },
  };
}
