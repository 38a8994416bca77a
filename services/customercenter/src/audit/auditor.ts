import type { StandstillItem, UnclaimedAnswer } from '@jumun/contracts';
import { type Database, isTransient, type Logger } from '@jumun/service-kit';
import { check, type OrderFacts } from './check.ts';
import { advance, beginHorizon, type Horizon } from './horizon.ts';
import { createPace } from './pace.ts';
import type { Gathered, Witnesses } from './peers.ts';
import { explain, standingServices } from './standstills.ts';
import {
  beginPass,
  endPass,
  type Finding,
  isPassWanted,
  noteLook,
  noteStanding,
  noteUnreachable,
  ordersWithFindings,
  replaceFindings,
  saveFindings,
} from './store.ts';

/** Orders that are looked at together. */
const LOOK = 500;
/** The least time between two passes, and between two looks at what was found. */
const PASS_MS = 3_000;
/** A change is looked at so long after it was seen here: mostly all of it is over then. */
const SETTLE_MS = 3_000;
/** Changes that are noted; beyond it the passes have to do. */
const MAX_NOTED = 100_000;
/** Orders that are followed at once: while a service does not get on with its events, none comes to rest. */
const MAX_FOLLOWED = 10_000;
/** Groups of them that are decided in one look. */
const DECIDED_AT_ONCE = 4;
/** Payment keys that are asked for at once. */
const MAX_KEYS = 1_000;
const NIL_KEY = '00000000-0000-0000-0000-000000000000';

export interface AuditorOptions {
  db: Database;
  witnesses: Witnesses;
  log: Logger;
  /** How much of the time may go into looking, in percent; at 0, it looks only when a pass is asked for. */
  share: number;
  ages: StandstillItem;
  /** Told how long each look took, in ms, and at how many orders. */
  looked(ms: number, orders: number): void;
}

export interface Auditor {
  /** Notes that something of these orders has changed. */
  note(orderIds: number[]): void;
  /** Looks at what has changed. */
  changes(): Promise<boolean>;
  /** Goes on with the pass over all orders; one replica does it. */
  pass(): Promise<boolean>;
  /** Looks for orders that stand still; one replica does it. */
  standing(): Promise<boolean>;
}

type UnclaimedCharge = UnclaimedAnswer['charges'][number];

/** Where the pass that is under way has come to. */
type Stage =
  | { name: 'none' }
  | { name: 'orders'; after: number }
  | { name: 'charges'; after: string; found: UnclaimedCharge[] }
  /** All was looked at; what was suspected is being followed. */
  | { name: 'deciding'; charges: UnclaimedCharge[] };

/** Orders whose services did not agree, with what they said, until all that was under way then has been handled. */
interface Suspects {
  horizon: Horizon;
  said: Map<number, string>;
}

/**
 * Checks whole orders across all services, all the time and for little: after each look it rests for so long that
 * looking stays below its share of the time. An order is judged when it is at rest: its services disagree, everything
 * that was under way then has been handled, and they still say the same.
 */
export function createAuditor({ db, witnesses, log, share, ages, looked }: AuditorOptions): Auditor {
  const noted = new Map<number, number>();

  const pace = createPace(share);

  /** Looks when it is time to; a look that somebody waits for is not put off. */
  function paced(look: (hurried: boolean) => Promise<number>, isHurried: () => Promise<boolean>) {
    return async (): Promise<boolean> => {
      const hurried = await isHurried();
      if (!hurried && (share === 0 || !pace.mayLook())) return false;
      const began = performance.now();
      try {
        const orders = await look(hurried);
        if (orders > 0) looked(performance.now() - began, orders);
        return orders > 0;
      } catch (error) {
        if (!isTransient(error)) throw error;
        await noteUnreachable(db, (error as Error).message);
        return false;
      } finally {
        // What somebody asked for is not of its share.
        if (!hurried) pace.took(performance.now() - began);
      }
    };
  }

  /** Whether somebody waits for a pass. */
  async function isWanted(): Promise<boolean> {
    return isPassWanted(db);
  }

  /** Follows orders whose services disagree until it is known whether they do. */
  function createJury() {
    let groups: Suspects[] = [];

    async function hear({ facts, noticesSince }: Gathered): Promise<void> {
      const innocent: number[] = [];
      const said = new Map<number, string>();
      for (const order of facts) {
        if (check(order, noticesSince).length === 0) innocent.push(order.orderId);
        else said.set(order.orderId, JSON.stringify(order));
      }
      await acquit(innocent);
      if (said.size === 0) return;
      groups.push({ horizon: beginHorizon(await witnesses.progress()), said });
    }

    /** Gives whether everything that was suspected is decided. */
    async function decide(): Promise<boolean> {
      if (groups.length === 0) return true;
      const progress = await witnesses.progress();
      for (const group of groups) group.horizon = advance(group.horizon, progress);
      const due = groups.filter(({ horizon }) => horizon.stage === 'passed').slice(0, DECIDED_AT_ONCE);
      groups = groups.filter(group => !due.includes(group));
      for (const { said } of due) {
        const again = await witnesses.gather({ ids: [...said.keys()], after: 0, limit: LOOK });
        const isSame = (order: OrderFacts) => JSON.stringify(order) === said.get(order.orderId);
        const same = again.facts.filter(order => isSame(order) && !again.held.has(order.orderId));
        await convict(same, again.noticesSince);
        await hear({ ...again, facts: again.facts.filter(order => !isSame(order)) });
      }
      return groups.length === 0;
    }

    return {
      hear,
      decide,
      count: () => groups.reduce((sum, { said }) => sum + said.size, 0),
      dismiss() {
        groups = [];
      },
    };
  }

  const subjectOf = (orderId: number) => `order ${orderId}`;
  /** Orders that something was found about, as far as it is known here. */
  let convicted = new Set<number>();

  async function acquit(orderIds: number[]): Promise<void> {
    const cleared = orderIds.filter(id => convicted.delete(id));
    if (cleared.length > 0) await saveFindings(db, cleared.map(subjectOf), []);
  }

  async function convict(orders: OrderFacts[], noticesSince: number): Promise<void> {
    if (orders.length === 0) return;
    const findings = orders.flatMap(order =>
      check(order, noticesSince).map(
        (difference): Finding => ({ subject: subjectOf(order.orderId), ...difference }),
      ),
    );
    await saveFindings(
      db,
      orders.map(({ orderId }) => subjectOf(orderId)),
      findings,
    );
    const fresh = orders.map(({ orderId }) => orderId).filter(id => !convicted.has(id));
    for (const id of fresh) convicted.add(id);
    if (fresh.length > 0)
      log.error({ orders: fresh.length, orderIds: fresh.slice(0, 10) }, 'the audit found differences');
  }

  const ofChanges = createJury();
  const changes = paced(
    async () => {
      await ofChanges.decide();
      if (ofChanges.count() > MAX_FOLLOWED) return 0;
      const ids: number[] = [];
      const settled = performance.now() - SETTLE_MS;
      for (const [id, at] of noted) {
        if (at > settled || ids.length === LOOK) break;
        ids.push(id);
      }
      if (ids.length === 0) return 0;
      const gathered = await witnesses.gather({ ids, after: 0, limit: LOOK });
      for (const id of ids) if ((noted.get(id) ?? 0) <= settled) noted.delete(id);
      await ofChanges.hear(gathered);
      return ids.length;
    },
    async () => false,
  );

  const ofPass = createJury();
  let stage: Stage = { name: 'none' };
  let lastBegan = Number.NEGATIVE_INFINITY;
  /** The number of the pass that is under way. */
  let number = 0;
  /** What was found about orders that the pass has not come by. */
  let unseen = new Set<number>();

  const pass = paced(async hurried => {
    const decided = await ofPass.decide();
    switch (stage.name) {
      case 'none':
        if (performance.now() - lastBegan < PASS_MS && !hurried) return 0;
        lastBegan = performance.now();
        number = await beginPass(db);
        convicted = new Set(await ordersWithFindings(db));
        unseen = new Set(convicted);
        await checkStock();
        stage = { name: 'orders', after: 0 };
        return 1;
      case 'orders': {
        if (ofPass.count() > MAX_FOLLOWED) return 0;
        const { facts, upTo } = await lookAtOrders(stage.after, hurried);
        if (!(await noteLook(db, number, { orders: facts.length, inFlight: inFlight() }))) return giveUp();
        stage =
          upTo === null ? { name: 'charges', after: NIL_KEY, found: [] } : { name: 'orders', after: upTo };
        return facts.length;
      }
      case 'charges': {
        const { charges, next } = await witnesses.unclaimed({ after: stage.after });
        const found = [...stage.found, ...charges];
        stage =
          next === null
            ? { name: 'deciding', charges: await withoutIntent(found) }
            : { name: 'charges', after: next, found };
        return 1;
      }
      case 'deciding':
        if (!decided) return 0;
        await judgeCharges(stage.charges);
        // Orders of which no service knows anything any more.
        await acquit([...unseen]);
        await endPass(db, number);
        stage = { name: 'none' };
        return 0;
    }
  }, isWanted);

  async function lookAtOrders(after: number, hurried: boolean): Promise<Gathered> {
    const gathered = await witnesses.gather({ after, limit: LOOK });
    // What has just changed is looked at when it is over.
    const recently = performance.now() - SETTLE_MS;
    const atRest = gathered.facts.filter(({ orderId }) => hurried || (noted.get(orderId) ?? 0) < recently);
    for (const { orderId } of gathered.facts) unseen.delete(orderId);
    await ofPass.hear({ ...gathered, facts: atRest });
    return gathered;
  }

  const inFlight = () => ofPass.count() + ofChanges.count();

  /** Another replica has begun a pass since: what this one has seen is not a whole one. */
  function giveUp(): number {
    stage = { name: 'none' };
    ofPass.dismiss();
    return 0;
  }

  async function checkStock(): Promise<void> {
    const findings = (await witnesses.stockSums()).map(
      ({ itemcd, total, reserved, supplied, taken, held }): Finding => ({
        subject: `product ${itemcd}`,
        kind: 'stock',
        detail:
          total + taken === supplied
            ? `${reserved} pieces are reserved, and lines for ${held} of ${total}`
            : `${total} on the shelf and ${taken} taken make ${total + taken}, ${supplied} were supplied`,
      }),
    );
    await replaceFindings(db, 'product ', findings);
  }

  /** Charges that belong to no order that is being placed. */
  async function withoutIntent(charges: UnclaimedCharge[]): Promise<UnclaimedCharge[]> {
    const some = charges.slice(0, MAX_KEYS);
    if (some.length === 0) return [];
    const open = await witnesses.openKeys(some.map(({ paymentKey }) => paymentKey));
    return some.filter(({ paymentKey }) => !open.includes(paymentKey));
  }

  /** An order that was placed meanwhile has its payment by now: what pay still knows nothing of is nobody's. */
  async function judgeCharges(suspected: UnclaimedCharge[]): Promise<void> {
    const paymentKeys = suspected.map(({ paymentKey }) => paymentKey);
    const { charges } =
      paymentKeys.length > 0 ? await witnesses.unclaimed({ paymentKeys, after: NIL_KEY }) : { charges: [] };
    const findings = charges.map(
      ({ paymentKey, amount }): Finding => ({
        subject: `charge ${paymentKey}`,
        kind: 'money',
        detail: `the provider holds ${amount} that pay knows nothing of`,
      }),
    );
    await replaceFindings(db, 'charge ', findings);
  }

  return {
    note(orderIds) {
      const now = performance.now();
      for (const id of orderIds) {
        // At its place in the order of time again.
        noted.delete(id);
        if (noted.size < MAX_NOTED) noted.set(id, now);
      }
    },
    changes,
    pass,
    async standing() {
      const { standing, progress } = await witnesses.standstills(ages);
      await noteStanding(db, explain(standing, progress));
      await replaceFindings(db, 'service ', standingServices(progress));
      return false;
    },
  };
}
