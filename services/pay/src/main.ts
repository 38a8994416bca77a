import { setMaxListeners } from 'node:events';
import { defineService, type Outcome, type Traced, traceWork } from '@jumun/messaging';
import {
  createBatcher,
  createPeer,
  databaseConfig,
  Flag,
  HttpUrl,
  measureBreakers,
} from '@jumun/service-kit';
import Type from 'typebox';
import { createAudit } from './auditing.ts';
import { createCharging } from './charging.ts';
import { createEvidence, serveUnclaimed } from './evidence.ts';
import type { Pay } from './pay.ts';
import { inTime } from './provider.ts';
import { createRefunder } from './refunding.ts';
import { servePays } from './routes.ts';
import { createSandbox } from './sandbox/provider.ts';
import { countRefunds, execute, readPays, type StoreCommand } from './store.ts';
import { subscriptions } from './subscriptions.ts';

const config = Type.Object({
  ...databaseConfig,
  ORDER_URL: HttpUrl,
  /** Lets an order service of the first implementation, which shows no credential, create payments. */
  LEGACY_ORDER: { ...Flag, default: false },
});

/** Longer than an order waits for its charge: what arrives meanwhile is still written down. */
const PROVIDER_TIMEOUT_MS = 10_000;

const LIMITS = { maxBatch: 500, maxWaiting: 10_000, concurrency: 1 };

/** The pay service: charges each order at most once, and gives back what is owed. */
export const pay = defineService({
  name: 'pay',
  config,
  migrations: new URL('../migrations/', import.meta.url),

  setup({ config, db, outbox, intake, http, metrics, log, tracer }) {
    const stopping = new AbortController();
    // Each charge that hangs listens to it.
    setMaxListeners(0, stopping.signal);
    const provider = inTime(createSandbox(db, stopping.signal), PROVIDER_TIMEOUT_MS);
    const order = createPeer({ name: 'order', url: config.ORDER_URL, token: config.SERVICE_TOKEN, tracer });
    measureBreakers(metrics, log, [order.breaker]);
    const commands = traceWork(
      tracer,
      createBatcher<Traced<StoreCommand>, Outcome<Pay>>({
        ...LIMITS,
        run: batch => db.transaction(tx => execute(tx, outbox, batch)),
      }),
      ({ command: { type, orderId } }) => ({ name: `pay ${type}`, orderId }),
    );
    const reads = createBatcher<number, Pay>({ ...LIMITS, run: orderIds => readPays(db, orderIds) });

    let refundDue = () => {};
    const charging = createCharging({
      db,
      provider,
      log,
      tracer,
      admit: intake.admit,
      read: reads.submit,
      submit: commands.submit,
      refundDue: () => refundDue(),
    });
    const audit = createAudit(db, charging, order, commands.submit, log);
    servePays(http, {
      db,
      charging,
      read: reads.submit,
      submit: commands.submit,
      refundDue: () => refundDue(),
      legacyOrder: config.LEGACY_ORDER,
    });
    serveUnclaimed(http, db, provider);
    metrics.gauge('jumun_refunds_due', 'Refunds not made yet', async () => (await countRefunds(db)).due);
    metrics.gauge(
      'jumun_refunds_failed',
      'Refunds that wait for a person',
      async () => (await countRefunds(db)).failed,
    );

    return {
      subscriptions,
      async execute(tx, batch: Traced<StoreCommand>[]) {
        await execute(tx, outbox, batch);
        tx.afterCommit(() => refundDue());
      },
      evidence: createEvidence(db, provider),
      workers: [
        {
          name: 'refunder',
          everyMs: 500,
          round: createRefunder(db, provider, log, tracer),
          ready: wake => {
            refundDue = wake;
          },
        },
        { name: 'void-sweeper', everyMs: 1_000, round: audit.voids },
        { name: 'payment-audit', everyMs: 30_000, round: audit.payments },
      ],
      async close() {
        stopping.abort();
        await commands.idle();
        await order.close();
      },
    };
  },
});
