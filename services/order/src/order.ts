import {
  type Decision,
  type EventOf,
  type OrderCanceled,
  type Ordered,
  type OrderStatus,
  orderStatuses,
} from '@jumun/contracts';

/** What a customer wants. */
export interface Wish {
  id: number;
  item: string | null;
  orderQty: number;
  /** For the whole order, in minor units; unknown until the product has been asked. */
  price: number | null;
  itemcd: number;
  customerId: number | null;
  address: string | null;
}

/** What was agreed and paid for. */
export interface Terms extends Wish {
  price: number;
}

/** A wish that is durable and not yet an order; nobody sees it. */
export interface Intent extends Wish {
  /** The key under which the payment is charged at most once (a UUID). */
  paymentKey: string;
  /** Whether the client can ask again with its Idempotency-Key. */
  keyed: boolean;
  /** The W3C trace of the request that opened it. */
  traceparent: string | null;
}

export interface Standing extends Terms {
  kind: 'order';
  status: OrderStatus;
  reason: string | null;
  exception: string | null;
  exceptionSettled: boolean;
}

export type Order =
  | { kind: 'none' }
  | ({ kind: 'intent'; voiding: boolean } & Intent)
  /** An intent that came to nothing; `refusal` where the payment was refused. */
  | { kind: 'ended'; refusal: string | null }
  | Standing;

export type OrderCommand =
  | { type: 'open'; id: number; intent: Intent }
  | { type: 'establish'; id: number; price: number; item: string | null }
  /** The payment was refused. */
  | { type: 'refuse'; id: number; refusal: string }
  /** Nothing was charged and nothing will be. */
  | { type: 'abandon'; id: number }
  /** From here on the intent cannot become an order. */
  | { type: 'void'; id: number }
  /** Pay acknowledged the void: nothing is captured and nothing can be. */
  | { type: 'voided'; id: number }
  | { type: 'cancel'; id: number; reason: string | null }
  | { type: 'advance'; id: number; status: 'deliveryPrepared' | 'deliverystarted' | 'deliverycompleted' }
  | { type: 'payCanceled'; id: number }
  | { type: 'stockShort'; id: number; left: number }
  | { type: 'settleException'; id: number };

export type OrderEvent =
  | { type: 'IntentOpened'; intent: Intent }
  | { type: 'IntentVoiding' }
  | { type: 'IntentEnded'; refusal: string | null }
  | EventOf<typeof Ordered>
  | EventOf<typeof OrderCanceled>
  | { type: 'StatusAdvanced'; status: OrderStatus }
  | { type: 'ExceptionRaised'; exception: string }
  | { type: 'ExceptionSettled' };

const rank = (status: OrderStatus) => orderStatuses.indexOf(status);

function fieldsOf({ id, item, orderQty, price, itemcd, customerId, address }: Terms, status: OrderStatus) {
  return { id, item, orderQty, status, price, itemcd, customerId, address };
}

function cancel(order: Standing, reason: string | null): OrderEvent[] {
  return [{ type: 'OrderCanceled', ...fieldsOf(order, 'orderCanceled'), reason }];
}

export function decide(command: OrderCommand, order: Order): Decision<OrderEvent> {
  switch (command.type) {
    case 'open':
      return order.kind === 'none' ? [{ type: 'IntentOpened', intent: command.intent }] : [];

    case 'establish':
      if (order.kind === 'order') return [];
      if (order.kind !== 'intent' || order.voiding) return notOpen(command.id);
      return [
        { type: 'Ordered', ...fieldsOf({ ...order, price: command.price, item: command.item }, 'ordered') },
      ];

    case 'refuse':
      return order.kind === 'intent'
        ? [{ type: 'IntentEnded', refusal: command.refusal }]
        : notOpen(command.id);

    case 'abandon':
    case 'voided':
      return order.kind === 'intent' ? [{ type: 'IntentEnded', refusal: null }] : [];

    case 'void':
      if (order.kind !== 'intent') return notOpen(command.id);
      return order.voiding ? [] : [{ type: 'IntentVoiding' }];

    case 'cancel':
      if (order.kind !== 'order')
        return { rejected: 'unknown-order', detail: `There is no order ${command.id}.` };
      if (order.status === 'orderCanceled') return [];
      if (order.status === 'deliverycompleted') {
        return {
          rejected: 'delivery-completed',
          detail: `Order ${command.id} was delivered; it cannot be canceled.`,
        };
      }
      return cancel(order, command.reason);

    case 'advance':
      if (order.kind !== 'order') return [];
      if (order.status === 'orderCanceled') {
        const goodsAreOut = command.status === 'deliverycompleted' && order.exception === null;
        return goodsAreOut
          ? [{ type: 'ExceptionRaised', exception: 'the order is canceled and its goods were delivered' }]
          : [];
      }
      return rank(command.status) > rank(order.status)
        ? [{ type: 'StatusAdvanced', status: command.status }]
        : [];

    case 'payCanceled':
      // Paid back before it was established: an order must not come of it any more.
      if (order.kind === 'intent' && !order.voiding) return [{ type: 'IntentVoiding' }];
      if (order.kind !== 'order' || order.status === 'orderCanceled') return [];
      if (order.status === 'deliverycompleted') {
        const exception = 'the payment was canceled after the goods were delivered';
        return order.exception === null ? [{ type: 'ExceptionRaised', exception }] : [];
      }
      return cancel(order, 'the payment was canceled');

    case 'stockShort':
      if (order.kind !== 'order' || order.status !== 'ordered') return [];
      return cancel(order, `out of stock: ${command.left} left`);

    case 'settleException':
      if (order.kind !== 'order' || order.exception === null || order.exceptionSettled) {
        return { rejected: 'unknown-exception', detail: `Order ${command.id} has no open exception.` };
      }
      return [{ type: 'ExceptionSettled' }];
  }
}

function notOpen(id: number): Decision<OrderEvent> {
  return { rejected: 'payment-unknown', detail: `Order ${id} was given up before it was established.` };
}

export function evolve(order: Order, event: OrderEvent): Order {
  switch (event.type) {
    case 'IntentOpened':
      return { kind: 'intent', voiding: false, ...event.intent };
    case 'IntentVoiding':
      return order.kind === 'intent' ? { ...order, voiding: true } : order;
    case 'IntentEnded':
      return { kind: 'ended', refusal: event.refusal };
    case 'Ordered': {
      if (order.kind !== 'intent') return order;
      const { id, orderQty, itemcd, customerId, address } = order;
      const { price } = event;
      const item = event.item ?? null;
      const fresh = { status: 'ordered', reason: null, exception: null, exceptionSettled: false } as const;
      return { kind: 'order', id, item, orderQty, price, itemcd, customerId, address, ...fresh };
    }
    case 'OrderCanceled':
      return order.kind === 'order'
        ? { ...order, status: 'orderCanceled', reason: event.reason ?? null }
        : order;
    case 'StatusAdvanced':
      return order.kind === 'order' ? { ...order, status: event.status } : order;
    case 'ExceptionRaised':
      return order.kind === 'order' ? { ...order, exception: event.exception } : order;
    case 'ExceptionSettled':
      return order.kind === 'order' ? { ...order, exceptionSettled: true } : order;
  }
}
