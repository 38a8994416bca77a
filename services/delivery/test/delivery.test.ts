import { isRejection } from '@jumun/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { given } from '../../../tests/support/given.ts';
import { type Delivery, type DeliveryCommand, type DeliveryEvent, decide, evolve } from '../src/delivery.ts';

const initial: Delivery = { kind: 'none' };
const delivery = given<Delivery, DeliveryCommand, DeliveryEvent>({ initial, decide, evolve });

const parcel = {
  id: 1,
  orderId: 7,
  customerId: 11,
  productName: 'milk',
  qtyp: 3,
  price: 6000,
  address: 'Seoul',
};
const untracked = { carrier: null, trackingNumber: null };
const prepare: DeliveryCommand = { type: 'prepare', orderId: 7, parcel };
const start: DeliveryCommand = { type: 'start', orderId: 7, tracking: untracked };
const complete: DeliveryCommand = { type: 'complete', orderId: 7 };
const cancel: DeliveryCommand = { type: 'cancel', orderId: 7 };

const requested: DeliveryEvent = { type: 'DeliveryRequested', ...parcel, status: 'deliveryRequested' };
const started: DeliveryEvent = { type: 'DeliveryStarted', ...parcel, status: 'deliverystarted' };
const completed: DeliveryEvent = { type: 'DeliveryCompleted', ...parcel, status: 'deliverycompleted' };
const canceled: DeliveryEvent = { type: 'DeliveryCanceled', ...parcel, status: 'deliveryCanceled' };
const beforehand: DeliveryEvent = { type: 'CanceledBeforehand' };
const standing: Extract<Delivery, { kind: 'delivery' }> = {
  kind: 'delivery',
  status: 'deliveryRequested',
  ...parcel,
  ...untracked,
};

describe('a delivery', () => {
  test('is requested when the pieces are prepared, once', () => {
    delivery([]).when(prepare).thenEvents(requested).thenState(standing);
    delivery([requested]).when(prepare).thenNothing();
    delivery([requested, canceled]).when(prepare).thenNothing();
  });

  test('may know little of what it carries', () => {
    const bare: DeliveryEvent = { type: 'DeliveryRequested', id: 1, orderId: 7 };
    delivery([bare])
      .when(prepare)
      .thenState({
        ...standing,
        customerId: null,
        productName: null,
        qtyp: null,
        price: null,
        address: null,
      });
  });

  test('starts, and then is completed', () => {
    delivery([requested])
      .when(start)
      .thenEvents(started)
      .thenState({ ...standing, status: 'deliverystarted' });
    delivery([requested, started])
      .when(complete)
      .thenEvents(completed)
      .thenState({ ...standing, status: 'deliverycompleted' });
  });

  test.each([
    { carrier: 'CJ', trackingNumber: '123' },
    { carrier: 'CJ', trackingNumber: null },
    { carrier: null, trackingNumber: '123' },
  ])('starts with the carrier $carrier and the number $trackingNumber', tracking => {
    delivery([requested])
      .when({ ...start, tracking } as DeliveryCommand)
      .thenEvents({ type: 'TrackingNoted', tracking }, started)
      .thenState({ ...standing, ...tracking, status: 'deliverystarted' });
  });

  test('stays as it is where a step is repeated, its carrier too', () => {
    const tracking = { carrier: 'CJ', trackingNumber: '123' };
    delivery([requested, started])
      .when({ ...start, tracking } as DeliveryCommand)
      .thenNothing();
    delivery([requested, started, completed]).when(complete).thenNothing();
  });

  test('does not skip a step or go back', () => {
    delivery([requested])
      .when(complete)
      .thenRejected('delivery-step-conflict', { state: 'deliveryRequested' });
    delivery([requested, started, completed])
      .when(start)
      .thenRejected('delivery-step-conflict', { state: 'deliverycompleted' });
  });

  test('that was canceled does not move', () => {
    const past = [requested, canceled];
    delivery(past).when(start).thenRejected('delivery-step-conflict', { state: 'deliveryCanceled' });
    delivery(past).when(complete).thenRejected('delivery-step-conflict', { state: 'deliveryCanceled' });
  });

  test('that is none does not move', () => {
    for (const past of [[], [beforehand]]) {
      delivery(past).when(start).thenRejected('unknown-delivery');
      delivery(past).when(complete).thenRejected('unknown-delivery');
    }
  });
});

describe('a cancel', () => {
  test('ends a delivery that was requested or is on its way, once', () => {
    delivery([requested])
      .when(cancel)
      .thenEvents(canceled)
      .thenState({ ...standing, status: 'deliveryCanceled' });
    delivery([requested, started]).when(cancel).thenEvents(canceled);
    delivery([requested, canceled]).when(cancel).thenNothing();
  });

  test('does not take back what was delivered', () => {
    delivery([requested, started, completed]).when(cancel).thenNothing();
  });

  test('that comes before the pieces were prepared leaves a tombstone: nothing is delivered', () => {
    delivery([]).when(cancel).thenEvents(beforehand).thenState({ kind: 'tombstone' });
    delivery([beforehand]).when(cancel).thenNothing();
    delivery([beforehand]).when(prepare).thenNothing();
  });
});

test.each([started, completed, canceled, { type: 'TrackingNoted', tracking: untracked } as const])(
  'events of a delivery that is not there leave the state alone: $type',
  event => {
    const state: Delivery = { kind: 'tombstone' };
    expect(evolve(state, event)).toBe(state);
  },
);

describe('whatever happens to a delivery, and in whatever order,', () => {
  const commands: Record<string, DeliveryCommand> = {
    prepare,
    'prepare under another number': { ...prepare, parcel: { ...parcel, id: 2 } },
    start,
    'start with a carrier': { ...start, tracking: { carrier: 'CJ', trackingNumber: '123' } },
    complete,
    cancel,
  };
  const history = fc.array(fc.constantFrom(...Object.keys(commands)), { maxLength: 12 });

  test('there is one delivery, and it ends in one way', () => {
    fc.assert(
      fc.property(history, steps => {
        let state: Delivery = initial;
        const published: Exclude<DeliveryEvent, { type: 'TrackingNoted' | 'CanceledBeforehand' }>[] = [];
        for (const step of steps) {
          const decision = decide(commands[step] as DeliveryCommand, state);
          if (isRejection(decision)) continue;
          state = decision.reduce(evolve, state);
          for (const event of decision) {
            if (event.type !== 'TrackingNoted' && event.type !== 'CanceledBeforehand') published.push(event);
          }
        }
        const types = published.map(event => event.type);
        expect(new Set(types).size, 'each event once').toBe(types.length);
        expect(new Set(published.map(event => event.id)).size, 'one number').toBeLessThanOrEqual(1);
        expect(types.includes('DeliveryCompleted') && types.includes('DeliveryCanceled')).toBe(false);
        if (types.length > 0) expect(types[0]).toBe('DeliveryRequested');
        if (types.includes('DeliveryCompleted')) expect(types).toContain('DeliveryStarted');

        const firstCancel = steps.indexOf('cancel');
        const canceledFirst =
          firstCancel >= 0 && !steps.slice(0, firstCancel).some(step => step.startsWith('prepare'));
        if (canceledFirst) expect(types, 'a cancel beforehand is silent').toEqual([]);
      }),
      { numRuns: 2_000 },
    );
  });
});
