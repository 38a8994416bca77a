import type { EventContract } from '@jumun/contracts';
import { type Database, isTransient, type Logger, type Tx, traceIdOf } from '@jumun/service-kit';
import { lockDue, noteFailure, removeLetter, setAside, waitBehind } from './dead-letters.ts';
import { admit, type CursorMove } from './inbox.ts';
import { type Loop, startLoop } from './loop.ts';
import { decode, type LogRecord, type Received } from './message.ts';
import { FencedError, PrunedError, type Transport } from './transport.ts';

const BATCH_PER_PARTITION = 250;
const POLL_MS = 200;
const REST_MS = 40;
const IDLE_STORE_MS = 1_000;

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
  db: Database;
  transport: Transport;
  subscriptions: Subscription<Command>[];
  /** Carries out commands in order, in the given transaction. A throw rolls all of them back. */
  execute(tx: Tx, commands: Traced<Command>[]): Promise<unknown>;
  /** The partitions that are this replica's now. */
  partitions(): number[];
  from: Beginning;
  log: Logger;
}

/** Where a service begins that has never read: at the log's beginning, or with what comes from now on. */
export type Beginning = 'beginning' | 'now';

/** Decides for each partition where this service begins, once and for all its replicas; gives the log's heads. */
export async function beginCursors(
  db: Database,
  transport: Transport,
  from: Beginning,
): Promise<Map<number, number>> {
  const heads = await transport.heads();
  await db.query(
    `INSERT INTO consumer_cursor (partition, position) SELECT * FROM unnest($1::int[], $2::bigint[])
     ON CONFLICT DO NOTHING`,
    [[...heads.keys()], [...heads.values()].map(head => (from === 'now' ? head : 0))],
  );
  return heads;
}

/**
 * Reads the log and carries out what it means to this service, many events in one transaction with their inbox rows
 * and the cursor. In order within a key; an event that fails is set aside with its successors while others go on.
 */
export function startConsumer<Command>(options: ConsumerOptions<Command>): Loop {
  const { db, transport, subscriptions, execute, log } = options;
  const byType = new Map(subscriptions.map(subscription => [subscription.type, subscription]));
  const types = [...byType.keys()];
  /** partition → the position in consumer_cursor, and the last one read (past events that mean nothing here). */
  const cursors = new Map<number, { stored: number; read: number }>();

  async function loadCursors(): Promise<Map<number, number>> {
    const owned = options.partitions();
    for (const partition of cursors.keys()) if (!owned.includes(partition)) cursors.delete(partition);
    const missing = owned.filter(partition => !cursors.has(partition));
    if (missing.length > 0) {
      const heads = await beginCursors(db, transport, options.from);
      const rows = await db.query<{ partition: number; position: number }>(
        'SELECT partition, position FROM consumer_cursor WHERE partition = ANY($1)',
        [missing],
      );
      for (const { partition, position } of rows) {
        if (position > (heads.get(partition) ?? 0)) {
          throw new PrunedError(
            `partition ${partition} of the log ends before ${position}, up to which it was read`,
          );
        }
        cursors.set(partition, { stored: position, read: position });
      }
    }
    return new Map([...cursors].map(([partition, cursor]) => [partition, cursor.read]));
  }

  function commandOf(record: LogRecord): Traced<Command> | undefined {
    const command = byType.get(record.type)?.toCommand(decode(record));
    return command === undefined ? undefined : { command, traceparent: record.traceparent };
  }

  function logHandled(records: LogRecord[]): void {
    for (const { type, key, eventId, traceparent } of records) {
      log.info({ traceId: traceIdOf(traceparent), event: type, key, eventId }, 'event handled');
    }
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
        const ready: LogRecord[] = [];
        const behind: LogRecord[] = [];
        for (const record of relevant) {
          if (!fresh.delete(record.eventId)) continue;
          (blocked.has(record.key) ? behind : ready).push(record);
        }
        const commands = ready.map(commandOf).filter(command => command !== undefined);
        if (commands.length > 0) await execute(tx, commands);
        if (behind.length > 0) waitBehind(tx, behind);
        return ready;
      });
      moved(moves, true);
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
      log.error(
        {
          traceId: traceIdOf(record.traceparent),
          event: record.type,
          key: record.key,
          eventId: record.eventId,
          err: error,
        },
        'event failed and is set aside',
      );
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
        const traced = commandOf(trying);
        if (traced) await execute(tx, [traced]);
        removeLetter(tx, trying.id);
      });
      if (trying) logHandled([trying]);
    } catch (error) {
      if (!trying || isTransient(error)) throw error;
      const state = await noteFailure(db, trying, error);
      log.error(
        { deadLetter: trying.id, event: trying.type, key: trying.key, state, err: error },
        'event failed again',
      );
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
    if (moves.length === 0 || Date.now() - idleStoredAt < IDLE_STORE_MS) return;
    try {
      await db.transaction(tx => admit(tx, moves, []));
    } catch (error) {
      if (error instanceof FencedError) cursors.clear();
      throw error;
    }
    moved(moves, true);
    idleStoredAt = Date.now();
  }

  /** When letters were last looked for: an empty table need not be asked after each batch. */
  let lettersAt = 0;

  return startLoop({
    name: 'consumer',
    log,
    idleMs: POLL_MS,
    restMs: REST_MS,
    async round() {
      const positions = await loadCursors();
      if (positions.size === 0) return false;
      if (Date.now() - lettersAt >= POLL_MS / 2) {
        while (await retryDue());
        lettersAt = Date.now();
      }
      const records = await transport.read(positions, types, BATCH_PER_PARTITION);
      if (records.length === 0) {
        await storeIdle();
        return false;
      }
      const seen = new Map(positions);
      for (const { partition, position } of records) {
        if (position !== (seen.get(partition) ?? 0) + 1) {
          throw new PrunedError(
            `partition ${partition} was pruned up to ${position - 1}; read up to ${seen.get(partition)}`,
          );
        }
        seen.set(partition, position);
      }
      await handle(records);
      return records.length >= BATCH_PER_PARTITION;
    },
  });
}
