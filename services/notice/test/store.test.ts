import { afterAll, beforeAll, expect, test } from 'vitest';
import { givenDatabase, type ServiceDatabase } from '../../../tests/support/given.ts';
import {
  execute,
  findNotice,
  type NoticeCommand,
  pageNotices,
  queuedLetters,
  saveAttempts,
} from '../src/store.ts';
import type { NoticeKind } from '../src/texts.ts';

let it: ServiceDatabase;
beforeAll(async () => {
  it = await givenDatabase('notice');
});
afterAll(() => it.close());

const tell = (orderId: number, kind: NoticeKind, quantity = 3): NoticeCommand => ({
  kind,
  customerId: 11,
  facts: { orderId, item: '우유', quantity, price: 6000, reason: null },
  at: Date.UTC(2024, 0, 2, 3, 4, 5, 678),
});
const run = (...commands: NoticeCommand[]) =>
  it.db.transaction(async tx =>
    execute(
      tx,
      'inbox',
      commands.map(command => ({ command, traceparent: null })),
    ),
  );
const all = { limit: 100, offset: 0, order: [] };

test('a notice is read back as it was queued', async () => {
  await run(tell(7, 'Ordered'));
  expect(await findNotice(it.db, 1)).toEqual({
    id: 1,
    orderId: 7,
    customerId: 11,
    channel: 'inbox',
    status: 'queued',
    kind: 'Ordered',
    text: '주문 7번(우유 3개)이 접수되고 6000원이 결제되었습니다.',
    at: '2024-01-02T03:04:05.678Z',
  });
  expect(await findNotice(it.db, 99)).toBeUndefined();
});

test('there is one notice of each order and kind: the first', async () => {
  await run(tell(8, 'Ordered', 1), tell(8, 'Ordered', 2), tell(8, 'DeliveryStarted'));
  await Promise.all([run(tell(8, 'Ordered')), run(tell(8, 'DeliveryStarted'), tell(9, 'Ordered'))]);
  const { items } = await pageNotices(it.db, all);
  const told = items.map(({ orderId, kind }) => `${orderId} ${kind}`);
  expect(told).toEqual(['7 Ordered', '8 Ordered', '8 DeliveryStarted', '9 Ordered']);
  expect(items[1]?.text).toContain('우유 1개');
});

test('a notice is queued until it is sent, and not again', async () => {
  const ids = (await queuedLetters(it.db, 100)).map(letter => letter.id);
  const { items, total } = await pageNotices(it.db, all);
  expect(ids.sort()).toEqual(items.map(({ id }) => id));
  await saveAttempts(
    it.db,
    ids.map(id => ({ id, status: 'sent', retryInMs: 0 })),
  );
  expect(await queuedLetters(it.db, 100)).toEqual([]);
  // A repeat of the event queues nothing.
  await run(tell(7, 'Ordered'));
  expect(await queuedLetters(it.db, 100)).toEqual([]);
  expect((await pageNotices(it.db, all)).total).toBe(total);
});

test('a notice that could not be sent is tried again when its time has come', async () => {
  await run(tell(10, 'Ordered'));
  const [letter] = await queuedLetters(it.db, 100);
  const id = letter?.id ?? 0;
  await saveAttempts(it.db, [{ id, status: 'queued', retryInMs: 60_000 }]);
  expect(await queuedLetters(it.db, 100)).toEqual([]);
  await saveAttempts(it.db, [{ id, status: 'queued', retryInMs: 0 }]);
  expect(await queuedLetters(it.db, 100)).toMatchObject([{ id, attempts: 2 }]);
});
