import { writeFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

const BEAT_MS = 500;

export interface LivenessOptions {
  /** The file that is there while the process lives, such as /tmp/healthy. */
  file: string;
  /** An event loop that does nothing for so long hangs. */
  hangMs: number;
}

/** What the thread is given that keeps the file. */
export interface Watch extends LivenessOptions {
  /** Counted up by the event loop that is watched. */
  beats: Int32Array;
}

export interface Liveness {
  /** Removes the file. */
  stop(): Promise<void>;
}

/**
 * Keeps a file for as long as this thread's event loop turns. A loop that hangs cannot remove its own file, so that a
 * thread beside it does. A file that somebody else has removed stays away: that is how one asks for a restart.
 * @throws Error when the file cannot be written
 */
export function keepAlive({ file, hangMs }: LivenessOptions): Liveness {
  // Not by the thread, which takes its time to start: whoever has seen this process answer finds the file.
  writeFileSync(file, `${process.pid}\n`);
  const beats = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const watch: Watch = { file, hangMs, beats };
  const thread = new Worker(new URL('./liveness-thread.js', import.meta.url), {
    workerData: watch,
    execArgv: [],
  });
  thread.unref();
  const beat = setInterval(() => Atomics.add(beats, 0, 1), BEAT_MS);
  beat.unref();
  const ended = new Promise<void>(resolve => thread.once('exit', () => resolve()));
  return {
    async stop() {
      clearInterval(beat);
      thread.ref();
      thread.postMessage('stop');
      await ended;
    },
  };
}
