import { setTimeout as delay } from 'node:timers/promises';

/**
 * Tries until what is claimed holds, and gives what it found; after `withinMs` the last failure is thrown.
 * For conditions that become true by themselves: never for waiting some time.
 */
export async function eventually<T>(claim: () => T | Promise<T>, withinMs = 20_000): Promise<T> {
  const until = Date.now() + withinMs;
  for (;;) {
    try {
      return await claim();
    } catch (error) {
      if (Date.now() > until) throw error;
      await delay(20);
    }
  }
}
