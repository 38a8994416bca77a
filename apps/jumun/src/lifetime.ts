import { setTimeout as delay } from 'node:timers/promises';

/** npm passes on a Ctrl-C that the terminal has already sent to us: within this time two are one. */
const ECHO_MS = 500;
const ABORT_LIMIT_MS = 3_000;
const ORPHAN_POLL_MS = 500;

type Stop = () => Promise<void>;

export interface Lifetime {
  /** Adds what is to be stopped at the end; what was added last is stopped first. */
  onStop(stop: Stop): void;
  /** Says what must not be left behind even when there is no time to stop in order. */
  onAbort(abort: Stop): void;
  /** @throws Error once the process was told to stop: there is no use in starting more */
  assertWanted(): void;
}

/**
 * Begins what this process is for, and ends it at a signal, also while it is still beginning: at the first in order
 * and with exit code 0, at the second at once.
 * @throws what `begin` threw, after everything was stopped
 */
export async function live(begin: (lifetime: Lifetime) => Promise<void>): Promise<void> {
  const stops: Stop[] = [];
  let abort: Stop = async () => undefined;
  let told = false;
  let ended: Promise<void> | undefined;

  async function stopAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const stop of stops.toReversed()) await stop().catch(error => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
  const end = () => {
    ended ??= stopAll();
    return ended;
  };

  let begun: Promise<void> | undefined;
  onSignals({
    async stop() {
      told = true;
      // What is just being started can only be stopped when it is there.
      await begun?.catch(() => undefined);
      await end();
    },
    abort: () => abort(),
  });
  begun = begin({
    onStop: stop => void stops.push(stop),
    onAbort: added => {
      abort = added;
    },
    assertWanted() {
      if (told) throw new Error('told to stop');
    },
  });
  try {
    await begun;
  } catch (error) {
    // The signal's handler does the rest, and ends the process.
    if (told) return;
    await end().catch(() => undefined);
    throw error;
  }
}

function onSignals({ stop, abort }: { stop: Stop; abort: Stop }): void {
  let first: number | undefined;
  let aborting = false;
  const onSignal = () => {
    const now = performance.now();
    if (first === undefined) {
      first = now;
      process.stdout.write('\nStopping; press Ctrl-C again to stop at once.\n');
      stop().then(
        () => process.exit(0),
        (error: Error) => {
          process.stderr.write(`jumun: ${error.message.split('\n')[0]}\n`);
          process.exit(1);
        },
      );
    } else if (now - first > ECHO_MS && !aborting) {
      aborting = true;
      void Promise.race([abort().catch(() => undefined), delay(ABORT_LIMIT_MS)]).then(() => process.exit(1));
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  onOrphaned(onSignal);
}

/** A signal to npm can end only the shell between it and us: nobody would be left to stop us. */
function onOrphaned(listener: () => void): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    listener();
  }, ORPHAN_POLL_MS);
  timer.unref();
}
