import {
  type AccountsItem,
  type OwnerName,
  type ProductResource,
  type States,
  statesCall,
} from '@jumun/contracts';
import type { Peer } from '@jumun/service-kit';
import type { Whole } from './events.ts';

const TIMEOUT_MS = 30_000;
/** Orders that each owner is asked for at once. */
const PAGE = 500;

const ownerNames: OwnerName[] = ['order', 'pay', 'product', 'delivery'];

/**
 * All orders, as their owners know them, by their ids; some at a time.
 * @throws PeerError where an owner does not answer
 */
export async function* readOrders(peers: Record<OwnerName, Peer>): AsyncIterable<Map<number, Whole>> {
  const ask = ownerNames.map(name => {
    const call = peers[name].batch(statesCall(), TIMEOUT_MS);
    return async (range: AccountsItem) => ({ name, states: (await call(range, null)).states });
  });
  let after = 0;
  for (;;) {
    const answers = await Promise.all(ask.map(states => states({ after, limit: PAGE })));
    // Beyond the last order of an owner that had more to tell, the others know what it has not told yet.
    const ends = answers.flatMap(({ states }) =>
      states.length < PAGE ? [] : (states.at(-1)?.orderId ?? []),
    );
    const upTo = Math.min(...ends);
    const orders = new Map<number, Whole>();
    for (const { name, states } of answers) {
      for (const state of states.filter(({ orderId }) => orderId <= upTo)) {
        orders.set(state.orderId, {
          ...orders.get(state.orderId),
          [name]: state satisfies States[OwnerName],
        });
      }
    }
    yield orders;
    if (ends.length === 0) return;
    after = upTo;
  }
}

/** All products, some at a time. */
export async function* readProducts(url: string): AsyncIterable<ProductResource[]> {
  for (let page = 0; ; page++) {
    const response = await fetch(`${url}/products?size=${PAGE}&page=${page}&sort=id,asc`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`product answered ${response.status}`);
    const { _embedded, page: at } = (await response.json()) as {
      _embedded: { products: ProductResource[] };
      page: { totalPages: number };
    };
    yield _embedded.products;
    if (page + 1 >= at.totalPages) return;
  }
}
