import type { ApiProblem } from '../api/problem.ts';
import type { Refusal } from './checkout.ts';

/** A refusal, as the form can act on it. */
export interface Refused {
  problem: ApiProblem;
  /** How many were wanted. */
  quantity: number;
  /** What is left, where it is less. */
  left?: number;
  /** What one piece costs now, and cost before, where that has changed. */
  unitPrice?: number;
  before?: number;
  /** What is wrong with which field. */
  fields: Record<string, string>;
}

/** What a refusal of an order says of the way on. */
export function wayOn({ problem, body }: Refusal): Refused {
  const fields = Object.fromEntries(
    (problem.document.errors ?? []).map(({ pointer, detail }) => [pointer.slice(1), detail]),
  );
  const refused: Refused = { problem, quantity: body.orderQty, fields };
  const left = problem.number('availableQuantity');
  const unitPrice = problem.number('unitPrice');
  if (problem.reason === 'out-of-stock' && left !== undefined) return { ...refused, left };
  if (problem.reason === 'price-changed' && unitPrice !== undefined)
    return { ...refused, unitPrice, before: body.price / body.orderQty };
  return refused;
}
