import type { ProblemSlug } from './problems.ts';

/** Why a command cannot be carried out in the present state. */
export interface Rejection {
  rejected: ProblemSlug;
  detail: string;
  /** Members of the problem beside its detail, such as what is left. */
  extra?: Record<string, unknown>;
}

/** What follows from a command: events (none, where it was done before), or why not. */
export type Decision<E> = E[] | Rejection;

export function isRejection(decision: unknown): decision is Rejection {
  return typeof decision === 'object' && decision !== null && 'rejected' in decision;
}
