import type { DeliveryStatus } from '@jumun/contracts';

/** The columns of the board, in the order in which a delivery goes through them. */
export const columns = ['deliveryRequested', 'deliverystarted', 'deliverycompleted'] as const;
export type ColumnName = (typeof columns)[number];

/** A step is named by where it leads. */
export type Step = Exclude<ColumnName, 'deliveryRequested'>;

/** The step that a delivery can take from where it is; none at its end. */
export function nextStep(from: DeliveryStatus): Step | undefined {
  if (from === 'deliveryRequested') return 'deliverystarted';
  return from === 'deliverystarted' ? 'deliverycompleted' : undefined;
}

interface Card {
  id: number;
  status: DeliveryStatus;
}

/** A step that was asked for, and that is not answered yet. */
export interface StepUnderWay<T extends Card> {
  delivery: T;
  step: Step;
}

/**
 * What a column shows: what the service says, with the steps under way as if they were taken. One that is refused is under
 * way no longer, and its card is where it was.
 */
export function cardsOf<T extends Card>(
  column: ColumnName,
  known: readonly T[],
  underWay: readonly StepUnderWay<T>[],
): T[] {
  const moving = new Set(underWay.map(({ delivery }) => delivery.id));
  const arriving = underWay
    .filter(({ step }) => step === column)
    .map(({ delivery, step }) => ({ ...delivery, status: step }));
  return [...arriving, ...known.filter(({ id }) => !moving.has(id))];
}
