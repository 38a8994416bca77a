import { type EventContract, eventContracts } from '@jumun/contracts';
import { decode, type LogRecord, type Subscription } from '@jumun/messaging';
import { describe, expect, test } from 'vitest';
import {
  consume,
  createCleanup,
  effects,
  log,
  type OpenedDatabase,
  openLog,
  openServiceDatabase,
  ordered,
  publish,
} from '../packages/messaging/test/harness.ts';
import { subscriptions as customercenter } from '../services/customercenter/src/subscriptions.ts';
import { subscriptions as delivery } from '../services/delivery/src/subscriptions.ts';
import { subscriptions as notice } from '../services/notice/src/subscriptions.ts';
import { subscriptions as order } from '../services/order/src/subscriptions.ts';
import { subscriptions as pay } from '../services/pay/src/subscriptions.ts';
import { subscriptions as product } from '../services/product/src/subscriptions.ts';
import { eventually } from './support/eventually.ts';

const consumers: Record<string, Subscription<unknown>[]> = {
  customercenter,
  delivery,
  notice,
  order,
  pay,
  product,
};

/** A value of each field, as today's publishers send it. */
const values: Record<string, unknown> = {
  ...{ id: 3, orderId: 7, itemcd: 2, orderQty: 3, qtyp: 3, price: 6_000, totalQuantity: 5, customerId: 11 },
  ...{ item: 'milk', productName: 'milk', name: 'milk', address: 'Seoul', status: 'ordered', reason: 'late' },
  ...{ imageUrl: 'http://shop/milk.png', voided: false },
};

function full({ schema }: EventContract): Record<string, unknown> {
  return Object.fromEntries(Object.keys(schema.properties).map(name => [name, values[name]]));
}

/** What the message of a publisher means to a consumer; what cannot be read throws, and would be a dead letter. */
function meaningOf({ type, toCommand }: Subscription<unknown>, fields: Record<string, unknown>): unknown {
  const payload = JSON.stringify({ eventType: type, timestamp: 1_700_000_000_000, ...fields });
  const record: LogRecord = {
    partition: 0,
    position: 1,
    eventId: 'e',
    key: '7',
    type,
    payload,
    traceparent: null,
  };
  return toCommand(decode(record));
}

const pairs = Object.entries(consumers).flatMap(([service, subscriptions]) =>
  subscriptions.map(subscription => {
    const contract = eventContracts.find(({ type }) => type === subscription.type);
    if (!contract)
      throw new Error(`${service} subscribes to ${subscription.type}, of which there is no contract`);
    return [service, subscription.type, subscription, contract as EventContract] as const;
  }),
);

describe.each(pairs)('%s understands %s', (_, __, subscription, contract) => {
  const today = full(contract);
  const optional = Object.keys(contract.schema.properties).filter(
    name => !contract.schema.required?.includes(name),
  );

  test('of a future publisher as of one of today: more fields, and a status word that is not known yet', () => {
    const meaning = meaningOf(subscription, today);
    const future = { ...today, giftWrap: { ribbon: 'red' }, couponIds: [1, 2], schemaVersion: 9 };
    expect(meaningOf(subscription, future)).toEqual(meaning);
    if ('status' in today)
      expect(meaningOf(subscription, { ...future, status: 'beingGiftWrapped' })).toEqual(meaning);
  });

  test('of the first implementation: optional fields that are null, or are not there', () => {
    const withNulls = { ...today, ...Object.fromEntries(optional.map(name => [name, null])) };
    const without = Object.fromEntries(Object.entries(today).filter(([name]) => !optional.includes(name)));
    const meaning = meaningOf(subscription, without);
    expect(meaning).toBeDefined();
    expect(meaningOf(subscription, withNulls)).toEqual(meaning);
  });

  test('without any one of the fields that it may do without', () => {
    const meaning = meaningOf(subscription, today) as object;
    for (const name of optional) {
      const { [name]: _, ...rest } = today;
      expect(Object.keys(meaningOf(subscription, rest) as object)).toEqual(Object.keys(meaning));
    }
  });

  test('not where a number is a text: no publisher has ever sent that, and it is set aside', () => {
    for (const name of contract.schema.required ?? [])
      expect(() => meaningOf(subscription, { ...today, [name]: String(today[name]) }), name).toThrow(
        contract.type,
      );
  });
});

test('events of a kind that is not known yet are passed over, and no dead letter comes of them', async () => {
  const cleanup = createCleanup();
  try {
    const { transport } = await openLog(cleanup);
    const { db }: OpenedDatabase = await openServiceDatabase(cleanup);
    const known = ordered(7, 1);
    const payload = JSON.stringify({ eventType: 'OrderGiftWrapped', timestamp: 1, id: 7 });
    const unknown = { ...ordered(7, 0), type: 'OrderGiftWrapped', payload };
    await publish(transport, unknown, known, { ...unknown, eventId: ordered(7, 0).eventId });
    consume(cleanup, db, transport, { log });
    await eventually(async () => {
      const heads = [...(await transport.heads()).entries()].sort();
      const rows = await db.query<{ partition: number; position: number }>(
        'SELECT * FROM consumer_cursor ORDER BY partition',
      );
      expect(rows.map(({ partition, position }) => [partition, position])).toEqual(heads);
    });
    expect(await effects(db)).toMatchObject([{ order: 7, step: 1 }]);
    expect(await db.query('SELECT FROM dead_letter')).toEqual([]);
  } finally {
    await cleanup.run();
  }
});
