import { Days, defineService, type Traced } from '@jumun/messaging';
import { databaseConfig } from '@jumun/service-kit';
import Type from 'typebox';
import { auditConfig, startAudit } from './audit/start.ts';
import { createEvidence } from './evidence.ts';
import { createHub } from './live/hub.ts';
import { serveLive } from './live/routes.ts';
import { serveMyPages } from './routes.ts';
import { changesSince, endedOrders, execute } from './store.ts';
import { subscriptions } from './subscriptions.ts';
import type { ViewChange } from './view.ts';

const config = Type.Object({
  ...databaseConfig,
  ...auditConfig,
  /** Records of the event log that are older are removed once their order has ended. */
  LOG_RETENTION_DAYS: { ...Days, default: 90 },
  /** How many clients may follow the view at once. */
  STREAMS_LIMIT: Type.Integer({ minimum: 1, maximum: 100_000, default: 1_000 }),
});

/** How often is looked for what other replicas have changed, while somebody follows the view. */
const LIVE_MS = 100;

/** The customer centre: shows every order and its delivery at any time, and checks that all services agree on them. */
export const customercenter = defineService({
  name: 'customercenter',
  config,
  migrations: new URL('../migrations/', import.meta.url),

  setup({ config, db, http, metrics, log }) {
    let tell = () => {};
    const hub = createHub((position, customerId, limit) => changesSince(db, position, customerId, limit));
    serveLive(http, hub, config.STREAMS_LIMIT, () => tell());
    metrics.gauge('jumun_streams_open', 'Clients that follow the view', hub.count);
    serveMyPages(http, db);
    const audit = startAudit({ config, db, http, metrics, log });
    return {
      subscriptions,
      async execute(tx, batch: Traced<ViewChange>[]) {
        await execute(tx, batch);
        tx.afterCommit(() => {
          tell();
          audit.note(batch.map(({ command }) => command.orderId));
        });
      },
      evidence: createEvidence(db),
      workers: [
        ...audit.workers,
        {
          name: 'live',
          everyMs: LIVE_MS,
          round: () => hub.round().then(() => false),
          ready: wake => {
            tell = wake;
          },
        },
      ],
      // The view knows of every order whether it has ended.
      log: { days: config.LOG_RETENTION_DAYS, ended: ids => endedOrders(db, ids) },
      close: audit.close,
    };
  },
});
