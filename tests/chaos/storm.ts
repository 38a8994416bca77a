import { setTimeout as delay } from 'node:timers/promises';
import { seeded } from '../support/random.ts';
import type { Fault, Strike } from './faults.ts';

/** So many faults may last at once. */
const LANES = 3;
const MOST_WAITING = 20;
const PAUSE_MS = [200, 1_200] as const;

export interface StormOptions {
  faults: Fault[];
  seed: number;
  form: 'short' | 'long';
  /** How long new faults come. */
  ms: number;
  say(line: string): void;
}

/** How often each kind of fault struck, and how often it could not be brought about. */
export interface StormCount {
  struck: number;
  failed: number;
}

export interface Planned extends Strike {
  name: string;
  lastsMs: number;
  pauseMs: number;
}

/**
 * Faults that a seed chooses: which, where, and for how long, and each kind once at least. When they come within the load
 * is up to the machine. Each ends; resolves when all have.
 */
export async function storm({ faults, seed, form, ms, say }: StormOptions): Promise<Map<string, StormCount>> {
  const possible = faults.filter(({ impossible }) => impossible === undefined);
  const counts = new Map(possible.map(({ name }) => [name, { struck: 0, failed: 0 }]));
  const plan = choose(possible, seed, form);
  const begun = performance.now();
  const busy = new Map<string, Promise<void>>();

  async function strike({ name, subject, lastsMs, inject, heal }: Planned): Promise<void> {
    const count = counts.get(name);
    const at = ((performance.now() - begun) / 1_000).toFixed(1).padStart(6);
    say(`${at} s  ${name}: ${subject}${lastsMs > 0 ? `, for ${Math.round(lastsMs)} ms` : ''}`);
    try {
      await inject();
      if (count) count.struck++;
      await delay(lastsMs);
    } catch (error) {
      // As when the log is away just then.
      if (count) count.failed++;
      say(`          could not be: ${(error as Error).message}`);
    }
    await heal?.();
  }

  /** Chosen, and waiting for what they hit to be free. */
  const waiting: Planned[] = [];

  /** The first whose subject is free, if there is one: what has to wait holds up no other. */
  function take(): Planned | undefined {
    for (;;) {
      const i = waiting.findIndex(({ subject }) => !busy.has(subject));
      if (i >= 0) return waiting.splice(i, 1)[0];
      if (waiting.length === MOST_WAITING) return undefined;
      waiting.push(plan());
    }
  }

  async function lane(): Promise<void> {
    while (performance.now() - begun < ms) {
      const planned = take();
      if (!planned) {
        await Promise.race(busy.values());
        continue;
      }
      const struck = strike(planned).finally(() => busy.delete(planned.subject));
      busy.set(planned.subject, struck);
      await struck;
      await delay(planned.pauseMs);
    }
  }

  await Promise.all(Array.from({ length: LANES }, lane));
  // What there was no time for: a run without one of them would show less than it says.
  for (const [name, { struck }] of counts) {
    if (struck > 0) continue;
    let planned = waiting.find(planned => planned.name === name);
    while (planned?.name !== name) planned = plan();
    await strike(planned);
  }
  return counts;
}

/** The faults that a seed chooses, one after the other: first each kind once, then as often as it weighs. */
export function choose(faults: Fault[], seed: number, form: 'short' | 'long'): () => Planned {
  const random = seeded(seed);
  let deck: Fault[] = shuffled(faults, random);
  const within = ([from, to]: readonly [number, number]) => from + random() * (to - from);
  return () => {
    if (deck.length === 0) {
      deck = shuffled(
        faults.flatMap(fault => Array.from({ length: fault.weight }, () => fault)),
        random,
      );
    }
    const fault = deck.pop() as Fault;
    const lastsMs = within(fault.lasts[form]);
    return { name: fault.name, ...fault.draw(random), lastsMs, pauseMs: within(PAUSE_MS) };
  };
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map(item => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
