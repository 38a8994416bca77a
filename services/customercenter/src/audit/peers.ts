import {
  type AccountsItem,
  accountsCall,
  type Call,
  type HandlingAnswer,
  handlingCall,
  historyCall,
  type LoggedEvent,
  openKeysCall,
  progressCall,
  type ServiceName,
  type Standstill,
  type StandstillItem,
  type StockSums,
  type StoryAnswer,
  services,
  standstillCall,
  stockSumsCall,
  storyCall,
  type UnclaimedAnswer,
  type UnclaimedItem,
  unclaimedCall,
} from '@jumun/contracts';
import {
  createPeer,
  type Logger,
  type Metrics,
  measureBreakers,
  type Peer,
  PeerError,
} from '@jumun/service-kit';
import type { OrderFacts } from './check.ts';
import type { AllProgress } from './horizon.ts';

const TIMEOUT_MS = 5_000;

/** Some orders as all services know them. */
export interface Gathered {
  facts: OrderFacts[];
  noticesSince: number;
  /** Up to which order this is all there is; null where nothing comes after it. */
  upTo: number | null;
  /** Of orders that were asked for by id: those of which some service has set an event aside. */
  held: Set<number>;
}

/** All services of the system, asked for their side of things. Each throws PeerError where one does not answer. */
export interface Witnesses {
  gather(range: AccountsItem): Promise<Gathered>;
  progress(): Promise<AllProgress>;
  /** Of the services that answer. */
  standstills(ages: StandstillItem): Promise<{ standing: Standstill[]; progress: Partial<AllProgress> }>;
  stockSums(): Promise<StockSums[]>;
  unclaimed(item: UnclaimedItem): Promise<UnclaimedAnswer>;
  openKeys(paymentKeys: string[]): Promise<string[]>;
  history(orderId: number): Promise<LoggedEvent[]>;
  /** Of the services that answer. */
  stories(orderId: number): Promise<Partial<Record<ServiceName, StoryAnswer>>>;
  handling(orderId: number, eventIds: string[]): Promise<Partial<Record<ServiceName, HandlingAnswer>>>;
  close(): Promise<void>;
}

export function connectWitnesses(
  urls: Record<ServiceName, string>,
  token: string,
  metrics: Metrics,
  log: Logger,
): Witnesses {
  const peers = Object.fromEntries(
    services.map(name => [name, createPeer({ name, url: urls[name], token })]),
  ) as Record<ServiceName, Peer>;
  measureBreakers(
    metrics,
    log,
    Object.values(peers).map(peer => peer.breaker),
  );

  const ofEach = <I, O>(call: Call<I, O>) => {
    const calls = services.map(name => [name, peers[name].batch(call, TIMEOUT_MS)] as const);
    return (item: I) =>
      calls.map(async ([name, ask]): Promise<[ServiceName, O]> => [name, await ask(item, null)]);
  };
  const ofAll = <I, O>(call: Call<I, O>) => {
    const ask = ofEach(call);
    return async (item: I) => Object.fromEntries(await Promise.all(ask(item))) as Record<ServiceName, O>;
  };
  /** Asks all, and goes without those that do not answer. */
  const ofSome = <I, O>(call: Call<I, O>) => {
    const ask = ofEach(call);
    return async (item: I) => {
      const answers = await Promise.all(ask(item).map(answer => answer.catch(withoutAnswer)));
      return Object.fromEntries(answers.filter(answer => answer !== undefined)) as Partial<
        Record<ServiceName, O>
      >;
    };
  };
  const accounts = ofAll(accountsCall());
  const progress = ofAll(progressCall);
  const standstills = ofSome(standstillCall);
  const progressOfSome = ofSome(progressCall);
  const stories = ofSome(storyCall);
  const handling = ofSome(handlingCall);
  const history = peers.customercenter.batch(historyCall, TIMEOUT_MS);
  const stockSums = peers.product.batch(stockSumsCall, TIMEOUT_MS);
  const unclaimed = peers.pay.batch(unclaimedCall, TIMEOUT_MS);
  const openKeys = peers.order.batch(openKeysCall, TIMEOUT_MS);

  return {
    async gather(range) {
      const answers = await accounts(range);
      // Beyond the last order of a service that had more to tell, the others know what it has not told yet.
      const full = Object.values(answers).filter(
        answer => range.ids === undefined && answer.accounts.length >= range.limit,
      );
      const upTo =
        full.length > 0 ? Math.min(...full.map(answer => answer.accounts.at(-1)?.orderId ?? 0)) : null;
      const facts = new Map<number, OrderFacts>();
      for (const name of services) {
        for (const account of answers[name].accounts) {
          const { orderId } = account;
          if (upTo !== null && orderId > upTo) break;
          facts.set(orderId, { ...(facts.get(orderId) ?? { orderId }), [name]: account });
        }
      }
      const held = new Set(Object.values(answers).flatMap(answer => answer.held));
      return { facts: [...facts.values()], noticesSince: answers.notice.keptSince, upTo, held };
    },
    progress: () => progress({}),
    async standstills(ages) {
      const [answers, progress] = await Promise.all([standstills(ages), progressOfSome({})]);
      return { standing: Object.values(answers).flatMap(({ standing }) => standing), progress };
    },
    stockSums: async () => (await stockSums({}, null)).differing,
    unclaimed: item => unclaimed(item, null),
    openKeys: async paymentKeys => (await openKeys({ paymentKeys }, null)).open,
    history: async orderId => (await history({ orderId }, null)).events,
    stories: orderId => stories({ orderId }),
    handling: (orderId, eventIds) => handling({ orderId, eventIds }),
    async close() {
      await Promise.all(Object.values(peers).map(peer => peer.close()));
    },
  };
}

/** A service that is away has no answer; anything else is a fault of ours. */
function withoutAnswer(error: unknown): undefined {
  if (!(error instanceof PeerError)) throw error;
}
