import { setTimeout as delay } from 'node:timers/promises';
import {
  decode,
  holdCursors,
  type LogRecord,
  type Replay,
  readCursors,
  setAsideAmong,
} from '@jumun/messaging';
import { type Database, isTransient, type Tx } from '@jumun/service-kit';
import {
  analyzeNextView,
  carryOver,
  claimRebuild,
  compareViews,
  createNextView,
  type Difference,
  dropNextView,
  execute,
  holdView,
  swapViews,
} from './store.ts';
import { subscriptions } from './subscriptions.ts';

const STEP = 20_000;
const SAMPLE = 10;
/** So many records are folded while the view stands still; more are caught up with before. */
const CLOSE = 2_000;
/** Readers that come while it waits for its lock must not wait long. */
const SWAP_LOCK_MS = 2_000;
const SWAP_TRIES = 30;
const SWAP_PAUSE_MS = 1_000;

const byType = new Map(subscriptions.map(subscription => [subscription.type, subscription]));
const types = [...byType.keys()];

export interface RebuildOptions {
  /** Has the log folded in a random order, which the same seed gives again. */
  seed?: number | undefined;
  /** Told, now and then, how many of the log's records were folded. */
  onFolded?(records: number, of: number): void;
  /** Told, now and then, how many orders were compared. */
  onCompared?(orders: number): void;
}

/** What a rebuild found. */
export interface Rebuilt {
  /** Rows of the new view when it was compared. */
  orders: number;
  /** Records of the log that were folded, or passed over because they mean nothing to the view. */
  records: number;
  /** Rows taken over from the old view, since the log may not have all of their events any more. */
  carried: number;
  /** Events in dead letters, which neither view has. */
  setAside: number;
  differences: number;
  /** Some of the differences. */
  sample: Difference[];
}

/** How far the new view has come. */
interface Folded {
  upTo: ReadonlyMap<number, number>;
  /** Records that were set aside when they were due. */
  aside: readonly LogRecord[];
  records: number;
}

/** The connection that rebuilds; its lock says that no other does, and is gone with it. */
interface Session extends Pick<Tx, 'query' | 'send'> {
  /** Waits for what was sent. */
  sent(): Promise<void>;
}

/**
 * Builds the view anew from the event log beside the one that is read and written, compares the two as of one moment,
 * and puts the new one in its place. Events are folded no further than the view's own consumer has come.
 * @throws Error when another rebuild is under way; whatever it throws, one of the two views stands, whole
 */
export async function rebuildView(
  db: Database,
  replay: Replay,
  options: RebuildOptions = {},
): Promise<Rebuilt> {
  const client = await db.connect();
  try {
    const session = sessionOn(client);
    if (!(await claimRebuild(session))) throw new Error('the view is being rebuilt already');
    try {
      return await rebuild(session, replay, options);
    } catch (error) {
      await session.query('ROLLBACK').catch(() => undefined);
      await dropNextView(session).catch(() => undefined);
      throw error;
    }
  } finally {
    await client.end().catch(() => undefined);
  }
}

function sessionOn(client: Awaited<ReturnType<Database['connect']>>): Session {
  const pending: Promise<unknown>[] = [];
  const query: Session['query'] = async (text, values) =>
    (await client.query(text, values as unknown[])).rows as never;
  return {
    query,
    send(text, values) {
      const statement = query(text, values);
      statement.catch(() => undefined);
      pending.push(statement);
    },
    sent: async () => void (await Promise.all(pending.splice(0))),
  };
}

async function rebuild(session: Session, replay: Replay, options: RebuildOptions): Promise<Rebuilt> {
  const { seed, onFolded, onCompared } = options;

  async function fold(records: LogRecord[]): Promise<void> {
    const commands = records.flatMap(record => {
      const command = byType.get(record.type)?.toCommand(decode(record));
      return command ? [{ command }] : [];
    });
    if (commands.length === 0) return;
    await execute(session, commands, 'my_page_next');
    await session.sent();
  }

  /** Folds all up to where the consumer stands, but what it has set aside. */
  async function advance(from: Folded, to: ReadonlyMap<number, number>, seed?: number): Promise<Folded> {
    let { records } = from;
    const due = [...from.aside];
    const of = sum(to);
    for await (const batch of replay.read(from.upTo, to, types, seed)) {
      const relevant = batch.filter(record => byType.has(record.type));
      const waiting = await setAsideAmong(session, relevant);
      due.push(...waiting);
      await fold(relevant.filter(record => !waiting.has(record)));
      records += batch.length;
      onFolded?.(records, of);
    }
    // The consumer may have tried some again meanwhile, with success.
    const waiting = await setAsideAmong(session, due);
    await fold(due.filter(record => !waiting.has(record)));
    const aside = [...waiting];
    return { upTo: to, aside, records };
  }

  async function catchUp(from: Folded, seed?: number): Promise<Folded> {
    const next = await advance(from, await readCursors(session), seed);
    return sum(next.upTo) - sum(from.upTo) > CLOSE ? catchUp(next) : next;
  }

  /** Compares as of one moment, in a snapshot that holds nobody up. */
  async function compare(from: Folded) {
    await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    const here = await advance(from, await readCursors(session));
    const found = { orders: 0, differences: 0, sample: [] as Difference[] };
    for (let after: number | undefined = -1; after !== undefined; ) {
      const step = await compareViews(session, after, STEP, SAMPLE - found.sample.length);
      found.orders += step.rows;
      found.differences += step.differences;
      found.sample.push(...step.sample);
      after = step.last;
      onCompared?.(found.orders);
    }
    await session.query('COMMIT');
    return { here, found };
  }

  async function swap(from: Folded): Promise<Folded> {
    for (let tries = 1; ; tries++) {
      const near = await catchUp(from);
      try {
        await session.query('BEGIN');
        await session.query(`SET LOCAL lock_timeout = ${SWAP_LOCK_MS}`);
        // In the order in which a consumer takes them. Behind the second, no dead letter is under way either.
        const cursors = await holdCursors(session);
        await holdView(session);
        const last = await advance(near, cursors);
        await swapViews(session);
        await session.query('COMMIT');
        return last;
      } catch (error) {
        // Somebody reads the view for long: a dump. It is let go by, with whoever waits behind.
        if (!isTransient(error) || tries === SWAP_TRIES) throw error;
        await session.query('ROLLBACK');
        await delay(SWAP_PAUSE_MS);
      }
    }
  }

  await createNextView(session);
  let carried = 0;
  const missing = { lastOrder: replay.prunedOrder, before: replay.prunedBefore };
  let step = await carryOver(session, -1, missing, STEP);
  while (step) {
    carried += step.rows;
    step = await carryOver(session, step.last, missing, STEP);
  }
  const nothing: Folded = { upTo: new Map(), aside: [], records: 0 };
  const { here, found } = await compare(await catchUp(nothing, seed));
  await analyzeNextView(session);
  const { records, aside } = await swap(here);
  return { ...found, records, carried, setAside: aside.length };
}

const sum = (positions: ReadonlyMap<number, number>) =>
  [...positions.values()].reduce((total, position) => total + position, 0);
