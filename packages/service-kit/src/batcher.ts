import { isTransient, UnavailableError } from './errors.ts';

export interface BatcherOptions<I, O> {
  /** Does many pieces of work as one; answers in the same order. */
  run(items: I[]): Promise<O[]>;
  /** The most pieces in one run. */
  maxBatch: number;
  /** The most pieces that may wait; more are refused with TooManyWaitingError. */
  maxWaiting: number;
  /** How many runs may be under way at once. */
  concurrency: number;
  /** A piece that no run has taken after this time is refused with UnavailableError: nothing was done. */
  maxWaitMs?: number;
}

const MAX_WAIT_MS = 10_000;

export interface Batcher<I, O> {
  /** Adds a piece of work to the next run and gives its answer. */
  submit(item: I): Promise<O>;
  /** Pieces waiting or under way. */
  readonly pending: number;
  /** Resolves when nothing is waiting or under way. */
  idle(): Promise<void>;
}

/** More work waits than this process will hold. */
export class TooManyWaitingError extends UnavailableError {
  override name = 'TooManyWaitingError';
}

interface Waiting<I, O> {
  item: I;
  since: number;
  resolve(value: O): void;
  reject(error: unknown): void;
}

/**
 * Group commit: a run takes all that waits, so that one fsync serves many. While a run is under way the next
 * one fills, which makes batches grow with the load and keeps a lone request undelayed.
 *
 * When a run fails for its data it is bisected, so that one bad piece fails alone and at the cost of
 * log2(n) runs; when it fails for its surroundings (`isTransient`) all its pieces fail with that error.
 */
export function createBatcher<I, O>(options: BatcherOptions<I, O>): Batcher<I, O> {
  const { maxWaitMs = MAX_WAIT_MS } = options;
  let waiting: Waiting<I, O>[] = [];
  let running = 0;
  let inRun = 0;
  let scheduled = false;
  let expiring = false;
  let onIdle: (() => void)[] = [];

  async function runOrBisect(batch: Waiting<I, O>[]): Promise<void> {
    try {
      const answers = await options.run(batch.map(({ item }) => item));
      for (const [i, entry] of batch.entries()) entry.resolve(answers[i] as O);
    } catch (error) {
      if (batch.length === 1 || isTransient(error)) {
        for (const entry of batch) entry.reject(error);
        return;
      }
      const middle = batch.length >> 1;
      await runOrBisect(batch.slice(0, middle));
      await runOrBisect(batch.slice(middle));
    }
  }

  function flush(): void {
    scheduled = false;
    while (waiting.length > 0 && running < options.concurrency) {
      const batch = waiting.slice(0, options.maxBatch);
      waiting = waiting.slice(options.maxBatch);
      running++;
      inRun += batch.length;
      void runOrBisect(batch).then(() => {
        running--;
        inRun -= batch.length;
        if (waiting.length > 0) schedule();
        else if (running === 0) {
          for (const done of onIdle) done();
          onIdle = [];
        }
      });
    }
  }

  // A turn of the event loop later, so that requests which arrived together go together.
  function schedule(): void {
    if (scheduled || running >= options.concurrency) return;
    scheduled = true;
    setImmediate(flush);
  }

  /** Refuses what a run that hangs has kept waiting for too long. */
  function expire(): void {
    expiring = false;
    const since = performance.now() - maxWaitMs;
    const kept = waiting.findIndex(entry => entry.since > since);
    const expired = waiting.splice(0, kept < 0 ? waiting.length : kept);
    for (const { reject } of expired) reject(new UnavailableError(`waited for ${maxWaitMs} ms`));
    expireLater();
  }

  /** One timer for all: set while something waits, for the one that has waited longest. */
  function expireLater(): void {
    const [first] = waiting;
    if (!first || expiring) return;
    expiring = true;
    setTimeout(expire, Math.max(1, first.since + maxWaitMs - performance.now())).unref();
  }

  return {
    get pending() {
      return waiting.length + inRun;
    },
    submit(item) {
      if (waiting.length >= options.maxWaiting) {
        return Promise.reject(new TooManyWaitingError('too many requests are waiting'));
      }
      return new Promise<O>((resolve, reject) => {
        waiting.push({ item, since: performance.now(), resolve, reject });
        schedule();
        expireLater();
      });
    },
    idle() {
      if (waiting.length === 0 && running === 0) return Promise.resolve();
      return new Promise(resolve => onIdle.push(resolve));
    },
  };
}
