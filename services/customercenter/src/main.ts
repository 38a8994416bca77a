import { defineService, type Traced } from '@jumun/messaging';
import { databaseConfig } from '@jumun/service-kit';
import Type from 'typebox';
import { serveMyPages } from './routes.ts';
import { execute } from './store.ts';
import { subscriptions } from './subscriptions.ts';
import type { ViewChange } from './view.ts';

/** The customer centre: shows every order and its delivery at any time (the read side of CQRS). */
export const customercenter = defineService({
  name: 'customercenter',
  config: Type.Object(databaseConfig),
  migrations: new URL('../migrations/', import.meta.url),

  setup({ db, http }) {
    serveMyPages(http, db);
    return { subscriptions, execute: (tx, batch: Traced<ViewChange>[]) => execute(tx, batch) };
  },
});
