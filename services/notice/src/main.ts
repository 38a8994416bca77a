import { defineService, type Traced } from '@jumun/messaging';
import { databaseConfig } from '@jumun/service-kit';
import Type from 'typebox';
import { createInbox } from './channel.ts';
import { serveNotices } from './routes.ts';
import { createSender } from './sending.ts';
import { execute, type NoticeCommand } from './store.ts';
import { subscriptions } from './subscriptions.ts';

/** The notice service: tells the customer once of each change. */
export const notice = defineService({
  name: 'notice',
  config: Type.Object(databaseConfig),
  migrations: new URL('../migrations/', import.meta.url),

  setup({ db, http, log }) {
    const channel = createInbox(log);
    serveNotices(http, db);
    let wake = () => {};
    return {
      subscriptions,
      // A notice service that joins an old log must not tell again what customers have long known.
      from: 'now',
      async execute(tx, batch: Traced<NoticeCommand>[]) {
        execute(tx, channel.name, batch);
        tx.afterCommit(() => wake());
      },
      workers: [
        {
          name: 'sender',
          everyMs: 1_000,
          byOneReplica: true,
          round: createSender(db, channel, log),
          ready: hint => {
            wake = hint;
          },
        },
      ],
    };
  },
});
