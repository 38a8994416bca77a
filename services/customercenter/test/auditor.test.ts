import { type Progress, type ServiceName, services } from '@jumun/contracts';
import { createLogger } from '@jumun/service-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { givenDatabase, type ServiceDatabase } from '../../../tests/support/given.ts';
import { type Auditor, createAuditor } from '../src/audit/auditor.ts';
import type { OrderFacts } from '../src/audit/check.ts';
import type { Witnesses } from '../src/audit/peers.ts';
import { listFindings, readState, wantPass } from '../src/audit/store.ts';

/** What six services would say of some orders. */
interface Said {
  orders: number;
  /** Orders whose money is not where it should be. */
  wrong?: (orderId: number) => boolean;
  held?: number[];
  /** Whether every service gets on with its events. */
  gettingOn?: boolean;
}

function witnessesOf({ orders, wrong = () => false, held = [], gettingOn = true }: Said) {
  let looks = 0;
  const factsOf = (orderId: number): OrderFacts =>
    wrong(orderId)
      ? {
          orderId,
          pay: {
            orderId,
            status: 'canceled',
            price: 1,
            itemcd: 1,
            orderQty: 1,
            captured: 1,
            owed: 0,
            refused: 0,
            settledByHand: 0,
          },
        }
      : { orderId };
  const progress: Progress = {
    outboxOldest: null,
    outboxLast: 0,
    cursors: { 0: gettingOn ? 1 : 0 },
    heads: { 0: 1 },
    held: [],
  };
  const all = Object.fromEntries(services.map(name => [name, progress])) as Record<ServiceName, Progress>;
  const witnesses: Witnesses = {
    async gather({ ids, after, limit }) {
      looks++;
      const next = ids ?? Array.from({ length: Math.min(limit, orders - after) }, (_, i) => after + 1 + i);
      const last = next.at(-1) ?? orders;
      return {
        facts: next.map(factsOf),
        noticesSince: 0,
        upTo: last < orders ? last : null,
        held: new Set(ids ? held : []),
      };
    },
    progress: async () => all,
    standstills: async () => ({ standing: [], progress: all }),
    stockSums: async () => [],
    unclaimed: async () => ({ charges: [], next: null }),
    openKeys: async () => [],
    history: async () => [],
    stories: async () => ({}),
    handling: async () => ({}),
    close: async () => undefined,
  };
  return { witnesses, looks: () => looks };
}

describe('the auditor', () => {
  let place: ServiceDatabase;
  beforeEach(async () => {
    place = await givenDatabase('customercenter');
  });
  afterEach(() => place.close());

  const auditorOf = (witnesses: Witnesses): Auditor =>
    createAuditor({
      db: place.db,
      witnesses,
      log: createLogger('test', 'silent'),
      share: 1,
      ages: { machineMs: 1, carrierMs: 1 },
      looked: () => undefined,
    });

  /** Lets it go on until the pass with this number has ended. */
  async function untilPass(auditor: Auditor, pass: number): Promise<void> {
    for (let i = 0; i < 200 && (await readState(place.db)).lastPass < pass; i++) await auditor.pass();
  }

  it('looks at every order once in a pass', async () => {
    const auditor = auditorOf(witnessesOf({ orders: 1_200 }).witnesses);
    await untilPass(auditor, await wantPass(place.db));
    expect(await readState(place.db)).toMatchObject({ lastPass: 1, lastOrders: 1_200 });
  });

  it('gives a pass up that another replica has begun anew, and does not end that one', async () => {
    const { witnesses } = witnessesOf({ orders: 2_000 });
    const [first, second] = [auditorOf(witnesses), auditorOf(witnesses)];
    await wantPass(place.db);
    // Begins, and looks at three quarters.
    for (let i = 0; i < 4; i++) await first.pass();
    expect(await readState(place.db)).toMatchObject({ pass: 1, passOrders: 1_500 });
    // The other one takes over, and the first comes back for a moment.
    const wanted = await wantPass(place.db);
    await second.pass();
    await second.pass();
    expect(await first.pass()).toBe(false);
    await untilPass(second, wanted);
    expect(await readState(place.db)).toMatchObject({ lastPass: wanted, lastOrders: 2_000 });
  });

  it('judges an order when all that was under way is handled, unless an event of it was set aside', async () => {
    const { witnesses } = witnessesOf({ orders: 10, wrong: id => id === 3 || id === 7, held: [7] });
    await untilPass(auditorOf(witnesses), await wantPass(place.db));
    const findings = await listFindings(place.db);
    expect([...new Set(findings.map(({ subject }) => subject))]).toEqual(['order 3']);
  });

  it('judges nothing while a service does not get on, and follows only so many orders', async () => {
    const { witnesses, looks } = witnessesOf({ orders: 100_000, wrong: () => true, gettingOn: false });
    const auditor = auditorOf(witnesses);
    await wantPass(place.db);
    for (let i = 0; i < 60; i++) await auditor.pass();
    expect(looks()).toBe(21);
    expect(await readState(place.db)).toMatchObject({ lastPass: 0, inFlight: 10_500 });
    expect(await listFindings(place.db)).toEqual([]);
  });
});
