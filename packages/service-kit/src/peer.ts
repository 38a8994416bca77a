import { PassThrough } from 'node:stream';
import { type Call, type ProblemSlug, problems } from '@jumun/contracts';
import {
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleAll,
  isBrokenCircuitError,
} from 'cockatiel';
import Type, { type Static, type TSchema } from 'typebox';
import { Agent } from 'undici';
import { UnavailableError } from './errors.ts';
import { type Http, onlyServices, toProblem } from './http.ts';
import type { Metrics } from './metrics.ts';
import { Problem, type ProblemDetails } from './problem.ts';

const MAX_BATCH = 200;
const CLOSE_MS = 1_000;
const BATCH_BODY_LIMIT_BYTES = 4 * 1024 * 1024;

/** A peer did not answer, or not in time: whether it did what it was asked is not known. */
export class PeerError extends UnavailableError {
  override name = 'PeerError';
}

/** One line of a batch's answer: which item, and what became of it. */
interface AnswerLine {
  i: number;
  ok?: unknown;
  problem?: { slug: ProblemSlug; detail: string } & ProblemDetails;
}

/**
 * A route between services that takes many items in one call. The answers are lines of JSON that go out as
 * each item is done, so that one that hangs does not hold the others.
 */
export function serveBatch<S extends TSchema, O>(
  app: Http,
  { path }: Call<Static<S>, O>,
  item: S,
  handle: (item: Static<S>, traceparent: string | null) => Promise<O>,
): void {
  const body = Type.Array(Type.Object({ item, traceparent: Type.Optional(Type.String()) }), {
    maxItems: MAX_BATCH,
  });
  app.post(
    path,
    { schema: { body }, onRequest: onlyServices, bodyLimit: BATCH_BODY_LIMIT_BYTES },
    (request, reply) => {
      const lines = new PassThrough();
      let open = 0;
      let ready = '';
      const flush = () => {
        if (lines.destroyed) return;
        lines.write(ready);
        ready = '';
        if (open === 0) lines.end();
      };
      const add = (line: AnswerLine) => {
        open--;
        // What is done in one turn of the event loop goes out in one write.
        if (ready === '') setImmediate(flush);
        ready += `${JSON.stringify(line)}\n`;
      };
      const entries = request.body as unknown as { item: Static<S>; traceparent?: string }[];
      open = entries.length;
      if (open === 0) lines.end();
      for (const [i, entry] of entries.entries()) {
        handle(entry.item, entry.traceparent ?? null).then(
          ok => add({ i, ok }),
          error => {
            const { slug, detail, more } = toProblem(error);
            if (slug === 'internal-error')
              request.log.error({ err: error, traceId: request.trace.traceId }, 'item failed');
            add({ i, problem: { slug, detail, ...more } });
          },
        );
      }
      return reply.type('application/x-ndjson').send(lines);
    },
  );
}

export interface PeerOptions {
  /** The peer's name, for metrics and messages. */
  name: string;
  url: string;
  token: string;
  /** After so many failures in a row calls fail at once … */
  failures?: number;
  /** … until, this much later, one is let through to try. */
  halfOpenAfterMs?: number;
}

/** Another service of the system. */
export interface Peer {
  readonly name: string;
  breakerState(): CircuitState;
  /**
   * A function that calls a batch route with one item; calls that wait go together.
   * It throws a Problem where the peer refused, and PeerError where the outcome is not known.
   */
  batch<I, O>(call: Call<I, O>, timeoutMs: number): (item: I, traceparent: string | null) => Promise<O>;
  close(): Promise<void>;
}

interface PendingCall {
  body: string;
  resolve(value: unknown): void;
  reject(error: Error): void;
  /** Calls back, once, when it has an answer or has waited too long for one. */
  onSettled?: () => void;
}

/** A client of another service behind a circuit breaker. */
export function createPeer({ name, url, token, failures = 10, halfOpenAfterMs = 1_000 }: PeerOptions): Peer {
  const agent = new Agent({ connections: 16, keepAliveTimeout: 4_000, connect: { timeout: 1_000 } });
  const breaker: CircuitBreakerPolicy = circuitBreaker(handleAll, {
    halfOpenAfter: halfOpenAfterMs,
    breaker: new ConsecutiveBreaker(failures),
  });
  /** When the peer last answered anything. */
  let answeredAt = Number.NEGATIVE_INFINITY;

  async function send(path: string, calls: PendingCall[]): Promise<void> {
    const failAll = (why: string, cause?: unknown) => {
      for (const call of calls) call.reject(new PeerError(`${name} ${why}`, { cause }));
    };
    // A request that nobody waits for any more must not keep its connection from others.
    const givenUp = new AbortController();
    let waiting = calls.length;
    let unanswered = calls.length;
    for (const call of calls) {
      call.onSettled = () => {
        waiting--;
        if (waiting === 0 && unanswered > 0) givenUp.abort();
      };
    }
    try {
      const response = await agent.request({
        origin: url,
        path,
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: `[${calls.map(call => call.body).join(',')}]`,
        headersTimeout: 30_000,
        bodyTimeout: 60_000,
        signal: givenUp.signal,
      });
      if (response.statusCode !== 200) {
        await response.body.dump();
        return failAll(`answered ${response.statusCode}`);
      }
      // A letter of several bytes may come in two chunks. (undici's setEncoding does nothing for iteration.)
      const decoder = new TextDecoder();
      let rest = '';
      for await (const chunk of response.body) {
        const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
        rest = lines.pop() ?? '';
        unanswered -= lines.length;
        for (const line of lines) settle(calls, JSON.parse(line) as AnswerLine);
        answeredAt = performance.now();
      }
      failAll('ended its answer early');
    } catch (error) {
      failAll('could not be reached', error);
    }
  }

  return {
    name,
    breakerState: () => breaker.state,
    batch<I, O>(
      { path }: Call<I, O>,
      timeoutMs: number,
    ): (item: I, traceparent: string | null) => Promise<O> {
      let waiting: PendingCall[] = [];
      const flush = () => {
        while (waiting.length > 0) {
          void send(path, waiting.slice(0, MAX_BATCH));
          waiting = waiting.slice(MAX_BATCH);
        }
      };
      const call = (item: I, traceparent: string | null) =>
        new Promise<unknown>((resolve, reject) => {
          let open = true;
          const settleOnce = (act: () => void) => {
            if (!open) return;
            open = false;
            clearTimeout(timer);
            act();
            pending.onSettled?.();
          };
          const pending: PendingCall = {
            body: JSON.stringify({ item, traceparent: traceparent ?? undefined }),
            resolve: value => settleOnce(() => resolve(value)),
            reject: error => settleOnce(() => reject(error)),
          };
          const called = performance.now();
          const timer = setTimeout(() => {
            const error = new PeerError(`${name} did not answer in ${timeoutMs} ms`);
            // A peer that answers others is there; only this item hangs.
            if (answeredAt > called) pending.resolve(error);
            else pending.reject(error);
          }, timeoutMs);
          if (waiting.length === 0) setImmediate(flush);
          waiting.push(pending);
        });
      return async (item, traceparent) => {
        // What the peer says of one item, good or bad, is an answer: only what is thrown inside counts against it.
        const answer = await breaker
          .execute(() => call(item, traceparent))
          .catch(error => {
            if (isBrokenCircuitError(error))
              throw new PeerError(`${name} is not asked for now: its circuit is open`);
            throw error;
          });
        if (answer instanceof Error) throw answer;
        return answer as O;
      };
    },
    close: () => closeWithin(agent, CLOSE_MS),
  };
}

/** Waits for calls under way, but not for one that hangs. */
async function closeWithin(agent: Agent, ms: number): Promise<void> {
  const timer = setTimeout(() => void agent.destroy(), ms);
  await agent.close().catch(() => undefined);
  clearTimeout(timer);
}

/** Gives one line of the answer to the call it belongs to. */
function settle(calls: PendingCall[], { i, ok, problem }: AnswerLine): void {
  const call = calls[i];
  if (!call) return;
  if (!problem) {
    call.resolve(ok);
    return;
  }
  const { slug, detail, ...more } = problem;
  call.resolve(problems[slug].status >= 500 ? new PeerError(detail) : new Problem(slug, detail, more));
}

/** Shows the state of the circuit breaker to each peer. */
export function measureBreakers(metrics: Metrics, peers: Peer[]): void {
  const states = [CircuitState.Closed, CircuitState.HalfOpen, CircuitState.Open];
  metrics.gauge(
    'jumun_breaker_state',
    'The circuit breaker to a peer: 1 for the state it is in',
    () =>
      peers.flatMap(peer =>
        states.map(state => ({
          labels: { peer: peer.name, state: CircuitState[state].toLowerCase() },
          value: peer.breakerState() === state ? 1 : 0,
        })),
      ),
    ['peer', 'state'],
  );
}
