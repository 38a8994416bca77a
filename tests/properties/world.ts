import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServiceName } from '@jumun/contracts';
import type { Message } from '@jumun/messaging';
import { type Json, order, stock } from '../e2e/steps.ts';
import { type CommitProxy, startCommitProxy } from '../support/commit-proxy.ts';
import { eventually } from '../support/eventually.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';
import { type Answer, startSystem } from '../support/system.ts';
import { createCarrier } from './carrier.ts';
import { expectRest, isAtRest, letTimePass, type Told } from './rest.ts';
import {
  type Action,
  type Fault,
  type History,
  keyed,
  type ProductName,
  products,
  type Wish,
} from './steps.ts';

/** A whole system of which everything can be made to fail, and which lives through one history after another. */
export interface World {
  /** @throws when, after all faults have ended, something does not hold. */
  live(history: History): Promise<void>;
  close(): Promise<void>;
}

/** Answers that are waited for; what a client gets when the connection ends has none. */
type Maybe = Answer<Json> | undefined;

const DELIVERY_MS = 500;
const REST_MS = 500;
const INTENTS_MS = 3_000;

export async function createWorld(): Promise<World> {
  const carrier = createCarrier();
  const databases = new Map<ServiceName | 'events', CommitProxy>();
  const system = await startSystem({
    without: ['order', 'gateway'],
    env: { DRAIN_MS: '50', ORDER__PAY_TIMEOUT_MS: '800', ORDER__PRODUCT_TIMEOUT_MS: '800' },
    carry: carrier.carry,
    async reach(name, url) {
      const proxy = await startCommitProxy(url);
      databases.set(name, proxy);
      return proxy.url;
    },
  });
  const calls: Record<'pay' | 'product', TcpProxy> = {
    pay: await startProxy(system.url('pay')),
    product: await startProxy(system.url('product')),
  };
  const databaseOf = (name: ServiceName | 'events') => databases.get(name) as CommitProxy;

  /** How often each service has crashed. */
  const crashes = new Map<ServiceName, number>();
  const crashesOf = (name: ServiceName) => crashes.get(name) ?? 0;
  const down = new Set<ServiceName>();
  let recoveries: Promise<unknown> = Promise.resolve();
  let firstProduct = 1;
  const repeats = new Set<string>();

  async function start(name: ServiceName): Promise<void> {
    // A crash that was planned may hit the start as well.
    await eventually(async () => {
      databaseOf(name).open();
      carrier.welcome(name);
      const peers = { ORDER__PAY_URL: calls.pay.url, ORDER__PRODUCT_URL: calls.product.url };
      await system.start(name, name === 'order' ? peers : {});
    });
    down.delete(name);
  }

  /** What a crash leaves behind: a database that was cut off at one commit, and nobody at work. */
  function crash(name: ServiceName, back: 'at once' | 'later'): void {
    if (down.has(name)) return;
    down.add(name);
    crashes.set(name, crashesOf(name) + 1);
    carrier.lose(name);
    recoveries = recoveries.then(async () => {
      await system.stop(name);
      if (back === 'at once') await start(name);
    });
  }

  async function everybodyIsBack(): Promise<void> {
    for (const proxy of databases.values()) proxy.forget();
    await recoveries;
    for (const name of [...down]) await start(name);
  }

  function begin(fault: Fault): void {
    switch (fault.fault) {
      case 'crash':
        databaseOf(fault.service).cutAt(fault.commit, fault.when, () => crash(fault.service, fault.back));
        break;
      case 'slow':
        databaseOf(fault.service).slowAt(fault.commit, fault.when, fault.ms);
        break;
      case 'cut':
        databaseOf('events').cutAt(fault.commit, fault.when, () => databaseOf('events').open());
        break;
      case 'hold back':
        carrier.holdBack(fault.service, fault.what);
        break;
      case 'calls':
        if (fault.are === 'refused') calls[fault.to].refuse();
        else if (fault.are === 'answered in vain') calls[fault.to].holdAnswers();
        else calls[fault.to].hang();
    }
  }

  function endOfMoment(fault: Fault): void {
    if (fault.fault !== 'calls') return;
    const proxy = calls[fault.to];
    if (fault.are === 'late') proxy.leaveBehind();
    else {
      if (fault.are === 'answered in vain') proxy.cut();
      proxy.pass();
    }
  }

  /** Asks a service, and gives nothing where it crashed meanwhile or is down. */
  async function ask(name: ServiceName, call: () => Promise<Answer<Json>>): Promise<Maybe> {
    const before = crashesOf(name);
    if (down.has(name)) return undefined;
    try {
      const answer = await call();
      const answered = crashesOf(name) === before || answer.status < 500;
      if (answered && answer.status === 500)
        throw new Wrong(`${name} answered 500 ${JSON.stringify(answer.body)}`);
      return answered ? answer : undefined;
    } catch (error) {
      if (error instanceof Wrong || crashesOf(name) === before) throw error;
      return undefined;
    }
  }

  /** One history, with what its clients were told. */
  async function live(history: History): Promise<void> {
    const itemcds: Record<ProductName, number> = {
      milk: firstProduct,
      rare: firstProduct + 1,
      plain: firstProduct + 2,
    };
    firstProduct += 3;
    for (const [name, product] of Object.entries(products)) {
      await stock(system, { itemcd: itemcds[name as ProductName], ...product });
    }
    const prefix = randomUUID();
    const [{ since } = { since: 0 }] = await system.sql<{ since: number }>(
      'order',
      'SELECT last_value AS since FROM order_id WHERE is_called',
    );
    const told: Told = { placed: [], unanswered: 0, keys: new Map(), repeats, since };

    const wishOf = ({ product, ...rest }: Wish) => ({ itemcd: itemcds[product], ...rest });

    async function place(wish: Wish, key?: string): Promise<void> {
      const answer = await ask('order', () => order(system, wishOf(wish), key && prefix + key));
      if (answer?.status === 201) told.placed.push({ ...answer.body, key });
      else if (!answer && !key) told.unanswered++;
      if (!key) return;
      const answers = told.keys.get(key) ?? [];
      if (answer) answers.push({ status: answer.status, body: answer.body });
      told.keys.set(key, answers);
    }

    const some = <T>(list: T[], which: number): T | undefined => list[which % Math.max(1, list.length)];

    async function act(action: Action): Promise<void> {
      switch (action.do) {
        case 'order':
          await Promise.all(Array.from({ length: action.customers }, () => place(action.wish)));
          return;
        case 'order with key': {
          const wish = keyed[action.key] as Wish;
          await Promise.all(Array.from({ length: action.customers }, () => place(wish, action.key)));
          return;
        }
        case 'cancel order': {
          const id = some(told.placed, action.which)?.id;
          if (id) await ask('order', () => system.call('order', 'DELETE', `/orders/${id}`));
          return;
        }
        case 'cancel payment': {
          const id = some(told.placed, action.which)?.id;
          const [pay] = await system.sql('pay', 'SELECT id FROM pay WHERE order_id = $1', [id]);
          if (pay) await ask('pay', () => system.call('pay', 'DELETE', `/pays/${pay.id}`));
          return;
        }
        case 'start delivery':
        case 'complete delivery': {
          const orderId = some(told.placed, action.which)?.id;
          const step = action.do === 'start delivery' ? 'deliverystarted' : 'deliverycompleted';
          const id = orderId && (await deliveryOf(orderId));
          if (id)
            await ask('delivery', () => system.call('delivery', 'POST', `/deliveries/${id}/${step}`, {}));
          return;
        }
        case 'change price': {
          const { price } = action;
          await ask('product', () =>
            system.call('product', 'PATCH', `/products/${itemcds[action.product]}`, { price }),
          );
          return;
        }
        case 'move stock': {
          const body = { quantity: action.quantity, reason: 'counted' };
          await ask('product', () =>
            system.call('product', 'POST', `/products/${itemcds[action.product]}/movements`, body),
          );
          return;
        }
        case 'repeat event': {
          const event = some(await eventsOf(action.of), action.which);
          if (!event) return;
          if (action.as === 'a new') told.repeats.add(`${event.key} ${event.type}`);
          await carrier.repeat(event, action.as).catch(() => undefined);
          return;
        }
        case 'come to rest':
          await soon(async () => (await isAtRest(system)) || undefined, REST_MS);
      }
    }

    function deliveryOf(orderId: number): Promise<number | undefined> {
      return soon(async () => {
        const [row] = await system.sql<{ id: number | null }>(
          'delivery',
          'SELECT id FROM delivery WHERE order_id = $1',
          [orderId],
        );
        return row?.id ?? undefined;
      }, DELIVERY_MS);
    }

    /** What the log has of this history's products or orders, the first first. */
    function eventsOf(what: 'a product' | 'an order'): Promise<Message[]> {
      const keys = Object.values(itemcds).map(itemcd => `product-${itemcd}`);
      return system.sql<Message>(
        'events',
        `SELECT event_id AS "eventId", key, type, payload, traceparent FROM log
         WHERE CASE WHEN $1 THEN key = ANY($2) ELSE key ~ '^[0-9]+$' AND key::bigint > $3 END
         ORDER BY appended_at, partition, position`,
        [what === 'a product', keys, since],
      );
    }

    for (const { faults, actions } of history) {
      for (const fault of faults) begin(fault);
      await Promise.all(actions.map(act));
      for (const fault of faults) endOfMoment(fault);
    }

    await everybodyIsBack();
    carrier.letGo();
    // What was left behind in the network arrives when nobody waits for it any more.
    await soon(async () => {
      await letTimePass(system);
      return (await system.sql('order', 'SELECT FROM intent')).length === 0 || undefined;
    }, INTENTS_MS);
    for (const proxy of Object.values(calls)) proxy.pass();
    await expectRest(system, told);
    if (told.keys.size === 0) return;
    // Who has a key asks until there is an answer; then it is always the same.
    for (const key of told.keys.keys()) {
      await eventually(async () => {
        await place(keyed[key] as Wish, key);
        const last = told.keys.get(key)?.at(-1);
        if (!last || last.status >= 500) throw new Wrong(`the last answer to key ${key} is ${last?.status}`);
      });
    }
    await expectRest(system, told);
  }

  await start('order');
  return {
    live,
    async close() {
      carrier.letGo();
      await everybodyIsBack().catch(() => undefined);
      for (const proxy of Object.values(calls)) await proxy.close();
      await system.close();
      for (const proxy of databases.values()) await proxy.close();
    },
  };
}

/** Looks now and then until there is something to find, or not for longer than that. */
async function soon<T>(find: () => Promise<T | undefined>, withinMs: number): Promise<T | undefined> {
  const until = Date.now() + withinMs;
  for (;;) {
    const found = await find();
    if (found !== undefined || Date.now() > until) return found;
    await delay(50);
  }
}

/** Something that does not hold. */
class Wrong extends Error {
  override name = 'Wrong';
}
