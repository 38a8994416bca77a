import type { Database, Logger } from '@jumun/service-kit';
import type { Channel } from './channel.ts';
import { type Attempt, queuedLetters, saveAttempts } from './store.ts';

const BATCH = 500;
const FIRST_WAIT_MS = 500;
const MAX_ATTEMPTS = 12;

/**
 * Sends what is queued; what cannot be sent is tried again for about half an hour and then marked failed. One replica
 * does it at a time; where two overlap, a letter may be sent twice under the same id.
 * @returns a round that gives whether there may be more
 */
export function createSender(db: Database, channel: Channel, log: Logger): () => Promise<boolean> {
  return async () => {
    const letters = await queuedLetters(db, BATCH);
    if (letters.length === 0) return false;
    const sent = await channel.send(letters).catch((error: unknown) => {
      log.warn({ channel: channel.name, err: String(error) }, 'channel unavailable');
      return letters.map(() => false);
    });
    await saveAttempts(
      db,
      letters.map(({ id, attempts }, i): Attempt => {
        if (sent[i]) return { id, status: 'sent', retryInMs: 0 };
        if (attempts + 1 >= MAX_ATTEMPTS) return { id, status: 'failed', retryInMs: 0 };
        return { id, status: 'queued', retryInMs: FIRST_WAIT_MS * 2 ** attempts };
      }),
    );
    return letters.length === BATCH;
  };
}
