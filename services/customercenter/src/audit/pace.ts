/** What may be saved up while there is nothing to look at, in ms of looking. */
const MOST_SAVED_MS = 500;
/** However long a look took on a machine that is busy with other things, the next one is at most so far away. */
const LONGEST_REST_MS = 2_000;

/** Keeps work that is done now and then below its share of the time. */
export interface Pace {
  mayLook(): boolean;
  /** Notes that a look took so long, in ms. */
  took(ms: number): void;
}

/** @param share in percent of the time */
export function createPace(share: number, now: () => number = () => performance.now()): Pace {
  let saved = MOST_SAVED_MS;
  let savedAt = now();
  return {
    mayLook() {
      const at = now();
      saved = Math.min(MOST_SAVED_MS, saved + ((at - savedAt) * share) / 100);
      savedAt = at;
      return saved > 0;
    },
    took(ms) {
      saved = Math.max(saved - ms, (-LONGEST_REST_MS * share) / 100);
    },
  };
}
