import type { Progress, ServiceName } from '@jumun/contracts';

export type AllProgress = Record<ServiceName, Progress>;

/**
 * Whether all that was there at one moment has been handled everywhere; no clock is asked. What was committed then is
 * first in an outbox, then in the log, then behind every reader's cursor.
 */
export type Horizon =
  /** Waits until what was published then has left each outbox: by service, the last number that was given out. */
  | { stage: 'publishing'; last: Partial<Record<ServiceName, number>> }
  /** All of it is in the log; how far the log goes is seen at the next look. */
  | { stage: 'published' }
  /** Waits until every service has read so far, by partition. */
  | { stage: 'handling'; heads: Record<number, number> }
  | { stage: 'passed' };

/** @param progress read after the moment */
export function beginHorizon(progress: AllProgress): Horizon {
  const last = Object.fromEntries(
    Object.entries(progress).map(([service, { outboxLast }]) => [service, outboxLast]),
  );
  return { stage: 'publishing', last };
}

/** @param progress read after that of the step before */
export function advance(horizon: Horizon, progress: AllProgress): Horizon {
  const services = Object.entries(progress) as [ServiceName, Progress][];
  if (horizon.stage === 'publishing') {
    const isPublished = services.every(
      ([service, { outboxOldest }]) => outboxOldest === null || outboxOldest > (horizon.last[service] ?? 0),
    );
    return isPublished ? { stage: 'published' } : horizon;
  }
  if (horizon.stage === 'published') {
    const heads: Record<number, number> = {};
    for (const [, { heads: seen }] of services) {
      for (const [partition, position] of Object.entries(seen)) {
        heads[Number(partition)] = Math.max(heads[Number(partition)] ?? 0, position);
      }
    }
    return advance({ stage: 'handling', heads }, progress);
  }
  if (horizon.stage === 'handling') {
    const isHandled = services.every(([, { cursors }]) =>
      Object.entries(horizon.heads).every(
        ([partition, position]) => (cursors[Number(partition)] ?? 0) >= position,
      ),
    );
    return isHandled ? { stage: 'passed' } : horizon;
  }
  return horizon;
}
