import Type, { type Static } from 'typebox';
import { Address, CustomerId, Id, Item, Money, Nullable, OrderQty } from './fields.ts';

/**
 * Calls between services. Each goes to a batch route under /internal that only services may call:
 * many items in, a line for each out. (The same can be done for one order with the public resources.)
 */
export interface Call<I, O> {
  readonly path: string;
  /** Carries the item's and the answer's type; has no value. */
  readonly types?: { item: I; answer: O };
}

/** order → product: sets pieces aside for an order. Refused with unknown-product, out-of-stock, reservation-closed. */
export const ReserveItem = Type.Object({ orderId: Id, itemcd: Id, orderQty: OrderQty });
export type ReserveItem = Static<typeof ReserveItem>;
export interface ReserveAnswer {
  name: string | null;
  /** For one piece, in minor units, where the product has a price. */
  unitPrice: number | null;
  availableQuantity: number;
}
export const reserveCall: Call<ReserveItem, ReserveAnswer> = { path: '/internal/reservations' };

/** order → product: gives back what was reserved for an order that came to nothing. */
export const ReleaseItem = Type.Object({ orderId: Id, itemcd: Id });
export type ReleaseItem = Static<typeof ReleaseItem>;
export const releaseCall: Call<ReleaseItem, { released: boolean }> = { path: '/internal/releases' };

/** order → pay: charges an order at most once by its key. Refused with payment-declined, payment-voided, … */
export const ChargeItem = Type.Object({
  paymentKey: Type.String({ format: 'uuid' }),
  orderId: Id,
  price: Money,
  itemcd: Id,
  item: Nullable(Item),
  orderQty: OrderQty,
  customerId: Nullable(CustomerId),
  address: Nullable(Address),
});
export type ChargeItem = Static<typeof ChargeItem>;
export interface ChargeAnswer {
  id: number;
  price: number;
  itemcd: number;
  item: string | null;
}
export const chargeCall: Call<ChargeItem, ChargeAnswer> = { path: '/internal/charges' };

/** order → pay: what a charge whose answer was lost has come to. */
export const FindPaymentItem = Type.Object({ paymentKey: Type.String({ format: 'uuid' }), orderId: Id });
export type FindPaymentItem = Static<typeof FindPaymentItem>;
export interface FindPaymentAnswer {
  /** The payment that stands, if one was recorded. */
  payment: ChargeAnswer | null;
  /** What the provider captured though no payment was recorded yet, in minor units. */
  captured: number | null;
}
export const findPaymentCall: Call<FindPaymentItem, FindPaymentAnswer> = { path: '/internal/payments' };

/**
 * order → pay: nothing may be captured under this key from now on, and what was is refunded.
 * With `unlessCaptured` a payment that was made stands, and the answer has it.
 */
export const VoidItem = Type.Object({
  paymentKey: Type.String({ format: 'uuid' }),
  orderId: Id,
  unlessCaptured: Type.Boolean(),
});
export type VoidItem = Static<typeof VoidItem>;
export interface VoidAnswer {
  /** The payment that stands, or null where the key is void. */
  captured: ChargeAnswer | null;
}
export const voidCall: Call<VoidItem, VoidAnswer> = { path: '/internal/voids' };

/** pay → order: whether an order stands, or may still come to. */
export const KnownItem = Type.Object({ orderId: Id });
export type KnownItem = Static<typeof KnownItem>;
export const knownCall: Call<KnownItem, { known: boolean }> = { path: '/internal/known-orders' };
