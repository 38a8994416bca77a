import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { Check } from 'typebox/value';
import { describe, expect, test } from 'vitest';
import {
  eventContracts,
  isRejection,
  MAX_INTEGER,
  MAX_ORDER_QTY,
  MAX_STOCK,
  Ordered,
  PayApproved,
  Text,
} from '../src/index.ts';

/** A contract as it is kept: who publishes the event, and the type of each field. */
interface Kept {
  publisher: string;
  required: Record<string, string>;
  optional: Record<string, string>;
}
type Snapshot = Record<string, Kept>;

/** A field's type with its bounds, such as `integer minimum=1 maximum=9007199254740991 | null`. */
function describeField(schema: object): string {
  const { type, anyOf, ...keywords } = schema as { type?: string; anyOf?: object[] };
  if (anyOf) return anyOf.map(describeField).join(' | ');
  const bounds = Object.entries(keywords).filter(([keyword]) => !keyword.startsWith('~'));
  return [type, ...bounds.map(([keyword, value]) => `${keyword}=${value}`)].join(' ');
}

function snapshotOf(contracts: readonly (typeof eventContracts)[number][]): Snapshot {
  return Object.fromEntries(
    contracts.map(({ type, publisher, schema }) => {
      const needed = new Set<string>(schema.required ?? []);
      const fields = Object.entries(schema.properties).map(
        ([name, field]) => [name, describeField(field)] as const,
      );
      return [
        type,
        {
          publisher,
          required: Object.fromEntries(fields.filter(([name]) => needed.has(name))),
          optional: Object.fromEntries(fields.filter(([name]) => !needed.has(name))),
        },
      ];
    }),
  );
}

/** What would break someone who reads or writes events by the kept contracts. */
function breaches(kept: Snapshot, now: Snapshot): string[] {
  const found: string[] = [];
  for (const [type, before] of Object.entries(kept)) {
    const after = now[type];
    if (!after) {
      found.push(`${type} is gone`);
      continue;
    }
    if (after.publisher !== before.publisher) found.push(`${type} has another publisher`);
    const fields: Record<string, string> = { ...before.required, ...before.optional };
    for (const [name, was] of Object.entries(fields)) {
      const is = after.required[name] ?? after.optional[name];
      if (is === undefined) found.push(`${type}.${name} is gone`);
      else if (is !== was) found.push(`${type}.${name} was ${was} and is ${is}`);
      if (name in before.required && name in after.optional)
        found.push(`${type}.${name} is not required any more`);
    }
    for (const name of Object.keys(after.required)) {
      if (!(name in before.required)) found.push(`${type}.${name} has become required`);
    }
  }
  return found;
}

/** What was added and has to be kept from now on. */
function additions(kept: Snapshot, now: Snapshot): string[] {
  return Object.entries(now).flatMap(([type, { optional }]) => {
    const before = kept[type];
    if (!before) return [type];
    return Object.keys(optional)
      .filter(name => !(name in before.optional) && !(name in before.required))
      .map(name => `${type}.${name}`);
  });
}

async function readKept(): Promise<Snapshot> {
  return JSON.parse(await readFile(new URL('./events.snapshot.json', import.meta.url), 'utf8'));
}
const now = snapshotOf(eventContracts);

describe('the event contracts', () => {
  test('break nobody who knows the kept ones', async () => {
    expect(breaches(await readKept(), now)).toEqual([]);
  });

  test('are kept: what was added stands in events.snapshot.json', async () => {
    // A breach must not be kept in passing.
    if (breaches(await readKept(), now).length > 0) return;
    const how = 'to keep an addition: npx vitest run packages/contracts --update';
    await expect(`${JSON.stringify(now, null, 2)}\n`).toMatchFileSnapshot('./events.snapshot.json', how);
  });

  test('name each event once, and belong to the service that owns what they tell of', () => {
    expect(new Set(eventContracts.map(({ type }) => type)).size).toBe(eventContracts.length);
    const publishers = Object.fromEntries(eventContracts.map(({ type, publisher }) => [type, publisher]));
    expect(publishers).toEqual({
      Ordered: 'order',
      OrderCanceled: 'order',
      PayApproved: 'pay',
      PayCanceled: 'pay',
      DeliveryPrepared: 'product',
      StockShort: 'product',
      ProductChanged: 'product',
      DeliveryRequested: 'delivery',
      DeliveryStarted: 'delivery',
      DeliveryCompleted: 'delivery',
      DeliveryCanceled: 'delivery',
    });
  });
});

describe('a change of a contract', () => {
  const changed = (change: (contract: Kept, all: Snapshot) => void): Snapshot => {
    const copy = structuredClone(now);
    change(copy.Ordered as Kept, copy);
    return copy;
  };

  test.each<[string, (contract: Kept, all: Snapshot) => void, string]>([
    ['drops an event', (_, all) => delete all.Ordered, 'Ordered is gone'],
    [
      'moves an event',
      contract => Object.assign(contract, { publisher: 'pay' }),
      'Ordered has another publisher',
    ],
    ['drops a required field', ({ required }) => delete required.price, 'Ordered.price is gone'],
    ['drops an optional field', ({ optional }) => delete optional.item, 'Ordered.item is gone'],
    [
      'retypes a field',
      ({ required }) => Object.assign(required, { price: 'string' }),
      `Ordered.price was integer minimum=0 maximum=${MAX_INTEGER} and is string`,
    ],
    [
      'takes null away',
      ({ optional }) => Object.assign(optional, { customerId: optional.customerId?.replace(' | null', '') }),
      `Ordered.customerId was integer minimum=0 maximum=${MAX_INTEGER} | null and is integer minimum=0 maximum=${MAX_INTEGER}`,
    ],
    [
      'makes an optional field required',
      contract => {
        contract.required.item = contract.optional.item ?? '';
        delete contract.optional.item;
      },
      'Ordered.item has become required',
    ],
    [
      'makes a required field optional',
      contract => {
        contract.optional.price = contract.required.price ?? '';
        delete contract.required.price;
      },
      'Ordered.price is not required any more',
    ],
    [
      'adds a required field',
      ({ required }) => Object.assign(required, { currency: 'string' }),
      'Ordered.currency has become required',
    ],
  ])('that %s is a breach', (_, change, breach) => {
    expect(breaches(now, changed(change))).toEqual([breach]);
  });

  test('that adds an optional field, or an event, breaks nobody and has to be kept', () => {
    const more = changed(({ optional }, all) => {
      optional.currency = 'string';
      all.Returned = { publisher: 'order', required: { id: 'integer' }, optional: {} };
    });
    expect(breaches(now, more)).toEqual([]);
    expect(additions(now, more)).toEqual(['Ordered.currency', 'Returned']);
  });
});

/** The least and the most that the first implementation's messages had. */
const nulls = { item: null, status: null, customerId: null, address: null };
const oldMessages: Record<string, Record<string, unknown>> = {
  Ordered: { id: 1, orderQty: 1, price: 2000, itemcd: 2, ...nulls },
  OrderCanceled: { id: 1, orderQty: 1, price: 2000, itemcd: 2, ...nulls },
  PayApproved: { id: 1, orderId: 1, orderQty: 1, price: 2000, itemcd: 2, ...nulls },
  PayCanceled: { id: 1, orderId: 1, orderQty: 1, price: 2000, itemcd: 2, ...nulls },
  DeliveryPrepared: {
    id: null,
    orderId: 1,
    orderQty: 1,
    price: null,
    itemcd: 2,
    totalQuantity: null,
    item: null,
    customerId: null,
    address: null,
  },
  StockShort: { orderId: 1, itemcd: 2, orderQty: 1, totalQuantity: 0, customerId: null },
  ProductChanged: { id: 2, name: null, price: null, totalQuantity: 0, imageUrl: null },
};
for (const type of ['DeliveryRequested', 'DeliveryStarted', 'DeliveryCompleted', 'DeliveryCanceled']) {
  oldMessages[type] = {
    id: 1,
    orderId: 1,
    customerId: null,
    productName: null,
    qtyp: null,
    price: null,
    address: null,
    status: null,
  };
}

describe.each(eventContracts.map(contract => [contract.type, contract] as const))(
  '%s',
  (type, { schema }) => {
    const message = { eventType: type, timestamp: 1_600_000_000_000, ...oldMessages[type] };

    test('is read where an old publisher left fields null', () => {
      expect(Check(schema, message)).toBe(true);
    });

    test('is read where an old publisher left fields out', () => {
      const present = Object.entries(message).filter(([, value]) => value !== null);
      expect(Check(schema, Object.fromEntries(present))).toBe(true);
    });

    test('is read where a future publisher adds fields', () => {
      expect(Check(schema, { ...message, giftWrap: { ribbon: 'red' }, couponIds: [1, 2] })).toBe(true);
    });

    test('is not read without a field that it needs', () => {
      for (const name of schema.required ?? []) {
        const { [name]: _, ...rest } = message as Record<string, unknown>;
        expect(Check(schema, rest), name).toBe(false);
        expect(Check(schema, { ...message, [name]: null }), name).toBe(false);
      }
    });
  },
);

describe('the fields', () => {
  const order = { ...oldMessages.Ordered };
  const reads = (fields: Record<string, unknown>) => Check(Ordered.schema, { ...order, ...fields });

  test('are whole numbers within their bounds', () => {
    expect(reads({ orderQty: MAX_ORDER_QTY })).toBe(true);
    expect(reads({ orderQty: MAX_ORDER_QTY + 1 })).toBe(false);
    expect(reads({ orderQty: 0 })).toBe(false);
    expect(reads({ orderQty: 1.5 })).toBe(false);
    expect(reads({ orderQty: '1' })).toBe(false);
    expect(reads({ price: 0 })).toBe(true);
    expect(reads({ price: -1 })).toBe(false);
    expect(reads({ price: MAX_INTEGER })).toBe(true);
    expect(reads({ price: MAX_INTEGER + 1 })).toBe(false);
    expect(reads({ id: 0 })).toBe(false);
    expect(reads({ customerId: 0 })).toBe(true);
  });

  test('leave room to add up all the stock there can be of a product', () => {
    expect(MAX_STOCK * 1_000).toBeLessThan(MAX_INTEGER);
  });

  test('are text in any script, emoji too, which PostgreSQL can keep', () => {
    expect(reads({ item: '우유 🥛 1ℓ' })).toBe(true);
    expect(reads({ item: 'a\u0000b' })).toBe(false);
    expect(reads({ item: '\ud83e' })).toBe(false);
    expect(reads({ item: 'x'.repeat(201) })).toBe(false);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), text => {
        expect(Check(Text(500), text)).toBe(!text.includes('\u0000'));
      }),
    );
  });

  test('of a payment name its order', () => {
    expect(Check(PayApproved.schema, { ...oldMessages.PayApproved, orderId: undefined })).toBe(false);
  });
});

test('a rejection is told from events', () => {
  expect(isRejection({ rejected: 'unknown-order', detail: 'There is no order 7.' })).toBe(true);
  expect(isRejection([])).toBe(false);
  expect(isRejection(null)).toBe(false);
  expect(isRejection(undefined)).toBe(false);
});
