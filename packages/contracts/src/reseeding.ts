import Type, { type Static } from 'typebox';
import type { AccountsItem } from './audit.ts';
import type { Call } from './calls.ts';
import { Text } from './fields.ts';
import type { DeliveryStatus, OrderStatus, PayStatus } from './status.ts';

/*
 * What `jumun reseed` asks: the owners, for what they know of their orders, and the service that has missed events, to
 * take those that can be told again from it.
 */

/** What each owner knows of one order: enough to tell again what it has published. Times in ms since 1970. */
export interface States {
  order: {
    orderId: number;
    item: string | null;
    orderQty: number;
    status: OrderStatus;
    price: number;
    itemcd: number;
    customerId: number | null;
    address: string | null;
    reason: string | null;
    orderedAt: number;
    /** When its status changed last, or something was noted on it. */
    updatedAt: number;
  };
  /** A payment that was captured. */
  pay: {
    orderId: number;
    id: number;
    status: Exclude<PayStatus, 'declined'>;
    price: number;
    itemcd: number;
    item: string | null;
    orderQty: number;
    customerId: number | null;
    address: string | null;
    reason: string | null;
    approvedAt: number;
    canceledAt: number | null;
  };
  /** The pieces of an order that was paid, or canceled. */
  product: {
    orderId: number;
    itemcd: number;
    orderQty: number;
    payId: number | null;
    hold: 'none' | 'reserved' | 'expired' | 'taken' | 'short' | 'released';
    /** When they were taken, if that was written down. */
    preparedAt: number | null;
    /** How many more can be had now. */
    available: number;
  };
  delivery: {
    orderId: number;
    id: number;
    customerId: number | null;
    productName: string | null;
    qtyp: number | null;
    price: number | null;
    address: string | null;
    status: DeliveryStatus;
    requestedAt: number;
    /** When it took each step, if it did and that was written down. */
    startedAt: number | null;
    completedAt: number | null;
    canceledAt: number | null;
  };
}
export type OwnerName = keyof States;

export const statesCall = <O extends OwnerName>(): Call<AccountsItem, { states: States[O][] }> => ({
  path: '/internal/states',
});

/** Events of one order, or of one product, in order. */
export const HandOverItem = Type.Object({
  events: Type.Array(
    Type.Object({
      eventId: Type.String({ format: 'uuid' }),
      key: Text(200),
      type: Text(100),
      payload: Type.String(),
    }),
    { maxItems: 20 },
  ),
});
export type HandOverItem = Static<typeof HandOverItem>;
/** How many of the events had their effects now, had them before, and are dead letters now. */
export interface HandOverAnswer {
  handled: number;
  repeated: number;
  setAside: number;
}
export const handOverCall: Call<HandOverItem, HandOverAnswer> = { path: '/internal/events' };

/** Which types of events a service takes; none where it only ever goes on with what is new. */
export const takesCall: Call<Record<string, never>, { types: string[] }> = { path: '/internal/takes' };

/** Has a service go on in those partitions in which the log does not have what comes next: partition → from where. */
export const resumeCall: Call<Record<string, never>, { moved: Record<number, number> }> = {
  path: '/internal/resumption',
};
