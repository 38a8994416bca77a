import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { givenDatabase, type ServiceDatabase } from '../../../tests/support/given.ts';
import {
  execute,
  findNotice,
  type NoticeCommand,
  pageNotices,
  pruneNotices,
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
      0,
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
    readAt: null,
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

describe('notices of long ago', () => {
  const DAY_MS = 86_400_000;
  const daysAgo = (days: number) => Date.now() - days * DAY_MS;
  const ids = async () =>
    (await it.db.query<{ id: number }>('SELECT order_id AS id FROM notice ORDER BY id')).map(({ id }) => id);

  async function queue(orderId: number, at: number, status: string): Promise<void> {
    await run({ ...tell(orderId, 'Ordered'), at });
    await it.db.query('UPDATE notice SET status = $2 WHERE order_id = $1', [orderId, status]);
  }

  /** One pass, two rows at a time; gives how many it removed, and in how many steps. */
  async function prune(days: number) {
    let [removed, steps] = [0, 0];
    for (let after: number | undefined = 0; after !== undefined; ) {
      const step = await pruneNotices(it.db, days, after, 2);
      removed += step.removed;
      after = step.last;
      steps++;
    }
    return { removed, steps };
  }

  test('go, some at a time, and those that wait to be sent stay', async () => {
    await it.db.query('TRUNCATE notice');
    await queue(1, daysAgo(400), 'sent');
    await queue(2, daysAgo(399), 'queued');
    await queue(3, daysAgo(398), 'failed');
    await queue(4, daysAgo(366), 'sent');
    for (const order of [5, 6, 7, 8, 9]) await queue(order, daysAgo(364), 'sent');
    expect(await prune(365)).toEqual({ removed: 3, steps: 3 });
    expect(await ids()).toEqual([2, 5, 6, 7, 8, 9]);
    expect(await prune(365)).toEqual({ removed: 0, steps: 2 });
  });

  test('are not written again where the event comes once more', async () => {
    const again = [
      { ...tell(4, 'Ordered'), at: daysAgo(366) },
      { ...tell(10, 'Ordered'), at: daysAgo(364) },
    ];
    await it.db.transaction(async tx =>
      execute(
        tx,
        'inbox',
        again.map(command => ({ command, traceparent: null })),
        daysAgo(365),
      ),
    );
    expect(await ids()).toEqual([2, 5, 6, 7, 8, 9, 10]);
  });
});
