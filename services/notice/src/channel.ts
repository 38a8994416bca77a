import { type Logger, traceIdOf } from '@jumun/service-kit';

/** A notice on its way to a customer. */
export interface Letter {
  id: number;
  orderId: number;
  customerId: number | null;
  kind: string;
  text: string;
  attempts: number;
  traceparent: string | null;
}

/**
 * A way to reach customers. `send` gives for each letter whether it was handed over; the letter's id can serve as
 * the provider's idempotency key, since a crash can have a letter sent again.
 */
export interface Channel {
  readonly name: string;
  send(letters: Letter[]): Promise<boolean[]>;
}

/** The customer's inbox in the shop: GET /notices is where it is read, so being listed is being told. */
export function createInbox(log: Logger): Channel {
  return {
    name: 'inbox',
    async send(letters) {
      for (const { id, orderId, kind, traceparent } of letters)
        log.debug({ traceId: traceIdOf(traceparent), orderId, notice: id, kind }, 'notice delivered');
      return letters.map(() => true);
    },
  };
}
