import type { Database, Logger } from '@jumun/service-kit';
import type { Tracer } from '@opentelemetry/api';
import { type Loop, startLoop } from './loop.ts';
import type { Message } from './message.ts';
import { clearOutbox, readOutbox } from './outbox.ts';
import { sendInSpans } from './tracing.ts';
import type { Transport } from './transport.ts';

const BATCH = 1_000;
const POLL_MS = 200;
const REST_MS = 10;

export interface RelayOptions {
  publisher: string;
  db: Database;
  transport: Transport;
  /** Whether this replica is the one to relay. */
  isLeader(): boolean;
  log: Logger;
  tracer?: Tracer | undefined;
  /** Told of what is in the log and no longer in the outbox. */
  handedOver?(messages: Message[]): void;
}

/**
 * Hands the outbox to the log, in the order of its ids, and removes what is durable there. A crash between the two
 * hands it over again: consumers drop the repeat by its event id.
 */
export function startRelay({
  publisher,
  db,
  transport,
  isLeader,
  log,
  tracer,
  handedOver,
}: RelayOptions): Loop {
  let epoch: number | undefined;

  return startLoop({
    name: 'relay',
    log,
    idleMs: POLL_MS,
    restMs: REST_MS,
    async round() {
      if (!isLeader()) {
        epoch = undefined;
        return false;
      }
      epoch ??= await transport.fence(publisher);
      const ours = epoch;
      const messages = await readOutbox(db, BATCH);
      if (messages.length === 0) return false;
      try {
        await sendInSpans(tracer, messages, traced => transport.append(publisher, ours, traced));
      } catch (error) {
        // Another may have taken over, or the log may not know any more what came last: an epoch of our own settles both.
        epoch = undefined;
        throw error;
      }
      await clearOutbox(
        db,
        messages.map(message => message.id),
      );
      handedOver?.(messages);
      return messages.length === BATCH;
    },
  });
}
