import { isRejection, MAX_STOCK } from '@jumun/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { given } from '../../../tests/support/given.ts';
import {
  available,
  decide,
  evolve,
  type Hold,
  type Line,
  type Product,
  type ProductCommand,
  type ProductEvent,
  type Shelf,
} from '../src/product.ts';

const shelf = given<Shelf, ProductCommand, ProductEvent>({
  initial: { product: null, line: null },
  decide,
  evolve,
});

const milk: Product = { id: 2, name: 'milk', price: 2000, total: 10, reserved: 0, imageUrl: null };
const supplied = (total = 10): ProductEvent => ({ type: 'ProductCreated', product: { ...milk, total } });
const told = (changes: Partial<{ name: string | null; price: number | null; totalQuantity: number }>) =>
  ({
    type: 'ProductChanged',
    id: 2,
    name: 'milk',
    price: 2000,
    totalQuantity: 10,
    imageUrl: null,
    ...changes,
  }) satisfies ProductEvent;

const sale = {
  orderId: 7,
  itemcd: 2,
  orderQty: 3,
  price: 6000,
  item: 'milk',
  customerId: 11,
  address: 'Seoul',
};
const reserve: ProductCommand = { type: 'reserve', itemcd: 2, orderId: 7, orderQty: 3 };
const release: ProductCommand = { type: 'release', itemcd: 2, orderId: 7 };
const expire: ProductCommand = { type: 'expire', itemcd: 2, orderId: 7 };
const paid: ProductCommand = { type: 'paid', payId: 5, ...sale };
const ordered: ProductCommand = { type: 'ordered', ...sale };
const cancel: ProductCommand = { type: 'cancel', itemcd: 2, orderId: 7, orderQty: 3 };

const reserved: ProductEvent = { type: 'StockReserved', orderQty: 3 };
const expired: ProductEvent = { type: 'ReservationEnded', hold: 'expired' };
const released: ProductEvent = { type: 'ReservationEnded', hold: 'released' };
const paymentSeen: ProductEvent = { type: 'PaymentSeen', orderQty: 3, price: 6000, payId: 5 };
const orderSeen: ProductEvent = { type: 'OrderSeen', orderQty: 3, price: 6000 };
const closed: ProductEvent = { type: 'LineClosed', orderQty: 3 };
const returned: ProductEvent = { type: 'StockReturned' };
const prepared = (totalQuantity: number): ProductEvent => ({
  type: 'DeliveryPrepared',
  id: 5,
  address: 'Seoul',
  itemcd: 2,
  item: 'milk',
  orderQty: 3,
  totalQuantity,
  orderId: 7,
  customerId: 11,
  price: 6000,
});
const short = (left: number): ProductEvent => ({
  type: 'StockShort',
  orderId: 7,
  itemcd: 2,
  orderQty: 3,
  totalQuantity: left,
  customerId: 11,
});
const line = (hold: Hold, seen: Partial<Line> = {}): Line => ({
  orderQty: 3,
  hold,
  paidPrice: null,
  orderedPrice: null,
  payId: null,
  ...seen,
});
const seenBoth = { paidPrice: 6000, orderedPrice: 6000, payId: 5 };
const taken = [supplied(), paymentSeen, orderSeen, prepared(7)];

describe('the catalogue', () => {
  const create: ProductCommand = {
    type: 'create',
    itemcd: 2,
    catalogue: { name: 'milk', price: 2000 },
    total: 10,
  };

  test('takes a new product and tells of it', () => {
    shelf([])
      .when(create)
      .thenEvents({ type: 'ProductCreated', product: milk }, told({}))
      .thenState({ product: milk, line: null });
  });

  test('takes a product that is only a number', () => {
    const bare: Product = { id: 2, name: null, price: null, total: 0, reserved: 0, imageUrl: null };
    shelf([])
      .when({ type: 'create', itemcd: 2, catalogue: {}, total: 0 })
      .thenEvents(
        { type: 'ProductCreated', product: bare },
        told({ name: null, price: null, totalQuantity: 0 }),
      );
  });

  test('has each product once', () => {
    shelf([supplied()]).when(create).thenRejected('product-exists');
  });

  test('changes the fields that are named, and no others', () => {
    shelf([supplied()])
      .when({ type: 'change', itemcd: 2, catalogue: { price: 2500 } })
      .thenEvents({ type: 'CatalogueChanged', catalogue: { price: 2500 } }, told({ price: 2500 }))
      .thenState({ product: { ...milk, price: 2500 }, line: null });
    shelf([supplied()])
      .when({ type: 'change', itemcd: 2, catalogue: { name: null } })
      .thenEvents({ type: 'CatalogueChanged', catalogue: { name: null } }, told({ name: null }));
  });

  test('changes nothing of a product that is not there', () => {
    shelf([]).when({ type: 'change', itemcd: 2, catalogue: {} }).thenRejected('unknown-product');
    shelf([]).when({ type: 'move', itemcd: 2, quantity: 1, reason: 'found' }).thenRejected('unknown-product');
  });
});

describe('the supply', () => {
  const move = (quantity: number): ProductCommand => ({
    type: 'move',
    itemcd: 2,
    quantity,
    reason: 'delivered',
  });

  test('moves by what came or went, and is told', () => {
    shelf([supplied()])
      .when(move(5))
      .thenEvents({ type: 'StockMoved', quantity: 5, reason: 'delivered' }, told({ totalQuantity: 15 }))
      .thenState({ product: { ...milk, total: 15 }, line: null });
    shelf([supplied()])
      .when(move(-10))
      .thenEvents({ type: 'StockMoved', quantity: -10, reason: 'delivered' }, told({ totalQuantity: 0 }));
  });

  test('set to a number, moves by the difference', () => {
    shelf([supplied()])
      .when({ type: 'change', itemcd: 2, catalogue: {}, total: 4 })
      .thenEvents(
        { type: 'CatalogueChanged', catalogue: {} },
        { type: 'StockMoved', quantity: -6, reason: 'set by the administrator' },
        told({ totalQuantity: 4 }),
      );
  });

  test('set to what it is, does not move', () => {
    shelf([supplied()])
      .when({ type: 'change', itemcd: 2, catalogue: {}, total: 10 })
      .thenEvents({ type: 'CatalogueChanged', catalogue: {} }, told({}));
  });

  test('cannot go below what is set aside', () => {
    shelf([supplied(), reserved])
      .when(move(-8))
      .thenRejected('stock-conflict', { totalQuantity: 10, availableQuantity: 7 });
    shelf([supplied(), reserved])
      .when({ type: 'change', itemcd: 2, catalogue: {}, total: 2 })
      .thenRejected('stock-conflict', { totalQuantity: 10, availableQuantity: 7 });
    const fits = shelf([supplied(), reserved]).when(move(-7));
    fits.thenState({ product: { ...milk, total: 3, reserved: 3 }, line: line('reserved') });
  });

  test('cannot go above what can be counted', () => {
    shelf([supplied()])
      .when(move(MAX_STOCK))
      .thenRejected('stock-conflict', { totalQuantity: 10, availableQuantity: 10 });
    shelf([supplied()])
      .when(move(MAX_STOCK - 10))
      .thenState({ product: { ...milk, total: MAX_STOCK }, line: null });
  });
});

describe('a reservation', () => {
  test('sets pieces aside; the shelf stays as full', () => {
    shelf([supplied()])
      .when(reserve)
      .thenEvents(reserved)
      .thenState({ product: { ...milk, reserved: 3 }, line: line('reserved') });
  });

  test('is refused where too few are left, saying how many', () => {
    shelf([supplied(2)])
      .when(reserve)
      .thenRejected('out-of-stock', { availableQuantity: 2 });
    const half = { product: { ...milk, reserved: 8 }, line: null };
    shelf(half).when(reserve).thenRejected('out-of-stock', { availableQuantity: 2 });
  });

  test('takes the last piece', () => {
    shelf([supplied(3)])
      .when(reserve)
      .thenEvents(reserved);
  });

  test('is refused for a product that is not there', () => {
    shelf([]).when(reserve).thenRejected('unknown-product');
  });

  test('asked for again, stands as it was answered', () => {
    shelf([supplied(), reserved]).when(reserve).thenNothing();
    shelf(taken).when(reserve).thenNothing();
  });

  test('that expired can be made again while there is stock', () => {
    shelf([supplied(), reserved, expired])
      .when(reserve)
      .thenEvents(reserved)
      .thenState({ product: { ...milk, reserved: 3 }, line: line('reserved') });
  });

  test('can be made late, when the payment was heard of first', () => {
    const late = shelf([supplied(), paymentSeen]).when(reserve).thenEvents(reserved);
    late.thenState({
      product: { ...milk, reserved: 3 },
      line: line('reserved', { paidPrice: 6000, payId: 5 }),
    });
  });

  test('of an order that came to nothing is not opened again', () => {
    shelf([supplied(), reserved, released]).when(reserve).thenRejected('reservation-closed');
    shelf([supplied(), closed]).when(reserve).thenRejected('reservation-closed');
    shelf([supplied(0), paymentSeen, orderSeen, short(0)])
      .when(reserve)
      .thenRejected('reservation-closed');
  });

  test('is released once', () => {
    shelf([supplied(), reserved])
      .when(release)
      .thenEvents(released)
      .thenState({ product: milk, line: line('released') });
    shelf([supplied(), reserved, released]).when(release).thenNothing();
    shelf([supplied()]).when(release).thenNothing();
    shelf(taken).when(release).thenNothing();
  });

  test('expires where nothing came of it', () => {
    shelf([supplied(), reserved])
      .when(expire)
      .thenEvents(expired)
      .thenState({ product: milk, line: line('expired') });
    shelf([supplied(), reserved, expired]).when(expire).thenNothing();
    shelf([supplied()]).when(expire).thenNothing();
  });

  test('does not expire once a payment or an order was seen', () => {
    shelf([supplied(), reserved, paymentSeen]).when(expire).thenNothing();
    shelf([supplied(), reserved, orderSeen]).when(expire).thenNothing();
  });
});

describe('the pieces of an order', () => {
  test('wait for the order where the payment is seen first', () => {
    shelf([supplied()])
      .when(paid)
      .thenEvents(paymentSeen)
      .thenState({ product: milk, line: line('none', { paidPrice: 6000, payId: 5 }) });
  });

  test('wait for the payment where the order is seen first', () => {
    shelf([supplied()])
      .when(ordered)
      .thenEvents(orderSeen)
      .thenState({ product: milk, line: line('none', { orderedPrice: 6000 }) });
  });

  test.each([
    ['the payment', [orderSeen], paid, paymentSeen],
    ['the order', [paymentSeen], ordered, orderSeen],
  ] as const)('are taken when %s is seen second', (_, past, command, seen) => {
    shelf([supplied(), ...past])
      .when(command)
      .thenEvents(seen, prepared(7))
      .thenState({ product: { ...milk, total: 7 }, line: line('taken', seenBoth) });
  });

  test.each([
    ['the payment', [orderSeen], paid, paymentSeen],
    ['the order', [paymentSeen], ordered, orderSeen],
  ] as const)('that were set aside are the ones taken, when %s is seen second', (_, past, command, seen) => {
    shelf([supplied(3), reserved, ...past])
      .when(command)
      .thenEvents(seen, prepared(0))
      .thenState({ product: { ...milk, total: 0 }, line: line('taken', seenBoth) });
  });

  test('are taken from what is available where the reservation has expired', () => {
    shelf([supplied(), reserved, expired, paymentSeen]).when(ordered).thenEvents(orderSeen, prepared(7));
  });

  test('are not taken on other terms', () => {
    shelf([supplied(), orderSeen])
      .when({ ...paid, price: 1 } as ProductCommand)
      .thenEvents({ ...paymentSeen, price: 1 } as ProductEvent);
    shelf([supplied(), orderSeen])
      .when({ ...paid, orderQty: 2 } as ProductCommand)
      .thenEvents({ ...paymentSeen, orderQty: 2 } as ProductEvent);
    shelf([supplied(), paymentSeen])
      .when({ ...ordered, price: 1 } as ProductCommand)
      .thenEvents({ ...orderSeen, price: 1 } as ProductEvent);
    shelf([supplied(), paymentSeen])
      .when({ ...ordered, orderQty: 2 } as ProductCommand)
      .thenEvents({ ...orderSeen, orderQty: 2 } as ProductEvent);
  });

  test('are missed where too few are left: the order is told how many', () => {
    shelf([supplied(2), paymentSeen])
      .when(ordered)
      .thenEvents(orderSeen, short(2))
      .thenState({ product: { ...milk, total: 2 }, line: line('short', seenBoth) });
  });

  test('that others have set aside are not available', () => {
    const others = { product: { ...milk, reserved: 8 }, line: line('none', { orderedPrice: 6000 }) };
    shelf(others).when(paid).thenEvents(paymentSeen, short(2));
  });

  test('of a product that is not there are missed', () => {
    shelf([paymentSeen])
      .when(ordered)
      .thenEvents(orderSeen, short(0))
      .thenState({ product: null, line: line('short', seenBoth) });
  });

  test('are taken once, however often the payment and the order are seen', () => {
    shelf(taken).when(paid).thenNothing();
    shelf(taken).when(ordered).thenNothing();
    shelf([supplied(), paymentSeen]).when(paid).thenNothing();
    shelf([supplied(), orderSeen]).when(ordered).thenNothing();
  });
});

describe('a cancel', () => {
  test('puts back what was taken, once', () => {
    shelf(taken)
      .when(cancel)
      .thenEvents(returned)
      .thenState({ product: milk, line: line('released', seenBoth) });
    shelf([...taken, returned])
      .when(cancel)
      .thenNothing();
  });

  test('gives back what was set aside', () => {
    shelf([supplied(), reserved])
      .when(cancel)
      .thenEvents(released)
      .thenState({ product: milk, line: line('released') });
  });

  test.each([
    ['nothing was seen', [supplied()], {}],
    ['only the payment was seen', [supplied(), paymentSeen], { paidPrice: 6000, payId: 5 }],
    ['the reservation had expired', [supplied(), reserved, expired], {}],
  ] as const)('closes the line where %s', (_, past, seen) => {
    shelf([...past])
      .when(cancel)
      .thenEvents(closed)
      .thenState({ product: milk, line: line('released', seen) });
  });

  test('closes a line that came up short, which takes nothing back', () => {
    shelf([supplied(0), paymentSeen, orderSeen, short(0)])
      .when(cancel)
      .thenEvents(closed)
      .thenState({ product: { ...milk, total: 0 }, line: line('released', seenBoth) });
  });

  test('that comes first leaves nothing for the payment and the order to take', () => {
    shelf([supplied(), closed]).when(paid).thenNothing();
    shelf([supplied(), closed]).when(ordered).thenNothing();
    shelf([supplied(), paymentSeen, closed]).when(ordered).thenNothing();
  });
});

test('what a newcomer can have is what stands on the shelf and is not set aside', () => {
  expect(available({ ...milk, total: 10, reserved: 4 })).toBe(6);
});

test.each([
  returned,
  reserved,
  released,
  prepared(0),
  { type: 'StockMoved', quantity: 1, reason: 'x' },
  told({}),
])('events of a product that is not there leave the shelf alone: $type', event => {
  expect(evolve({ product: null, line: null }, event as ProductEvent)).toEqual({ product: null, line: null });
});

/** The shelves of a shop: products and lines side by side, as they are stored. */
class Shop {
  readonly products = new Map<number, Product>();
  readonly lines = new Map<number, Line>();
  readonly events: { order: number | undefined; event: ProductEvent }[] = [];
  readonly supplied = new Map<number, number>();

  constructor(stock: Record<number, number>) {
    for (const [id, total] of Object.entries(stock)) {
      this.products.set(Number(id), { ...milk, id: Number(id), total });
      this.supplied.set(Number(id), total);
    }
  }

  do(command: ProductCommand): void {
    const order = 'orderId' in command ? command.orderId : undefined;
    const before: Shelf = {
      product: this.products.get(command.itemcd) ?? null,
      line: order === undefined ? null : (this.lines.get(order) ?? null),
    };
    const decision = decide(command, before);
    if (isRejection(decision)) return;
    const { product, line } = decision.reduce(evolve, before);
    if (product) this.products.set(command.itemcd, product);
    if (order !== undefined && line) this.lines.set(order, line);
    for (const event of decision) {
      this.events.push({ order, event });
      if (event.type === 'StockMoved') {
        this.supplied.set(command.itemcd, (this.supplied.get(command.itemcd) ?? 0) + event.quantity);
      }
    }
  }

  /** The pieces of a product that are in lines with this hold. */
  held(itemcd: number, hold: Hold): number {
    let sum = 0;
    for (const [order, line] of this.lines)
      if (orders[order]?.itemcd === itemcd && line.hold === hold) sum += line.orderQty;
    return sum;
  }

  count(order: number, type: ProductEvent['type']): number {
    return this.events.filter(entry => entry.order === order && entry.event.type === type).length;
  }
}

/** Each order wants so many of one product. Together they want more than there is. */
const orders: Record<number, { itemcd: number; orderQty: number }> = {
  1: { itemcd: 1, orderQty: 3 },
  2: { itemcd: 1, orderQty: 4 },
  3: { itemcd: 1, orderQty: 5 },
  4: { itemcd: 2, orderQty: 2 },
  5: { itemcd: 2, orderQty: 1 },
};
const stock = { 1: 8, 2: 2 };

/** Steps are words, so that a counterexample reads like a story: `["reserve 1", "paid 1", "cancel 1"]`. */
function commandOf(step: string): ProductCommand {
  const [what = '', subject = '', amount = ''] = step.split(' ');
  const id = Number(subject);
  if (what === 'supply') return { type: 'move', itemcd: id, quantity: Number(amount), reason: 'supply' };
  if (what === 'set') return { type: 'change', itemcd: id, catalogue: {}, total: Number(amount) };
  const { itemcd, orderQty } = orders[id] ?? { itemcd: 0, orderQty: 0 };
  const terms = { ...sale, orderId: id, itemcd, orderQty };
  switch (what) {
    case 'reserve':
      return { type: 'reserve', orderId: id, itemcd, orderQty };
    case 'paid':
      return { type: 'paid', payId: id, ...terms };
    case 'ordered':
      return { type: 'ordered', ...terms };
    case 'cancel':
      return { type: 'cancel', orderId: id, itemcd, orderQty };
    default:
      return { type: what as 'release' | 'expire', orderId: id, itemcd };
  }
}

const orderSteps = ['reserve', 'release', 'expire', 'paid', 'ordered', 'cancel'].flatMap(what =>
  Object.keys(orders).map(order => `${what} ${order}`),
);
const supplySteps = [
  'supply 1 2',
  'supply 1 -3',
  'supply 2 1',
  'supply 2 -2',
  'set 1 4',
  'set 1 0',
  'set 2 3',
];
const history = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...orderSteps) },
    { weight: 1, arbitrary: fc.constantFrom(...supplySteps) },
  ),
  { maxLength: 40 },
);

describe('whatever happens to the shelves, and in whatever order,', () => {
  test('no piece is sold twice, and none is lost', () => {
    fc.assert(
      fc.property(history, steps => {
        const shop = new Shop(stock);
        for (const step of steps) {
          shop.do(commandOf(step));
          for (const [id, { total, reserved }] of shop.products) {
            expect(reserved, `reserved of ${id} after ${step}`).toBeGreaterThanOrEqual(0);
            expect(reserved, `reserved of ${id} after ${step}`).toBeLessThanOrEqual(total);
            expect(reserved, `reserved of ${id} after ${step}`).toBe(shop.held(id, 'reserved'));
            expect(total + shop.held(id, 'taken'), `pieces of ${id} after ${step}`).toBe(
              shop.supplied.get(id),
            );
          }
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('each order has its pieces taken at most once, put back at most once, and never after a cancel', () => {
    fc.assert(
      fc.property(history, steps => {
        const shop = new Shop(stock);
        for (const step of steps) shop.do(commandOf(step));
        for (const order of Object.keys(orders).map(Number)) {
          const taken = shop.count(order, 'DeliveryPrepared');
          expect(taken + shop.count(order, 'StockShort')).toBeLessThanOrEqual(1);
          expect(shop.count(order, 'StockReturned')).toBeLessThanOrEqual(taken);
          const types = shop.events.filter(entry => entry.order === order).map(entry => entry.event.type);
          const end = types.findIndex(type => type === 'StockReturned' || type === 'LineClosed');
          if (end >= 0) expect(types.slice(end + 1)).toEqual([]);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('an order that was paid on its own terms is settled: its pieces are taken, or missed, or it was canceled', () => {
    fc.assert(
      fc.property(history, steps => {
        const shop = new Shop(stock);
        for (const step of steps) shop.do(commandOf(step));
        for (const order of Object.keys(orders).map(Number)) {
          if (!steps.includes(`paid ${order}`) || !steps.includes(`ordered ${order}`)) continue;
          expect(['taken', 'short', 'released']).toContain(shop.lines.get(order)?.hold);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('where all orders are canceled in the end, the shelf is as full as what was supplied', () => {
    fc.assert(
      fc.property(
        history,
        fc.shuffledSubarray(orderSteps, { minLength: orderSteps.length }),
        (steps, after) => {
          const shop = new Shop(stock);
          const cancels = Object.keys(orders).map(order => `cancel ${order}`);
          for (const step of [...steps, ...cancels, ...after]) shop.do(commandOf(step));
          for (const [id, product] of shop.products) {
            expect(product.reserved).toBe(0);
            expect(product.total).toBe(shop.supplied.get(id));
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
