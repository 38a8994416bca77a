import { setTimeout as delay } from 'node:timers/promises';
import { services } from '@jumun/contracts';
import { expect } from 'vitest';
import { connectAudit } from '../../apps/jumun/src/audit-client.ts';
import { expectKept } from '../../apps/jumun/test/traffic.ts';
import { catalogueFollows, distinct, eachIsSaidOnce, viewFollows } from '../e2e/follows.ts';
import { type Databases, eventsOf, invariantsOf } from '../e2e/invariants.ts';
import { type Cluster, SERVICE_TOKEN } from './cluster.ts';
import { hearersOf, type Poison } from './faults.ts';
import { type Load, send } from './load.ts';

type Check = () => Promise<void> | void;

/** How many orders with a key are asked for once more. */
const ASKED_AGAIN = 50;
const POLL_MS = 1_000;
const PAGE = 1_000;

export interface Settled {
  /** From the end of the last fault until all held, in ms; undefined where it did not come to that. */
  ms: number | undefined;
  /** What does not hold, a line each. */
  violations: string[];
}

/** Waits until all that has to hold without faults does; what does not after so long is a violation. */
export async function settle(
  cluster: Cluster,
  load: Load,
  poison: Poison,
  withinMs: number,
): Promise<Settled> {
  const begun = performance.now();
  for (;;) {
    const violations = await violationsOf(cluster, load, poison);
    const ms = performance.now() - begun;
    if (violations.length === 0) return { ms, violations };
    if (ms > withinMs) return { ms: undefined, violations };
    await delay(POLL_MS);
  }
}

/** The cheap looks first: where they find something, the others are not asked yet. */
async function violationsOf(cluster: Cluster, load: Load, poison: Poison): Promise<string[]> {
  const databases: Databases = { sql: cluster.sql, events: cluster.events, poison };
  const inDatabases = await failuresOf(async () => ({
    ...(await invariantsOf(databases)),
    ...(await logChecks(databases, cluster, poison)),
    ...clientChecks(databases, cluster, load),
  }));
  return inDatabases.length > 0 ? inDatabases : failuresOf(async () => outsideChecks(cluster, load));
}

async function failuresOf(checks: () => Promise<Record<string, Check>>): Promise<string[]> {
  try {
    const failures: string[] = [];
    for (const [name, check] of Object.entries(await checks())) {
      try {
        await check();
      } catch (error) {
        failures.push(`${name}: ${describe(error)}`);
      }
    }
    return failures;
  } catch (error) {
    return [`cannot be looked at: ${describe(error)}`];
  }
}

const short = (value: unknown) => JSON.stringify(value instanceof Map ? [...value] : value)?.slice(0, 600);

/** What was found, also where the message of the assertion leaves it out. */
function describe(error: unknown): string {
  const { message, actual, expected } = error as Error & { actual?: unknown; expected?: unknown };
  const found = actual === undefined ? '' : ` — ${short(actual)} and not ${short(expected)}`;
  return `${String(message ?? error).split('\n')[0]}${found.slice(0, 900)}`;
}

/** What follows from the log. */
async function logChecks(
  databases: Databases,
  cluster: Cluster,
  poison: Poison,
): Promise<Record<string, Check>> {
  const heads = await cluster.log.heads();
  const events = distinct(await eventsOf(databases));
  return {
    // What comes again is in the inboxes already: only the cursors tell whether it was read.
    'every service has read the whole log': async () => {
      for (const service of services) {
        const rows = await cluster.sql<{ partition: number; position: number }>(
          service,
          'SELECT partition, position::float8 AS position FROM consumer_cursor',
        );
        const read = new Map(rows.map(({ partition, position }) => [partition, position]));
        const behind = [...heads].filter(([partition, head]) => (read.get(partition) ?? 0) < head);
        expect(behind, `what ${service} has not read, by partition`).toEqual([]);
      }
    },
    'no replica did what another had done: each event is said once': () => eachIsSaidOnce(events, new Set()),
    'the catalogue is what was said last': () => catalogueFollows(databases, events),
    'the view is the fold of the events': () => viewFollows(databases, events),
    'poison is a dead letter of all who hear it': async () => {
      const there = (await cluster.events()).filter(({ eventId }) => poison.has(eventId));
      const wanted = distinct(there).flatMap(({ eventId, type }) =>
        hearersOf(type).map(service => `${service} ${eventId} parked`),
      );
      const found = await Promise.all(
        [...new Set(Object.values(there).flatMap(({ type }) => hearersOf(type)))].map(async service => {
          const letters = await cluster.sql<{ id: string; state: string }>(
            service,
            'SELECT event_id AS id, state FROM dead_letter',
          );
          return letters.map(({ id, state }) => `${service} ${id} ${state}`);
        }),
      );
      expect(found.flat().sort(), 'dead letters').toEqual(wanted.sort());
    },
  };
}

/** What clients were told. */
function clientChecks(databases: Databases, cluster: Cluster, load: Load): Record<string, Check> {
  return {
    'clients were told nothing that cannot be': () => {
      expect(load.wrongs, 'answers').toEqual([]);
    },
    'what clients were told is kept, and nothing is there twice': () => expectKept(databases, load.told),
    'who was told that there is no order has none': async () => {
      const standing = await cluster.sql<{ id: number; address: string }>(
        'order',
        `SELECT id::float8 AS id, address FROM orders WHERE status <> 'orderCanceled' AND address = ANY($1)`,
        [[...load.refused]],
      );
      expect(standing, 'orders that stand').toEqual([]);
    },
    'a key has one order': async () => {
      for (const [key, { id }] of [...load.keyed].slice(-ASKED_AGAIN)) {
        const { status, body } = await load.askAgain(key);
        expect({ status, id: body.id }, `the order of ${key}`).toEqual({ status: 201, id });
      }
    },
    'no process ended by itself': () => {
      expect(
        cluster.ownEnds().filter(({ wasReady }) => wasReady),
        'processes that were at work',
      ).toEqual([]);
    },
  };
}

/** What is seen from outside, and by the auditor. */
function outsideChecks(cluster: Cluster, { told }: Load): Record<string, Check> {
  return {
    'every order that was answered 201 is seen, through the gateway': async () => {
      const orders = await pages(`${cluster.url('gateway')}/orders`, 'orders');
      const view = await pages(`${cluster.url('gateway')}/myPages`, 'myPages');
      const seen = new Map(orders.map(({ id, status }) => [id, status]));
      const viewed = new Map(view.map(({ id, orderId, status }) => [orderId ?? id, status]));
      const unseen = [...told.orders.keys()].filter(id => !seen.has(id));
      expect(unseen, 'orders that are not seen').toEqual([]);
      const differ = orders.filter(({ id, status }) => viewed.get(id) !== status);
      expect(differ, 'orders that the view shows otherwise').toEqual([]);
    },
    'the auditor finds nothing': async () => {
      process.env.CUSTOMERCENTER_URL = cluster.url('customercenter');
      process.env.SERVICE_TOKEN = SERVICE_TOKEN;
      const audit = await (await connectAudit({})).audit(() => undefined);
      expect(audit.differences, 'differences').toEqual([]);
      expect(audit.standing, 'orders that stand still').toBe(0);
      expect(audit.lastPass.orders, 'orders that were looked at').toBeGreaterThan(0);
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: what is expected of an item is where it is read
async function pages(url: string, rel: string): Promise<any[]> {
  const items = [];
  for (let page = 0; ; page++) {
    const { status, body } = await send('GET', `${url}?page=${page}&size=${PAGE}`);
    expect(status, url).toBe(200);
    const more = body._embedded[rel];
    items.push(...more);
    if (more.length < PAGE) return items;
  }
}
