import { expect, it } from 'vitest';
import { canCancel, stepsOf } from '../../client/shop/timeline.ts';

const at = (second: number) => `2026-01-01T00:00:0${second}.000Z`;
const names = (steps: ReturnType<typeof stepsOf>) =>
  steps.map(step => (step.at === undefined ? `(${step.name})` : step.name));

it('shows what was reached as one follows from the other, and then what is to come', () => {
  // The money is taken a little before the order stands.
  const timeline = [
    { status: 'payApproved', at: at(1) },
    { status: 'ordered', at: at(2) },
  ];
  expect(names(stepsOf({ status: 'ordered', timeline }))).toEqual([
    'ordered',
    'payApproved',
    '(deliveryPrepared)',
    '(deliveryRequested)',
    '(deliverystarted)',
    '(deliverycompleted)',
  ]);
});

it('shows of a canceled order what it came to, and that its payment comes back', () => {
  const timeline = [
    { status: 'ordered', at: at(1) },
    { status: 'payApproved', at: at(1) },
    { status: 'orderCanceled', at: at(3) },
  ];
  expect(names(stepsOf({ status: 'orderCanceled', timeline }))).toEqual([
    'ordered',
    'payApproved',
    'orderCanceled',
    '(payCanceled)',
  ]);
  const refunded = [...timeline, { status: 'payCanceled', at: at(4) }];
  expect(names(stepsOf({ status: 'orderCanceled', timeline: refunded })).at(-1)).toBe('payCanceled');
});

it('leaves out what it has no name for', () => {
  expect(names(stepsOf({ status: 'ordered', timeline: [{ status: 'inspected', at: at(1) }] }))).not.toContain(
    'inspected',
  );
});

it('lets be canceled what has not come to its end', () => {
  expect((['ordered', 'deliveryPrepared', 'deliverystarted'] as const).every(canCancel)).toBe(true);
  expect((['deliverycompleted', 'orderCanceled'] as const).some(canCancel)).toBe(false);
});
