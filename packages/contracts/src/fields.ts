import Type, { type TSchema } from 'typebox';

/** The largest count or amount that JavaScript carries without rounding (2^53 - 1). */
export const MAX_INTEGER = Number.MAX_SAFE_INTEGER;
/** What one product may hold; far enough below MAX_INTEGER that sums of stock stay exact. */
export const MAX_STOCK = 1_000_000_000_000;
export const MAX_ORDER_QTY = 1_000_000;

/** An aggregate's number: 1 and up. */
export const Id = Type.Integer({ minimum: 1, maximum: MAX_INTEGER });
/** Integer minor units of the shop's currency (for KRW: won). */
export const Money = Type.Integer({ minimum: 0, maximum: MAX_INTEGER });
export const OrderQty = Type.Integer({ minimum: 1, maximum: MAX_ORDER_QTY });
/** What may be put on a shelf. */
export const Stock = Type.Integer({ minimum: 0, maximum: MAX_STOCK });
/** What may stand there: returned pieces come on top of a full shelf. */
export const Pieces = Type.Integer({ minimum: 0, maximum: MAX_INTEGER });

/** Text that PostgreSQL can store: no NUL, no half of a surrogate pair. */
export const Text = (maxLength: number) =>
  Type.String({ maxLength, pattern: '^[^\\u0000\\ud800-\\udfff]*$' });

/** A value that older publishers and clients may leave null. */
export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

export const Item = Text(200);
export const Address = Text(500);
/** Identities map to an integer, as in the first implementation (a Long). */
export const CustomerId = Type.Integer({ minimum: 0, maximum: MAX_INTEGER });
