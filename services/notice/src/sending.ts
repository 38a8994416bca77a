import type { Database, Logger } from '@jumun/service-kit';
import type { Channel } from './channel.ts';
import { claimLetters, saveStatuses } from './store.ts';

const BATCH = 500;
const LEAVE_MS = 30_000;
const FIRST_WAIT_MS = 500;
const MAX_ATTEMPTS = 12;

/**
 * Sends what is queued; what cannot be sent is tried again for about half an hour and then marked failed.
 * @returns a round that gives whether there may be more
 */
export function createSender(db: Database, channel: Channel, log: Logger): () => Promise<boolean> {
  return async () => {
    const letters = await claimLetters(db, LEAVE_MS, BATCH);
    if (letters.length === 0) return false;
    const sent = await channel.send(letters).catch((error: unknown) => {
      log.warn({ channel: channel.name, err: String(error) }, 'channel unavailable');
      return letters.map(() => false);
    });
    await saveStatuses(
      db,
      letters.map(({ id, attempts }, i) => {
        if (sent[i]) return { id, status: 'sent', retryInMs: 0 };
        if (attempts >= MAX_ATTEMPTS) return { id, status: 'failed', retryInMs: 0 };
        return { id, status: 'queued', retryInMs: FIRST_WAIT_MS * 2 ** (attempts - 1) };
      }),
    );
    return letters.length === BATCH;
  };
}
