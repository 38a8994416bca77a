import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from './cluster.ts';

/** What clients were told. */
export interface Written {
  /** How many requests were answered so; those without an answer under what went wrong. */
  answers: Map<string, number>;
  /** Orders that were confirmed, by the key that they were asked for with. */
  orders: Map<string, number>;
  tookMs: number[];
  seconds: number;
}

export interface Writers {
  /** How many orders were confirmed so far. */
  confirmed(): number;
  stop(): Promise<Written>;
}

export interface WritersOptions {
  url: string;
  clients: number;
  itemcd: number;
}

/** Each client pauses for up to so long between two requests: all together ask for some 25 orders a second. */
const MOST_PAUSE_MS = 4_000;

/**
 * Clients that place one order after the other, each once and never again: an answer that is not 201 counts as lost.
 * They keep their connections alive, as browsers do.
 */
export function startWriters({ url, clients, itemcd }: WritersOptions): Writers {
  const written: Written = { answers: new Map(), orders: new Map(), tookMs: [], seconds: 0 };
  const begun = performance.now();
  let on = true;
  const count = (answer: string) => written.answers.set(answer, (written.answers.get(answer) ?? 0) + 1);

  async function write(): Promise<void> {
    while (on) {
      await delay(Math.random() * MOST_PAUSE_MS);
      const key = randomUUID();
      const asked = performance.now();
      try {
        const answer = await fetch(`${url}/orders`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'idempotency-key': key },
          body: JSON.stringify({ itemcd, orderQty: 1, customerId: 1 }),
          signal: AbortSignal.timeout(20_000),
        });
        const { id, type, detail } = (await answer.json()) as { id: number; type?: string; detail?: string };
        count(answer.status === 201 ? '201' : `${answer.status} ${type} (${detail})`);
        if (answer.status === 201) written.orders.set(key, id);
      } catch (error) {
        count(String((error as Error).cause ?? error));
      }
      written.tookMs.push(performance.now() - asked);
    }
  }
  const all = Array.from({ length: clients }, write);
  return {
    confirmed: () => written.orders.size,
    async stop() {
      on = false;
      await Promise.all(all);
      written.seconds = (performance.now() - begun) / 1_000;
      return written;
    },
  };
}

/** Every order that was confirmed stands, at its owner and in the view, under the id that was told. */
export async function expectKept(url: string, { orders }: Written): Promise<void> {
  for (const id of orders.values()) {
    await until(async () => {
      for (const path of [`/orders/${id}`, `/myPages/${id}`]) {
        const { status } = await fetch(`${url}${path}`);
        if (status !== 200) throw new Error(`${path} is answered ${status}`);
      }
    }, 60);
  }
}

/** The figures that siege prints, of writers. */
export function summary({ answers, tookMs, seconds }: Written): string {
  const all = tookMs.length;
  const good = answers.get('201') ?? 0;
  const sorted = tookMs.toSorted((a, b) => a - b);
  const at = (share: number) => `${Math.round(sorted[Math.floor(share * (all - 1))] ?? 0)} ms`;
  const others = [...answers].filter(([answer]) => answer !== '201').map(([answer, n]) => `${answer}: ${n}`);
  return [
    `${all} orders in ${seconds.toFixed(1)} s`,
    `availability ${((100 * good) / all).toFixed(2)} %`,
    `p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)}`,
    ...others,
  ].join('; ');
}

/** Nobody was told anything but that the order stands, or to ask again. */
export function expectAnswered({ answers }: Written): void {
  for (const answer of answers.keys())
    if (!/^(201|503)/.test(answer)) throw new Error(`a client was told ${answer}`);
}

/** Nobody was told anything but that the order stands. */
export function expectAll(written: Written): void {
  const { answers, tookMs } = written;
  if (tookMs.length === 0 || answers.get('201') !== tookMs.length)
    throw new Error(`not all were answered 201: ${summary(written)}`);
}
