import { type ProblemSlug, problems } from '@jumun/contracts';

export interface FieldError {
  /** A JSON Pointer into the body (`/price`), or the name of a parameter. */
  pointer: string;
  detail: string;
}

export interface ProblemDetails {
  /** Members beside those of RFC 9457, such as what is left in stock. */
  extra?: Record<string, unknown>;
  errors?: FieldError[];
  /** Seconds after which to try again. */
  retryAfter?: number;
}

/** A refusal with a reason that the caller can act on; becomes an `application/problem+json` (RFC 9457). */
export class Problem extends Error {
  override name = 'Problem';
  readonly slug: ProblemSlug;
  readonly detail: string;
  readonly more: ProblemDetails;
  readonly status: number;

  constructor(slug: ProblemSlug, detail: string, more: ProblemDetails = {}) {
    super(detail);
    this.slug = slug;
    this.detail = detail;
    this.more = more;
    this.status = problems[slug].status;
  }

  /** The document of RFC 9457 for one request. */
  toDocument(instance: string, traceId: string): Record<string, unknown> {
    return {
      type: `/problems/${this.slug}`,
      title: problems[this.slug].title,
      status: this.status,
      detail: this.detail,
      instance,
      traceId,
      ...this.more.extra,
      ...(this.more.errors && { errors: this.more.errors }),
    };
  }
}

/** Whether a limit was reached: refused before anything was done, and not for anything that was asked. */
export const isForWantOfRoom = ({ slug }: Problem): boolean => slug === 'overloaded' || slug === 'backlog';
