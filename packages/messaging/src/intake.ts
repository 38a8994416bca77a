import { type Database, type Logger, type Metrics, Problem } from '@jumun/service-kit';
import { outboxSpan } from './outbox.ts';

export const LOOK_MS = 1_000;
/** A relay hands over thousands in this time, once it can. */
const RETRY_AFTER_S = 5;

/** Whether a service takes on new work: not while too many of its events wait for the log. */
export interface Intake {
  /** To be asked before work is begun; what was begun goes on. @throws Problem backlog */
  admit(): void;
  /** Looks how many events wait; to be called about once in LOOK_MS, so that nobody counts for a single request. */
  look(): Promise<void>;
}

/** @param limit events in the outbox, above which new work is refused */
export function createIntake(db: Database, limit: number, metrics: Metrics, log: Logger): Intake {
  let waiting = 0;
  const isOpen = () => waiting <= limit;
  metrics.gauge('jumun_intake_open', 'Whether new work is taken on: 0 while too many events wait', () =>
    isOpen() ? 1 : 0,
  );

  return {
    admit() {
      if (isOpen()) return;
      const detail = 'Too many events wait to be handed on, so nothing new is begun for now.';
      throw new Problem('backlog', detail, { retryAfter: RETRY_AFTER_S });
    },
    async look() {
      const wasOpen = isOpen();
      waiting = await outboxSpan(db);
      if (isOpen() === wasOpen) return;
      if (wasOpen) log.error({ waiting, limit }, 'too many events wait for the log: new work is refused');
      else log.info({ waiting, limit }, 'new work is taken on again');
    },
  };
}
