import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { ServiceName } from '@jumun/contracts';
import { nothingTold, type Told } from '../../apps/jumun/test/traffic.ts';
import { sandboxAmounts } from '../../services/pay/src/sandbox/provider.ts';

const CUSTOMERS = 6;
const THINK_MS = [150, 600] as const;
const TIMEOUT_MS = 6_000;
/** How often a client that may ask again does so while faults last, and until when afterwards. */
const RETRY_MS = 500;
const LAST_ANSWER_MS = 60_000;

/** A product without a price, so that an order names one, and some whose price changes. */
const PLAIN = 1;
const PRICED = Array.from({ length: 12 }, (_, i) => i + 2);
const SHELF = 1_000_000_000;

/** What each request may be answered with; 0 stands for no answer. */
const EXPECTED: Record<string, number[]> = {
  order: [201, 402, 503, 0],
  cancel: [204, 404, 409, 503, 0],
  'pays, read': [200, 404, 409, 503, 0],
  'pays, cancel': [204, 404, 409, 503, 0],
  deliveries: [200, 503, 0],
  'delivery step': [200, 409, 503, 0],
  'product, change': [200, 503, 0],
  'stock, move': [200, 503, 0],
};

/** One request and its answer. */
export interface Entry {
  what: string;
  /** Since 1970. */
  atMs: number;
  tookMs: number;
  /** 0 where none came. */
  status: number;
  slug?: string | undefined;
  id?: number | undefined;
  key?: string | undefined;
}

interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what is expected of an answer is where it is read
  body: any;
}

interface Wish {
  itemcd: number;
  orderQty: number;
  price?: number;
  address: string;
}

export interface Load {
  told: Told;
  entries: Entry[];
  /** Orders with a key that were placed. */
  keyed: Map<string, { wish: Wish; id: number }>;
  /** Addresses of those who were told that there is no order. */
  refused: Set<string>;
  /** What no client should have been told. */
  wrongs: string[];
  /** Asks once more for an order that was placed with a key. */
  askAgain(key: string): Promise<Answer>;
  /** No new orders; ends when each client has its last answer. */
  stop(): Promise<void>;
}

export interface LoadOptions {
  url(part: ServiceName | 'gateway'): string;
  token: string;
}

/**
 * Customers who order one after the other, every other time with an `Idempotency-Key`, and then ask until they have an
 * answer; some cancel the order or its payment, or ask for it. A carrier moves deliveries on, and a shopkeeper changes
 * prices and stock. Half of the customers come through the gateway.
 */
export async function startLoad({ url, token }: LoadOptions): Promise<Load> {
  const told = nothingTold();
  const entries: Entry[] = [];
  const keyed: Load['keyed'] = new Map();
  const refused = new Set<string>();
  const wrongs: string[] = [];
  let on = true;
  let stoppedAt = Number.POSITIVE_INFINITY;

  async function ask(
    what: string,
    method: string,
    address: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const begun = performance.now();
    const answer = await send(method, address, body, headers).catch(() => ({ status: 0, body: {} }));
    const { status, body: said } = answer;
    const slug = status >= 400 ? String(said?.type ?? '').replace('/problems/', '') : undefined;
    const tookMs = performance.now() - begun;
    entries.push({
      what,
      atMs: Date.now(),
      tookMs,
      status,
      slug,
      id: said?.id,
      key: headers['idempotency-key'],
    });
    told.statuses.set(status, (told.statuses.get(status) ?? 0) + 1);
    if (!EXPECTED[what]?.includes(status)) {
      wrongs.push(`${what} was answered ${status}: ${JSON.stringify(said).slice(0, 200)}`);
    }
    return answer;
  }

  const think = () => delay(THINK_MS[0] + Math.random() * (THINK_MS[1] - THINK_MS[0]));

  async function customer(door: 'order' | 'gateway'): Promise<void> {
    while (on) {
      const id = await order(door);
      if (id !== undefined) await afterwards(id, door);
      await think();
    }
  }

  /** Gives the order's id, where there is one for all that the client knows. */
  async function order(door: 'order' | 'gateway'): Promise<number | undefined> {
    const wish = draw();
    const key = Math.random() < 0.5 ? randomUUID() : undefined;
    for (;;) {
      const headers: Record<string, string> = key ? { 'idempotency-key': key } : {};
      const { status, body } = await ask('order', 'POST', `${url(door)}/orders`, wish, headers);
      if (status === 201) {
        told.orders.set(body.id, { ...wish, price: body.price });
        if (key) keyed.set(key, { wish, id: body.id });
        return body.id;
      }
      if (status === 402) refused.add(wish.address);
      if (!key) {
        // The gateway does not know what became of a request whose connection broke: it is as if there were no answer.
        if (status === 503 && door === 'order') refused.add(wish.address);
        return undefined;
      }
      if (status !== 0 && status < 500) return undefined;
      if (performance.now() > stoppedAt + LAST_ANSWER_MS) {
        wrongs.push(`a client with a key has no order after ${LAST_ANSWER_MS} ms without faults: ${status}`);
        return undefined;
      }
      await delay(RETRY_MS);
    }
  }

  async function afterwards(id: number, door: 'order' | 'gateway'): Promise<void> {
    const dice = Math.random();
    if (dice < 0.15) {
      const { status } = await ask('cancel', 'DELETE', `${url(door)}/orders/${id}`);
      if (status === 204) told.canceled.add(id);
    } else if (dice < 0.35) {
      await askForPayment(id, dice < 0.25 ? 'pay' : 'gateway');
    }
  }

  /** A payment that stands is given, and none is made: what was ordered was paid. */
  async function askForPayment(id: number, door: 'pay' | 'gateway'): Promise<void> {
    const { itemcd, orderQty, price } = told.orders.get(id) ?? {};
    const headers = {
      'idempotency-key': randomUUID(),
      ...(door === 'pay' && { authorization: `Bearer ${token}` }),
    };
    const terms = { orderId: id, itemcd, orderQty, price };
    const { status, body } = await ask('pays, read', 'POST', `${url(door)}/pays`, terms, headers);
    if (status !== 200) return;
    if (body.price !== price) wrongs.push(`order ${id} costs ${price} and was paid with ${body.price}`);
    if (Math.random() < 0.5) await ask('pays, cancel', 'DELETE', `${url(door)}/pays/${body.id}`);
  }

  async function carrier(): Promise<void> {
    while (on) {
      const deliveries = `${url('delivery')}/deliveries`;
      const { status, body } = await ask('deliveries', 'GET', `${deliveries}?size=10&sort=id,desc`);
      for (const { id, orderId } of status === 200 ? body._embedded.deliveries : []) {
        if (!on) break;
        const step = Math.random() < 0.6 ? 'deliverystarted' : 'deliverycompleted';
        const answer = await ask('delivery step', 'POST', `${deliveries}/${id}/${step}`, {});
        if (answer.status === 200) told.moved.set(orderId, step);
      }
      await delay(1_000);
    }
  }

  async function shopkeeper(): Promise<void> {
    while (on) {
      const itemcd = PRICED[Math.floor(Math.random() * PRICED.length)];
      const product = `${url('gateway')}/products/${itemcd}`;
      const price = 1_000 + Math.floor(Math.random() * 9_000);
      await ask('product, change', 'PATCH', product, { price });
      const quantity = Math.random() < 0.5 ? 3 : -2;
      await ask('stock, move', 'POST', `${product}/movements`, { quantity, reason: 'counted' });
      await delay(1_500);
    }
  }

  for (const itemcd of [PLAIN, ...PRICED]) {
    const product = {
      itemcd,
      totalQuantity: SHELF,
      ...(itemcd !== PLAIN && { price: 1_000, name: `item ${itemcd}` }),
    };
    const { status } = await send('POST', `${url('product')}/products`, product);
    if (status !== 201) throw new Error(`product ${itemcd} was not taken: ${status}`);
  }
  const working = Array.from({ length: CUSTOMERS }, (_, i) => customer(i % 2 === 0 ? 'order' : 'gateway'));
  working.push(carrier(), shopkeeper());

  return {
    told,
    entries,
    keyed,
    refused,
    wrongs,
    askAgain: key => send('POST', `${url('order')}/orders`, keyed.get(key)?.wish, { 'idempotency-key': key }),
    async stop() {
      on = false;
      stoppedAt = performance.now();
      await Promise.all(working);
    },
  };
}

/** What somebody wants, unlike anybody else by the address; now and then at an amount that the sandbox answers oddly. */
function draw(): Wish {
  const orderQty = 1 + Math.floor(Math.random() * 3);
  const address = randomUUID();
  const dice = Math.random();
  if (dice < 0.4)
    return { itemcd: PRICED[Math.floor(Math.random() * PRICED.length)] ?? 2, orderQty, address };
  const { declined, hangsAfterCharge } = sandboxAmounts;
  const price =
    dice < 0.42 ? declined : dice < 0.43 ? hangsAfterCharge : 1_000 + Math.floor(Math.random() * 9_000);
  return { itemcd: PLAIN, orderQty, price, address };
}

/** @throws where no answer comes in time */
export async function send(
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : {} };
}
