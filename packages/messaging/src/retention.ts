import { setTimeout as delay } from 'node:timers/promises';
import { type Database, forgetSessions, type Metrics } from '@jumun/service-kit';
import Type from 'typebox';
import { pruneInbox, readCursors } from './inbox.ts';
import type { LogRetention, Transport } from './transport.ts';

/** Rows that are looked at, and at most removed, in one transaction. */
const STEP = 5_000;
/** Between passes; a pass that finds nothing costs a few index look-ups. */
export const PASS_MS = 600_000;
/** Between the steps of a pass, so that a long one does not take the machine. */
const STEP_REST_MS = 50;
const REPORT_MS = 5_000;

export const Days = Type.Integer({ minimum: 1, maximum: 36_500 });

/** What every service can be told of how long it keeps what it needs no longer. */
export const retentionConfig = { INBOX_RETENTION_DAYS: { ...Days, default: 30 } };

/** Rows whose time is over. They are removed in the background, in bounded steps, by one replica. */
export interface Pruning {
  /** What the rows are, as metrics call them. */
  what: string;
  /** One step of a pass. Gives how many rows it removed, and whether the pass goes on. */
  step(): Promise<PruningStep>;
}

export interface PruningStep {
  removed: number;
  more: boolean;
}

/** Which records of the log a service lets go: it knows which orders have ended. */
export interface LogPruning {
  /** Records younger than this stay. */
  days: number;
  /** Which of these orders have come to their end. */
  ended(orderIds: number[]): Promise<Set<number>>;
}

/** A background task, as the service runs it. */
export interface RetentionTask {
  name: string;
  everyMs: number;
  round(): Promise<boolean>;
}

export interface RetentionOptions {
  /** The service's name, under which it reports how far it has read. */
  group: string;
  db: Database;
  transport: Transport;
  metrics: Metrics;
  inboxDays: number;
  log?: LogPruning | undefined;
  prunings?: Pruning[] | undefined;
}

/** What one replica of each service does so that nothing grows for ever. */
export function retentionTasks(options: RetentionOptions): RetentionTask[] {
  const { group, db, transport, metrics, inboxDays, log, prunings = [] } = options;
  const { retention } = transport;
  const removedTotal = metrics.counter('jumun_pruned_total', 'Rows removed because their time was over', [
    'what',
  ]);
  const all = [...prunings, inboxPruning(db, inboxDays), sessionPruning(db)];
  if (retention && log) {
    all.push(logPruning(retention, transport.partitions, log));
    measureLog(metrics, retention);
  }
  const tasks = all.map(({ what, step }): RetentionTask => {
    return {
      name: `prune-${what}`,
      everyMs: PASS_MS,
      async round() {
        const { removed, more } = await step();
        removedTotal.inc({ what }, removed);
        if (more) await delay(STEP_REST_MS);
        return more;
      },
    };
  });
  tasks.push(reporting(group, db, transport));
  return tasks;
}

/** Tells the log how far this service has read. */
export async function reportCursors(group: string, db: Database, transport: Transport): Promise<void> {
  await transport.report(group, await readCursors(db));
}

function reporting(group: string, db: Database, transport: Transport): RetentionTask {
  return {
    name: 'report',
    everyMs: REPORT_MS,
    async round() {
      await reportCursors(group, db, transport);
      return false;
    },
  };
}

function inboxPruning(db: Database, days: number): Pruning {
  const first = '00000000-0000-0000-0000-000000000000';
  let after = first;
  return {
    what: 'inbox',
    async step() {
      const { seen, removed, last } = await pruneInbox(db, days, after, STEP);
      const more = seen === STEP;
      after = (more && last) || first;
      return { removed, more };
    },
  };
}

function sessionPruning(db: Database): Pruning {
  return {
    what: 'sessions',
    step: async () => ({ removed: await forgetSessions(db), more: false }),
  };
}

/**
 * Removes from the log what is old, was read by all, and tells of an order that has ended; of a product's events the
 * newest stays. Records of open orders stay where they are, so each pass begins at the beginning, where few are left.
 */
export function logPruning(
  retention: LogRetention,
  partitions: number,
  { days, ended }: LogPruning,
): Pruning {
  let partition = 0;
  let after = 0;
  return {
    what: 'log',
    async step() {
      const records = await retention.expired(partition, after, days, STEP);
      const orders = records.filter(({ key }) => isOrder(key)).map(({ key }) => Number(key));
      const gone = orders.length > 0 ? await ended([...new Set(orders)]) : new Set<number>();
      const newest = new Map(records.map(({ key, position }) => [key, position]));
      const doomed = records.filter(({ key, position }) =>
        isOrder(key) ? gone.has(Number(key)) : isProduct(key) && newest.get(key) !== position,
      );
      const lastOrder = doomed.reduce(
        (last, { key }) => (isOrder(key) ? Math.max(last, Number(key)) : last),
        0,
      );
      const removed =
        doomed.length === 0
          ? 0
          : await retention.remove(
              partition,
              doomed.map(({ position }) => position),
              lastOrder,
            );
      after = records.at(-1)?.position ?? 0;
      if (records.length === STEP) return { removed, more: true };
      after = 0;
      partition = (partition + 1) % partitions;
      if (partition === 0) await retention.forgetSessions();
      return { removed, more: partition !== 0 };
    },
  };
}

const isOrder = (key: string) => /^\d+$/.test(key);
const isProduct = (key: string) => key.startsWith('product-');

function measureLog(metrics: Metrics, retention: LogRetention): void {
  metrics.gauge('jumun_log_oldest_seconds', 'Age of the oldest record of the log', retention.oldestSeconds);
  metrics.gauge(
    'jumun_log_group_lag',
    'Records that a group has not read, as it last reported; what it has not read is not removed',
    async () => (await retention.groups()).map(({ name, lag }) => ({ labels: { group: name }, value: lag })),
    ['group'],
  );
}
