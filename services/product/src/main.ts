import { isRejection } from '@jumun/contracts';
import { defineService, type Outcome, type Traced, traceWork } from '@jumun/messaging';
import {
  createBatcher,
  createClockGuard,
  databaseClock,
  databaseConfig,
  Milliseconds,
} from '@jumun/service-kit';
import Type from 'typebox';
import { createEvidence, serveStockSums } from './evidence.ts';
import type { Shelf } from './product.ts';
import { serveProducts } from './routes.ts';
import { execute, expiredLines, nextProductId, type StoreCommand } from './store.ts';
import { subscriptions } from './subscriptions.ts';

const config = Type.Object({
  ...databaseConfig,
  /** How long pieces stay set aside for an order that is being placed. */
  RESERVATION_MS: { ...Milliseconds(1_000, 86_400_000), default: 120_000 },
});

const EXPIRY_BATCH = 500;

/** The product service: the catalogue, and the stock that is never sold twice. */
export const product = defineService({
  name: 'product',
  config,
  migrations: new URL('../migrations/', import.meta.url),

  setup({ config, db, outbox, intake, http, metrics, log, tracer }) {
    const refusals = metrics.counter('jumun_stock_refusals_total', 'Orders refused for want of stock');
    const run = (batch: Traced<StoreCommand>[]) =>
      db.transaction(tx => execute(tx, outbox, batch, config.RESERVATION_MS));
    const commands = traceWork(
      tracer,
      createBatcher<Traced<StoreCommand>, Outcome<Shelf>>({
        maxBatch: 500,
        maxWaiting: 10_000,
        concurrency: 1,
        async run(batch) {
          const outcomes = await run(batch);
          refusals.inc(
            outcomes.filter(outcome => isRejection(outcome) && outcome.rejected === 'out-of-stock').length,
          );
          return outcomes;
        },
      }),
      ({ command }) => ({
        name: `product ${command.type}`,
        ...('orderId' in command && { orderId: command.orderId }),
      }),
    );

    serveProducts(http, {
      db,
      admit: intake.admit,
      commands,
      createNext: ({ catalogue, total, traceparent }) =>
        db.transaction(async tx => {
          const command: StoreCommand = { type: 'create', itemcd: await nextProductId(tx), catalogue, total };
          const [outcome] = await execute(tx, outbox, [{ command, traceparent }], config.RESERVATION_MS);
          return outcome as Outcome<Shelf>;
        }),
    });

    serveStockSums(http, db);
    const clockSteadyMs = createClockGuard(() => databaseClock(db));

    /** Frees what was reserved for orders that came to nothing. */
    async function expire(): Promise<boolean> {
      const lines = await expiredLines(db, EXPIRY_BATCH, config.RESERVATION_MS);
      const steadyMs = await clockSteadyMs();
      if (steadyMs === 0)
        log.warn("the database's clock jumped; reservations have their full time from now on");
      if (lines.length === 0 || steadyMs < config.RESERVATION_MS) return false;
      await run(lines.map(line => ({ command: { type: 'expire', ...line }, traceparent: null })));
      return lines.length === EXPIRY_BATCH;
    }

    return {
      subscriptions,
      execute: (tx, batch: Traced<StoreCommand>[]) => execute(tx, outbox, batch, config.RESERVATION_MS),
      evidence: createEvidence(db),
      workers: [{ name: 'expire-reservations', everyMs: 1_000, round: expire }],
      close: () => commands.idle(),
    };
  },
});
