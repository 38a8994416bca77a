import { CommitUnknownError, createLogger, drawIds, PeerError } from '@jumun/service-kit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { givenDatabase, type ServiceDatabase } from '../../../tests/support/given.ts';
import type { Peers } from '../src/peers.ts';
import { createPlacing, type PlacingParts } from '../src/placing.ts';
import { createReconciler } from '../src/reconciler.ts';
import { bindRequests, countOpen, execute, findOrder } from '../src/store.ts';

let it: ServiceDatabase;
beforeAll(async () => {
  it = await givenDatabase('order');
});
afterAll(() => it.close());

const log = createLogger('order', 'silent');
const wish = { item: 'milk', orderQty: 1, price: 2000, itemcd: 2, customerId: 1, address: 'Seoul' };

/** Peers that do all they are asked. */
const willing: Peers = {
  reserve: async () => ({ name: 'milk', unitPrice: 2000, availableQuantity: 9 }),
  release: async () => undefined,
  charge: async ({ price, itemcd, item }) => ({ id: 1, price, itemcd, item }),
  findPayment: async () => ({ payment: null, captured: null }),
  void: async () => ({ captured: null }),
  close: async () => undefined,
};

function placingWith(parts: Partial<PlacingParts>) {
  const submit: PlacingParts['submit'] = async traced => {
    const [outcome] = await it.db.transaction(tx => execute(tx, it.outbox, [traced]));
    if (!outcome) throw new Error('no outcome');
    return outcome;
  };
  return createPlacing({
    db: it.db,
    log,
    peers: willing,
    drawId: async () => (await drawIds(it.db, 'order_id', 1))[0] as number,
    async open({ intent, request, traceparent }) {
      await it.db.transaction(async tx => {
        if (request) await bindRequests(tx, [{ ...request, orderId: intent.id }]);
        await execute(tx, it.outbox, [{ command: { type: 'open', id: intent.id, intent }, traceparent }]);
      });
      return undefined;
    },
    submit: parts.submit ?? submit,
    ...parts,
  });
}

/** Carries a command out, and loses the answer of the commit that establishes the order. */
const losesTheAnswer: PlacingParts['submit'] = async traced => {
  const [outcome] = await it.db.transaction(tx => execute(tx, it.outbox, [traced]));
  if (traced.command.type === 'establish') throw new CommitUnknownError();
  if (!outcome) throw new Error('no outcome');
  return outcome;
};

async function lastOrder() {
  const [row] = await it.db.query<{ id: number }>('SELECT max(id) AS id FROM orders');
  return findOrder(it.db, row?.id ?? 0);
}

test('an order that was established though its client was told otherwise is withdrawn', async () => {
  const placing = placingWith({ submit: losesTheAnswer });
  await expect(placing.place(wish, undefined, 'trace')).rejects.toMatchObject({ slug: 'payment-unknown' });
  expect(await lastOrder()).toMatchObject({ status: 'ordered' });
  await createReconciler(it.db, placing, log)();
  expect(await lastOrder()).toMatchObject({ status: 'orderCanceled' });
  expect(await countOpen(it.db)).toEqual({ sagas: 0, intents: 0 });
});

test('one whose client can ask again stands', async () => {
  const placing = placingWith({ submit: losesTheAnswer });
  const request = { customerId: 1, key: 'k1', bodyHash: 'h' };
  await expect(placing.place(wish, request, 'trace')).rejects.toMatchObject({ slug: 'payment-unknown' });
  await createReconciler(it.db, placing, log)();
  const order = await lastOrder();
  expect(order).toMatchObject({ status: 'ordered' });
  expect(await placing.place(wish, request, 'trace')).toEqual(order);
});

test('an intent that cannot be settled yet is left for later, and no sooner', async () => {
  const away = async () => Promise.reject(new PeerError('pay is away'));
  const placing = placingWith({ peers: { ...willing, charge: away, findPayment: away, void: away } });
  await expect(
    placing.place(wish, { customerId: 1, key: 'k2', bodyHash: 'h' }, 'trace'),
  ).rejects.toMatchObject({ slug: 'payment-unknown' });
  const round = createReconciler(it.db, placing, log);
  await round();
  const [intent] = await it.db.query<{ later: boolean }>('SELECT settle_after > now() AS later FROM intent');
  expect(intent).toEqual({ later: true });
  // Nobody has named it again.
  expect(placing.takeUnsettled()).toEqual([]);
});
