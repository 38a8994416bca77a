import {
  type HandOverItem,
  handOverCall,
  resumeCall,
  type ServiceName,
  services,
  takesCall,
} from '@jumun/contracts';
import { createPeer, type Peer } from '@jumun/service-kit';
import { choose } from '../reseed/choose.ts';
import { eventOfProduct, toHand } from '../reseed/events.ts';
import { readOrders, readProducts } from '../reseed/owners.ts';
import { type RunningOptions, tokenOf, urlOf } from '../running.ts';
import { say } from './output.ts';
import { UsageError } from './usage-error.ts';

const TIMEOUT_MS = 60_000;
const PROGRESS_MS = 2_000;
/** Orders whose events are on their way at once. */
const HANDED_AT_ONCE = 50;

/**
 * `jumun reseed SERVICE`: hands a running service the events that it has missed and that are gone from the log, made
 * from what their owners know, and has it go on where the log begins. It can be run again, also after it broke off.
 */
export async function reseed([name, ...rest]: string[], options: RunningOptions): Promise<void> {
  const target = services.find(known => known === name);
  if (!target || rest.length > 0) throw new UsageError(`reseed takes one of ${services.join(', ')}`);
  const token = await tokenOf(options);
  const peers = Object.fromEntries(
    services.map(name => [name, createPeer({ name, url: urlOf(name, options), token })]),
  ) as Record<ServiceName, Peer>;
  try {
    const { types } = await peers[target].batch(takesCall, TIMEOUT_MS)({}, null);
    if (types.length === 0) say(`${target} tells of what is new: nothing of before is handed to it`);
    else await handAll(target, types, peers, urlOf('product', options));
    const { moved } = await peers[target].batch(resumeCall, TIMEOUT_MS)({}, null);
    const moves = Object.entries(moved);
    for (const [partition, position] of moves) say(`partition ${partition} goes on behind ${position}`);
    if (moves.length === 0) say('all that it has to read next is in the log: no cursor was moved');
  } finally {
    await Promise.all(Object.values(peers).map(peer => peer.close()));
  }
}

async function handAll(
  target: ServiceName,
  types: string[],
  peers: Record<ServiceName, Peer>,
  productUrl: string,
): Promise<void> {
  const take = peers[target].batch(handOverCall, TIMEOUT_MS);
  const sum = { handled: 0, repeated: 0, setAside: 0 };
  let [orders, rowsGone, saidAt] = [0, 0, performance.now()];

  async function hand(items: HandOverItem[]): Promise<void> {
    const some = items.filter(({ events }) => events.length > 0);
    for (let i = 0; i < some.length; i += HANDED_AT_ONCE) {
      const answers = await Promise.all(some.slice(i, i + HANDED_AT_ONCE).map(item => take(item, null)));
      for (const { handled, repeated, setAside } of answers) {
        sum.handled += handled;
        sum.repeated += repeated;
        sum.setAside += setAside;
      }
    }
  }

  if (types.includes('ProductChanged')) {
    for await (const products of readProducts(productUrl))
      await hand(products.map(product => toHand(`product-${product.id}`, [eventOfProduct(product)])));
  }
  for await (const page of readOrders(peers)) {
    const chosen = [...page].map(([orderId, whole]) => ({ orderId, ...choose(target, types, whole) }));
    await hand(chosen.map(({ orderId, events }) => toHand(String(orderId), events)));
    orders += chosen.length;
    rowsGone += chosen.filter(({ rowGone }) => rowGone).length;
    if (performance.now() - saidAt < PROGRESS_MS) continue;
    saidAt = performance.now();
    say(`${orders} orders looked at`);
  }
  say(
    `${orders} orders looked at; of their events ${target} has handled ${sum.handled} now and ${sum.repeated} before`,
  );
  if (sum.setAside > 0)
    say(`${sum.setAside} of them are dead letters: npm run jumun -- dead-letters list ${target}`);
  if (rowsGone > 0)
    say(
      `${rowsGone} orders are out for delivery or have arrived, and ${target} has no row of them: see its backup`,
    );
}
