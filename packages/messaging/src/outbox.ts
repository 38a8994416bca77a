import { columns, type Database, type Tx } from '@jumun/service-kit';
import { type Message, type Outgoing, toMessage } from './message.ts';

/** Where a service leaves its events, in the transaction of the change that they tell of. */
export interface Outbox {
  append(tx: Tx, events: Outgoing[]): void;
}

/**
 * @param wake called after each commit that left something: a hint for the relay
 */
export function createOutbox(wake: () => void): Outbox {
  return {
    append(tx, events) {
      if (events.length === 0) return;
      const now = Date.now();
      const messages = events.map(event => toMessage(event, now));
      tx.send(
        `INSERT INTO outbox (event_id, key, type, payload, traceparent)
         SELECT event_id, key, type, payload, traceparent
         FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[])
              WITH ORDINALITY AS e(event_id, key, type, payload, traceparent, place)
         ORDER BY place`,
        columns(messages, 'eventId', 'key', 'type', 'payload', 'traceparent'),
      );
      tx.afterCommit(wake);
    },
  };
}

/** The oldest messages that were not handed to the log, in order. */
export function readOutbox(db: Database, limit: number): Promise<(Message & { id: number })[]> {
  return db.query(
    `SELECT id, event_id AS "eventId", key, type, payload, traceparent FROM outbox ORDER BY id LIMIT $1`,
    [limit],
  );
}

/** Marks messages as handed over, by removing them: the log has them now. */
export async function clearOutbox(db: Database, ids: number[]): Promise<void> {
  await db.query('DELETE FROM outbox WHERE id = ANY($1)', [ids]);
}

/**
 * About how many messages wait, for the price of two look-ups: the numbers between the oldest and the newest. Some of
 * them may be missing (of transactions that did not commit).
 */
export async function outboxSpan(db: Database): Promise<number> {
  const [row] = await db.query<{ span: number }>(
    'SELECT coalesce(max(id) - min(id) + 1, 0) AS span FROM outbox',
  );
  return row?.span ?? 0;
}

/** How many messages wait, and for how many seconds the oldest has. */
export async function outboxLag(db: Database): Promise<{ waiting: number; seconds: number }> {
  const [row] = await db.query<{ waiting: number; seconds: number }>(
    `SELECT count(*)::int AS waiting,
            greatest(extract(epoch FROM now() - min(created_at)), 0)::float8 AS seconds FROM outbox`,
  );
  return row ?? { waiting: 0, seconds: 0 };
}
