import {
  type DeliveryStatus,
  deliveryStatuses,
  type OrderStatus,
  orderStatuses,
  type PayStatus,
} from '@jumun/contracts';

/** What customers see of an order: the fold of the events that told of it, whatever order they came in. */
export interface MyPage {
  orderId: number;
  /** Whether the order itself was seen: a payment alone is not an order. */
  shown: boolean;
  status: OrderStatus | null;
  item: string | null;
  quantity: number | null;
  price: number | null;
  itemcd: number | null;
  customerId: number | null;
  deliveryStatus: DeliveryStatus | null;
  deliveryId: number | null;
  payStatus: PayStatus | null;
  reason: string | null;
  /** The latest event's time, in ms since 1970. */
  updatedAt: number;
  /** When each status was reached, in ms since 1970. */
  timeline: Record<string, number>;
}

/** What one event adds to the view. */
export interface ViewChange {
  orderId: number;
  at: number;
  shown?: boolean;
  status?: OrderStatus;
  deliveryStatus?: DeliveryStatus;
  deliveryId?: number;
  payStatus?: PayStatus;
  /** What the timeline calls it. */
  step: string;
  facts?: Partial<Pick<MyPage, 'item' | 'quantity' | 'price' | 'itemcd' | 'customerId' | 'reason'>>;
}

export function emptyPage(orderId: number): MyPage {
  return {
    orderId,
    shown: false,
    status: null,
    item: null,
    quantity: null,
    price: null,
    itemcd: null,
    customerId: null,
    deliveryStatus: null,
    deliveryId: null,
    payStatus: null,
    reason: null,
    updatedAt: 0,
    timeline: {},
  };
}

/** The later of two steps, by their rank and never by their time. */
function later<T extends string>(words: readonly T[], a: T | null, b: T | undefined): T | null {
  if (b === undefined) return a;
  if (a === null) return b;
  return words.indexOf(b) > words.indexOf(a) ? b : a;
}

// Approved, then canceled; a declined payment never becomes an order.
const payRank: readonly PayStatus[] = ['declined', 'approved', 'canceled'];

/**
 * Adds one event. It commutes and is idempotent: ranks and the earliest time of each step only ever move one way,
 * and the facts of one order are the same in every event that has them.
 */
export function evolve(page: MyPage, change: ViewChange): MyPage {
  const { facts = {}, at, step } = change;
  const known = page.timeline[step];
  return {
    orderId: page.orderId,
    shown: page.shown || change.shown === true,
    status: later(orderStatuses, page.status, change.status),
    item: page.item ?? facts.item ?? null,
    quantity: page.quantity ?? facts.quantity ?? null,
    price: page.price ?? facts.price ?? null,
    itemcd: page.itemcd ?? facts.itemcd ?? null,
    customerId: page.customerId ?? facts.customerId ?? null,
    deliveryStatus: later(deliveryStatuses, page.deliveryStatus, change.deliveryStatus),
    deliveryId: page.deliveryId ?? change.deliveryId ?? null,
    payStatus: later(payRank, page.payStatus, change.payStatus),
    reason: page.reason ?? facts.reason ?? null,
    updatedAt: Math.max(page.updatedAt, at),
    timeline: { ...page.timeline, [step]: known === undefined ? at : Math.min(known, at) },
  };
}
