import { MAX_INTEGER, MAX_ORDER_QTY } from '@jumun/contracts';
import { Problem } from '@jumun/service-kit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Wish } from '../src/order.ts';
import { agree } from '../src/placing.ts';

const wish = (fields: Partial<Wish>): Wish => ({
  id: 1,
  item: null,
  orderQty: 3,
  price: null,
  itemcd: 2,
  customerId: null,
  address: null,
  ...fields,
});
const offer = (unitPrice: number | null, name: string | null = 'milk') => ({ name, unitPrice });

function refusal(run: () => unknown): Problem {
  try {
    run();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('it was agreed to');
}

describe('a product with a price', () => {
  test('costs its price for each piece; the order may leave the price out', () => {
    expect(agree(wish({ orderQty: 3 }), offer(2000))).toEqual({ price: 6000, item: 'milk' });
  });

  test('takes an order that brings the same price', () => {
    expect(agree(wish({ orderQty: 3, price: 6000 }), offer(2000)).price).toBe(6000);
  });

  test('refuses any other price and says the right one', () => {
    const problem = refusal(() => agree(wish({ orderQty: 3, price: 2000 }), offer(2000)));
    expect(problem).toMatchObject({ slug: 'price-changed', status: 409 });
    expect(problem.more.extra).toEqual({ price: 6000, unitPrice: 2000 });
  });

  test('may be free', () => {
    expect(agree(wish({}), offer(0)).price).toBe(0);
    expect(refusal(() => agree(wish({ price: 1 }), offer(0))).slug).toBe('price-changed');
  });

  test('refuses an order for more money than can be counted', () => {
    const problem = refusal(() => agree(wish({ orderQty: MAX_ORDER_QTY }), offer(MAX_INTEGER)));
    expect(problem.slug).toBe('invalid-request');
    expect(problem.more.errors).toEqual([
      { pointer: '/orderQty', detail: 'is too many at the price of this product' },
    ]);
  });
});

describe('a product without a price', () => {
  test('costs what the order says', () => {
    expect(agree(wish({ price: 2000 }), offer(null)).price).toBe(2000);
    expect(agree(wish({ price: 0 }), offer(null)).price).toBe(0);
  });

  test('takes no order that says nothing', () => {
    const problem = refusal(() => agree(wish({}), offer(null)));
    expect(problem.slug).toBe('invalid-request');
    expect(problem.more.errors).toEqual([{ pointer: '/price', detail: 'is required for this product' }]);
  });
});

test("the order's own name for the item goes before the product's", () => {
  expect(agree(wish({ item: 'oat milk' }), offer(1)).item).toBe('oat milk');
  expect(agree(wish({}), offer(1, null)).item).toBeNull();
});

test('what is charged is exact, and never anything but unit price × pieces', () => {
  const money = fc.integer({ min: 0, max: MAX_INTEGER });
  const pieces = fc.integer({ min: 1, max: MAX_ORDER_QTY });
  fc.assert(
    fc.property(money, pieces, fc.option(money), (unitPrice, orderQty, price) => {
      const exact = BigInt(unitPrice) * BigInt(orderQty);
      try {
        expect(BigInt(agree(wish({ orderQty, price }), offer(unitPrice)).price)).toBe(exact);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        expect(exact > BigInt(MAX_INTEGER) || (price !== null && BigInt(price) !== exact)).toBe(true);
      }
    }),
  );
});
