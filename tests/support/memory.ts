import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

/** What is kept in the heap of this process, in MB. */
export function keptMb(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / 1e6;
}
