import { createLogger } from '@jumun/service-kit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { givenDatabase, type ServiceDatabase } from '../../../tests/support/given.ts';
import type { Channel, Letter } from '../src/channel.ts';
import { createSender } from '../src/sending.ts';
import { execute, findNotice } from '../src/store.ts';

let it: ServiceDatabase;
beforeAll(async () => {
  it = await givenDatabase('notice');
});
afterAll(() => it.close());

const log = createLogger('notice', 'silent');
const facts = { item: 'milk', quantity: 1, price: 2000, reason: null };

async function given(orderId: number): Promise<void> {
  const command = { kind: 'Ordered' as const, customerId: 1, facts: { orderId, ...facts }, at: 1 };
  await it.db.transaction(async tx => execute(tx, 'test', [{ command, traceparent: null }], 0));
}

/** A channel that says what it is told to say, and keeps what it was given. */
function channelThat(answer: (letters: Letter[]) => Promise<boolean[]>): Channel & { sent: Letter[] } {
  const sent: Letter[] = [];
  return {
    name: 'test',
    sent,
    send(letters) {
      sent.push(...letters);
      return answer(letters);
    },
  };
}

const dueNow = () => it.db.query(`UPDATE notice SET next_attempt_at = now()`);
const statusOf = async (id: number) => (await findNotice(it.db, id))?.status;

test('what the channel took is sent, and not offered to it again', async () => {
  await given(1);
  const channel = channelThat(async letters => letters.map(() => true));
  const round = createSender(it.db, channel, log);
  await round();
  await round();
  expect(channel.sent.map(letter => letter.orderId)).toEqual([1]);
  expect(await statusOf(channel.sent[0]?.id ?? 0)).toBe('sent');
});

test('what the channel refuses stays queued, and after twelve attempts has failed', async () => {
  await given(2);
  const channel = channelThat(async letters => letters.map(() => false));
  const round = createSender(it.db, channel, log);
  await round();
  const id = channel.sent[0]?.id ?? 0;
  expect(await statusOf(id)).toBe('queued');
  for (let attempt = 2; attempt <= 12; attempt++) {
    await dueNow();
    await round();
  }
  expect(await statusOf(id)).toBe('failed');
  await dueNow();
  await round();
  expect(channel.sent).toHaveLength(12);
});

test('what a clock that was set back since put off is sent; what waits its time is not', async () => {
  await given(4);
  await given(5);
  await it.db.query(`UPDATE notice SET next_attempt_at = now() + interval '1 h' WHERE order_id = 4`);
  await it.db.query(`UPDATE notice SET next_attempt_at = now() + interval '512 s' WHERE order_id = 5`);
  const channel = channelThat(async letters => letters.map(() => true));
  await createSender(it.db, channel, log)();
  expect(channel.sent.map(letter => letter.orderId)).toEqual([4]);
  await dueNow();
});

test('a channel that is down loses nothing', async () => {
  await given(3);
  const down = channelThat(() => Promise.reject(new Error('down')));
  await createSender(it.db, down, log)();
  const id = down.sent[0]?.id ?? 0;
  expect(await statusOf(id)).toBe('queued');
  await dueNow();
  await createSender(
    it.db,
    channelThat(async letters => letters.map(() => true)),
    log,
  )();
  expect(await statusOf(id)).toBe('sent');
});
