import { ApiProblem } from './problem.ts';

const TIMEOUT_MS = 10_000;

/**
 * What stands at an address that no OpenAPI document describes, such as a service's metrics.
 * @throws ApiProblem where the answer is a refusal, or where there is none
 */
export async function askText(path: string, signal?: AbortSignal): Promise<string> {
  const deadline = AbortSignal.timeout(TIMEOUT_MS);
  const response = await fetch(path, {
    signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
  }).catch((cause: unknown) => {
    // Left by the page itself: nobody waits for it.
    if (signal?.aborted) throw cause;
    throw ApiProblem.unreachable(cause);
  });
  if (response.ok) return response.text();
  throw ApiProblem.from(response, await response.json().catch(() => undefined));
}
