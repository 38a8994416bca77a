import { defineService, type Outcome, type Traced, traceWork } from '@jumun/messaging';
import { createBatcher, databaseConfig, drawIds, HttpUrl, Milliseconds, type Tx } from '@jumun/service-kit';
import Type from 'typebox';
import { createEvidence, serveOpenKeys } from './evidence.ts';
import type { Order, OrderCommand } from './order.ts';
import { connectPeers } from './peers.ts';
import { createPlacing, type Opening } from './placing.ts';
import { createReconciler } from './reconciler.ts';
import { serveOrders } from './routes.ts';
import {
  type BoundRequest,
  bindRequests,
  countOpen,
  execute,
  findRequest,
  forgetRequests,
  type StoreCommand,
} from './store.ts';
import { subscriptions } from './subscriptions.ts';

const config = Type.Object({
  ...databaseConfig,
  PAY_URL: HttpUrl,
  PRODUCT_URL: HttpUrl,
  /** How long pay has to answer before the outcome of a charge counts as unknown. */
  PAY_TIMEOUT_MS: { ...Milliseconds(50, 5_000), default: 3_000 },
  /** How long product has to answer before an order goes on without a reservation. */
  PRODUCT_TIMEOUT_MS: { ...Milliseconds(50, 2_500), default: 1_000 },
});

const LIMITS = { maxBatch: 500, maxWaiting: 10_000, concurrency: 1 };

/** The order service: takes orders, and follows them to their end. */
export const order = defineService({
  name: 'order',
  config,
  migrations: new URL('../migrations/', import.meta.url),

  setup({ config, db, outbox, intake, http, metrics, log, tracer }) {
    const peers = connectPeers({
      productUrl: config.PRODUCT_URL,
      payUrl: config.PAY_URL,
      token: config.SERVICE_TOKEN,
      productTimeoutMs: config.PRODUCT_TIMEOUT_MS,
      payTimeoutMs: config.PAY_TIMEOUT_MS,
      metrics,
      log,
      tracer,
    });
    const commands = traceWork(
      tracer,
      createBatcher<Traced<OrderCommand>, Outcome<Order>>({
        ...LIMITS,
        run: batch => db.transaction(tx => execute(tx, outbox, batch)),
      }),
      ({ command: { type, id } }) => ({ name: `order ${type}`, orderId: id }),
    );
    const openings = traceWork(
      tracer,
      createBatcher<Opening, BoundRequest | undefined>({
        ...LIMITS,
        run: batch => db.transaction(tx => openAll(tx, batch)),
      }),
      ({ intent }) => ({ name: 'order open', orderId: intent.id }),
    );
    const ids = createBatcher<null, number>({
      ...LIMITS,
      run: batch => drawIds(db, 'order_id', batch.length),
    });

    /** Binds the keys and records the intents whose key was free, or that have none, in one commit. */
    async function openAll(tx: Tx, batch: Opening[]) {
      const keyed = batch.flatMap(({ intent, request }) =>
        request ? [{ ...request, orderId: intent.id }] : [],
      );
      const free = keyed.length > 0 ? await bindRequests(tx, keyed) : new Set();
      const fresh = batch.filter(({ intent, request }) => !request || free.has(intent.id));
      await execute(
        tx,
        outbox,
        fresh.map(({ intent, traceparent }) => ({
          command: { type: 'open', id: intent.id, intent },
          traceparent,
        })),
      );
      return Promise.all(
        batch.map(({ intent, request }) =>
          request && !free.has(intent.id) ? findRequest(tx, request) : undefined,
        ),
      );
    }

    const placing = createPlacing({
      db,
      log,
      peers,
      admit: intake.admit,
      drawId: () => ids.submit(null),
      open: openings.submit,
      submit: commands.submit,
    });
    serveOrders(http, { db, placing, commands });
    serveOpenKeys(http, db);
    metrics.gauge(
      'jumun_open_sagas',
      'Orders that have not come to their end',
      async () => (await countOpen(db)).sagas,
    );
    metrics.gauge('jumun_open_intents', 'Orders whose payment is under way or unknown', async () => {
      return (await countOpen(db)).intents;
    });

    return {
      subscriptions,
      execute: (tx, batch: Traced<StoreCommand>[]) => execute(tx, outbox, batch),
      evidence: createEvidence(db),
      workers: [
        {
          name: 'reconciler',
          everyMs: 500,
          round: createReconciler(db, placing, log, tracer),
          ready: placing.onUnsettled,
        },
        { name: 'forget-requests', everyMs: 60_000, round: () => forgetRequests(db, 1_000) },
      ],
      async close() {
        await Promise.all([commands.idle(), openings.idle()]);
        await peers.close();
      },
    };
  },
});
