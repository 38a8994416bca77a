import { type ServiceName, services } from '@jumun/contracts';
import fc from 'fast-check';
import { sandboxAmounts } from '../../services/pay/src/sandbox/provider.ts';
import type { CommitEdge } from '../support/commit-proxy.ts';

/** The products of a history. `plain` has no price of its own, so that an order can name one of the sandbox's amounts. */
export type ProductName = 'milk' | 'rare' | 'plain';
export const products: Record<ProductName, { totalQuantity: number; price?: number }> = {
  milk: { totalQuantity: 60, price: 2_000 },
  rare: { totalQuantity: 4, price: 3_000 },
  plain: { totalQuantity: 40 },
};

export interface Wish {
  product: ProductName;
  orderQty: number;
  price?: number;
}

/** What is asked under each key: the same each time. */
export const keyed: Record<string, Wish> = {
  A: { product: 'milk', orderQty: 2 },
  B: { product: 'rare', orderQty: 1 },
  C: { product: 'plain', orderQty: 1, price: sandboxAmounts.hangsAfterCharge },
  D: { product: 'plain', orderQty: 2, price: sandboxAmounts.refundRefused },
};

/** What somebody does. An order, a delivery or an event is named by a number, counted round those that there are. */
export type Action =
  | { do: 'order'; wish: Wish; customers: number }
  | { do: 'order with key'; key: string; customers: number }
  | { do: 'cancel order' | 'cancel payment' | 'start delivery' | 'complete delivery'; which: number }
  | { do: 'change price'; product: 'milk' | 'rare'; price: number }
  | { do: 'move stock'; product: ProductName; quantity: number }
  | { do: 'repeat event'; of: 'an order' | 'a product'; which: number; as: 'the same' | 'a new' }
  | { do: 'come to rest' };

/** What goes wrong meanwhile. What is lost, late or refused is so for one moment; what is held back, until the end. */
export type Fault =
  | { fault: 'crash'; service: ServiceName; commit: number; when: CommitEdge; back: 'at once' | 'later' }
  | { fault: 'slow'; service: ServiceName; commit: number; when: CommitEdge; ms: number }
  | { fault: 'cut'; commit: number; when: CommitEdge }
  | { fault: 'calls'; to: 'pay' | 'product'; are: 'held' | 'late' | 'answered in vain' | 'refused' }
  | { fault: 'hold back'; service: ServiceName; what: 'publishing' | 'reading' };

/** What happens at once. */
export interface Moment {
  faults: Fault[];
  actions: Action[];
}

export type History = Moment[];

const { declined, hangsAfterCharge, refundRefused } = sandboxAmounts;
const number = fc.nat({ max: 9 });
const service = fc.constantFrom<ServiceName[]>(...services);
/** The four that decide something crash more often than the two that listen. */
const crashing = fc.constantFrom<ServiceName[]>(...services, 'order', 'product', 'pay', 'delivery', 'pay');
const edge = fc.constantFrom<CommitEdge[]>('before', 'after');

const wish: fc.Arbitrary<Wish> = fc.oneof(
  fc.record({ product: fc.constant('milk' as const), orderQty: fc.constantFrom(1, 3) }),
  fc.record({ product: fc.constant('rare' as const), orderQty: fc.constantFrom(1, 2) }),
  fc.record({
    product: fc.constant('plain' as const),
    orderQty: fc.constant(1),
    price: fc.constantFrom(refundRefused, 1_000, hangsAfterCharge, declined),
  }),
);

const places = fc.record({
  do: fc.constant('order' as const),
  wish,
  customers: fc.constantFrom(1, 1, 2, 6),
});
const placesWithKey = fc.record({
  do: fc.constant('order with key' as const),
  key: fc.constantFrom(...Object.keys(keyed)),
  customers: fc.constantFrom(1, 2),
});
const goesOn = fc.record({
  do: fc.constantFrom(
    'cancel order' as const,
    'cancel payment' as const,
    'start delivery' as const,
    'complete delivery' as const,
  ),
  which: number,
});
const changesPrice = fc.record({
  do: fc.constant('change price' as const),
  product: fc.constantFrom('milk' as const, 'rare' as const),
  price: fc.constantFrom(1_500, 2_500),
});
const movesStock = fc.record({
  do: fc.constant('move stock' as const),
  product: fc.constantFrom<ProductName[]>('milk', 'rare'),
  quantity: fc.constantFrom(1, -1),
});
const repeats = fc.record({
  do: fc.constant('repeat event' as const),
  of: fc.constantFrom('an order' as const, 'a product' as const),
  which: fc.nat({ max: 9 }),
  as: fc.constantFrom('the same' as const, 'a new' as const),
});
const rests = fc.constant<Action>({ do: 'come to rest' });

const crashes = fc.record({
  fault: fc.constant('crash' as const),
  service: crashing,
  commit: fc.integer({ min: 1, max: 4 }),
  when: edge,
  back: fc.constantFrom('at once' as const, 'later' as const),
});
const isSlow = fc.record({
  fault: fc.constant('slow' as const),
  service: crashing,
  commit: fc.integer({ min: 1, max: 3 }),
  when: edge,
  ms: fc.constantFrom(100, 400),
});
const isCut = fc.record({
  fault: fc.constant('cut' as const),
  commit: fc.integer({ min: 1, max: 3 }),
  when: edge,
});
const callsFail = fc.record({
  fault: fc.constant('calls' as const),
  to: fc.constantFrom('pay' as const, 'pay' as const, 'product' as const),
  are: fc.constantFrom('late' as const, 'held' as const, 'answered in vain' as const, 'refused' as const),
});
const holdsBack = fc.record({
  fault: fc.constant('hold back' as const),
  service,
  what: fc.constantFrom('publishing' as const, 'reading' as const),
});

/** Moments of one kind: what there is of everything in each history, there is too little of. */
function moments(actions: fc.Arbitrary<Action>, faults: fc.Arbitrary<Fault>): fc.Arbitrary<History> {
  const moment = fc.record({
    faults: fc.array(faults, { maxLength: 2 }),
    actions: fc.array(actions, { minLength: 1, maxLength: 3 }),
  });
  return fc.array(moment, { minLength: 1, maxLength: 6, size: 'max' });
}

export const histories: fc.Arbitrary<History> = fc.oneof(
  // Of everything something.
  moments(
    fc.oneof(places, places, placesWithKey, goesOn, changesPrice, movesStock, repeats, rests),
    fc.oneof(crashes, isSlow, isCut, callsFail, holdsBack),
  ),
  // Services that crash while orders go their way.
  moments(fc.oneof(places, places, placesWithKey, goesOn, rests), crashes),
  // Payments of which nobody knows what became of them.
  moments(fc.oneof(places, placesWithKey), fc.oneof(callsFail, crashesAtPay())),
  // Events that come again, and in another order.
  moments(fc.oneof(places, goesOn, goesOn, repeats, repeats, repeats, rests), holdsBack),
  // Products that change and are told of again.
  moments(
    fc.oneof(places, changesPrice, changesPrice, movesStock, repeatsProduct(), repeatsProduct()),
    holdsBack,
  ),
  // Many who want the same pieces.
  moments(fc.oneof(places, places, goesOn, movesStock, rests), productIsSlow()),
);

function crashesAtPay(): fc.Arbitrary<Fault> {
  return crashes.map(fault => ({ ...fault, service: 'pay' as const }));
}

function repeatsProduct(): fc.Arbitrary<Action> {
  return repeats.map(action => ({ ...action, of: 'a product' as const }));
}

function productIsSlow(): fc.Arbitrary<Fault> {
  return isSlow.map(fault => ({ ...fault, service: 'product' as const, when: 'before' as const }));
}

const nth = (n: number) => ['0th', '1st', '2nd', '3rd'][n] ?? `${n}th`;
const at = ({ commit, when }: { commit: number; when: CommitEdge }) =>
  `its ${nth(commit)} commit from now, ${when === 'before' ? 'before the database has it' : 'when the database has it and the answer is on its way'}`;

function wished({ product, orderQty, price }: Wish): string {
  return `${orderQty} ${product}${price === undefined ? '' : ` for ${price}`}`;
}

function tellAction(action: Action): string {
  switch (action.do) {
    case 'order':
      return `${action.customers === 1 ? 'a customer orders' : `${action.customers} customers each order`} ${wished(action.wish)}`;
    case 'order with key': {
      const what = `${wished(keyed[action.key] as Wish)} with key ${action.key}`;
      return `a customer orders ${what}${action.customers > 1 ? `, ${action.customers} times at once` : ''}`;
    }
    case 'cancel order':
      return `order #${action.which} is canceled`;
    case 'cancel payment':
      return `the payment of order #${action.which} is canceled`;
    case 'start delivery':
      return `the delivery of order #${action.which} is started`;
    case 'complete delivery':
      return `the delivery of order #${action.which} is completed`;
    case 'change price':
      return `${action.product} costs ${action.price}`;
    case 'move stock':
      return action.quantity > 0
        ? `${action.quantity} ${action.product} is put on the shelf`
        : `${-action.quantity} ${action.product} is taken off the shelf`;
    case 'repeat event':
      return `event #${action.which} of ${action.of} comes once more under ${action.as} id`;
    case 'come to rest':
      return 'everything comes to rest';
  }
}

function tellFault(fault: Fault): string {
  switch (fault.fault) {
    case 'crash':
      return `${fault.service} crashes at ${at(fault)} (back ${fault.back})`;
    case 'slow':
      return `${fault.service} waits ${fault.ms} ms at ${at(fault)}`;
    case 'cut':
      return `the log loses its connections at ${at(fault)}`;
    case 'calls': {
      const how = {
        held: 'are held for this moment',
        late: 'arrive at the very end',
        'answered in vain': 'arrive and their answers are lost',
        refused: 'are refused',
      };
      return `the calls of order to ${fault.to} ${how[fault.are]}`;
    }
    case 'hold back':
      return `${fault.service}'s ${fault.what} of events is held back from now on`;
  }
}

/** A history in sentences, one for each moment. */
export function tell(history: History): string[] {
  return history.map(({ faults, actions }) => {
    const happens = actions.map(tellAction).join(', and ');
    return faults.length > 0 ? `${happens}; meanwhile ${faults.map(tellFault).join(', and ')}` : happens;
  });
}
