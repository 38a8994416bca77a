import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { CommitUnknownError, type Database, type Tx } from '../src/database.ts';
import { isConflict, isTransient, UnavailableError } from '../src/errors.ts';
import { migrate } from '../src/migrate.ts';
import {
  type AtCommit,
  type Cleanup,
  createCleanup,
  createGate,
  openEmpty,
  openPool,
  startCommitProxy,
} from './harness.ts';

describe('database', () => {
  const lasting = createCleanup();
  let cleanup: Cleanup;
  let db: Database;
  let url: string;

  beforeAll(async () => {
    ({ db, url } = await openEmpty(lasting));
    await migrate(db, []);
    await db.query('CREATE TABLE note (text text PRIMARY KEY, count int NOT NULL DEFAULT 0)');
  });
  afterAll(() => lasting.run());
  beforeEach(async () => {
    cleanup = createCleanup();
    await db.query('TRUNCATE note');
  });
  afterEach(() => cleanup.run());

  const another = (through = url) => openPool(cleanup, through);

  const notes = async () =>
    (await db.query<{ text: string }>('SELECT text FROM note ORDER BY text')).map(({ text }) => text);
  const write = (tx: Tx, text: string) => tx.query('INSERT INTO note VALUES ($1)', [text]);
  const raise = (tx: Tx, code: string) =>
    tx.query(`DO $$ BEGIN RAISE EXCEPTION 'raised' USING ERRCODE = '${code}'; END $$`);

  describe('a transaction', () => {
    it('keeps all that was done in it, and gives the answer of the work', async () => {
      const answer = await db.transaction(async tx => {
        await write(tx, 'a');
        tx.send('INSERT INTO note VALUES ($1)', ['b']);
        tx.send('INSERT INTO note VALUES ($1)', ['c']);
        return tx.query<{ count: number }>('SELECT count(*)::int AS count FROM note');
      });
      expect(answer).toEqual([{ count: 3 }]);
      expect(await notes()).toEqual(['a', 'b', 'c']);
    });

    it('keeps nothing when the work throws, and throws the same', async () => {
      const reason = new Error('no');
      const failing = db.transaction(async tx => {
        await write(tx, 'a');
        tx.send('INSERT INTO note VALUES ($1)', ['b']);
        throw reason;
      });
      await expect(failing).rejects.toBe(reason);
      expect(await notes()).toEqual([]);
    });

    it('keeps nothing when a statement that was sent fails, and throws its error', async () => {
      const failing = db.transaction(async tx => {
        tx.send('INSERT INTO note VALUES ($1)', ['a']);
        tx.send('SELECT 1 / $1::int', [0]);
        tx.send('INSERT INTO note VALUES ($1)', ['b']);
        return 'done';
      });
      await expect(failing).rejects.toMatchObject({ code: '22012' });
      expect(await notes()).toEqual([]);
    });

    it('throws the error of the statement that was sent and failed, also where a later one is waited for', async () => {
      const failing = db.transaction(async tx => {
        tx.send('SELECT 1 / $1::int', [0]);
        await tx.query('SELECT 1');
      });
      await expect(failing).rejects.toMatchObject({ code: '22012' });
    });

    it('throws when the work kept a failed statement to itself: nothing is kept', async () => {
      const failing = db.transaction(async tx => {
        await write(tx, 'a');
        await tx.query('SELECT 1 / 0').catch(() => undefined);
      });
      await expect(failing).rejects.toThrow('division by zero');
      expect(await notes()).toEqual([]);
    });

    it('leaves its connection in order for the next one, after every kind of end', async () => {
      for (let i = 0; i < 30; i++) {
        const way = i % 3;
        await db
          .transaction(async tx => {
            tx.send('INSERT INTO note VALUES ($1)', [`n${i}`]);
            if (way === 0) throw new Error('no');
            if (way === 1) tx.send('SELECT 1 / 0');
          })
          .catch(() => undefined);
      }
      expect(await notes()).toHaveLength(10);
    });

    it('calls back after the commit, once, and not when it is rolled back', async () => {
      const called: string[] = [];
      let tries = 0;
      await db.transaction(async tx => {
        tx.afterCommit(() => called.push('committed'));
        if (++tries === 1) await raise(tx, '40001');
        await write(tx, 'a');
        expect(called).toEqual([]);
      });
      await db
        .transaction(async tx => {
          tx.afterCommit(() => called.push('rolled back'));
          throw new Error('no');
        })
        .catch(() => undefined);
      expect(tries).toBe(2);
      expect(called).toEqual(['committed']);
    });
  });

  describe('a conflict with another transaction', () => {
    it('of two that lock the same rows in opposite order: both are done', async () => {
      await db.query(`INSERT INTO note VALUES ('a'), ('b')`);
      let runs = 0;
      const [firstHas, secondHas] = [createGate(), createGate()];
      const lock = async (order: string[], mine: { open(): void }, theirs: Promise<void>) =>
        db.transaction(async tx => {
          runs++;
          const [one, two] = order;
          await tx.query('UPDATE note SET count = count + 1 WHERE text = $1', [one]);
          mine.open();
          await theirs;
          await tx.query('UPDATE note SET count = count + 1 WHERE text = $1', [two]);
        });
      await Promise.all([
        lock(['a', 'b'], firstHas, secondHas.opened),
        lock(['b', 'a'], secondHas, firstHas.opened),
      ]);
      expect(runs, 'the two, and the one that lost again').toBeGreaterThanOrEqual(3);
      expect(await db.query('SELECT count FROM note')).toEqual([{ count: 2 }, { count: 2 }]);
    });

    it('of two that insert the same key: the one that is run again finds the row of the other', async () => {
      const bothLooked = createGate();
      let looked = 0;
      const putOnce = () =>
        db.transaction(async tx => {
          const [row] = await tx.query('SELECT FROM note WHERE text = $1', ['a']);
          if (++looked === 2) bothLooked.open();
          await bothLooked.opened;
          if (row) return 'found';
          await write(tx, 'a');
          return 'made';
        });
      expect((await Promise.all([putOnce(), putOnce()])).sort()).toEqual(['found', 'made']);
      expect(looked).toBe(3);
    });

    it.each(['40001', '40P01', '23505'])('is retried where PostgreSQL says %s', async code => {
      let runs = 0;
      await db.transaction(async tx => {
        await write(tx, `run ${++runs}`);
        if (runs < 4) await raise(tx, code);
      });
      expect(await notes()).toEqual(['run 4']);
    });

    it('is retried where a statement that was sent had it, and the work went on to others', async () => {
      let runs = 0;
      await db.transaction(async tx => {
        if (++runs < 3) tx.send(`DO $$ BEGIN RAISE EXCEPTION 'raised' USING ERRCODE = '40P01'; END $$`);
        await tx.query('INSERT INTO note VALUES ($1)', [`run ${runs}`]);
      });
      expect(await notes()).toEqual(['run 3']);
    });

    it('is given up at last, with the error of the conflict', async () => {
      let runs = 0;
      const failing = db.transaction(async tx => {
        runs++;
        await raise(tx, '40001');
      });
      await expect(failing).rejects.toMatchObject({ code: '40001' });
      expect(runs).toBe(7);
    });

    it('is not what other errors are: the work is run once', async () => {
      let runs = 0;
      const failing = db.transaction(async tx => {
        runs++;
        await raise(tx, '23514');
      });
      await expect(failing).rejects.toMatchObject({ code: '23514' });
      expect(runs).toBe(1);
    });
  });

  describe('an answer to COMMIT that is lost', () => {
    /** Runs a transaction through a proxy that cuts it at its COMMIT. */
    async function transact(atCommit: AtCommit) {
      const proxy = await startCommitProxy(cleanup, url);
      const through = another(proxy.url);
      await through.query('SELECT 1');
      proxy.atCommit = atCommit;
      const seen = { runs: 0, callbacks: 0 };
      const outcome = through.transaction(async tx => {
        seen.runs++;
        tx.afterCommit(() => seen.callbacks++);
        await write(tx, 'a');
        tx.send('INSERT INTO note VALUES ($1)', ['b']);
        return 'done';
      });
      outcome.catch(() => undefined);
      return { proxy, through, seen, outcome };
    }

    it.each(['cut before its answer', 'cut at once after it'] as const)(
      'does not make a transaction fail that has committed: %s',
      async atCommit => {
        const { outcome, seen, through, proxy } = await transact(atCommit);
        expect(await outcome).toBe('done');
        expect(seen).toEqual({ runs: 1, callbacks: 1 });
        expect(proxy.commits).toBe(1);
        expect(await notes()).toEqual(['a', 'b']);
        expect(await through.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
      },
    );

    it('makes a transaction fail as unavailable that has not committed, and the work is not run again', async () => {
      const { outcome, seen, through } = await transact('cut before it');
      await expect(outcome).rejects.toBeInstanceOf(UnavailableError);
      await expect(outcome).rejects.not.toBeInstanceOf(CommitUnknownError);
      expect(seen).toEqual({ runs: 1, callbacks: 0 });
      expect(await notes()).toEqual([]);
      expect(await through.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });

    it('is asked for as long as the database is away, until it is back', async () => {
      const proxy = await startCommitProxy(cleanup, url);
      const through = another(proxy.url);
      proxy.atCommit = 'cut before its answer';
      let refused = 0;
      const outcome = through.transaction(async tx => {
        await write(tx, 'a');
        proxy.up = false;
        return 'done';
      });
      // Others see that it is away.
      await eventually(() => expect(proxy.commits).toBe(1));
      await eventually(async () => {
        await through.query('SELECT 1').catch(() => refused++);
        expect(refused).toBeGreaterThan(3);
      });
      proxy.up = true;
      expect(await outcome).toBe('done');
      expect(await notes()).toEqual(['a']);
    });

    it('is unknown when the database does not come back in time, which is said', async () => {
      const proxy = await startCommitProxy(cleanup, url);
      const through = another(proxy.url);
      proxy.atCommit = 'cut before its answer';
      vi.useFakeTimers({ toFake: ['performance'] });
      cleanup.add(() => vi.useRealTimers());
      let runs = 0;
      const outcome = through.transaction(async tx => {
        runs++;
        await write(tx, 'a');
        proxy.up = false;
      });
      outcome.catch(() => undefined);
      await vi.waitFor(() => expect(proxy.commits).toBe(1));
      // The clock moves on until patience is at its end.
      const clock = setInterval(() => vi.advanceTimersByTime(1_000), 20);
      cleanup.add(() => clearInterval(clock));
      await expect(outcome).rejects.toBeInstanceOf(CommitUnknownError);
      expect(runs).toBe(1);
    });
  });

  describe('a connection that is lost', () => {
    const end = (of: Database) =>
      of
        .query<{ name: string }>(`SELECT current_setting('application_name') AS name`)
        .then(([row]) =>
          db.query(
            'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND pid <> pg_backend_pid()',
            [row?.name],
          ),
        );

    it('while idle: neither ends the process nor is given out again', async () => {
      const pool = another();
      for (let i = 0; i < 5; i++) {
        await Promise.all([1, 2, 3].map(() => pool.query('SELECT pg_sleep(0)')));
        await end(pool);
        await eventually(() => pool.query('SELECT 1'));
      }
      expect(await pool.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });

    it('in the middle of a transaction: it fails as something passing, keeps nothing, and is not run again', async () => {
      const pool = another();
      let runs = 0;
      const outcome = pool.transaction(async tx => {
        runs++;
        await write(tx, 'a');
        await tx.query('SELECT pg_terminate_backend(pg_backend_pid())');
      });
      const error = await outcome.catch((error: unknown) => error);
      expect(isTransient(error)).toBe(true);
      expect(runs).toBe(1);
      expect(await notes()).toEqual([]);
      expect(await pool.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });

    it('while the work of a transaction does something else: the next statement fails as something passing', async () => {
      const pool = another();
      const outcome = pool.transaction(async tx => {
        await write(tx, 'a');
        await end(pool);
        await eventually(async () => {
          const open = await db.query(
            `SELECT FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()`,
          );
          expect(open).toEqual([]);
        });
        await write(tx, 'b');
      });
      expect(isTransient(await outcome.catch((error: unknown) => error))).toBe(true);
      expect(await notes()).toEqual([]);
    });

    it('of a session of its own: does not end the process', async () => {
      const pool = another();
      const client = await pool.connect();
      const ended = new Promise(resolve => client.once('end', resolve));
      await end(pool);
      await ended;
      await client.end().catch(() => undefined);
    });

    it('to a server that is not there: fails as something passing', async () => {
      const proxy = await startCommitProxy(cleanup, url);
      proxy.up = false;
      const pool = another(proxy.url);
      for (const asked of [pool.query('SELECT 1'), pool.transaction(async tx => tx.query('SELECT 1'))]) {
        expect(isTransient(await asked.catch((error: unknown) => error))).toBe(true);
      }
    });
  });

  it('gives bigints and sums as plain numbers', async () => {
    expect(
      await db.query(
        `SELECT 9007199254740991::bigint AS big, sum(x) AS sum FROM unnest('{1,2}'::bigint[]) x`,
      ),
    ).toEqual([{ big: Number.MAX_SAFE_INTEGER, sum: 3 }]);
  });

  it('does not let a lock that is held for ever hold its callers for ever', async () => {
    const [settings] = await db.query(
      `SELECT current_setting('lock_timeout') AS lock, current_setting('statement_timeout') AS statement,
              current_setting('idle_in_transaction_session_timeout') AS idle`,
    );
    expect(settings).toEqual({ lock: '10s', statement: '30s', idle: '30s' });
  });

  it('tells a lock that was not free in time, and an ended session, from faults of the data', async () => {
    await db.query(`INSERT INTO note VALUES ('a')`);
    const failure = await db.transaction(async tx => {
      await tx.query(`UPDATE note SET count = 1`);
      return db
        .transaction(async other => {
          await other.query(`SET LOCAL lock_timeout = '1ms'`);
          await other.query(`UPDATE note SET count = 2`);
        })
        .catch((error: unknown) => error);
    });
    expect(failure).toMatchObject({ code: '55P03' });
    expect(isTransient(failure)).toBe(true);
    expect(isConflict(failure)).toBe(false);
  });
});
