import { isTransient, type Logger } from '@jumun/service-kit';

export interface Loop {
  /** A hint that there is something to do. */
  wake(): void;
  /** Finishes the round under way and ends. */
  stop(): Promise<void>;
  /** Whether rounds go well: the last three have not all failed, and the one under way has not hung for long. */
  healthy(): boolean;
}

export interface LoopOptions {
  name: string;
  log: Logger;
  /** Does what there is to do; gives whether there may be more at once. */
  round(): Promise<boolean>;
  /** Without a hint a round begins this long after the last. */
  idleMs: number;
  /**
   * Rounds begin at least this far apart unless there is a backlog: under load a round then finds more to do at once,
   * and costs fewer commits. The first after a quiet time begins without delay.
   */
  restMs?: number;
  /** A round that takes longer hangs. */
  hangsAfterMs?: number;
}

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Runs rounds for as long as there is work, then waits for a hint or the clock. After an error it pauses, longer
 * each time, and goes on: a background task of a service never ends by itself.
 */
export function startLoop({
  name,
  log,
  round,
  idleMs,
  restMs = 0,
  hangsAfterMs = 60_000,
}: LoopOptions): Loop {
  let stopping = false;
  let hinted = false;
  let failures = 0;
  /** When the round under way began; never while there is none. */
  let begunAt = Number.POSITIVE_INFINITY;
  let endPause: (() => void) | undefined;

  function pause(ms: number, hintable: boolean): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(end, ms);
      function end() {
        clearTimeout(timer);
        endPause = undefined;
        resolve();
      }
      endPause = () => (hintable || stopping) && end();
      if (stopping || (hintable && hinted)) end();
    });
  }

  async function run(): Promise<void> {
    while (!stopping) {
      hinted = false;
      const begun = performance.now();
      try {
        begunAt = begun;
        const more = await round().finally(() => {
          begunAt = Number.POSITIVE_INFINITY;
        });
        failures = 0;
        if (more) continue;
        await pause(idleMs, true);
        const rest = begun + restMs - performance.now();
        if (rest > 0) await pause(rest, false);
      } catch (error) {
        failures++;
        const details = { loop: name, failures, err: isTransient(error) ? String(error) : error };
        log.warn(details, 'a background round failed and will be tried again');
        await pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures), false);
      }
    }
  }

  const ended = run();
  return {
    wake() {
      hinted = true;
      endPause?.();
    },
    async stop() {
      stopping = true;
      endPause?.();
      await ended;
    },
    healthy: () => failures < 3 && performance.now() - begunAt < hangsAfterMs,
  };
}
