import type { OrderStatus } from '@jumun/contracts';

/** A step of an order: when it was reached, or that it is still to come. */
export interface Step {
  name: StepName;
  at: string | undefined;
}

const names = [
  'ordered',
  'payApproved',
  'deliveryPrepared',
  'deliveryRequested',
  'deliverystarted',
  'deliverycompleted',
  'orderCanceled',
  'deliveryCanceled',
  'payCanceled',
] as const;
export type StepName = (typeof names)[number];

/** What comes, in this order, where nothing is canceled. */
const WAY: readonly StepName[] = names.slice(0, 6);

/**
 * The steps that an order has come to, as one follows from the other, and then those still to come. Of a canceled order
 * none of its way is: but its payment has yet to be given back.
 */
export function stepsOf(order: { status: OrderStatus; timeline: { status: string; at: string }[] }): Step[] {
  const times = new Map(order.timeline.map(({ status, at }) => [status, at]));
  const isCanceled = order.status === 'orderCanceled';
  const reached = names.filter(name => times.has(name));
  const toCome = (isCanceled ? (['payCanceled'] as const) : WAY).filter(name => !times.has(name));
  return [...reached, ...toCome].map(name => ({ name, at: times.get(name) }));
}

/** Whether the customer may still cancel. */
export const canCancel = (status: OrderStatus): boolean =>
  status !== 'deliverycompleted' && status !== 'orderCanceled';
