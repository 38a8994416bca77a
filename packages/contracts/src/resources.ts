import Type, { type Static } from 'typebox';
import { Address, CustomerId, Id, Item, Money, Nullable, OrderQty, Pieces, Text } from './fields.ts';
import { deliveryStatuses, noticeStatuses, orderStatuses, payStatuses } from './status.ts';

/** RFC 3339 with milliseconds, in UTC. */
const Instant = Type.String({ format: 'date-time' });
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
