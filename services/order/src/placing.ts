import { randomUUID } from 'node:crypto';
import { type ChargeAnswer, isRejection, MAX_INTEGER, type OrderResource } from '@jumun/contracts';
import type { Outcome, Traced } from '@jumun/messaging';
import {
  type Database,
  isForWantOfRoom,
  type Logger,
  PeerError,
  Problem,
  traceIdOf,
} from '@jumun/service-kit';
import type { Intent, Order, OrderCommand, Wish } from './order.ts';
import type { Peers } from './peers.ts';
import {
  type BoundRequest,
  findIntent,
  findOrder,
  findProduct,
  findRequest,
  type RequestKey,
} from './store.ts';

/** Opens an intent; where its key is bound already, nothing is opened and the answer says to what. */
export interface Opening {
  intent: Intent;
  request: RequestKey | undefined;
  traceparent: string | null;
}

export interface PlacingParts {
  db: Database;
  log: Logger;
  peers: Peers;
  /** Asked before an order is begun. @throws Problem backlog */
  admit(): void;
  drawId(): Promise<number>;
  /** Commits an intent; gives the earlier use of its key, if there was one. */
  open(opening: Opening): Promise<BoundRequest | undefined>;
  /** Commits a command. */
  submit(command: Traced<OrderCommand>): Promise<Outcome<Order>>;
}

/** A request that ended before it was known what became of its intent. */
export interface Unsettled {
  id: number;
  /** Whether the client can ask again for the same order. */
  keyed: boolean;
  traceparent: string | null;
}

/** Takes an order from a wish to its establishment, or to nothing. */
export interface Placing {
  /**
   * Answers only for an order that is paid and durable.
   * @throws Problem for each way in which there is no order
   */
  place(wish: Omit<Wish, 'id'>, request: RequestKey | undefined, traceparent: string): Promise<OrderResource>;
  /** Goes on with an intent whose request has ended: the same steps again, each of which counts once. */
  resume(intent: Intent, traceparent: string | null): Promise<OrderResource>;
  /** Ends an intent at pay and here; what was captured is refunded. Gives whether it was still an intent. */
  giveUp(intent: Intent & { voiding: boolean }, traceparent: string | null): Promise<boolean>;
  /** Ends an intent, unless it was paid: then it is established. */
  giveUpUnlessPaid(intent: Intent, traceparent: string | null): Promise<void>;
  /** Undoes an order whose client was told that there is none and will order again. */
  withdraw(id: number, traceparent: string | null): Promise<void>;
  /** Takes the requests that have ended without an outcome. */
  takeUnsettled(): Unsettled[];
  /** Gives them back where they could not be looked after. */
  putBack(requests: Unsettled[]): void;
  /** Calls back when there are some. */
  onUnsettled(listener: () => void): void;
}

/** What the product service, or what we know of it, says of a product. */
interface Offer {
  name: string | null;
  unitPrice: number | null;
}

export function createPlacing({ db, log, peers, admit, drawId, open, submit }: PlacingParts): Placing {
  /** Requests under way by their key, so that a double click waits for the first. */
  const underWay = new Map<string, { bodyHash: string; answer: Promise<OrderResource> }>();
  let unsettled: Unsettled[] = [];
  let wake = () => {};
  /** What a service that an order needs has refused for want of room, and until when (monotonic ms) it holds. */
  let refused: { problem: Problem; until: number } | undefined;

  /** Refuses an order that would come to nothing, while that costs nothing. */
  function assertAdmitted(): void {
    admit();
    if (refused && performance.now() < refused.until) throw refused.problem;
    if (peers.canCharge()) return;
    throw new Problem('peer-unavailable', 'Nothing can be paid for now; there is no order, and no charge.', {
      retryAfter: 1,
    });
  }

  async function place(wish: Omit<Wish, 'id'>, request: RequestKey | undefined, traceparent: string) {
    if (!request) return placeOnce(wish, undefined, traceparent);
    const scope = `${request.customerId}/${request.key}`;
    const first = underWay.get(scope);
    if (first) {
      if (first.bodyHash !== request.bodyHash) throw otherBody();
      return first.answer;
    }
    const answer = placeOnce(wish, request, traceparent);
    underWay.set(scope, { bodyHash: request.bodyHash, answer });
    return answer.finally(() => underWay.delete(scope));
  }

  async function placeOnce(
    wish: Omit<Wish, 'id'>,
    request: RequestKey | undefined,
    traceparent: string,
  ): Promise<OrderResource> {
    const bound = request && (await findRequest(db, request));
    if (request && bound) {
      const answer = await answerBound(bound, request, traceparent);
      if (answer) return answer;
    }
    assertAdmitted();
    const keyed = request !== undefined;
    const intent: Intent = { ...wish, id: await drawId(), paymentKey: randomUUID(), keyed, traceparent };
    // The pieces are set aside while the intent becomes durable.
    const [offer, opened] = await Promise.allSettled([
      ask(intent, traceparent),
      open({ intent, request, traceparent }),
    ]);
    if (opened.status === 'rejected') {
      release(intent, traceparent);
      throw opened.reason;
    }
    if (opened.value && request) {
      release(intent, traceparent);
      const answer = await answerBound(opened.value, request, traceparent);
      if (answer) return answer;
      throw unknownOutcome();
    }
    try {
      let terms: ReturnType<typeof agree>;
      try {
        if (offer.status === 'rejected') throw offer.reason;
        terms = agree(intent, offer.value);
      } catch (refusal) {
        return await refuse(intent, refusal, traceparent);
      }
      return await chargeAndEstablish(intent, terms, traceparent).catch(error => {
        // Before it had been at the provider: this key is new.
        if (isBacklog(error)) return refuse(intent, error, traceparent);
        throw error;
      });
    } catch (error) {
      if (error instanceof Problem && error.slug !== 'payment-unknown') throw error;
      log.warn(
        { traceId: traceIdOf(traceparent), orderId: intent.id, err: String((error as Error).cause ?? error) },
        'payment outcome unknown',
      );
      unsettled.push({ id: intent.id, keyed, traceparent });
      wake();
      throw unknownOutcome(error);
    }
  }

  /** Ends an intent that could not be agreed on, and leaves its key free; gives the order if it stands even so. */
  async function refuse(
    intent: Intent,
    refusal: unknown,
    traceparent: string | null,
  ): Promise<OrderResource> {
    if (refusal instanceof Problem && isForWantOfRoom(refusal)) {
      refused = { problem: refusal, until: performance.now() + 1_000 * (refusal.more.retryAfter ?? 1) };
    }
    if (!intent.keyed) {
      // Nobody else carries on an intent without a key.
      await end(intent, { type: 'abandon', id: intent.id }, traceparent);
      throw refusal;
    }
    // Under its key another replica may have carried it on, to a charge or to an order.
    const gone = await giveUp({ ...intent, voiding: false }, traceparent);
    const order = gone ? undefined : await answered(intent.id);
    if (order) return order;
    throw refusal;
  }

  /** The order as its 201 shows it, whatever became of it since. */
  async function answered(id: number): Promise<OrderResource | undefined> {
    const order = await findOrder(db, id);
    return order && { ...order, status: 'ordered' };
  }

  /** Ends an intent; only who really ended it gives its pieces back. */
  async function end(intent: Intent, command: OrderCommand, traceparent: string | null): Promise<void> {
    const outcome = await submit({ command, traceparent });
    if (!isRejection(outcome) && outcome.changed) release(intent, traceparent);
  }

  /** The answer to a request that was made before, or nothing where that came to nothing and left its key free. */
  async function answerBound(
    bound: BoundRequest,
    request: RequestKey,
    traceparent: string,
  ): Promise<OrderResource | undefined> {
    if (bound.bodyHash !== request.bodyHash) throw otherBody();
    if (bound.refusal !== null) throw new Problem('payment-declined', bound.refusal);
    const intent = await findIntent(db, bound.orderId);
    if (intent?.voiding) throw unknownOutcome();
    if (intent) {
      return resume(intent, traceparent).catch(error => {
        // What passes does not say what became of the request that was made before.
        throw error instanceof Problem && error.status < 500 ? error : unknownOutcome(error);
      });
    }
    return answered(bound.orderId);
  }

  /** Reserves the pieces; without the product service, what we last heard of the product has to do. */
  async function ask(intent: Intent, traceparent: string | null): Promise<Offer> {
    const { id: orderId, itemcd, orderQty } = intent;
    try {
      return await peers.reserve({ orderId, itemcd, orderQty }, traceparent);
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      const known = await findProduct(db, itemcd);
      if (!known) {
        const detail =
          'The product service cannot be asked, and the product is not known here; nothing was charged.';
        throw new Problem('peer-unavailable', detail, { retryAfter: 2 });
      }
      return { name: known.name, unitPrice: known.price };
    }
  }

  function release({ id: orderId, itemcd }: Intent, traceparent: string | null): void {
    // If it fails the reservation expires by itself.
    peers.release({ orderId, itemcd }, traceparent).catch(error => {
      log.debug(
        { traceId: traceIdOf(traceparent), orderId, err: String(error) },
        'reservation left to expire',
      );
    });
  }

  async function resume(intent: Intent, traceparent: string | null): Promise<OrderResource> {
    const { id: orderId, paymentKey, itemcd } = intent;
    // What was paid is what the order is for, whatever the product costs by now.
    const { payment, captured } = await peers.findPayment({ paymentKey, orderId }, traceparent);
    if (payment) return establish(intent, payment, traceparent);
    if (captured !== null) {
      const item = intent.item ?? (await findProduct(db, itemcd))?.name ?? null;
      return chargeAndEstablish(intent, { price: captured, item }, traceparent);
    }
    let terms: ReturnType<typeof agree>;
    try {
      terms = agree(intent, await ask(intent, traceparent));
    } catch (error) {
      if (!(error instanceof Problem) || error.status >= 500) throw error;
      return refuse(intent, error, traceparent);
    }
    return chargeAndEstablish(intent, terms, traceparent);
  }

  /** @throws Problem payment-declined, which ends the intent; backlog or payment-unknown, which leave it open */
  async function chargeAndEstablish(
    intent: Intent,
    { price, item }: { price: number; item: string | null },
    traceparent: string | null,
  ): Promise<OrderResource> {
    const { id, paymentKey, itemcd, orderQty, customerId, address } = intent;
    try {
      const paid = await peers.charge(
        { paymentKey, orderId: id, price, itemcd, item, orderQty, customerId, address },
        traceparent,
      );
      if (paid.price !== price) throw new Error(`pay charged ${paid.price} instead of ${price}`);
      return await establish(intent, paid, traceparent);
    } catch (error) {
      if (error instanceof Problem && error.slug === 'payment-declined') {
        await end(intent, { type: 'refuse', id, refusal: error.detail }, traceparent);
        throw error;
      }
      if (isBacklog(error)) throw error;
      throw unknownOutcome(error);
    }
  }

  /** Makes the order that was paid for stand. */
  async function establish(
    intent: Intent,
    paid: ChargeAnswer,
    traceparent: string | null,
  ): Promise<OrderResource> {
    const { id, itemcd, orderQty, customerId, address } = intent;
    if (paid.itemcd !== itemcd)
      throw new Error(`pay charged for product ${paid.itemcd} instead of ${itemcd}`);
    const { price, item } = paid;
    const outcome = await submit({ command: { type: 'establish', id, price, item }, traceparent });
    if (isRejection(outcome)) throw unknownOutcome();
    return { id, item, orderQty, status: 'ordered', price, itemcd, customerId, address };
  }

  async function giveUp(intent: Intent & { voiding: boolean }, traceparent: string | null): Promise<boolean> {
    const { id, paymentKey } = intent;
    // First here, so that an answer from pay that is still on its way can no longer establish the order.
    if (!intent.voiding) {
      const outcome = await submit({ command: { type: 'void', id }, traceparent });
      if (isRejection(outcome)) return false;
    }
    await peers.void({ paymentKey, orderId: id, unlessCaptured: false }, traceparent);
    await end(intent, { type: 'voided', id }, traceparent);
    return true;
  }

  async function giveUpUnlessPaid(intent: Intent, traceparent: string | null): Promise<void> {
    const { id, paymentKey } = intent;
    const { captured } = await peers.void({ paymentKey, orderId: id, unlessCaptured: true }, traceparent);
    if (captured) await establish(intent, captured, traceparent);
    else await end(intent, { type: 'voided', id }, traceparent);
  }

  async function withdraw(id: number, traceparent: string | null): Promise<void> {
    if (!(await findOrder(db, id))) return;
    const reason = 'the order could not be confirmed';
    await submit({ command: { type: 'cancel', id, reason }, traceparent });
    log.warn({ traceId: traceIdOf(traceparent), orderId: id }, 'order withdrawn');
  }

  return {
    place,
    resume,
    giveUp,
    giveUpUnlessPaid,
    withdraw,
    takeUnsettled() {
      const taken = unsettled;
      unsettled = [];
      return taken;
    },
    putBack(requests) {
      unsettled.push(...requests);
    },
    onUnsettled(listener) {
      wake = listener;
    },
  };
}

/**
 * The price and the name that an order is charged with.
 * @throws Problem price-changed where the product has another price; invalid-request where there is none at all
 */
export function agree(
  { orderQty, price, item }: Wish,
  { name, unitPrice }: Offer,
): { price: number; item: string | null } {
  const right = unitPrice === null ? price : unitPrice * orderQty;
  if (right === null) {
    throw new Problem(
      'invalid-request',
      'The product has no price of its own, so the order has to bring one.',
      {
        errors: [{ pointer: '/price', detail: 'is required for this product' }],
      },
    );
  }
  if (right > MAX_INTEGER) {
    throw new Problem('invalid-request', 'The order costs more than can be charged.', {
      errors: [{ pointer: '/orderQty', detail: 'is too many at the price of this product' }],
    });
  }
  if (price !== null && price !== right) {
    throw new Problem('price-changed', `The price is ${right} now, not ${price}; nothing was charged.`, {
      extra: { price: right, unitPrice },
    });
  }
  return { price: right, item: item ?? name };
}

const isBacklog = (error: unknown) => error instanceof Problem && error.slug === 'backlog';

function otherBody(): Problem {
  return new Problem(
    'idempotency-conflict',
    'This Idempotency-Key was used with another body in the last 24 hours.',
  );
}

function unknownOutcome(cause?: unknown): Problem {
  const problem = new Problem(
    'payment-unknown',
    'Whether the payment went through is not known yet. With an Idempotency-Key, ask again with the same key; ' +
      'without one there will be no order, and what was captured is refunded.',
    { retryAfter: 2 },
  );
  problem.cause = cause;
  return problem;
}
