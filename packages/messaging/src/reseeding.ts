import { type HandOverAnswer, HandOverItem, handOverCall, resumeCall, takesCall } from '@jumun/contracts';
import {
  createBatcher,
  type Database,
  type Http,
  isTransient,
  type Logger,
  serveBatch,
  type Tx,
} from '@jumun/service-kit';
import Type from 'typebox';
import type { Beginning, Subscription, Traced } from './consumer.ts';
import { setAside, waitBehind } from './dead-letters.ts';
import { admit, holdCursors, moveCursors, sortOut } from './inbox.ts';
import { findLost, readExtent } from './lost.ts';
import { decode, type LogRecord } from './message.ts';
import type { Transport } from './transport.ts';

/** Orders whose events are handled in one transaction. */
const BATCH = 100;

/** Where a letter belongs that is of no place in the log: to whoever reads the first partition. */
const NOWHERE = { partition: 0, position: 0, traceparent: null };

export interface ReseedingOptions<Command> {
  db: Database;
  transport: Transport;
  subscriptions: Subscription<Command>[];
  execute(tx: Tx, commands: Traced<Command>[]): Promise<unknown>;
  from: Beginning;
  log: Logger;
}

/**
 * Takes events from an operator's hands that this service has missed and the log has no more, and handles them as it
 * does those of the log: each once, in order within a key, and set aside where it fails. Then has it go on.
 */
export function serveReseeding<Command>(http: Http, options: ReseedingOptions<Command>): void {
  const { db, transport, execute, from, log } = options;
  const byType = new Map(options.subscriptions.map(subscription => [subscription.type, subscription]));
  // A service that begins with what is new must not act on what is old.
  const types = from === 'now' ? [] : [...byType.keys()];

  function takeIn(items: LogRecord[][]): Promise<HandOverAnswer[]> {
    const all = items.flat();
    return db.transaction(async tx => {
      const { ready, behind } = sortOut(await admit(tx, [], all), all);
      const commands = ready.flatMap(record => {
        const command = byType.get(record.type)?.toCommand(decode(record));
        return command === undefined ? [] : [{ command, traceparent: null }];
      });
      if (commands.length > 0) await execute(tx, commands);
      if (behind.length > 0) waitBehind(tx, behind);
      const [handled, waiting] = [new Set(ready), new Set(behind)];
      return items.map(records => {
        const count = (found: Set<LogRecord>) => records.filter(record => found.has(record)).length;
        const [done, set] = [count(handled), count(waiting)];
        return { handled: done, setAside: set, repeated: records.length - done - set };
      });
    });
  }

  const batcher = createBatcher({ run: takeIn, maxBatch: BATCH, maxWaiting: 1_000, concurrency: 1 });

  /** Of events that cannot all be handled, handles those before the first that cannot, and sets that aside. */
  async function takeInEach(records: LogRecord[]): Promise<HandOverAnswer> {
    const sum: HandOverAnswer = { handled: 0, repeated: 0, setAside: 0 };
    for (const record of records) {
      const [answer] = await takeIn([[record]]).catch(async error => {
        if (isTransient(error)) throw error;
        log.error(
          { event: record.type, key: record.key, err: error },
          'a handed event failed and is set aside',
        );
        await db.transaction(async tx => {
          const { fresh } = await admit(tx, [], [record]);
          if (fresh.has(record.eventId)) setAside(tx, record, error);
        });
        return [{ handled: 0, repeated: 0, setAside: 1 }];
      });
      for (const name of Object.keys(sum) as (keyof HandOverAnswer)[]) sum[name] += answer?.[name] ?? 0;
    }
    return sum;
  }

  serveBatch(http, takesCall, Type.Object({}), async () => ({ types }));
  serveBatch(http, handOverCall, HandOverItem, async ({ events }) => {
    const records = events
      .filter(({ type }) => types.includes(type))
      .map((event): LogRecord => ({ ...event, ...NOWHERE }));
    return batcher.submit(records).catch(error => {
      if (isTransient(error)) throw error;
      return takeInEach(records);
    });
  });
  serveBatch(http, resumeCall, Type.Object({}), async () => {
    return db.transaction(async tx => {
      const cursors = await holdCursors(tx);
      const extent = await readExtent(transport);
      const begin = from === 'now' ? extent.heads : extent.pruned;
      const moves = [...findLost(cursors, extent).keys()].map(partition => ({
        partition,
        from: cursors.get(partition) ?? 0,
        to: begin.get(partition) ?? 0,
      }));
      moveCursors(tx, moves);
      for (const move of moves) log.warn(move, 'the cursor is moved past what the log does not have');
      return { moved: Object.fromEntries(moves.map(({ partition, to }) => [partition, to])) };
    });
  });
}
