import { randomUUID } from 'node:crypto';
import { type ServiceName, services } from '@jumun/contracts';
import { heard } from '../e2e/invariants.ts';
import type { KafkaNode } from '../kafka/kafka.ts';
import { eventually } from '../support/eventually.ts';
import { seeded } from '../support/random.ts';
import type { Cluster } from './cluster.ts';

/** A fault at its place: what it hits, how it is brought about, and how it ends. */
export interface Strike {
  /** What it hits; two faults never hit one at once. */
  subject: string;
  inject(): Promise<unknown> | unknown;
  heal?(): Promise<unknown> | unknown;
}

/** One kind of fault. */
export interface Fault {
  name: string;
  /** From the shortest to the longest that it lasts, in ms; `long` where there are many minutes. */
  lasts: Record<'short' | 'long', readonly [number, number]>;
  /** How many of it are in a deck. */
  weight: number;
  /** Why it cannot be tried here; absent where it can. */
  impossible?: string | undefined;
  /** Draws where it hits; from the same numbers, the same. */
  draw(random: () => number): Strike;
}

const oneOf = <T>(random: () => number, all: readonly T[]): T => all[Math.floor(random() * all.length)] as T;
const ONCE = { short: [0, 0], long: [0, 0] } as const;
const HOUR_S = 3_600;
const LEADERS_MS = 120_000;

/** Which messages were made up, by id: nobody can handle them. */
export type Poison = Set<string>;

/** Every kind of fault there is for a cluster. */
export function faultsOf(cluster: Cluster, poison: Poison): Fault[] {
  const { replicas, links, commitProxies, postgres, log, brokers, clock } = cluster;
  const noBrokers = brokers.length === 0 ? 'the log is in PostgreSQL' : undefined;

  /** Brokers are back when the log is: until each partition has a leader again the fault lasts. */
  async function back(killed: KafkaNode[]): Promise<void> {
    await Promise.all(killed.map(broker => broker.start()));
    await eventually(log.heads, LEADERS_MS);
  }

  return [
    {
      name: 'kill -9 of a replica',
      lasts: { short: [200, 3_000], long: [200, 10_000] },
      weight: 3,
      draw(random) {
        const it = oneOf(random, replicas);
        return { subject: it.name, inject: it.kill, heal: it.start };
      },
    },
    {
      name: 'a replica stands still',
      // A lease lasts ten seconds.
      lasts: { short: [2_000, 13_000], long: [5_000, 60_000] },
      weight: 2,
      draw(random) {
        const it = oneOf(random, replicas);
        return { subject: it.name, inject: it.pause, heal: it.resume };
      },
    },
    {
      name: 'kill -9 of PostgreSQL',
      lasts: { short: [100, 2_000], long: [100, 8_000] },
      weight: 3,
      draw: () => ({ subject: 'PostgreSQL', inject: postgres.kill, heal: postgres.start }),
    },
    {
      name: 'sessions are ended',
      lasts: { short: [1_000, 4_000], long: [1_000, 10_000] },
      weight: 3,
      draw(random) {
        const database = oneOf(random, brokers.length === 0 ? [...services, 'events'] : services);
        let timer: NodeJS.Timeout;
        const end = () => void postgres.sql(database, END_SESSIONS, [database]).catch(() => undefined);
        return {
          subject: `sessions of ${database}`,
          inject() {
            timer = setInterval(end, 120);
          },
          heal: () => clearInterval(timer),
        };
      },
    },
    {
      name: "PostgreSQL's disk is full",
      lasts: { short: [1_500, 4_000], long: [2_000, 15_000] },
      weight: 1,
      impossible: postgres.fill ? undefined : 'it needs root and mount',
      draw() {
        let filler: { empty(): void } | undefined;
        return {
          subject: 'PostgreSQL',
          inject() {
            filler = postgres.fill?.();
          },
          async heal() {
            filler?.empty();
            // It may have died of it.
            await postgres.start();
          },
        };
      },
    },
    {
      name: 'a connection is cut',
      lasts: { short: [500, 4_000], long: [500, 20_000] },
      weight: 3,
      draw(random) {
        const [name, link] = oneOf(random, [...links]);
        return { subject: name, inject: link.refuse, heal: link.pass };
      },
    },
    {
      name: 'what is on a connection comes late',
      lasts: { short: [300, 6_000], long: [300, 30_000] },
      weight: 3,
      draw(random) {
        const [name, link] = oneOf(random, [...links]);
        return { subject: name, inject: link.hang, heal: link.pass };
      },
    },
    {
      name: 'a replica loses its database at a commit',
      lasts: { short: [1_000, 4_000], long: [1_000, 10_000] },
      weight: 3,
      draw(random) {
        const [name, proxy] = oneOf(random, [...commitProxies]);
        const ofThis = seeded(Math.floor(random() * 2 ** 31));
        // Over and over: before the server has the commit, or when only its answer is on its way.
        let on = true;
        function cutNext(): void {
          proxy.open();
          if (on) proxy.cutAt(1 + Math.floor(ofThis() * 4), ofThis() < 0.3 ? 'before' : 'after', cutNext);
        }
        function heal(): void {
          on = false;
          proxy.open();
        }
        return { subject: `${name} to its database`, inject: cutNext, heal };
      },
    },
    {
      name: 'a broker is killed',
      lasts: { short: [500, 4_000], long: [1_000, 20_000] },
      weight: 2,
      impossible: noBrokers,
      draw(random) {
        const it = oneOf(random, brokers);
        return { subject: 'the log', inject: () => it.kill(), heal: () => back([it]) };
      },
    },
    {
      name: 'a broker stands still',
      lasts: { short: [1_000, 6_000], long: [2_000, 30_000] },
      weight: 1,
      impossible: noBrokers,
      draw(random) {
        const it = oneOf(random, brokers);
        return { subject: 'the log', inject: () => it.pause(), heal: () => it.resume() };
      },
    },
    {
      name: 'all brokers are killed',
      lasts: { short: [8_000, 8_000], long: [30_000, 30_000] },
      weight: 1,
      impossible: noBrokers,
      draw: () => ({
        subject: 'the log',
        inject: () => Promise.all(brokers.map(broker => broker.kill())),
        heal: () => back(brokers),
      }),
    },
    {
      name: 'events come again at once',
      lasts: ONCE,
      weight: 3,
      draw: random => {
        const share = 0.2 + random() * 0.8;
        return {
          subject: 'the log',
          async inject() {
            const latest = (await log.all()).slice(-50);
            await log.append(latest.slice(Math.floor(latest.length * (1 - share))));
          },
        };
      },
    },
    {
      name: 'old events come again, in another order',
      lasts: ONCE,
      weight: 3,
      draw: random => {
        const shuffle = seeded(Math.floor(random() * 2 ** 31));
        return {
          subject: 'the log',
          async inject() {
            const all = await log.all();
            const products = all.filter(({ type }) => type === 'ProductChanged');
            const others = Array.from({ length: 100 }, () => oneOf(shuffle, all));
            const again = [...products.slice(-100), ...others].filter(event => event !== undefined);
            await log.append(again.sort(() => shuffle() - 0.5));
          },
        };
      },
    },
    {
      name: 'poison',
      lasts: ONCE,
      weight: 1,
      draw: random => {
        const type = oneOf(random, [...new Set(Object.values(heard).flat())].sort());
        const payload = oneOf(random, ['{', 'null', '[]', '{"orderId":"none"}', `{"eventType":"${type}"}`]);
        return {
          subject: 'the log',
          async inject() {
            const eventId = randomUUID();
            poison.add(eventId);
            await log.append([{ eventId, key: `poison-${eventId}`, type, payload, traceparent: null }]);
          },
        };
      },
    },
    {
      name: 'a clock jumps',
      lasts: { short: [2_000, 8_000], long: [5_000, 60_000] },
      weight: 1,
      impossible: clock ? undefined : 'libfaketime is not installed',
      draw(random) {
        const ahead = oneOf(random, [HOUR_S, -HOUR_S]);
        return {
          subject: `the clock of ${clock?.replica}`,
          inject: () => clock?.set(ahead),
          heal: () => clock?.set(0),
        };
      },
    },
  ];
}

/** Ends about every other session of a database. */
const END_SESSIONS = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = $1 AND backend_type = 'client backend' AND application_name <> 'chaos' AND random() < 0.5`;

/** Which services are to have set an event aside that nobody can handle. */
export const hearersOf = (type: string): ServiceName[] => services.filter(name => heard[name].includes(type));
