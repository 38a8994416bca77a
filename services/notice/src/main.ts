import { Days, defineService, type Traced } from '@jumun/messaging';
import { databaseConfig } from '@jumun/service-kit';
import Type from 'typebox';
import { createInbox } from './channel.ts';
import { createEvidence } from './evidence.ts';
import { serveNotices } from './routes.ts';
import { createSender } from './sending.ts';
import { execute, type NoticeCommand, pruneNotices } from './store.ts';
import { subscriptions } from './subscriptions.ts';

const config = Type.Object({
  ...databaseConfig,
  /** Notices of what happened longer ago are removed. */
  NOTICE_RETENTION_DAYS: { ...Days, default: 365 },
});

const DAY_MS = 86_400_000;
const PRUNE_STEP = 5_000;

/** The notice service: tells the customer once of each change. */
export const notice = defineService({
  name: 'notice',
  config,
  migrations: new URL('../migrations/', import.meta.url),

  setup({ config, db, http, log, tracer }) {
    const keepDays = config.NOTICE_RETENTION_DAYS;
    const channel = createInbox(log);
    serveNotices(http, db);
    let wake = () => {};
    let pruned = 0;
    return {
      subscriptions,
      // A notice service that joins an old log must not tell again what customers have long known.
      from: 'now',
      async execute(tx, batch: Traced<NoticeCommand>[]) {
        execute(tx, channel.name, batch, Date.now() - keepDays * DAY_MS);
        tx.afterCommit(() => wake());
      },
      evidence: createEvidence(db, keepDays * DAY_MS),
      workers: [
        {
          name: 'sender',
          everyMs: 1_000,
          byOneReplica: true,
          round: createSender(db, channel, log, tracer),
          ready: hint => {
            wake = hint;
          },
        },
      ],
      prunings: [
        {
          what: 'notices',
          async step() {
            const { removed, last } = await pruneNotices(db, keepDays, pruned, PRUNE_STEP);
            pruned = last ?? 0;
            return { removed, more: last !== undefined };
          },
        },
      ],
    };
  },
});
