import type { Accounts, DeliveryStatus, OrderStatus } from '@jumun/contracts';

/** What all services keep of one order; a service that knows nothing of it is missing. */
export interface OrderFacts extends Partial<Accounts> {
  orderId: number;
}

export type DifferenceKind =
  | 'money'
  | 'payment'
  | 'stock'
  | 'reservation'
  | 'delivery'
  | 'notice'
  | 'view'
  | 'saga';

/** Something that does not agree between services. */
export interface Difference {
  kind: DifferenceKind;
  detail: string;
}

type Delivered = DeliveryStatus | 'tombstone' | 'none';

/**
 * Says in what the services disagree about an order that is at rest: nothing of it is under way.
 * @param noticesSince notices of orders that are older (ms since 1970) are not all kept
 */
export function check(facts: OrderFacts, noticesSince: number): Difference[] {
  // Nobody sees an order that is still being placed, and what belongs to it comes and goes.
  if (facts.order?.state === 'intent') return [];
  return [
    ...checkMoney(facts),
    ...checkPayment(facts),
    ...checkPieces(facts),
    ...checkDelivery(facts),
    ...checkNotices(facts, noticesSince),
    ...checkView(facts),
  ];
}

/** The order, if it stands. */
function standing({ order }: OrderFacts): (Accounts['order'] & { state: OrderStatus }) | undefined {
  if (!order || order.state === 'intent' || order.state === 'orderCanceled') return undefined;
  return { ...order, state: order.state };
}

/** Delivered and paid back at the same time: it stands, and a person has to settle it. */
const isPaidBack = ({ order, pay }: OrderFacts) => order?.exception === true && pay?.status === 'canceled';

function stateOf({ order }: OrderFacts): string {
  return order ? `the order is ${order.state}` : 'there is no order';
}

function checkMoney(facts: OrderFacts): Difference[] {
  const { captured = 0, owed = 0, refused = 0, settledByHand = 0 } = facts.pay ?? {};
  const held = captured - owed - refused - settledByHand;
  const due = isPaidBack(facts) ? 0 : (standing(facts)?.price ?? 0);
  if (held === due) return [];
  return [{ kind: 'money', detail: `the provider holds ${held} where ${due} is due: ${stateOf(facts)}` }];
}

function checkPayment(facts: OrderFacts): Difference[] {
  const { order, pay } = facts;
  const found = pay?.status ?? 'none';
  const differs = (wanted: string): Difference[] => [
    { kind: 'payment', detail: `the payment is ${found} and not ${wanted}: ${stateOf(facts)}` },
  ];
  if (!order) return found === 'approved' ? differs('void') : [];
  if (order.state === 'orderCanceled' || isPaidBack(facts)) {
    return found === 'canceled' ? [] : differs('canceled');
  }
  if (!pay || found !== 'approved') return differs('approved');
  return (['price', 'itemcd', 'orderQty'] as const)
    .filter(field => pay[field] !== order[field])
    .map(field => ({
      kind: 'payment',
      detail: `paid with ${field} ${pay[field]}, ordered with ${order[field]}`,
    }));
}

function checkPieces(facts: OrderFacts): Difference[] {
  const { product: line } = facts;
  const hold = line?.hold ?? 'none';
  const order = standing(facts);
  if (!order) {
    if (hold === 'reserved' && !facts.order) {
      return [{ kind: 'reservation', detail: `${line?.orderQty} pieces are reserved for no order` }];
    }
    // Of an order that stood once there is a line that says so.
    const wrong = facts.order ? hold !== 'released' : hold === 'taken' || hold === 'reserved';
    return wrong ? [{ kind: 'stock', detail: `the pieces are ${hold}: ${stateOf(facts)}` }] : [];
  }
  if (order.state === 'ordered') {
    return [{ kind: 'saga', detail: `nothing is under way, the pieces are ${hold}: ${stateOf(facts)}` }];
  }
  // Whether its pieces came back is for the person who settles it.
  if (isPaidBack(facts)) return [];
  if (hold !== 'taken')
    return [{ kind: 'stock', detail: `the pieces are ${hold} and not taken: ${stateOf(facts)}` }];
  return (['itemcd', 'orderQty'] as const)
    .filter(field => line?.[field] !== order[field])
    .map(field => ({ kind: 'stock', detail: `taken with ${field} ${line?.[field]}, not ${order[field]}` }));
}

const deliveryFor: Partial<Record<OrderStatus, Delivered[]>> = {
  deliveryPrepared: ['deliveryRequested'],
  deliverystarted: ['deliverystarted'],
  deliverycompleted: ['deliverycompleted'],
};

function checkDelivery(facts: OrderFacts): Difference[] {
  const found: Delivered = facts.delivery?.status ?? 'none';
  const order = standing(facts);
  let wanted: Delivered[] | undefined;
  if (order) wanted = deliveryFor[order.state];
  else if (!facts.order) wanted = ['none', 'tombstone'];
  else wanted = facts.order.exception ? ['deliverycompleted'] : ['none', 'tombstone', 'deliveryCanceled'];
  if (!wanted || wanted.includes(found)) return [];
  return [{ kind: 'delivery', detail: `the delivery is ${found} and not ${wanted[0]}: ${stateOf(facts)}` }];
}

const steps: OrderStatus[] = ['ordered', 'deliveryPrepared', 'deliverystarted', 'deliverycompleted'];
const noticeOf: Partial<Record<OrderStatus, string>> = {
  ordered: 'Ordered',
  deliveryPrepared: 'DeliveryPrepared',
  deliverystarted: 'DeliveryStarted',
  deliverycompleted: 'DeliveryCompleted',
};

/** What has to have been told, and what may have been besides. */
function noticesFor(facts: OrderFacts): { required: string[]; allowed: string[] } {
  const { order, delivery, pay } = facts;
  const paidBack = pay?.status === 'canceled' ? ['PayCanceled'] : [];
  // A payment that was canceled by hand before there was an order.
  if (!order) return { required: [], allowed: paidBack };
  const current = standing(facts);
  if (current) {
    const reached = steps.slice(0, steps.indexOf(current.state) + 1);
    return { required: [...reached.map(step => noticeOf[step] ?? ''), ...paidBack], allowed: [] };
  }
  const required = ['Ordered', 'OrderCanceled', ...paidBack];
  if (delivery?.status === 'deliveryCanceled') required.push('DeliveryPrepared', 'DeliveryCanceled');
  if (delivery?.status === 'deliverycompleted')
    required.push('DeliveryPrepared', 'DeliveryStarted', 'DeliveryCompleted');
  // It may have been prepared, and its delivery canceled before it was opened; or started before it was canceled.
  return { required, allowed: ['DeliveryPrepared', 'DeliveryStarted'] };
}

function checkNotices(facts: OrderFacts, noticesSince: number): Difference[] {
  if (facts.order && facts.order.createdAt < noticesSince) return [];
  const told = facts.notice?.kinds ?? [];
  const { required, allowed } = noticesFor(facts);
  const missing = required.filter(kind => !told.includes(kind));
  const strange = told.filter(kind => !required.includes(kind) && !allowed.includes(kind));
  return [
    ...missing.map((kind): Difference => ({ kind: 'notice', detail: `not told of ${kind}` })),
    ...strange.map((kind): Difference => ({ kind: 'notice', detail: `told of ${kind}: ${stateOf(facts)}` })),
  ];
}

function checkView(facts: OrderFacts): Difference[] {
  const { order, pay, delivery, customercenter: view } = facts;
  if (!order) return view?.shown ? [{ kind: 'view', detail: 'shown, and there is no order' }] : [];
  if (!view?.shown) return [{ kind: 'view', detail: `not shown: ${stateOf(facts)}` }];
  const delivered = delivery === undefined || delivery.status === 'tombstone' ? null : delivery.status;
  const wanted = {
    status: order.state,
    payStatus: pay?.status ?? null,
    deliveryStatus: delivered,
    price: order.price,
    itemcd: order.itemcd,
    quantity: order.orderQty,
  };
  return (Object.keys(wanted) as (keyof typeof wanted)[])
    .filter(field => view[field] !== wanted[field])
    .map(field => ({ kind: 'view', detail: `shows ${field} ${view[field]}, which is ${wanted[field]}` }));
}
