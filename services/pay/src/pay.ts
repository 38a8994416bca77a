import type { Decision, EventOf, PayApproved, PayCanceled, PayStatus } from '@jumun/contracts';

/** What is paid for. */
export interface Terms {
  orderId: number;
  price: number;
  itemcd: number;
  item: string | null;
  orderQty: number;
  customerId: number | null;
  address: string | null;
}

export interface Payment extends Terms {
  kind: 'payment';
  id: number;
  paymentKey: string;
  status: PayStatus;
  reason: string | null;
  /** The goods have arrived: from then on the payment stands. */
  delivered: boolean;
}

/** The payment of one order. */
export type Pay = { kind: 'none' } | { kind: 'voided'; paymentKey: string } | Payment;

export type PayCommand =
  /** The provider captured or declined a charge. */
  | { type: 'record'; orderId: number; id: number; paymentKey: string; terms: Terms; declined: string | null }
  /** Nothing may be captured for this order from now on. */
  | { type: 'void'; orderId: number; paymentKey: string; unlessCaptured: boolean }
  /** By the customer or an administrator. */
  | { type: 'cancel'; orderId: number; reason: string | null }
  | { type: 'orderCanceled'; orderId: number; reason: string | null }
  | { type: 'delivered'; orderId: number };

export type PayEvent =
  | EventOf<typeof PayApproved>
  | EventOf<typeof PayCanceled>
  | { type: 'PaymentRecorded'; payment: Payment }
  | { type: 'PayVoided'; paymentKey: string }
  /** Captured though it was voided: the money goes back, and nobody saw a payment. */
  | { type: 'CaptureRejected'; paymentKey: string; orderId: number; amount: number }
  | { type: 'PayDelivered' };

function fieldsOf(
  { id, price, itemcd, item, orderQty, orderId, customerId, address }: Payment,
  status: PayStatus,
) {
  return { id, price, status, itemcd, item, orderQty, orderId, customerId, address };
}

function cancel(payment: Payment, reason: string | null): PayEvent[] {
  return [{ type: 'PayCanceled', ...fieldsOf(payment, 'canceled'), reason }];
}

/** A payment of which there was never an order. */
function undo(payment: Payment): PayEvent[] {
  return [{ type: 'PayCanceled', ...fieldsOf(payment, 'canceled'), reason: 'voided', voided: true }];
}

export function decide(command: PayCommand, pay: Pay): Decision<PayEvent> {
  switch (command.type) {
    case 'record': {
      const { orderId, paymentKey, terms, declined, id } = command;
      if (pay.kind === 'voided') {
        if (declined !== null) return [];
        return [{ type: 'CaptureRejected', paymentKey, orderId, amount: terms.price }];
      }
      if (pay.kind === 'payment') {
        if (pay.paymentKey === paymentKey || declined !== null) return [];
        // A second charge of one order under another key; the first one stands.
        return [{ type: 'CaptureRejected', paymentKey, orderId, amount: terms.price }];
      }
      const status = declined === null ? 'approved' : 'declined';
      const payment: Payment = {
        kind: 'payment',
        id,
        paymentKey,
        ...terms,
        status,
        reason: declined,
        delivered: false,
      };
      const recorded: PayEvent = { type: 'PaymentRecorded', payment };
      return declined === null
        ? [recorded, { type: 'PayApproved', ...fieldsOf(payment, 'approved') }]
        : [recorded];
    }

    case 'void': {
      if (pay.kind === 'voided') return [];
      if (pay.kind === 'none') return [{ type: 'PayVoided', paymentKey: command.paymentKey }];
      if (pay.status !== 'approved' || command.unlessCaptured) return [];
      return undo(pay);
    }

    case 'cancel':
      if (pay.kind !== 'payment' || pay.status === 'declined') {
        return { rejected: 'unknown-payment', detail: 'There is no such payment.' };
      }
      if (pay.status === 'canceled') return [];
      if (pay.delivered) {
        return {
          rejected: 'delivery-completed',
          detail: `Order ${pay.orderId} was delivered; its payment stands.`,
        };
      }
      return cancel(pay, command.reason);

    case 'orderCanceled':
      return pay.kind === 'payment' && pay.status === 'approved' ? cancel(pay, command.reason) : [];

    case 'delivered':
      return pay.kind === 'payment' && !pay.delivered ? [{ type: 'PayDelivered' }] : [];
  }
}

export function evolve(pay: Pay, event: PayEvent): Pay {
  switch (event.type) {
    case 'PaymentRecorded':
      return event.payment;
    case 'PayVoided':
      return { kind: 'voided', paymentKey: event.paymentKey };
    case 'PayCanceled':
      return pay.kind === 'payment' ? { ...pay, status: 'canceled', reason: event.reason ?? null } : pay;
    case 'PayDelivered':
      return pay.kind === 'payment' ? { ...pay, delivered: true } : pay;
    case 'PayApproved':
    case 'CaptureRejected':
      return pay;
  }
}
