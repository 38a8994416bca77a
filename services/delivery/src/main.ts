import { defineService, type Outcome, type Traced, traceWork } from '@jumun/messaging';
import { createBatcher, databaseConfig } from '@jumun/service-kit';
import Type from 'typebox';
import type { Delivery } from './delivery.ts';
import { createEvidence } from './evidence.ts';
import { serveDeliveries } from './routes.ts';
import { execute, type StoreCommand } from './store.ts';
import { subscriptions } from './subscriptions.ts';

/** The delivery service: one delivery for each order whose pieces were taken. */
export const delivery = defineService({
  name: 'delivery',
  config: Type.Object(databaseConfig),
  migrations: new URL('../migrations/', import.meta.url),

  setup({ db, outbox, http, tracer }) {
    const commands = traceWork(
      tracer,
      createBatcher<Traced<StoreCommand>, Outcome<Delivery>>({
        maxBatch: 500,
        maxWaiting: 10_000,
        concurrency: 1,
        run: batch => db.transaction(tx => execute(tx, outbox, batch)),
      }),
      ({ command: { type, orderId } }) => ({ name: `delivery ${type}`, orderId }),
    );
    serveDeliveries(http, { db, commands });
    return {
      subscriptions,
      execute: (tx, batch: Traced<StoreCommand>[]) => execute(tx, outbox, batch),
      evidence: createEvidence(db),
      close: () => commands.idle(),
    };
  },
});
