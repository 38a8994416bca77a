import Type, { type Static } from 'typebox';
import type { Call } from './calls.ts';
import type { ServiceName } from './events.ts';
import { Id, MAX_INTEGER } from './fields.ts';
import type { DeliveryStatus, OrderStatus, PayStatus } from './status.ts';

/*
 * What the auditor (in customercenter) asks each service: its account of some orders, what stands still there, how far
 * it has come with events, and its part in one order's story.
 */

/** Some orders by their ids, or the next ones after an id. */
export const AccountsItem = Type.Object({
  ids: Type.Optional(Type.Array(Id, { maxItems: 1_000 })),
  after: Type.Integer({ minimum: 0, maximum: MAX_INTEGER }),
  limit: Type.Integer({ minimum: 1, maximum: 1_000 }),
});
export type AccountsItem = Static<typeof AccountsItem>;

/** What each service keeps of one order; amounts in minor units, times in ms since 1970. */
export interface Accounts {
  order: {
    orderId: number;
    state: 'intent' | OrderStatus;
    price: number | null;
    itemcd: number;
    orderQty: number;
    /** Whether a person has, or had, to settle it. */
    exception: boolean;
    createdAt: number;
  };
  pay: {
    orderId: number;
    status: PayStatus | 'voided';
    price: number | null;
    itemcd: number | null;
    orderQty: number | null;
    /** What the provider has captured for this order and not given back. */
    captured: number;
    /** The part of it that is to be given back and will be. */
    owed: number;
    /** The part of it that the provider refuses to give back. */
    refused: number;
    /** The part of it that went back another way. */
    settledByHand: number;
  };
  product: {
    orderId: number;
    hold: 'none' | 'reserved' | 'expired' | 'taken' | 'short' | 'released';
    itemcd: number;
    orderQty: number;
  };
  delivery: { orderId: number; status: DeliveryStatus | 'tombstone' };
  notice: { orderId: number; kinds: string[] };
  customercenter: {
    orderId: number;
    shown: boolean;
    status: OrderStatus | null;
    payStatus: PayStatus | null;
    deliveryStatus: DeliveryStatus | null;
    price: number | null;
    itemcd: number | null;
    quantity: number | null;
  };
}

export interface AccountsAnswer<A> {
  /** In the order of their ids. */
  accounts: A[];
  /** From when on the accounts are complete; earlier orders may have none here. */
  keptSince: number;
  /** Of orders that were asked for by id: those of which an event was set aside here. */
  held: number[];
}

export const accountsCall = <S extends ServiceName>(): Call<AccountsItem, AccountsAnswer<Accounts[S]>> => ({
  path: '/internal/accounts',
});

/** From which age on, in ms, something that is waited for stands still: what a machine does, and what a carrier does. */
export const StandstillItem = Type.Object({
  machineMs: Type.Integer({ minimum: 0, maximum: MAX_INTEGER }),
  carrierMs: Type.Integer({ minimum: 0, maximum: MAX_INTEGER }),
});
export type StandstillItem = Static<typeof StandstillItem>;

/** An order that does not get on. */
export interface Standstill {
  orderId: number;
  /** What it waits for. */
  step: string;
  /** Why, as far as the service knows. */
  why: string | null;
  /** In ms since 1970. */
  since: number;
}
/** Those that have stood still for longest, at most MAX_STANDSTILLS. */
export const MAX_STANDSTILLS = 100;
export const standstillCall: Call<StandstillItem, { standing: Standstill[] }> = {
  path: '/internal/standstills',
};

/** An event that was set aside and holds its order's later ones. */
export interface HeldEvent {
  id: number;
  key: string;
  type: string;
  state: string;
  attempts: number;
  reason: string | null;
  /** When it failed last, in ms since 1970. */
  since: number;
}

/** How far a service has come with its events. */
export interface Progress {
  /** The oldest event that waits in the outbox, and the last number that was given to one. */
  outboxOldest: number | null;
  outboxLast: number;
  /** By partition: how far the log is read, and how far it goes. */
  cursors: Record<number, number>;
  heads: Record<number, number>;
  /** What was set aside, oldest first. */
  held: HeldEvent[];
  /** Why the service stands still, by partition: the log does not have what it has to read next. */
  lost?: Record<number, string>;
}
export const progressCall: Call<Record<string, never>, Progress> = { path: '/internal/progress' };

/** All products whose pieces do not add up. */
export interface StockSums {
  itemcd: number;
  total: number;
  reserved: number;
  /** All that was ever put on the shelf, less what was taken off by hand. */
  supplied: number;
  taken: number;
  /** What is set aside for orders. */
  held: number;
}
export const stockSumsCall: Call<Record<string, never>, { differing: StockSums[] }> = {
  path: '/internal/stock-sums',
};

/** Some keys of the provider's books, or the next page of them after a key. */
export const UnclaimedItem = Type.Object({
  paymentKeys: Type.Optional(Type.Array(Type.String({ format: 'uuid' }), { maxItems: 1_000 })),
  after: Type.String({ format: 'uuid' }),
});
export type UnclaimedItem = Static<typeof UnclaimedItem>;
export interface UnclaimedAnswer {
  /** Charges that were captured some seconds ago and of which pay has no record. */
  charges: { paymentKey: string; amount: number }[];
  /** Where to go on, or null at the end. */
  next: string | null;
}
export const unclaimedCall: Call<UnclaimedItem, UnclaimedAnswer> = { path: '/internal/unclaimed-charges' };

/** order: which of these payment keys belong to an order that is being placed. */
export const OpenKeysItem = Type.Object({
  paymentKeys: Type.Array(Type.String({ format: 'uuid' }), { maxItems: 1_000 }),
});
export type OpenKeysItem = Static<typeof OpenKeysItem>;
export const openKeysCall: Call<OpenKeysItem, { open: string[] }> = { path: '/internal/open-keys' };

export const StoryItem = Type.Object({ orderId: Id });
export type StoryItem = Static<typeof StoryItem>;

/** A service's part in the story of one order. */
export interface StoryAnswer {
  /** What it did that has a time (ms since 1970). */
  happened: { at: number; what: string }[];
  /** Its rows as they are now, by table. */
  rows: { table: string; row: Record<string, unknown> }[];
}
export const storyCall: Call<StoryItem, StoryAnswer> = { path: '/internal/stories' };

/** An event of one order as it stands in the log. */
export interface LoggedEvent {
  eventId: string;
  position: number;
  type: string;
  payload: string;
  traceparent: string | null;
  /** In ms since 1970. */
  appendedAt: number;
}
export const historyCall: Call<StoryItem, { events: LoggedEvent[] }> = { path: '/internal/history' };

/** What a service has done with one order's events. */
export const HandlingItem = Type.Object({
  orderId: Id,
  eventIds: Type.Array(Type.String({ format: 'uuid' }), { maxItems: 1_000 }),
});
export type HandlingItem = Static<typeof HandlingItem>;
export interface HandlingAnswer {
  handled: { eventId: string; at: number }[];
  /** Published, and not in the log yet. */
  waiting: { type: string; at: number }[];
  held: HeldEvent[];
}
export const handlingCall: Call<HandlingItem, HandlingAnswer> = { path: '/internal/handling' };
