import { type Decision, isRejection, type ServiceName } from '@jumun/contracts';
import type { Subscription } from '@jumun/messaging';
import { expect } from 'vitest';
import { subscriptions as ofView } from '../../services/customercenter/src/subscriptions.ts';
import { emptyPage, evolve as evolvePage, type MyPage } from '../../services/customercenter/src/view.ts';
import * as deliveries from '../../services/delivery/src/delivery.ts';
import { subscriptions as ofDelivery } from '../../services/delivery/src/subscriptions.ts';
import * as orders from '../../services/order/src/order.ts';
import { subscriptions as ofOrder } from '../../services/order/src/subscriptions.ts';
import * as pays from '../../services/pay/src/pay.ts';
import { subscriptions as ofPay } from '../../services/pay/src/subscriptions.ts';
import * as products from '../../services/product/src/product.ts';
import { subscriptions as ofProduct } from '../../services/product/src/subscriptions.ts';

const PRICE = 2_000;
const SUPPLY = 4;
export const itemcds = [1, 2];

/** What can happen next. A number names one of those that there are, counted round. */
export type Step =
  | { do: 'place'; itemcd: number; orderQty: number }
  /** A call between the services arrives, or is lost with whatever would have followed. */
  | { do: 'call' | 'lose call'; which: number }
  | {
      do: 'give up' | 'cancel order' | 'cancel payment' | 'start delivery' | 'complete delivery';
      which: number;
    }
  | { do: 'move stock'; itemcd: number; quantity: number }
  /** An event reaches one of those who listen; of one publisher and order the first comes first. */
  | { do: 'deliver'; which: number }
  /** An event that somebody has had comes once more, under a new id. */
  | { do: 'deliver again'; which: number }
  /** All calls and events that are on their way arrive. */
  | { do: 'let all arrive' };

type Call =
  | { what: 'charge'; id: number }
  | { what: 'record'; id: number }
  | { what: 'establish'; id: number }
  | { what: 'void'; id: number }
  | { what: 'voided'; id: number };

interface Delivered {
  to: ServiceName;
  // biome-ignore lint/suspicious/noExplicitAny: what an event has is for the subscriptions to say.
  event: any;
}

/** A service as far as it hears events; each has commands of its own. */
interface Listener {
  // biome-ignore lint/suspicious/noExplicitAny: what a subscription gives is what its service handles.
  subscriptions: Subscription<any>[];
  // biome-ignore lint/suspicious/noExplicitAny: see above.
  handle(command: any): void;
}

/** The deciders of all services, wired together in memory by the real subscriptions; no clock and no database. */
export interface Saga {
  step(step: Step): void;
  /** What is under way comes to its end, in some order. */
  finish(): void;
  /** @throws where money, stock, deliveries or the view do not agree with the orders */
  check(): void;
}

export function createSaga(): Saga {
  const order = new Map<number, orders.Order>();
  const pay = new Map<number, pays.Pay>();
  const delivery = new Map<number, deliveries.Delivery>();
  const product = new Map<number, products.Product>();
  const line = new Map<number, products.Line & { itemcd: number }>();
  const page = new Map<number, MyPage>();
  const supplied = new Map<number, number>();
  const keyOf = (id: number) => `key of ${id}`;
  /** The provider's books, and what pay owes of it. */
  const captured = new Map<string, number>();
  const refunded = new Set<string>();

  let calls: Call[] = [];
  const had: Delivered[] = [];
  /** listener, publisher and order → what it has not had yet */
  const queues = new Map<string, Delivered[]>();
  let ids = 0;

  function publish(publisher: ServiceName, events: { type: string }[]): void {
    for (const event of events) {
      const key = 'orderId' in event ? event.orderId : 'id' in event ? event.id : 0;
      for (const [to, { subscriptions }] of Object.entries(listeners)) {
        if (!subscriptions.some(({ type }) => type === event.type)) continue;
        const name = `${to} ${publisher} ${event.type === 'ProductChanged' ? 'product' : ''}${key}`;
        const timestamp = ++ids;
        const delivered = { to: to as ServiceName, event: { ...event, timestamp } };
        queues.set(name, [...(queues.get(name) ?? []), delivered]);
      }
    }
  }

  function carry<State, Command, Event extends { type: string }>(
    publisher: ServiceName,
    { decide, evolve }: { decide(c: Command, s: State): Decision<Event>; evolve(s: State, e: Event): State },
    command: Command,
    state: State,
  ): { after: State; events: Event[]; refused: boolean } {
    const decision = decide(command, state);
    if (isRejection(decision)) return { after: state, events: [], refused: true };
    publish(publisher, decision);
    return { after: decision.reduce(evolve, state), events: decision, refused: false };
  }

  function onOrder(command: orders.OrderCommand): boolean {
    const nothing: orders.Order = { kind: 'none' };
    const { after, refused } = carry('order', orders, command, order.get(command.id) ?? nothing);
    order.set(command.id, after);
    return !refused;
  }

  function onPay(command: pays.PayCommand): pays.Pay {
    const before = pay.get(command.orderId) ?? { kind: 'none' };
    const { after, events } = carry<pays.Pay, pays.PayCommand, pays.PayEvent>('pay', pays, command, before);
    pay.set(command.orderId, after);
    // What the store owes: once for each payment.
    const isCanceled = (it: pays.Pay) => it.kind === 'payment' && it.status === 'canceled';
    if (isCanceled(after) && !isCanceled(before)) refunded.add(keyOf(command.orderId));
    for (const event of events) if (event.type === 'CaptureRejected') refunded.add(event.paymentKey);
    return after;
  }

  function onProduct(command: products.ProductCommand): boolean {
    const id = 'orderId' in command ? command.orderId : undefined;
    const known = id === undefined ? undefined : line.get(id);
    const before = { product: product.get(command.itemcd) ?? null, line: known ?? null };
    const { after, refused } = carry<products.Shelf, products.ProductCommand, products.ProductEvent>(
      'product',
      products,
      command,
      before,
    );
    if (after.product) product.set(command.itemcd, after.product);
    if (id !== undefined && after.line) line.set(id, { ...after.line, itemcd: command.itemcd });
    return !refused;
  }

  function onDelivery(command: deliveries.DeliveryCommand): void {
    const before = delivery.get(command.orderId) ?? { kind: 'none' };
    delivery.set(
      command.orderId,
      carry('delivery', deliveries, command, before as deliveries.Delivery).after,
    );
  }

  const listeners: Partial<Record<ServiceName, Listener>> = {
    order: {
      subscriptions: ofOrder,
      handle: command => command.type !== 'productChanged' && onOrder(command),
    },
    pay: { subscriptions: ofPay, handle: onPay },
    product: { subscriptions: ofProduct, handle: onProduct },
    delivery: {
      subscriptions: ofDelivery,
      handle: command =>
        onDelivery(
          command.type === 'prepare' ? { ...command, parcel: { ...command.parcel, id: ++ids } } : command,
        ),
    },
    customercenter: {
      subscriptions: ofView,
      handle: change =>
        page.set(change.orderId, evolvePage(page.get(change.orderId) ?? emptyPage(change.orderId), change)),
    },
  };

  function hand({ to, event }: Delivered): void {
    const listener = listeners[to];
    const command = listener?.subscriptions.find(({ type }) => type === event.type)?.toCommand(event);
    if (command !== undefined) listener?.handle(command);
  }

  function deliver(which: number): boolean {
    const open = [...queues].filter(([, queue]) => queue.length > 0);
    const [, queue] = some(open, which) ?? [];
    const next = queue?.shift();
    if (!next) return false;
    hand(next);
    had.push(next);
    return true;
  }

  function place(itemcd: number, orderQty: number): void {
    const id = ++ids;
    const terms = { item: null, orderQty, price: PRICE, itemcd, customerId: null, address: null };
    onOrder({
      type: 'open',
      id,
      intent: { id, ...terms, paymentKey: keyOf(id), keyed: false, traceparent: null },
    });
    if (onProduct({ type: 'reserve', itemcd, orderId: id, orderQty })) calls.push({ what: 'charge', id });
    else onOrder({ type: 'abandon', id });
  }

  function make({ what, id }: Call): void {
    const key = keyOf(id);
    const intent = order.get(id);
    switch (what) {
      case 'charge':
        if ((pay.get(id) ?? { kind: 'none' }).kind !== 'none') return;
        captured.set(key, PRICE);
        calls.push({ what: 'record', id });
        return;
      case 'record': {
        const { itemcd = 0, orderQty = 0 } = wishes.get(id) ?? {};
        const terms = {
          orderId: id,
          price: PRICE,
          itemcd,
          orderQty,
          item: null,
          customerId: null,
          address: null,
        };
        const command = {
          type: 'record',
          orderId: id,
          id: ++ids,
          paymentKey: key,
          terms,
          declined: null,
        } as const;
        const after = onPay(command);
        if (after.kind === 'payment' && after.status === 'approved') calls.push({ what: 'establish', id });
        return;
      }
      case 'establish':
        onOrder({ type: 'establish', id, price: PRICE, item: null });
        return;
      case 'void': {
        const after = onPay({ type: 'void', orderId: id, paymentKey: key, unlessCaptured: false });
        if (after.kind === 'voided') sweep(id);
        calls.push({ what: 'voided', id });
        return;
      }
      case 'voided':
        onOrder({ type: 'voided', id });
        if (intent?.kind === 'intent') onProduct({ type: 'release', itemcd: intent.itemcd, orderId: id });
    }
  }

  /** Pay asks the provider what was captured under a void key. */
  function sweep(id: number): void {
    if (captured.has(keyOf(id))) refunded.add(keyOf(id));
  }

  const wishes = new Map<number, { itemcd: number; orderQty: number }>();
  const intents = () => [...order].flatMap(([id, it]) => (it.kind === 'intent' ? [{ ...it, id }] : []));
  const placed = () => [...order].flatMap(([, it]) => (it.kind === 'order' ? [it] : []));

  function giveUp(which: number): boolean {
    const intent = some(intents(), which);
    if (!intent) return false;
    if (onOrder({ type: 'void', id: intent.id })) calls.push({ what: 'void', id: intent.id });
    return true;
  }

  function allArrives(): void {
    for (;;) {
      const call = calls.shift();
      if (call) make(call);
      else if (!deliver(0)) return;
    }
  }

  for (const itemcd of itemcds) {
    onProduct({ type: 'create', itemcd, catalogue: { price: PRICE }, total: SUPPLY });
    supplied.set(itemcd, SUPPLY);
  }

  return {
    step(step) {
      switch (step.do) {
        case 'place':
          wishes.set(ids + 1, { itemcd: step.itemcd, orderQty: step.orderQty });
          place(step.itemcd, step.orderQty);
          return;
        case 'call':
        case 'lose call': {
          const call = some(calls, step.which);
          calls = calls.filter(it => it !== call);
          if (call && step.do === 'call') make(call);
          return;
        }
        case 'give up':
          giveUp(step.which);
          return;
        case 'cancel order': {
          const it = some(placed(), step.which);
          if (it) onOrder({ type: 'cancel', id: it.id, reason: null });
          return;
        }
        case 'cancel payment': {
          const it = some([...pay.keys()], step.which);
          if (it) onPay({ type: 'cancel', orderId: it, reason: null });
          return;
        }
        case 'start delivery': {
          const orderId = some([...delivery.keys()], step.which);
          const tracking = { carrier: null, trackingNumber: null };
          if (orderId) onDelivery({ type: 'start', orderId, tracking });
          return;
        }
        case 'complete delivery': {
          const orderId = some([...delivery.keys()], step.which);
          if (orderId) onDelivery({ type: 'complete', orderId });
          return;
        }
        case 'move stock':
          if (onProduct({ type: 'move', itemcd: step.itemcd, quantity: step.quantity, reason: 'counted' }))
            supplied.set(step.itemcd, (supplied.get(step.itemcd) ?? 0) + step.quantity);
          return;
        case 'deliver':
          deliver(step.which);
          return;
        case 'deliver again': {
          const event = some(had, step.which);
          if (event) hand(event);
          return;
        }
        case 'let all arrive':
          allArrives();
      }
    },

    finish() {
      do allArrives();
      while (giveUp(0));
      for (const [id, it] of pay) if (it.kind === 'voided') sweep(id);
      for (const [orderId, { itemcd }] of line) onProduct({ type: 'expire', itemcd, orderId });
      while (deliver(0));
    },

    check() {
      const standing = placed().filter(it => it.status !== 'orderCanceled');
      // Delivered, and paid back at the same time: a person has to settle it.
      const paidFor = standing.filter(it => it.exception === null);
      expect(
        placed().filter(it => it.status === 'ordered'),
        'orders whose saga does not go on',
      ).toEqual([]);
      const kept = [...captured].filter(([key]) => !refunded.has(key));
      expect(kept.length * PRICE, 'captured and not refunded').toBe(
        paidFor.reduce((sum, it) => sum + it.price, 0),
      );
      for (const [itemcd, it] of product) {
        const taken = [...line.values()].filter(held => held.itemcd === itemcd && held.hold === 'taken');
        const pieces = taken.reduce((sum, held) => sum + held.orderQty, 0);
        expect(it.total + pieces, `shelf and taken pieces of product ${itemcd}`).toBe(supplied.get(itemcd));
        expect(it.reserved, `reserved pieces of product ${itemcd}`).toBe(0);
        expect(it.total).toBeGreaterThanOrEqual(0);
      }
      for (const it of paidFor) expect(line.get(it.id)?.hold, `pieces of order ${it.id}`).toBe('taken');
      for (const [id, held] of line) {
        if (held.hold === 'taken')
          expect(
            standing.map(it => it.id),
            'pieces taken for nobody',
          ).toContain(id);
      }
      for (const it of placed()) {
        const its = delivery.get(it.id);
        const status = its?.kind === 'delivery' ? its.status : undefined;
        const right: Record<string, (string | undefined)[]> = {
          deliveryPrepared: ['deliveryRequested'],
          deliverystarted: ['deliverystarted'],
          deliverycompleted: ['deliverycompleted'],
          orderCanceled: it.exception === null ? [undefined, 'deliveryCanceled'] : ['deliverycompleted'],
        };
        expect(right[it.status], `delivery of order ${it.id}`).toContain(status);
        const itsPay = pay.get(it.id);
        expect(page.get(it.id), `the view of order ${it.id}`).toMatchObject({
          shown: true,
          status: it.status,
          payStatus: itsPay?.kind === 'payment' ? itsPay.status : null,
          deliveryStatus: status ?? null,
        });
      }
      const shown = [...page.values()].filter(it => it.shown).map(it => it.orderId);
      expect(shown.sort(), 'what the view shows').toEqual(
        placed()
          .map(it => it.id)
          .sort(),
      );
    },
  };
}

const some = <T>(list: T[], which: number): T | undefined => list[which % Math.max(1, list.length)];
