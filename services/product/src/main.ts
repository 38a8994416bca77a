import { isRejection } from '@jumun/contracts';
import { defineService, type Outcome, type Traced } from '@jumun/messaging';
import { createBatcher, databaseConfig, Milliseconds } from '@jumun/service-kit';
import Type from 'typebox';
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

  setup({ config, db, outbox, http, metrics }) {
    const refusals = metrics.counter('jumun_stock_refusals_total', 'Orders refused for want of stock');
    const run = (batch: Traced<StoreCommand>[]) =>
      db.transaction(tx => execute(tx, outbox, batch, config.RESERVATION_MS));
    const commands = createBatcher<Traced<StoreCommand>, Outcome<Shelf>>({
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
    });

    serveProducts(http, {
      db,
      commands,
      createNext: ({ catalogue, total, traceparent }) =>
        db.transaction(async tx => {
          const command: StoreCommand = { type: 'create', itemcd: await nextProductId(tx), catalogue, total };
          const [outcome] = await execute(tx, outbox, [{ command, traceparent }], config.RESERVATION_MS);
          return outcome as Outcome<Shelf>;
        }),
    });

    /** Frees what was reserved for orders that came to nothing. */
    async function expire(): Promise<boolean> {
      const lines = await expiredLines(db, EXPIRY_BATCH);
      if (lines.length === 0) return false;
      await run(lines.map(line => ({ command: { type: 'expire', ...line }, traceparent: null })));
      return lines.length === EXPIRY_BATCH;
    }

    return {
      subscriptions,
      execute: (tx, batch: Traced<StoreCommand>[]) => execute(tx, outbox, batch, config.RESERVATION_MS),
      workers: [{ name: 'expire-reservations', everyMs: 1_000, round: expire }],
      close: () => commands.idle(),
    };
  },
});
