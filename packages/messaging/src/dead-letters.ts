import { columns, type Database, type Queryable, type Tx } from '@jumun/service-kit';
import type { LogRecord } from './message.ts';

export const MAX_ATTEMPTS = 6;
const FIRST_DELAY_MS = 100;

export type DeadLetterState = 'retrying' | 'waiting' | 'parked' | 'discarded';

export interface DeadLetter extends LogRecord {
  id: number;
  state: DeadLetterState;
  attempts: number;
  nextAttemptAt: Date;
  reason: string | null;
  stack: string | null;
  failedAt: Date;
}

const COLUMNS = `id, partition, position, event_id AS "eventId", key, type, payload, traceparent, state, attempts,
  next_attempt_at AS "nextAttemptAt", reason, stack, failed_at AS "failedAt"`;

/** The wait before the next try doubles with each: 0.1 s, 0.2 s … */
const backOff = (attempts: number) => FIRST_DELAY_MS * 2 ** (attempts - 1);

function describe(error: unknown): { reason: string; stack: string | null } {
  if (!(error instanceof Error)) return { reason: String(error), stack: null };
  return { reason: error.message, stack: error.stack ?? null };
}

/** Sets an event aside after its first failure, to be tried again. */
export function setAside(tx: Tx, record: LogRecord, error: unknown): void {
  const { reason, stack } = describe(error);
  insert(tx, [record], 'retrying', 1, reason, stack);
}

/** Sets events aside that come after a failed one of the same key. */
export function waitBehind(tx: Tx, records: LogRecord[]): void {
  insert(tx, records, 'waiting', 0, 'waits behind an earlier event of its key', null);
}

function insert(
  tx: Tx,
  records: LogRecord[],
  state: DeadLetterState,
  attempts: number,
  reason: string,
  stack: string | null,
): void {
  tx.send(
    `INSERT INTO dead_letter (partition, position, event_id, key, type, payload, traceparent,
                              state, attempts, next_attempt_at, reason, stack)
     SELECT r.*, $8, $9::int, now() + $10::float8 * interval '1 ms', $11, $12
     FROM unnest($1::int[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[]) AS r`,
    [
      ...columns(records, 'partition', 'position', 'eventId', 'key', 'type', 'payload', 'traceparent'),
      state,
      attempts,
      attempts > 0 ? backOff(attempts) : 0,
      reason,
      stack,
    ],
  );
}

/** Locks the first event of some key that is due for another try; another process's are passed over. */
export async function lockDue(tx: Tx, partitions: number[]): Promise<DeadLetter | undefined> {
  const [letter] = await tx.query<DeadLetter & Record<string, unknown>>(
    `SELECT ${COLUMNS} FROM dead_letter d
     WHERE partition = ANY($1) AND state IN ('retrying', 'waiting') AND next_attempt_at <= now()
       AND NOT EXISTS (
         SELECT FROM dead_letter e WHERE e.key = d.key AND e.id < d.id AND e.state <> 'discarded'
       )
     ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED`,
    [partitions],
  );
  return letter;
}

/** An event that failed was handled after all. */
export function removeLetter(tx: Tx, id: number): void {
  tx.send('DELETE FROM dead_letter WHERE id = $1', [id]);
}

/** Notes another failure: tried again later, or parked for an operator after MAX_ATTEMPTS. */
export async function noteFailure(
  db: Database,
  letter: DeadLetter,
  error: unknown,
): Promise<DeadLetterState> {
  const attempts = letter.attempts + 1;
  const state = attempts >= MAX_ATTEMPTS ? 'parked' : 'retrying';
  const { reason, stack } = describe(error);
  await db.query(
    `UPDATE dead_letter SET state = $2, attempts = $3, reason = $4, stack = $5, failed_at = now(),
            next_attempt_at = now() + $6::float8 * interval '1 ms' WHERE id = $1 AND state <> 'discarded'`,
    [letter.id, state, attempts, reason, stack, backOff(attempts)],
  );
  return state;
}

/** How many letters are in each state. */
export async function countLetters(db: Queryable): Promise<{ state: DeadLetterState; count: number }[]> {
  return db.query('SELECT state, count(*)::int AS count FROM dead_letter GROUP BY state');
}

/** The letters that an operator may act on, oldest first. */
export function listLetters(db: Queryable): Promise<DeadLetter[]> {
  return db.query<DeadLetter & Record<string, unknown>>(
    `SELECT ${COLUMNS} FROM dead_letter WHERE state <> 'discarded' ORDER BY id LIMIT 1000`,
  );
}

export async function findLetter(db: Queryable, id: number): Promise<DeadLetter | undefined> {
  const [letter] = await db.query<DeadLetter & Record<string, unknown>>(
    `SELECT ${COLUMNS} FROM dead_letter WHERE id = $1`,
    [id],
  );
  return letter;
}

/** Has a parked event tried again at once; its successors follow it. Gives whether there was one to replay. */
export async function replayLetter(db: Queryable, id: number): Promise<boolean> {
  const rows = await db.query(
    `UPDATE dead_letter SET state = 'retrying', attempts = 0, next_attempt_at = now()
     WHERE id = $1 AND state IN ('parked', 'retrying') RETURNING id`,
    [id],
  );
  return rows.length > 0;
}

/** Gives an event up; its successors go on without it. Gives whether there was one to discard. */
export async function discardLetter(db: Queryable, id: number, reason: string): Promise<boolean> {
  const rows = await db.query(
    `UPDATE dead_letter SET state = 'discarded', reason = $2 || ' (was: ' || coalesce(reason, '') || ')'
     WHERE id = $1 AND state IN ('parked', 'retrying') RETURNING id`,
    [id, reason],
  );
  return rows.length > 0;
}
