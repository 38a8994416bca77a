import type { ProblemSlug } from '@jumun/contracts';

/** The reasons of a refusal; `unreachable` where there was no answer at all. */
export type Reason = ProblemSlug | 'unreachable';

interface ProblemDocument {
  type?: string;
  title?: string;
  detail?: string;
  traceId?: string;
  errors?: { pointer: string; detail: string }[];
  [member: string]: unknown;
}

/** A refusal of the API (RFC 9457), or its silence. */
export class ApiProblem extends Error {
  override name = 'ApiProblem';
  readonly reason: Reason;
  readonly status: number;
  readonly document: ProblemDocument;
  /** Seconds after which to try again, where the API says so. */
  readonly retryAfter: number | undefined;

  constructor(reason: Reason, status: number, document: ProblemDocument = {}, retryAfter?: number) {
    super(document.detail ?? document.title ?? reason);
    this.reason = reason;
    this.status = status;
    this.document = document;
    this.retryAfter = retryAfter;
  }

  static from(response: Response, body: unknown): ApiProblem {
    const document = (typeof body === 'object' && body !== null ? body : {}) as ProblemDocument;
    const slug = document.type?.replace('/problems/', '') as ProblemSlug | undefined;
    const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
    return new ApiProblem(
      slug ?? (response.status < 500 ? 'not-found' : 'unavailable'),
      response.status,
      document,
      Number.isNaN(retryAfter) ? undefined : retryAfter,
    );
  }

  static unreachable(cause: unknown): ApiProblem {
    const problem = new ApiProblem('unreachable', 0);
    problem.cause = cause;
    return problem;
  }

  /** Whether the same request may succeed a little later without any change. */
  get isTransient(): boolean {
    return this.status === 0 || this.status === 503;
  }

  /** A number that the refusal tells beside its text, such as what is left. */
  number(member: string): number | undefined {
    const value = this.document[member];
    return typeof value === 'number' ? value : undefined;
  }
}
