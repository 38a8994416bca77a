import Type, { type Static, type TObject, type TProperties } from 'typebox';
import { Address, CustomerId, Id, Item, Money, Nullable, OrderQty, Pieces, Text } from './fields.ts';

/** The names under which services publish and consume. */
export const services = ['order', 'product', 'pay', 'delivery', 'notice', 'customercenter'] as const;
export type ServiceName = (typeof services)[number];

/**
 * An event's contract: its name on the wire, who publishes it, and the shape of its fields.
 * A contract may only ever gain optional fields (test/contracts.test.ts holds a snapshot).
 */
export interface EventContract<T extends string = string, P extends TProperties = TProperties> {
  readonly type: T;
  readonly publisher: ServiceName;
  readonly schema: TObject<P>;
}

function event<T extends string, P extends TProperties>(
  publisher: ServiceName,
  type: T,
  fields: P,
): EventContract<T, P> {
  return { type, publisher, schema: Type.Object(fields) };
}

const optionalText = Type.Optional(Nullable(Text(500)));
const optionalItem = Type.Optional(Nullable(Item));
const optionalAddress = Type.Optional(Nullable(Address));
const optionalCustomer = Type.Optional(Nullable(CustomerId));

const orderFields = {
  id: Id,
  item: optionalItem,
  orderQty: OrderQty,
  status: optionalText,
  price: Money,
  itemcd: Id,
  customerId: optionalCustomer,
  address: optionalAddress,
};

const payFields = {
  id: Id,
  price: Money,
  status: optionalText,
  itemcd: Id,
  item: optionalItem,
  orderQty: OrderQty,
  orderId: Id,
  customerId: optionalCustomer,
  address: optionalAddress,
};

const deliveryFields = {
  id: Id,
  orderId: Id,
  customerId: optionalCustomer,
  productName: optionalItem,
  qtyp: Type.Optional(Nullable(OrderQty)),
  price: Type.Optional(Nullable(Money)),
  address: optionalAddress,
  status: optionalText,
};

// Order
export const Ordered = event('order', 'Ordered', orderFields);
export const OrderCanceled = event('order', 'OrderCanceled', { ...orderFields, reason: optionalText });

// Pay
export const PayApproved = event('pay', 'PayApproved', payFields);
export const PayCanceled = event('pay', 'PayCanceled', {
  ...payFields,
  reason: optionalText,
  /** The payment never had an order: nobody was told of it, and nobody is to be. */
  voided: Type.Optional(Nullable(Type.Boolean())),
});

// Product
export const DeliveryPrepared = event('product', 'DeliveryPrepared', {
  id: Type.Optional(Nullable(Id)),
  address: optionalAddress,
  itemcd: Id,
  item: optionalItem,
  orderQty: OrderQty,
  totalQuantity: Type.Optional(Nullable(Pieces)),
  orderId: Id,
  customerId: optionalCustomer,
  price: Type.Optional(Nullable(Money)),
});
export const StockShort = event('product', 'StockShort', {
  orderId: Id,
  itemcd: Id,
  orderQty: OrderQty,
  totalQuantity: Pieces,
  customerId: optionalCustomer,
});
export const ProductChanged = event('product', 'ProductChanged', {
  id: Id,
  name: optionalItem,
  price: Type.Optional(Nullable(Money)),
  totalQuantity: Pieces,
  imageUrl: Type.Optional(Nullable(Text(2000))),
});

// Delivery
export const DeliveryRequested = event('delivery', 'DeliveryRequested', deliveryFields);
export const DeliveryStarted = event('delivery', 'DeliveryStarted', deliveryFields);
export const DeliveryCompleted = event('delivery', 'DeliveryCompleted', deliveryFields);
export const DeliveryCanceled = event('delivery', 'DeliveryCanceled', deliveryFields);

export const eventContracts = [
  Ordered,
  OrderCanceled,
  PayApproved,
  PayCanceled,
  DeliveryPrepared,
  StockShort,
  ProductChanged,
  DeliveryRequested,
  DeliveryStarted,
  DeliveryCompleted,
  DeliveryCanceled,
] as const;

/** The fields of an event, as they stand in the flat JSON beside `eventType` and `timestamp`. */
export type FieldsOf<C> = C extends EventContract<string, infer P> ? Static<TObject<P>> : never;

/** An event that an aggregate decided: its contract's name and its fields, not yet on its way. */
export type EventOf<C> = C extends EventContract<infer T, infer P> ? { type: T } & Static<TObject<P>> : never;
