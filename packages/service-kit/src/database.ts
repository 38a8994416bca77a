import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import { isAborted, isConflict, isTransient, UnavailableError } from './errors.ts';
import { GatheringSocket } from './gathering-socket.ts';

// Numbers of ours stay below 2^53, so int8 (20) and numeric sums (1700) can be plain numbers.
pg.types.setTypeParser(20, Number);
pg.types.setTypeParser(1700, Number);

export interface Queryable {
  /** Runs one statement, prepared once per connection; gives its rows. */
  query<R = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<R[]>;
}

/** An open transaction. Statements go to the server in the order in which they are made, without waiting. */
export interface Tx extends Queryable {
  /** Makes a statement whose rows nobody needs; if it fails, the transaction does. */
  send(text: string, values?: readonly unknown[]): void;
  /** Calls back once the transaction is durable; not at all if it is rolled back. */
  afterCommit(callback: () => void): void;
}

export interface Database extends Queryable {
  /**
   * Runs `work` in one transaction and commits it. After a conflict with another transaction (deadlock, serialization
   * failure, the same key inserted twice) `work` is run again, so it must not have effects outside the transaction.
   * @throws an error that `isTransient` when the database cannot be reached and nothing was committed; CommitUnknownError
   *   when it went away during COMMIT and stays away.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
  /** A connection of its own, for session locks. The caller ends it. */
  connect(): Promise<pg.Client>;
  close(): Promise<void>;
}

const CONFLICT_RETRIES = 6;
const OUTCOME_PATIENCE_MS = 10_000;

/** Named statements are parsed and planned once per connection; the name is the text's place in this map. */
const statementNames = new Map<string, string>();
function statementName(text: string): string {
  let name = statementNames.get(text);
  if (name === undefined) {
    name = `s${statementNames.size}`;
    statementNames.set(text, name);
  }
  return name;
}

async function run<R>(client: pg.Pool | pg.ClientBase, text: string, values: readonly unknown[] = []) {
  const result = await client.query({ name: statementName(text), text, values: values as unknown[] });
  return result.rows as R[];
}

export interface DatabaseOptions {
  url: string;
  /** Shown in pg_stat_activity. */
  name: string;
  /** The most connections this process opens. */
  connections: number;
  log: Logger;
}

/** A pool of connections to one service's database. Transactions need what `migrate` lays there. */
export function openDatabase({ url, name, connections, log }: DatabaseOptions): Database {
  const settings = {
    connectionString: url,
    application_name: name,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
    pipeline: true,
    stream: () => new GatheringSocket(),
    // Beyond the server's own time-outs: a connection into the void must not be waited for either.
    query_timeout: 40_000,
    // A statement that hangs (a lock held by a paused process) must not hold its callers for ever.
    options: '-c lock_timeout=10s -c statement_timeout=30s -c idle_in_transaction_session_timeout=30s',
  };
  const pool = new pg.Pool({ ...settings, max: connections, idleTimeoutMillis: 60_000 });
  // Without these two, a backend that is killed ends the process.
  pool.on('error', error => log.warn({ err: error.message }, 'database connection lost'));
  pool.on('connect', client => {
    client.on('error', error => log.warn({ err: error.message }, 'database connection lost'));
  });

  const query = <R>(text: string, values?: readonly unknown[]) => run<R>(pool, text, values);

  /** What each connection is known by in transaction_mark, and the number of its last transaction. */
  const sessions = new WeakMap<pg.ClientBase, { id: string; mark: number }>();

  /**
   * Whether a transaction whose answer to COMMIT was lost has committed. Waits for a server process that still works on
   * it: that one holds the lock of its mark.
   */
  async function committed(session: string, mark: number): Promise<boolean> {
    const until = performance.now() + OUTCOME_PATIENCE_MS;
    for (;;) {
      try {
        const [row] = await query<{ mark: number }>(
          `INSERT INTO transaction_mark (session, mark) VALUES ($1, 0)
           ON CONFLICT (session) DO UPDATE SET marked_at = now() RETURNING mark`,
          [session],
        );
        return row?.mark === mark;
      } catch (error) {
        if (!isTransient(error)) throw error;
      }
      if (performance.now() > until) throw new CommitUnknownError();
      await delay(50);
    }
  }

  async function attempt<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await pool.connect();
    const session = sessions.get(client) ?? { id: randomUUID(), mark: 0 };
    sessions.set(client, session);
    session.mark++;
    let broken: Error | boolean = false;
    let ended = false;
    const sent: Promise<unknown>[] = [];
    const callbacks: (() => void)[] = [];
    /** The first statement that failed: those after it only say that the transaction is aborted. */
    let failed: unknown;
    function watch<R>(statement: Promise<R>): Promise<R> {
      statement.catch(error => {
        failed ??= error;
      });
      return statement;
    }
    const tx: Tx = {
      query: (text, values) => watch(run(client, text, values)),
      send: (text, values) => void sent.push(watch(run(client, text, values))),
      afterCommit: callback => void callbacks.push(callback),
    };
    try {
      sent.push(watch(client.query('BEGIN')));
      // Committed with the work, so that its fate can be asked for when the answer to COMMIT is lost. (A transaction
      // id does not do: one that was not flushed before a crash is given out again.)
      tx.send(
        `INSERT INTO transaction_mark (session, mark) VALUES ($1, $2)
         ON CONFLICT (session) DO UPDATE SET mark = excluded.mark, marked_at = now()`,
        [session.id, session.mark],
      );
      const result = await work(tx);
      ended = true;
      const answers = await Promise.allSettled([...sent, client.query('COMMIT')]);
      const commit = answers.at(-1) as PromiseSettledResult<pg.QueryResult>;
      if (commit.status === 'rejected') {
        broken = true;
        if (!isTransient(commit.reason)) throw commit.reason;
        if (!(await committed(session.id, session.mark))) {
          throw new UnavailableError('the transaction did not commit', { cause: commit.reason });
        }
      } else if (commit.value.command !== 'COMMIT') {
        // So PostgreSQL answers to a COMMIT of a transaction in which a statement failed.
        throw failed;
      }
      for (const callback of callbacks) callback();
      return result;
    } catch (error) {
      if (!ended) {
        await client.query('ROLLBACK').catch((failure: Error) => {
          broken = failure;
        });
      }
      throw isAborted(error) ? failed : error;
    } finally {
      client.release(broken);
    }
  }

  return {
    query,
    async transaction(work) {
      for (let tries = 1; ; tries++) {
        try {
          return await attempt(work);
        } catch (error) {
          if (!isConflict(error) || tries > CONFLICT_RETRIES) throw error;
          await delay(Math.random() * 5 * tries);
        }
      }
    },
    async connect() {
      const client = new pg.Client(settings);
      client.on('error', error => log.warn({ err: error.message }, 'database connection lost'));
      await client.connect();
      return client;
    },
    close: () => pool.end(),
  };
}

/** The database went away during COMMIT and did not come back in time to be asked what became of it. */
export class CommitUnknownError extends UnavailableError {
  override name = 'CommitUnknownError';
  constructor() {
    super('the outcome of the transaction is not known');
  }
}

/** Draws the next numbers of a sequence, in order. */
export async function drawIds(db: Queryable, sequence: string, count: number): Promise<number[]> {
  if (count === 0) return [];
  const rows = await db.query<{ id: number }>('SELECT nextval($1) AS id FROM generate_series(1, $2)', [
    sequence,
    count,
  ]);
  return rows.map(row => row.id);
}

/** The database's clock, in ms since 1970; see `createClockGuard`. */
export async function databaseClock(db: Queryable): Promise<number> {
  const [row] = await db.query<{ ms: number }>(
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms',
  );
  return row?.ms ?? Number.NaN;
}

/** Transactions that overlap do not agree on now() to the millisecond; a statement may take half a minute. */
export const OVERLAP_MS = 60_000;

/**
 * The SQL condition that a time was set by a clock that has been set back since: it lies further ahead than the longest wait.
 * @param column of type timestamptz, only ever set to at most `longestMs` from now
 */
export const isFromTheFuture = (column: string, longestMs: number) =>
  `${column} > now() + interval '${longestMs + OVERLAP_MS} ms'`;

/**
 * The SQL condition that a time has come. One from the future counts as come: what waits for it would be stuck for as long as
 * the clock went back.
 */
export const isDue = (column: string, longestMs: number) =>
  `(${column} <= now() OR ${isFromTheFuture(column, longestMs)})`;

/** Rows as columns, in the order of the keys: the parameters of a set-based statement over `unnest`. */
export function columns<T, K extends keyof T>(rows: readonly T[], ...keys: K[]): T[K][][] {
  return keys.map(key => rows.map(row => row[key]));
}
