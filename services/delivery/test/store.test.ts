import { afterAll, beforeAll, expect, test } from 'vitest';
import { givenDatabase, type ServiceDatabase } from '../../../tests/support/given.ts';
import { execute, findDelivery, pageDeliveries, type StoreCommand } from '../src/store.ts';

let it: ServiceDatabase;
beforeAll(async () => {
  it = await givenDatabase('delivery');
});
afterAll(() => it.close());

const run = (...commands: StoreCommand[]) =>
  it.db.transaction(tx =>
    execute(
      tx,
      it.outbox,
      commands.map(command => ({ command, traceparent: null })),
    ),
  );
const parcel = (orderId: number) => ({
  orderId,
  customerId: 11,
  productName: 'milk',
  qtyp: 3,
  price: 6000,
  address: 'Seoul',
});
const prepare = (orderId: number): StoreCommand => ({ type: 'prepare', orderId, parcel: parcel(orderId) });
const cancel = (orderId: number): StoreCommand => ({ type: 'cancel', orderId });
const start = (orderId: number): StoreCommand => ({
  type: 'start',
  orderId,
  tracking: { carrier: 'CJ', trackingNumber: null },
});
const typesOf = async (orderId: number) =>
  (await it.published()).filter(({ key }) => key === String(orderId)).map(({ type }) => type);

test('deliveries are numbered from 1 without a gap, in the order in which they were prepared', async () => {
  await run(prepare(11), prepare(12), prepare(13));
  await run(prepare(14));
  const { items, total } = await pageDeliveries(it.db, { limit: 10, offset: 0, order: [] });
  expect(items.map(({ id, orderId }) => [id, orderId])).toEqual([
    [1, 11],
    [2, 12],
    [3, 13],
    [4, 14],
  ]);
  expect(total).toBe(4);
});

test('a delivery is read back as it goes its way', async () => {
  await run(start(11));
  expect(await findDelivery(it.db, 1)).toEqual({
    id: 1,
    ...parcel(11),
    status: 'deliverystarted',
    carrier: 'CJ',
    trackingNumber: null,
  });
  await run({ type: 'complete', orderId: 11 });
  expect(await findDelivery(it.db, 1)).toMatchObject({ status: 'deliverycompleted', carrier: 'CJ' });
  expect(await typesOf(11)).toEqual(['DeliveryRequested', 'DeliveryStarted', 'DeliveryCompleted']);
  expect(await findDelivery(it.db, 999)).toBeUndefined();
});

test('there is one delivery for an order, however often it is prepared', async () => {
  await run(prepare(21), prepare(21));
  await run(prepare(21));
  const { items } = await pageDeliveries(it.db, { limit: 100, offset: 0, order: [] });
  expect(items.filter(({ orderId }) => orderId === 21)).toHaveLength(1);
  expect(await typesOf(21)).toEqual(['DeliveryRequested']);
});

test('an order that was canceled beforehand has no delivery, and nobody is told of one', async () => {
  await run(cancel(31));
  await run(cancel(31), prepare(31));
  await run(prepare(31));
  expect(await typesOf(31)).toEqual([]);
  const { items } = await pageDeliveries(it.db, { limit: 100, offset: 0, order: [] });
  expect(items.some(({ orderId }) => orderId === 31)).toBe(false);
});

test('a delivery is canceled once by many at once', async () => {
  await run(prepare(41));
  await Promise.all([run(cancel(41)), run(cancel(41), cancel(41)), run(cancel(41))]);
  expect(await typesOf(41)).toEqual(['DeliveryRequested', 'DeliveryCanceled']);
  expect(await run(start(41))).toMatchObject([{ rejected: 'delivery-step-conflict' }]);
});

test('two batches over the same deliveries in opposite order both go through', async () => {
  const orders = Array.from({ length: 30 }, (_, i) => 100 + i);
  await run(...orders.map(prepare));
  await Promise.all([run(...orders.map(start)), run(...orders.toReversed().map(cancel))]);
  const { items } = await pageDeliveries(it.db, { limit: 100, offset: 0, order: [] });
  const statuses = items.filter(({ orderId }) => orderId >= 100).map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set(['deliveryCanceled']));
});
