// JavaScript, because what loads TypeScript in this process does not do so in its threads.
import { rmSync, writeFileSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';

/** @type {import('./liveness.ts').Watch} */
const { file, hangMs, beats } = workerData;
const LOOK_MS = 250;

let last = Atomics.load(beats, 0);
let changedAt = performance.now();
let hangs = false;

/** @param {boolean} alive */
function set(alive) {
  if (alive) writeFileSync(file, `${process.pid}\n`);
  else rmSync(file, { force: true });
}

function look() {
  const now = performance.now();
  const beat = Atomics.load(beats, 0);
  if (beat !== last) {
    last = beat;
    changedAt = now;
  }
  const hung = now - changedAt > hangMs;
  // Only at a change: what somebody else has removed is not put back.
  if (hung !== hangs) set(!hung);
  hangs = hung;
}

const looking = setInterval(look, LOOK_MS);
parentPort?.once('message', () => {
  clearInterval(looking);
  set(false);
});
