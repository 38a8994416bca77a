import { isRejection } from '@jumun/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { given } from '../../../tests/support/given.ts';
import { decide, evolve, type Pay, type PayCommand, type PayEvent, type Payment } from '../src/pay.ts';

const initial: Pay = { kind: 'none' };
const pay = given<Pay, PayCommand, PayEvent>({ initial, decide, evolve });

const KEY = '0b0e9a4e-6f0e-4d5e-9d3c-000000000007';
const OTHER_KEY = '0b0e9a4e-6f0e-4d5e-9d3c-000000000008';
const terms = {
  orderId: 7,
  price: 6000,
  itemcd: 2,
  item: 'milk',
  orderQty: 3,
  customerId: 11,
  address: 'Seoul',
};
const fields = { id: 5, ...terms };
const payment: Payment = {
  kind: 'payment',
  paymentKey: KEY,
  ...fields,
  status: 'approved',
  reason: null,
  delivered: false,
};
const record = (paymentKey: string, declined: string | null = null): PayCommand => ({
  type: 'record',
  orderId: 7,
  id: 5,
  paymentKey,
  terms,
  declined,
});
const voidIt: PayCommand = { type: 'void', orderId: 7, paymentKey: KEY, unlessCaptured: false };
const voidUnlessCaptured: PayCommand = { ...voidIt, unlessCaptured: true };
const cancel: PayCommand = { type: 'cancel', orderId: 7, reason: 'by the customer' };
const orderCanceled: PayCommand = { type: 'orderCanceled', orderId: 7, reason: 'out of stock' };
const delivered: PayCommand = { type: 'delivered', orderId: 7 };

const recorded: PayEvent = { type: 'PaymentRecorded', payment };
const approved: PayEvent = { type: 'PayApproved', ...fields, status: 'approved' };
const canceled = (reason: string | null): PayEvent => ({
  type: 'PayCanceled',
  ...fields,
  status: 'canceled',
  reason,
});
const voided: PayEvent = { type: 'PayVoided', paymentKey: KEY };
const arrived: PayEvent = { type: 'PayDelivered' };
const declinedPayment: Payment = { ...payment, status: 'declined', reason: 'card declined' };
const declined: PayEvent = { type: 'PaymentRecorded', payment: declinedPayment };
const rejected = (paymentKey: string): PayEvent => ({
  type: 'CaptureRejected',
  paymentKey,
  orderId: 7,
  amount: 6000,
});

describe('a charge', () => {
  test('that was captured is an approved payment', () => {
    pay([]).when(record(KEY)).thenEvents(recorded, approved).thenState(payment);
  });

  test('that was declined is on record, and nobody is told', () => {
    pay([]).when(record(KEY, 'card declined')).thenEvents(declined).thenState(declinedPayment);
  });

  test('is recorded once under its key', () => {
    pay([recorded, approved]).when(record(KEY)).thenNothing();
    pay([recorded, approved, canceled(null)])
      .when(record(KEY))
      .thenNothing();
    pay([declined]).when(record(KEY, 'card declined')).thenNothing();
  });

  test('under another key does not replace the first: its money goes back', () => {
    pay([recorded, approved]).when(record(OTHER_KEY)).thenEvents(rejected(OTHER_KEY)).thenState(payment);
    pay([declined]).when(record(OTHER_KEY)).thenEvents(rejected(OTHER_KEY));
    pay([recorded, approved]).when(record(OTHER_KEY, 'card declined')).thenNothing();
  });

  test('that arrives after its void is no payment: its money goes back', () => {
    pay([voided]).when(record(KEY)).thenEvents(rejected(KEY)).thenState({ kind: 'voided', paymentKey: KEY });
    pay([voided]).when(record(KEY, 'card declined')).thenNothing();
  });
});

describe('a void', () => {
  test('of what was not charged holds for ever', () => {
    pay([]).when(voidIt).thenEvents(voided).thenState({ kind: 'voided', paymentKey: KEY });
    pay([]).when(voidUnlessCaptured).thenEvents(voided);
    pay([voided]).when(voidIt).thenNothing();
  });

  test('refunds what was captured, once', () => {
    pay([recorded, approved])
      .when(voidIt)
      .thenEvents({ ...canceled('voided'), voided: true } as PayEvent)
      .thenState({ ...payment, status: 'canceled', reason: 'voided' });
    pay([recorded, approved, canceled(null)])
      .when(voidIt)
      .thenNothing();
  });

  test('leaves a captured payment where the order would rather have it', () => {
    pay([recorded, approved]).when(voidUnlessCaptured).thenNothing();
  });

  test('has nothing to do for a declined payment', () => {
    pay([declined]).when(voidIt).thenNothing();
  });
});

describe('a payment', () => {
  test('is canceled once', () => {
    pay([recorded, approved])
      .when(cancel)
      .thenEvents(canceled('by the customer'))
      .thenState({ ...payment, status: 'canceled', reason: 'by the customer' });
    pay([recorded, approved, canceled(null)])
      .when(cancel)
      .thenNothing();
    pay([recorded, approved, canceled(null), arrived])
      .when(cancel)
      .thenNothing();
  });

  test('has no reason where the event has none', () => {
    const { reason: _, ...unexplained } = canceled(null) as Extract<PayEvent, { type: 'PayCanceled' }>;
    pay([recorded, approved, unexplained])
      .when(cancel)
      .thenState({ ...payment, status: 'canceled', reason: null });
  });

  test('that was never made cannot be canceled', () => {
    pay([]).when(cancel).thenRejected('unknown-payment');
    pay([voided]).when(cancel).thenRejected('unknown-payment');
    pay([declined]).when(cancel).thenRejected('unknown-payment');
  });

  test('stands once the goods have arrived', () => {
    pay([recorded, approved])
      .when(delivered)
      .thenEvents(arrived)
      .thenState({ ...payment, delivered: true });
    pay([recorded, approved, arrived]).when(delivered).thenNothing();
    pay([recorded, approved, arrived]).when(cancel).thenRejected('delivery-completed');
  });

  test('is refunded with its order, even where the cancel crossed the arrival of the goods', () => {
    pay([recorded, approved]).when(orderCanceled).thenEvents(canceled('out of stock'));
    pay([recorded, approved, arrived]).when(orderCanceled).thenEvents(canceled('out of stock'));
    pay([recorded, approved, canceled(null)])
      .when(orderCanceled)
      .thenNothing();
  });

  test('that does not stand has nothing to give back when its order is canceled', () => {
    pay([]).when(orderCanceled).thenNothing();
    pay([voided]).when(orderCanceled).thenNothing();
    pay([declined]).when(orderCanceled).thenNothing();
  });

  test('that is none is not delivered', () => {
    pay([]).when(delivered).thenNothing();
    pay([voided]).when(delivered).thenNothing();
  });
});

test.each([canceled(null), arrived, approved, rejected(KEY)])(
  'events of a payment that is not there leave the state alone: $type',
  event => {
    expect(evolve({ kind: 'none' }, event)).toEqual({ kind: 'none' });
  },
);

describe('whatever happens to a payment, and in whatever order,', () => {
  /** Each key has one outcome at the provider, however often it is asked. */
  const commands: Record<string, PayCommand> = {
    'captured under A': record('A'),
    'captured under B': record('B'),
    'declined under C': record('C', 'card declined'),
    'void A': { ...voidIt, paymentKey: 'A' },
    'void A unless captured': { ...voidUnlessCaptured, paymentKey: 'A' },
    cancel,
    'order canceled': orderCanceled,
    delivered,
  };
  const history = fc.array(fc.constantFrom(...Object.keys(commands)), { maxLength: 14 });

  /** Plays a history; gives the state, the events, and the keys of the captures and of the refunds. */
  function play(steps: string[]) {
    let state: Pay = initial;
    const events: PayEvent[] = [];
    const captured = new Set<string>();
    const owed: string[] = [];
    for (const step of steps) {
      const command = commands[step] as PayCommand;
      if (command.type === 'record' && command.declined === null) captured.add(command.paymentKey);
      const before: Pay = state;
      const decision = decide(command, before);
      if (isRejection(decision)) continue;
      state = decision.reduce(evolve, before);
      events.push(...decision);
      for (const event of decision) {
        if (event.type === 'PayCanceled') owed.push((before as Payment).paymentKey);
        // Told again whenever it is recorded again; the books hold one refund for each key.
        if (event.type === 'CaptureRejected' && !owed.includes(event.paymentKey)) owed.push(event.paymentKey);
      }
    }
    return { state, types: events.map(event => event.type), captured, owed };
  }

  test('every amount that was captured either stands as the payment or is paid back, once', () => {
    fc.assert(
      fc.property(history, steps => {
        const { state, captured, owed } = play(steps);
        const stands = state.kind === 'payment' && state.status === 'approved' ? [state.paymentKey] : [];
        expect([...stands, ...owed].sort()).toEqual([...captured].sort());
      }),
      { numRuns: 2_000 },
    );
  });

  test('it is approved at most once, never after a void, and canceled at most once', () => {
    fc.assert(
      fc.property(history, steps => {
        const { types } = play(steps);
        const count = (type: PayEvent['type']) => types.filter(other => other === type).length;
        expect(count('PayApproved')).toBeLessThanOrEqual(1);
        expect(count('PayCanceled')).toBeLessThanOrEqual(count('PayApproved'));
        expect(count('PayVoided') + count('PaymentRecorded')).toBeLessThanOrEqual(1);
        if (types.includes('PayVoided')) expect(types).not.toContain('PayApproved');
      }),
      { numRuns: 2_000 },
    );
  });
});
