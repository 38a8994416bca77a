import Type, { type Static } from 'typebox';
import { Address, CustomerId, Id, Item, Money, Nullable, OrderQty, Pieces, Text } from './fields.ts';
import { deliveryStatuses, noticeStatuses, orderStatuses, payStatuses } from './status.ts';

/** RFC 3339 with milliseconds, in UTC. */
export const Instant = Type.String({ format: 'date-time' });
const words = <T extends readonly string[]>(values: T) => Type.Enum([...values] as T[number][]);

export const OrderResource = Type.Object({
  id: Id,
  item: Nullable(Item),
  orderQty: OrderQty,
  status: words(orderStatuses),
  price: Money,
  itemcd: Id,
  customerId: Nullable(CustomerId),
  address: Nullable(Address),
});
export type OrderResource = Static<typeof OrderResource>;

/** A canceled order whose goods arrived, or one like it that a person has to look at. */
export const OrderExceptionResource = Type.Object({
  id: Id,
  orderId: Id,
  status: words(orderStatuses),
  exception: Type.String(),
});
export type OrderExceptionResource = Static<typeof OrderExceptionResource>;

export const ProductResource = Type.Object({
  id: Id,
  itemcd: Id,
  name: Nullable(Item),
  price: Nullable(Money),
  totalQuantity: Pieces,
  availableQuantity: Pieces,
  imageUrl: Nullable(Text(2000)),
  // Fields that clients of the first implementation read; always null.
  address: Type.Null(),
  orderQty: Type.Null(),
  orderId: Type.Null(),
});
export type ProductResource = Static<typeof ProductResource>;

/** A change of a product's stock that is no sale; negative where pieces went. */
export const MovementResource = Type.Object({
  id: Id,
  quantity: Type.Integer(),
  reason: Type.String(),
  at: Instant,
});

export const PayResource = Type.Object({
  id: Id,
  price: Money,
  status: words(payStatuses),
  itemcd: Id,
  item: Nullable(Item),
  orderQty: OrderQty,
  orderId: Id,
  customerId: Nullable(CustomerId),
  address: Nullable(Address),
});
export type PayResource = Static<typeof PayResource>;

/** A refund that the provider refused for good. */
export const RefundExceptionResource = Type.Object({
  id: Id,
  orderId: Id,
  /** None where what is refunded was never recorded as a payment. */
  payId: Nullable(Id),
  amount: Money,
  exception: Type.String(),
});
export type RefundExceptionResource = Static<typeof RefundExceptionResource>;

export const DeliveryResource = Type.Object({
  id: Id,
  orderId: Id,
  customerId: Nullable(CustomerId),
  productName: Nullable(Item),
  qtyp: Nullable(OrderQty),
  price: Nullable(Money),
  address: Nullable(Address),
  status: words(deliveryStatuses),
  carrier: Nullable(Text(100)),
  trackingNumber: Nullable(Text(100)),
});
export type DeliveryResource = Static<typeof DeliveryResource>;

export const NoticeResource = Type.Object({
  id: Id,
  orderId: Id,
  customerId: Nullable(CustomerId),
  channel: Type.String(),
  status: words(noticeStatuses),
  kind: Type.String(),
  text: Type.String(),
  at: Instant,
  /** When the customer has seen it. */
  readAt: Nullable(Instant),
});
export type NoticeResource = Static<typeof NoticeResource>;

export const TimelineEntry = Type.Object({ status: Type.String(), at: Instant });

export const MyPageResource = Type.Object({
  id: Id,
  orderId: Id,
  item: Nullable(Item),
  status: words(orderStatuses),
  quantity: OrderQty,
  price: Money,
  itemcd: Id,
  customerId: Nullable(CustomerId),
  deliveryStatus: Nullable(words(deliveryStatuses)),
  deliveryId: Nullable(Id),
  payStatus: Nullable(words(payStatuses)),
  reason: Nullable(Text(500)),
  updatedAt: Instant,
  timeline: Type.Array(TimelineEntry),
});
export type MyPageResource = Static<typeof MyPageResource>;
