import {
  columns,
  type Database,
  isDue,
  type Page,
  type PageRequest,
  type Queryable,
  type Tx,
} from '@jumun/service-kit';
import type { LogRecord } from './message.ts';

export const MAX_ATTEMPTS = 6;
const FIRST_DELAY_MS = 100;

export const deadLetterStates = ['retrying', 'waiting', 'parked', 'discarded'] as const;
export type DeadLetterState = (typeof deadLetterStates)[number];

export interface DeadLetter extends LogRecord {
  id: number;
  state: DeadLetterState;
  attempts: number;
  nextAttemptAt: Date;
  reason: string | null;
  stack: string | null;
  failedAt: Date;
  discardedAt: Date | null;
}

/** A letter as a list has it: without what its event says and where in the program it failed. */
export type DeadLetterSummary = Omit<DeadLetter, 'payload' | 'stack'>;

const SUMMARY = `id, partition, position, event_id AS "eventId", key, type, traceparent, state, attempts,
  next_attempt_at AS "nextAttemptAt", reason, failed_at AS "failedAt", discarded_at AS "discardedAt"`;
const COLUMNS = `${SUMMARY}, payload, stack`;

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
     WHERE partition = ANY($1) AND state IN ('retrying', 'waiting') AND ${isDue('next_attempt_at', backOff(MAX_ATTEMPTS))}
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

/**
 * Notes another failure: tried again later, or parked for an operator after MAX_ATTEMPTS. Where the letter is no longer as
 * it was tried (an operator was faster, or another process), what became of it stands.
 * @returns the letter's state from now on; undefined where it was left as it is
 */
export async function noteFailure(
  db: Database,
  letter: DeadLetter,
  error: unknown,
): Promise<DeadLetterState | undefined> {
  const attempts = letter.attempts + 1;
  const { reason, stack } = describe(error);
  const [row] = await db.query<{ state: DeadLetterState }>(
    `UPDATE dead_letter SET state = $2, attempts = $3, reason = $4, stack = $5, failed_at = now(),
            next_attempt_at = now() + $6::float8 * interval '1 ms'
     WHERE id = $1 AND state = $7 AND attempts = $8 RETURNING state`,
    [
      letter.id,
      attempts >= MAX_ATTEMPTS ? 'parked' : 'retrying',
      attempts,
      reason,
      stack,
      backOff(attempts),
      letter.state,
      letter.attempts,
    ],
  );
  return row?.state;
}

/** How many letters are in each state. */
export async function countLetters(db: Queryable): Promise<{ state: DeadLetterState; count: number }[]> {
  return db.query('SELECT state, count(*)::int AS count FROM dead_letter GROUP BY state');
}

/** Whether more letters than so many are not discarded. Looks at no more of them than that. */
export async function haveMoreLetters(db: Queryable, than: number): Promise<boolean> {
  const rows = await db.query(`SELECT FROM dead_letter WHERE state <> 'discarded' OFFSET $1 LIMIT 1`, [than]);
  return rows.length > 0;
}

/** Which letters are wanted: those in one state, or else all that are not discarded; of one key, or of any. */
export interface LetterFilter {
  state?: DeadLetterState | undefined;
  key?: string | undefined;
}

/** In texts of their own, since what is not discarded is few rows of many, and has an index. */
const filtered = (state: DeadLetterState | undefined) =>
  `FROM dead_letter WHERE state ${state ? '= $2' : "<> 'discarded' AND $2::text IS NULL"} AND ($1::text IS NULL OR key = $1)`;

/** A page of letters, oldest first. */
export async function pageLetters(
  db: Queryable,
  { state, key }: LetterFilter,
  { limit, offset }: Omit<PageRequest, 'order'>,
): Promise<Page<DeadLetterSummary>> {
  const [items, [count]] = await Promise.all([
    db.query<DeadLetterSummary & Record<string, unknown>>(
      `SELECT ${SUMMARY} ${filtered(state)} ORDER BY id LIMIT $3 OFFSET $4`,
      [key ?? null, state ?? null, limit, offset],
    ),
    db.query<{ total: number }>(`SELECT count(*) AS total ${filtered(state)}`, [key ?? null, state ?? null]),
  ]);
  return { items, total: count?.total ?? 0 };
}

/**
 * Which of these records were set aside, or given up, and have had no effect: those that letters are about, and
 * repeats of them. An earlier record of the same event had its effect before the inbox forgot it.
 */
export async function setAsideAmong<R extends LogRecord>(db: Queryable, records: R[]): Promise<Set<R>> {
  const rows = await db.query<{ eventId: string; position: number }>(
    `SELECT event_id AS "eventId", min(position) AS position FROM dead_letter
     WHERE event_id = ANY($1::uuid[]) GROUP BY event_id`,
    [records.map(record => record.eventId)],
  );
  const from = new Map(rows.map(({ eventId, position }) => [eventId, position]));
  return new Set(
    records.filter(({ eventId, position }) => position >= (from.get(eventId) ?? Number.POSITIVE_INFINITY)),
  );
}

export async function findLetter(db: Queryable, id: number): Promise<DeadLetter | undefined> {
  const [letter] = await db.query<DeadLetter & Record<string, unknown>>(
    `SELECT ${COLUMNS} FROM dead_letter WHERE id = $1`,
    [id],
  );
  return letter;
}

/** What waits behind a letter, in order. */
export function listSuccessors(
  db: Queryable,
  { key, id }: Pick<DeadLetter, 'key' | 'id'>,
): Promise<DeadLetterSummary[]> {
  return db.query<DeadLetterSummary & Record<string, unknown>>(
    `SELECT ${SUMMARY} FROM dead_letter WHERE key = $1 AND id > $2 AND state <> 'discarded' ORDER BY id LIMIT 1000`,
    [key, id],
  );
}

/** A letter that an operator has done something about. */
export type HandledLetter = Pick<DeadLetter, 'id' | 'key' | 'type' | 'traceparent'>;
const HANDLED = 'id, key, type, traceparent';

/** Locks letters one after the other, so that two operators do not wait for each other. */
const inOrder = (condition: string) => `SELECT id FROM dead_letter WHERE ${condition} ORDER BY id FOR UPDATE`;

/**
 * Has an event that failed tried again at once; its successors follow it. One that is being tried at this moment is waited
 * for first. Undefined where there is none to replay: it waits behind another, was discarded, or is handled by now.
 */
export async function replayLetter(db: Queryable, id: number): Promise<HandledLetter | undefined> {
  const [letter] = await db.query<HandledLetter & Record<string, unknown>>(
    `UPDATE dead_letter SET state = 'retrying', attempts = 0, next_attempt_at = now()
     WHERE id = $1 AND state IN ('parked', 'retrying') RETURNING ${HANDLED}`,
    [id],
  );
  return letter;
}

/** Has all that are parked tried again. */
export function replayParked(db: Queryable): Promise<HandledLetter[]> {
  return db.query<HandledLetter & Record<string, unknown>>(
    `UPDATE dead_letter SET state = 'retrying', attempts = 0, next_attempt_at = now()
     WHERE id IN (${inOrder(`state = 'parked'`)}) RETURNING ${HANDLED}`,
  );
}

/**
 * Gives an event up, which stays on record with the reason and the time; its successors go on without it, or are given up
 * too: those that are there by now, in the same commit. One that is being tried at this moment is waited for first.
 * @returns what was given up, in order; nothing where the event waits behind another, was discarded, or is handled by now
 */
export function discardLetter(
  db: Database,
  id: number,
  reason: string,
  { successors = false } = {},
): Promise<HandledLetter[]> {
  return db.transaction(async tx => {
    const giveUp = (condition: string, values: unknown[]) =>
      tx.query<HandledLetter & Record<string, unknown>>(
        `UPDATE dead_letter SET state = 'discarded', discarded_at = now(),
                reason = $1 || ' (was: ' || coalesce(reason, '') || ')'
         WHERE id IN (${inOrder(condition)}) RETURNING ${HANDLED}`,
        [reason, ...values],
      );
    const [letter] = await giveUp(`id = $2 AND state IN ('parked', 'retrying')`, [id]);
    if (!letter) return [];
    // None of these can be tried meanwhile: until this commits, the one before them is in their way.
    const others = successors
      ? await giveUp(`key = $2 AND id > $3 AND state <> 'discarded'`, [letter.key, id])
      : [];
    return [letter, ...others.sort((a, b) => a.id - b.id)];
  });
}
