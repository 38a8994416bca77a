/** Beside what a query takes: clocks drift, and a step of less than this makes no difference to any deadline here. */
const TOLERANCE_MS = 1_000;

/**
 * Watches a wall clock by the process's monotonic clock, so that nothing expires early because the former was set.
 * Call it after the query that found something expired: if the clock jumped before the query, that shows.
 *
 * @param readClock the wall clock that deadlines are compared with, in ms (of the database, see `databaseClock`)
 * @param monotonic ms that only ever go forward
 * @returns a function that reads both clocks and gives for how many ms the wall clock is known not to have jumped:
 *   Infinity where it never did since the first call, or else the time since the jump was seen. A process that starts
 *   trusts the clock that it finds.
 */
export function createClockGuard(
  readClock: () => Promise<number>,
  monotonic: () => number = () => performance.now(),
): () => Promise<number> {
  /** Between what bounds the wall clock was ahead of the monotonic one when both were last read. */
  let ahead: { least: number; most: number } | undefined;
  let jumpedAt = Number.NEGATIVE_INFINITY;

  return async () => {
    const asked = monotonic();
    const wall = await readClock();
    const answered = monotonic();
    // The wall clock was read somewhere between the two.
    const now = { least: wall - answered, most: wall - asked };
    const jumped =
      ahead !== undefined && (now.least > ahead.most + TOLERANCE_MS || now.most < ahead.least - TOLERANCE_MS);
    if (jumped) jumpedAt = answered;
    ahead = now;
    return answered - jumpedAt;
  };
}
