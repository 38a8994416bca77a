import { randomUUID } from 'node:crypto';
import type { ChargeItem, FindPaymentAnswer, FindPaymentItem, VoidAnswer, VoidItem } from '@jumun/contracts';
import { type Outcome, stateOrThrow, type Traced } from '@jumun/messaging';
import { type Database, inSpan, type Logger, ORDER_ID, Problem, traceIdOf } from '@jumun/service-kit';
import { SpanKind, type Tracer } from '@opentelemetry/api';
import type { Pay, Payment, Terms } from './pay.ts';
import { type PaymentProvider, ProviderError } from './provider.ts';
import { oweVoidRefund, type PendingVoid, type StoreCommand } from './store.ts';

export interface ChargingParts {
  db: Database;
  provider: PaymentProvider;
  log: Logger;
  tracer: Tracer | undefined;
  /** Asked before money is moved for an order. @throws Problem backlog */
  admit(): void;
  read(orderId: number): Promise<Pay>;
  submit(command: Traced<StoreCommand>): Promise<Outcome<Pay>>;
  /** A hint that a refund is due. */
  refundDue(): void;
}

/** Moves money: at the provider first, then in our books. */
export interface Charging {
  /** Charges an order at most once. @throws Problem payment-declined, payment-voided, payment-canceled, terms-differ, backlog */
  charge(
    item: Omit<ChargeItem, 'paymentKey'> & { paymentKey?: string },
    traceparent: string | null,
  ): Promise<Payment>;
  /** What a charge whose answer was lost has come to. */
  find(item: FindPaymentItem): Promise<FindPaymentAnswer>;
  /** Makes sure that nothing is or will be captured, and says what stands where a payment may stand. */
  void(item: VoidItem, traceparent: string | null): Promise<VoidAnswer>;
  /** Sends back what was captured under a key that is void. Gives whether there was something. */
  sweep(pending: PendingVoid): Promise<boolean>;
}

export function createCharging({
  db,
  provider,
  log,
  tracer,
  admit,
  read,
  submit,
  refundDue,
}: ChargingParts): Charging {
  async function charge(
    { paymentKey: given, ...terms }: Omit<ChargeItem, 'paymentKey'> & { paymentKey?: string },
    traceparent: string | null,
  ): Promise<Payment> {
    const known = await read(terms.orderId);
    if (known.kind !== 'none') return standing(known, terms, given);
    admit();
    const paymentKey = given ?? randomUUID();
    const outcome = await chargeAtProvider(paymentKey, terms, traceparent);
    if (outcome.state === 'refunded') throw new Problem('payment-voided', 'This payment was refunded.');
    // Captured before, under the same key and on other terms: what was captured is what was paid.
    if (outcome.state === 'captured' && outcome.amount !== terms.price) {
      throw new Problem('terms-differ', `Order ${terms.orderId} was charged ${outcome.amount}.`);
    }
    const declined = outcome.state === 'declined' ? outcome.reason : null;
    const command: StoreCommand = { type: 'record', orderId: terms.orderId, paymentKey, terms, declined };
    const pay = stateOrThrow(await submit({ command, traceparent }));
    if (pay.kind !== 'payment' || pay.paymentKey !== paymentKey) refundDue();
    log.info({ traceId: traceIdOf(traceparent), orderId: terms.orderId, outcome: outcome.state }, 'charged');
    return standing(pay, terms, given);
  }

  async function chargeAtProvider(key: string, { orderId, price }: Terms, traceparent: string | null) {
    const facts = {
      name: `charge ${provider.name}`,
      kind: SpanKind.CLIENT,
      attributes: { [ORDER_ID]: orderId },
    };
    try {
      return await inSpan(tracer, facts, traceparent, () => provider.charge(key, price));
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      throw new Problem('peer-unavailable', `The payment provider gave no answer: ${error.message}.`, {
        retryAfter: 2,
      });
    }
  }

  async function voidPayment(
    { orderId, paymentKey, unlessCaptured }: VoidItem,
    traceparent: string | null,
  ): Promise<VoidAnswer> {
    const command: StoreCommand = { type: 'void', orderId, paymentKey, unlessCaptured };
    const pay = stateOrThrow(await submit({ command, traceparent }));
    log.info({ traceId: traceIdOf(traceparent), orderId, outcome: pay.kind }, 'void asked for');
    refundDue();
    if (pay.kind === 'payment' && pay.status === 'approved') {
      const { id, price, itemcd, item } = pay;
      return { captured: { id, price, itemcd, item } };
    }
    // Captured at the provider before pay could write it down: nobody else knows of it.
    if (pay.kind === 'voided') await sweep({ orderId, paymentKey, traceparent });
    return { captured: null };
  }

  async function find({ orderId, paymentKey }: FindPaymentItem): Promise<FindPaymentAnswer> {
    const pay = await read(orderId);
    if (pay.kind === 'payment' && pay.status === 'approved') {
      const { id, price, itemcd, item } = pay;
      return { payment: { id, price, itemcd, item }, captured: null };
    }
    const found = pay.kind === 'none' ? await provider.find(paymentKey) : undefined;
    return { payment: null, captured: found?.state === 'captured' ? found.amount : null };
  }

  async function sweep({ orderId, paymentKey, traceparent }: PendingVoid): Promise<boolean> {
    const found = await provider.find(paymentKey);
    if (found?.state !== 'captured') return false;
    log.warn({ traceId: traceIdOf(traceparent), orderId }, 'a void payment was captured and is refunded');
    await oweVoidRefund(db, { paymentKey, orderId, amount: found.amount, traceparent });
    refundDue();
    return true;
  }

  return { charge, find, void: voidPayment, sweep };
}

/**
 * The payment that stands for an order, where it is the one that was asked for.
 * @param key the caller's payment key; none for callers who only name the order
 */
export function standing(pay: Pay, terms: Partial<Terms>, key?: string): Payment {
  if (pay.kind === 'none')
    throw new Problem('unknown-order', 'No payment is known for this order; nothing was charged.');
  if (pay.kind === 'voided')
    throw new Problem('payment-voided', 'This payment was voided; nothing will be charged.');
  if (pay.status === 'declined')
    throw new Problem('payment-declined', pay.reason ?? 'The payment was declined.');
  if (pay.status === 'canceled') {
    throw new Problem('payment-canceled', `The payment of order ${pay.orderId} was canceled and refunded.`);
  }
  for (const field of ['price', 'itemcd', 'orderQty'] as const) {
    if (terms[field] !== undefined && terms[field] !== pay[field]) {
      throw new Problem('terms-differ', `Order ${pay.orderId} was paid with ${field} ${pay[field]}.`);
    }
  }
  if (key !== undefined && key !== pay.paymentKey) {
    throw new Problem('terms-differ', `Order ${pay.orderId} was paid under another key.`);
  }
  return pay;
}
