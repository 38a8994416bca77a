import { isRejection } from '@jumun/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { given } from '../../../tests/support/given.ts';
import {
  decide,
  evolve,
  type Intent,
  type Order,
  type OrderCommand,
  type OrderEvent,
  type Standing,
} from '../src/order.ts';

const initial: Order = { kind: 'none' };
const order = given<Order, OrderCommand, OrderEvent>({ initial, decide, evolve });

const intent: Intent = {
  id: 7,
  item: null,
  orderQty: 2,
  price: null,
  itemcd: 3,
  customerId: 11,
  address: 'Seoul',
  paymentKey: '0b0e9a4e-6f0e-4d5e-9d3c-000000000007',
  keyed: true,
  traceparent: null,
};
const terms = {
  id: 7,
  item: 'milk',
  orderQty: 2,
  price: 4000,
  itemcd: 3,
  customerId: 11,
  address: 'Seoul',
};
const ordered: OrderEvent = { type: 'Ordered', ...terms, status: 'ordered' };
const canceled = (reason: string | null): OrderEvent => ({
  type: 'OrderCanceled',
  ...terms,
  status: 'orderCanceled',
  reason,
});
const opened: OrderEvent = { type: 'IntentOpened', intent };
const voiding: OrderEvent = { type: 'IntentVoiding' };
const advanced = (status: Standing['status']): OrderEvent => ({ type: 'StatusAdvanced', status });
const ended = (refusal: string | null): OrderEvent => ({ type: 'IntentEnded', refusal });
const raised = (exception: string): OrderEvent => ({ type: 'ExceptionRaised', exception });
const settled: OrderEvent = { type: 'ExceptionSettled' };
const standing: Standing = {
  kind: 'order',
  ...terms,
  status: 'ordered',
  reason: null,
  exception: null,
  exceptionSettled: false,
};

const establish: OrderCommand = { type: 'establish', id: 7, price: 4000, item: 'milk' };
const cancel: OrderCommand = { type: 'cancel', id: 7, reason: 'changed my mind' };
const advance = (status: 'deliveryPrepared' | 'deliverystarted' | 'deliverycompleted'): OrderCommand => ({
  type: 'advance',
  id: 7,
  status,
});

describe('an intent', () => {
  test('is opened', () => {
    order([])
      .when({ type: 'open', id: 7, intent })
      .thenEvents(opened)
      .thenState({ kind: 'intent', voiding: false, ...intent });
  });

  test('is opened once', () => {
    order([opened]).when({ type: 'open', id: 7, intent }).thenNothing();
    order([opened, ended(null)])
      .when({ type: 'open', id: 7, intent })
      .thenNothing();
  });

  test('becomes an order at the price and name that were charged', () => {
    order([opened]).when(establish).thenEvents(ordered).thenState(standing);
  });

  test('can become an order without a name', () => {
    order([opened])
      .when({ ...establish, item: null })
      .thenEvents({ ...ordered, item: null } as OrderEvent)
      .thenState({ ...standing, item: null });
  });

  test('takes no name from an event that has none', () => {
    const { item: _, ...nameless } = ordered as Extract<OrderEvent, { type: 'Ordered' }>;
    order([opened, nameless])
      .when({ type: 'abandon', id: 7 })
      .thenState({ ...standing, item: null });
  });

  test('is established once', () => {
    order([opened, ordered]).when(establish).thenNothing();
  });

  test('that is being voided or has ended cannot be established any more', () => {
    order([opened, voiding]).when(establish).thenRejected('payment-unknown');
    order([opened, ended(null)])
      .when(establish)
      .thenRejected('payment-unknown');
    order([]).when(establish).thenRejected('payment-unknown');
  });

  test('ends with the reason for which its payment was refused', () => {
    order([opened])
      .when({ type: 'refuse', id: 7, refusal: 'card declined' })
      .thenEvents(ended('card declined'))
      .thenState({ kind: 'ended', refusal: 'card declined' });
  });

  test('that has become an order is not refused', () => {
    order([opened, ordered]).when({ type: 'refuse', id: 7, refusal: 'late' }).thenRejected('payment-unknown');
  });

  test.each(['abandon', 'voided'] as const)('%s ends an intent, once, and no order', type => {
    order([opened]).when({ type, id: 7 }).thenEvents(ended(null)).thenState({ kind: 'ended', refusal: null });
    order([opened, ended(null)])
      .when({ type, id: 7 })
      .thenNothing();
    order([opened, ordered]).when({ type, id: 7 }).thenNothing().thenState(standing);
  });

  test('is voided in two steps', () => {
    order([opened])
      .when({ type: 'void', id: 7 })
      .thenEvents(voiding)
      .thenState({ kind: 'intent', ...intent, voiding: true });
    order([opened, voiding]).when({ type: 'void', id: 7 }).thenNothing();
    order([opened, voiding]).when({ type: 'voided', id: 7 }).thenEvents(ended(null));
  });

  test('that has become an order, or is none, is not voided', () => {
    order([opened, ordered]).when({ type: 'void', id: 7 }).thenRejected('payment-unknown');
    order([]).when({ type: 'void', id: 7 }).thenRejected('payment-unknown');
  });

  test('cannot be canceled: nobody sees it', () => {
    order([opened]).when(cancel).thenRejected('unknown-order');
    order([]).when(cancel).thenRejected('unknown-order');
    order([opened, ended(null)])
      .when(cancel)
      .thenRejected('unknown-order');
  });

  test('is not moved by the saga', () => {
    order([opened]).when(advance('deliveryPrepared')).thenNothing();
    order([opened]).when({ type: 'stockShort', id: 7, left: 0 }).thenNothing();
    order([opened]).when({ type: 'settleException', id: 7 }).thenRejected('unknown-exception');
  });

  test('whose payment was canceled cannot become an order any more', () => {
    order([opened]).when({ type: 'payCanceled', id: 7 }).thenEvents(voiding);
    order([opened, voiding]).when({ type: 'payCanceled', id: 7 }).thenNothing();
    order([opened, ended(null)])
      .when({ type: 'payCanceled', id: 7 })
      .thenNothing();
    order([]).when({ type: 'payCanceled', id: 7 }).thenNothing();
  });
});

describe('an order', () => {
  test.each(['deliveryPrepared', 'deliverystarted', 'deliverycompleted'] as const)(
    'advances to %s',
    status => {
      order([opened, ordered])
        .when(advance(status))
        .thenEvents(advanced(status))
        .thenState({ ...standing, status });
    },
  );

  test('never goes back, and takes each step once', () => {
    const started = [opened, ordered, advanced('deliverystarted')];
    order(started).when(advance('deliveryPrepared')).thenNothing();
    order(started).when(advance('deliverystarted')).thenNothing();
    order(started).when(advance('deliverycompleted')).thenEvents(advanced('deliverycompleted'));
  });

  test.each(['ordered', 'deliveryPrepared', 'deliverystarted'] as const)('is canceled while %s', status => {
    order([opened, ordered, advanced(status)])
      .when(cancel)
      .thenEvents(canceled('changed my mind'))
      .thenState({ ...standing, status: 'orderCanceled', reason: 'changed my mind' });
  });

  test('is canceled once, with or without a reason', () => {
    order([opened, ordered])
      .when({ ...cancel, reason: null })
      .thenEvents(canceled(null))
      .thenState({ ...standing, status: 'orderCanceled' });
    order([opened, ordered, canceled(null)])
      .when(cancel)
      .thenNothing();
  });

  test('has no reason where the event has none', () => {
    const { reason: _, ...unexplained } = canceled(null) as Extract<OrderEvent, { type: 'OrderCanceled' }>;
    order([opened, ordered, unexplained])
      .when(cancel)
      .thenState({ ...standing, status: 'orderCanceled', reason: null });
  });

  test('that was delivered cannot be canceled', () => {
    order([opened, ordered, advanced('deliverycompleted')])
      .when(cancel)
      .thenRejected('delivery-completed');
  });

  test('is canceled with its payment', () => {
    order([opened, ordered])
      .when({ type: 'payCanceled', id: 7 })
      .thenEvents(canceled('the payment was canceled'));
    order([opened, ordered, canceled(null)])
      .when({ type: 'payCanceled', id: 7 })
      .thenNothing();
  });

  test('is canceled by itself where the stock is short, before anything was prepared', () => {
    const short: OrderCommand = { type: 'stockShort', id: 7, left: 1 };
    order([opened, ordered]).when(short).thenEvents(canceled('out of stock: 1 left'));
    order([opened, ordered, canceled(null)])
      .when(short)
      .thenNothing();
    order([opened, ordered, advanced('deliveryPrepared')])
      .when(short)
      .thenNothing();
  });
});

describe('an exception, which waits for a person,', () => {
  const goodsAreOut = raised('the order is canceled and its goods were delivered');
  const paidBack = raised('the payment was canceled after the goods were delivered');
  const open = [opened, ordered, canceled(null), goodsAreOut];

  test('is raised where a cancel crossed the arrival of the goods; the order stays canceled', () => {
    order([opened, ordered, canceled('late')])
      .when(advance('deliverycompleted'))
      .thenEvents(goodsAreOut)
      .thenState({
        ...standing,
        status: 'orderCanceled',
        reason: 'late',
        exception: 'the order is canceled and its goods were delivered',
      });
  });

  test('is raised once', () => {
    order(open).when(advance('deliverycompleted')).thenNothing();
    order([...open, settled])
      .when(advance('deliverycompleted'))
      .thenNothing();
  });

  test('is not raised for goods that are only on their way: their delivery is canceled', () => {
    order([opened, ordered, canceled(null)])
      .when(advance('deliverystarted'))
      .thenNothing();
  });

  test('is raised where the payment was canceled after the goods arrived; the order stays delivered', () => {
    const delivered = [opened, ordered, advanced('deliverycompleted')];
    order(delivered)
      .when({ type: 'payCanceled', id: 7 })
      .thenEvents(paidBack)
      .thenState({
        ...standing,
        status: 'deliverycompleted',
        exception: 'the payment was canceled after the goods were delivered',
      });
    order([...delivered, paidBack])
      .when({ type: 'payCanceled', id: 7 })
      .thenNothing();
  });

  test('is settled once', () => {
    const state = order(open).when({ type: 'settleException', id: 7 }).thenEvents(settled);
    state.thenState({
      ...standing,
      status: 'orderCanceled',
      exception: 'the order is canceled and its goods were delivered',
      exceptionSettled: true,
    });
    order([...open, settled])
      .when({ type: 'settleException', id: 7 })
      .thenRejected('unknown-exception');
    order([opened, ordered]).when({ type: 'settleException', id: 7 }).thenRejected('unknown-exception');
  });
});

test.each([voiding, ordered, canceled(null), advanced('deliverystarted'), raised('x'), settled])(
  'events of another life leave the state alone: $type',
  event => {
    const state: Order = { kind: 'ended', refusal: null };
    expect(evolve(state, event)).toBe(state);
  },
);

describe('whatever happens to an order, and in whatever order,', () => {
  const commands = {
    open: { type: 'open', id: 7, intent },
    establish,
    refuse: { type: 'refuse', id: 7, refusal: 'declined' },
    abandon: { type: 'abandon', id: 7 },
    void: { type: 'void', id: 7 },
    voided: { type: 'voided', id: 7 },
    cancel,
    prepared: advance('deliveryPrepared'),
    started: advance('deliverystarted'),
    completed: advance('deliverycompleted'),
    payCanceled: { type: 'payCanceled', id: 7 },
    stockShort: { type: 'stockShort', id: 7, left: 0 },
    settleException: { type: 'settleException', id: 7 },
  } satisfies Record<string, OrderCommand>;
  const names = Object.keys(commands) as (keyof typeof commands)[];
  // Half of the histories begin with an order, so that they have time for what comes after.
  const beginnings = fc.constantFrom<(keyof typeof commands)[]>([], ['open'], ['open', 'establish']);
  const history = fc
    .tuple(beginnings, fc.array(fc.constantFrom(...names), { maxLength: 12 }))
    .map(([first, rest]) => [...first, ...rest]);

  test('it is ordered and canceled at most once, and what has ended stays as it ended', () => {
    fc.assert(
      fc.property(history, steps => {
        let state: Order = initial;
        const events: OrderEvent[] = [];
        for (const step of steps) {
          const before: Order = state;
          const decision = decide(commands[step], before);
          if (isRejection(decision)) continue;
          state = decision.reduce(evolve, before);
          events.push(...decision);

          if (before.kind === 'ended') expect(state).toEqual(before);
          if (before.kind === 'order') {
            expect(state.kind).toBe('order');
            const after = state as Standing;
            const terminal = before.status === 'orderCanceled' || before.status === 'deliverycompleted';
            if (terminal) expect(after.status).toBe(before.status);
            if (before.exception !== null) expect(after.exception).toBe(before.exception);
          }
          if (before.kind === 'intent' && before.voiding) expect(state.kind).not.toBe('order');
        }
        const types = events.map(event => event.type);
        const count = (type: OrderEvent['type']) => types.filter(other => other === type).length;
        expect(count('Ordered')).toBeLessThanOrEqual(1);
        expect(count('OrderCanceled')).toBeLessThanOrEqual(count('Ordered'));
        expect(count('Ordered') + count('IntentEnded')).toBeLessThanOrEqual(1);
        expect(count('ExceptionRaised')).toBeLessThanOrEqual(1);
        const delivered = events.some(
          event => event.type === 'StatusAdvanced' && event.status === 'deliverycompleted',
        );
        expect(delivered && types.includes('OrderCanceled')).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});
