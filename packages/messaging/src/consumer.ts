import type { EventContract } from '@jumun/contracts';
import {
  type Database,
  isTransient,
  type Logger,
  type Tx,
  traceIdOf,
  UnavailableError,
} from '@jumun/service-kit';
import type { Tracer } from '@opentelemetry/api';
import { haveMoreLetters, lockDue, noteFailure, removeLetter, setAside, waitBehind } from './dead-letters.ts';
import { admit, type CursorMove, sortOut } from './inbox.ts';
import { type Loop, startLoop } from './loop.ts';
import { readExtent, whyLost } from './lost.ts';
import { decode, type LogRecord, orderIdOf, type Received } from './message.ts';
import { assertSameLog } from './read-log.ts';
import { traceHandling } from './tracing.ts';
import { FencedError, PrunedError, type Transport } from './transport.ts';

const BATCH_PER_PARTITION = 250;
const POLL_MS = 200;
const REST_MS = 40;
const IDLE_STORE_MS = 1_000;
const COUNT_LETTERS_MS = 1_000;

/** What a service does with one kind of event: the command that the event means to it, if any. */
export interface Subscription<Command> {
  type: string;
  toCommand(event: Received<EventContract>): Command | undefined;
}

/** Declares what an event means to a service. */
export function on<C extends EventContract, Command>(
  contract: C,
  toCommand: (event: Received<C>) => Command | undefined,
): Subscription<Command> {
  return { type: contract.type, toCommand: toCommand as Subscription<Command>['toCommand'] };
}

/** A command with the trace that it belongs to. */
export interface Traced<Command> {
  command: Command;
  traceparent: string | null;
}

export interface ConsumerOptions<Command> {
  /** The service's name. */
  name: string;
  db: Database;
  transport: Transport;
  subscriptions: Subscription<Command>[];
  /** Carries out commands in order, in the given transaction. A throw rolls all of them back. */
  execute(tx: Tx, commands: Traced<Command>[]): Promise<unknown>;
  /** The partitions that are this replica's now. */
  partitions(): number[];
  from: Beginning;
  /** Letters that are not discarded; with more of them nothing is read, and what comes stays in the log. */
  lettersLimit?: number;
  log: Logger;
  tracer?: Tracer | undefined;
}

/** Where a service begins that has never read: at the log's beginning, or with what comes from now on. */
export type Beginning = 'beginning' | 'now';

/**
 * Decides for each partition where this service begins, once and for all its replicas.
 * @throws OtherLogError when it has begun to read another log
 */
export async function beginCursors(db: Database, transport: Transport, from: Beginning): Promise<void> {
  await assertSameLog(db, transport);
  const heads = await transport.heads();
  await db.query(
    `INSERT INTO consumer_cursor (partition, position) SELECT * FROM unnest($1::int[], $2::bigint[])
     ON CONFLICT DO NOTHING`,
    [[...heads.keys()], [...heads.values()].map(head => (from === 'now' ? head : 0))],
  );
}

/**
 * Reads the log and carries out what it means to this service, many events in one transaction with their inbox rows
 * and the cursor. In order within a key; an event that fails is set aside with its successors while others go on.
 */
export function startConsumer<Command>(options: ConsumerOptions<Command>): Loop {
  const { name, db, transport, subscriptions, execute, log, lettersLimit = 10_000 } = options;
  const byType = new Map(subscriptions.map(subscription => [subscription.type, subscription]));
  const types = [...byType.keys()];
  const spans = traceHandling(options.tracer);
  /** partition → the position in consumer_cursor, and the last one read (past events that mean nothing here). */
  const cursors = new Map<number, { stored: number; read: number }>();

  async function loadCursors(): Promise<Map<number, number>> {
    const owned = options.partitions();
    for (const partition of cursors.keys()) if (!owned.includes(partition)) cursors.delete(partition);
    const missing = owned.filter(partition => !cursors.has(partition));
    if (missing.length > 0) {
      await beginCursors(db, transport, options.from);
      const rows = await db.query<{ partition: number; position: number }>(
        'SELECT partition, position FROM consumer_cursor WHERE partition = ANY($1)',
        [missing],
      );
      const extent = await readExtent(transport);
      for (const { partition, position } of rows) {
        // Said at once, and not only when the next record shows the gap.
        const lost = whyLost(partition, position, extent);
        if (lost) throw new PrunedError(lost);
        cursors.set(partition, { stored: position, read: position });
      }
    }
    return new Map([...cursors].map(([partition, cursor]) => [partition, cursor.read]));
  }

  function commandOf(record: LogRecord, attempt?: number): Traced<Command> | undefined {
    const traceparent = spans.begin(record, attempt);
    const command = byType.get(record.type)?.toCommand(decode(record));
    return command === undefined ? undefined : { command, traceparent };
  }

  const toLog = ({ type, key, eventId, traceparent }: LogRecord) => ({
    traceId: traceIdOf(traceparent),
    event: type,
    key,
    orderId: orderIdOf(key),
    eventId,
  });

  function logHandled(records: LogRecord[]): void {
    for (const record of records) log.info(toLog(record), 'event handled');
  }

  /** How far the cursors move when all of `records` are done. */
  function movesOf(records: LogRecord[]): CursorMove[] {
    const moves = new Map<number, CursorMove>();
    for (const { partition, position } of records) {
      const from = cursors.get(partition)?.stored ?? 0;
      moves.set(partition, { partition, from, to: position });
    }
    return [...moves.values()];
  }

  /** Up to here there is nothing that this service has still to do. */
  function passed(partition: number, position: number): void {
    const cursor = cursors.get(partition);
    if (cursor && cursor.read < position) cursor.read = position;
  }

  function moved(moves: CursorMove[], stored: boolean): void {
    for (const { partition, to } of moves) {
      const cursor = cursors.get(partition);
      if (!cursor) continue;
      cursor.read = to;
      if (stored) cursor.stored = to;
    }
  }

  async function handle(records: LogRecord[]): Promise<void> {
    const relevant = records.filter(record => byType.has(record.type));
    const moves = movesOf(records);
    // Moving the cursor past what means nothing here can wait for the next commit.
    if (relevant.length === 0) return moved(moves, false);
    try {
      const handled = await db.transaction(async tx => {
        const { fresh, blocked } = await admit(tx, moves, relevant);
        const { ready, behind } = sortOut({ fresh, blocked }, relevant);
        const commands = ready.map(record => commandOf(record)).filter(command => command !== undefined);
        if (commands.length > 0) await execute(tx, commands);
        if (behind.length > 0) waitBehind(tx, behind);
        return ready;
      });
      moved(moves, true);
      spans.end(relevant);
      logHandled(handled);
    } catch (error) {
      if (error instanceof FencedError) cursors.clear();
      if (error instanceof FencedError || isTransient(error)) throw error;
      // Something in the batch cannot be handled: halve until it stands alone, and set that one aside.
      if (records.length > 1) {
        const middle = records.length >> 1;
        await handle(records.slice(0, middle));
        await handle(records.slice(middle));
        return;
      }
      const [record] = relevant;
      if (!record) throw error;
      spans.fail(error, [record]);
      log.error({ ...toLog(record), err: error }, 'event failed and is set aside');
      await db.transaction(async tx => {
        const { fresh } = await admit(tx, moves, [record]);
        if (fresh.has(record.eventId)) setAside(tx, record, error);
      });
      moved(moves, true);
    }
  }

  /** Tries again what was set aside and is due; gives whether there was something. */
  async function retryDue(): Promise<boolean> {
    let trying: Awaited<ReturnType<typeof lockDue>>;
    try {
      await db.transaction(async tx => {
        trying = await lockDue(tx, [...cursors.keys()]);
        if (!trying) return;
        const traced = commandOf(trying, trying.attempts + 1);
        if (traced) await execute(tx, [traced]);
        removeLetter(tx, trying.id);
      });
      spans.end();
      if (trying) logHandled([trying]);
    } catch (error) {
      spans.fail(error);
      if (!trying || isTransient(error)) throw error;
      const state = await noteFailure(db, trying, error);
      log.error({ ...toLog(trying), deadLetter: trying.id, state, err: error }, 'event failed again');
    }
    return trying !== undefined;
  }

  /** When cursors were last written for their own sake. */
  let idleStoredAt = 0;

  /** Now and then writes down how far the log was read past what means nothing here, for those who watch the lag. */
  async function storeIdle(): Promise<void> {
    const moves = [...cursors]
      .filter(([, { stored, read }]) => read > stored)
      .map(([partition, { stored, read }]) => ({ partition, from: stored, to: read }));
    if (moves.length === 0 || performance.now() - idleStoredAt < IDLE_STORE_MS) return;
    try {
      await db.transaction(tx => admit(tx, moves, []));
    } catch (error) {
      if (error instanceof FencedError) cursors.clear();
      throw error;
    }
    moved(moves, true);
    idleStoredAt = performance.now();
  }

  /** When it was last seen that there is room for more letters. */
  let roomAt = Number.NEGATIVE_INFINITY;

  /** Where almost everything fails, it is not the events: they are better kept in the log than set aside one by one. */
  async function assertRoom(): Promise<void> {
    if (performance.now() - roomAt < COUNT_LETTERS_MS) return;
    if (await haveMoreLetters(db, lettersLimit)) {
      throw new UnavailableError(`more than ${lettersLimit} events are set aside: no others are read`);
    }
    roomAt = performance.now();
  }

  /** Says once that the service stands still, and reads its cursors anew each time: who re-seeds it moves them. */
  let standsStill = false;
  function raiseAlarm(error: PrunedError): PrunedError {
    cursors.clear();
    const said = new PrunedError(`${error.message}; to go on: npm run jumun -- reseed ${name}`);
    if (!standsStill)
      log.error({ err: said }, 'this service stands still: the log does not have what comes next');
    standsStill = true;
    return said;
  }

  /** When letters were last looked for: an empty table need not be asked after each batch. */
  let lettersAt = 0;

  async function readOn(): Promise<boolean> {
    const positions = await loadCursors();
    if (positions.size === 0) return false;
    if (performance.now() - lettersAt >= POLL_MS / 2) {
      while (await retryDue());
      lettersAt = performance.now();
    }
    await assertRoom();
    const { records, upTo } = await transport.read(positions, types, BATCH_PER_PARTITION);
    try {
      if (records.length > 0) await handle(records);
    } catch (error) {
      spans.fail(error);
      throw error;
    }
    for (const [partition, position] of upTo) passed(partition, position);
    await storeIdle();
    return records.length >= BATCH_PER_PARTITION;
  }

  return startLoop({
    name: 'consumer',
    log,
    idleMs: POLL_MS,
    restMs: REST_MS,
    async round() {
      try {
        const more = await readOn();
        standsStill = false;
        return more;
      } catch (error) {
        throw error instanceof PrunedError ? raiseAlarm(error) : error;
      }
    },
  });
}
