/**
 * Under load, work is gathered for at least this long (ms) before it is done as one: larger batches cost fewer
 * commits and calls. Work that comes after a quiet time is not delayed.
 */
export const GATHER_MS = 3;

/**
 * Decides when a batch goes: a turn of the event loop after the first piece of it came, so that what arrives together
 * goes together, and no sooner than `GATHER_MS` after the last one.
 * @returns a function to call for each piece; `flush` is called once for all until then
 */
export function createPacer(flush: () => void): () => void {
  let requested = false;
  let last = Number.NEGATIVE_INFINITY;

  function go(): void {
    requested = false;
    last = performance.now();
    flush();
  }

  return () => {
    if (requested) return;
    requested = true;
    const wait = last + GATHER_MS - performance.now();
    if (wait > 0) setTimeout(go, wait);
    else setImmediate(go);
  };
}
