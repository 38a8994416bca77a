import { PassThrough } from 'node:stream';
import type { Call, ProblemSlug } from '@jumun/contracts';
import { SpanKind, type Tracer } from '@opentelemetry/api';
import Type, { type Static, type TSchema } from 'typebox';
import { Agent } from 'undici';
import { TooManyWaitingError } from './batcher.ts';
import { type Breaker, type BreakerOptions, CircuitOpenError, createBreaker } from './breaker.ts';
import { UnavailableError } from './errors.ts';
import { type Http, onlyServices, toProblem } from './http.ts';
import { isForWantOfRoom, Problem, type ProblemDetails } from './problem.ts';
import { inSpan, ORDER_ID, recordFailure, type SpanFacts, startSpan, traceparentOf } from './spans.ts';
import { traceIdOf } from './trace.ts';

const MAX_BATCH = 200;
const CLOSE_MS = 1_000;
const BATCH_BODY_LIMIT_BYTES = 4 * 1024 * 1024;
/** Of one batch. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** Items that a route has under way at once, and calls that may wait for a peer. */
const MAX_OPEN = 10_000;

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

/** The order that an item is about. */
const orderIn = (item: unknown) => (item as { orderId?: number }).orderId;

/** Each item of a batch is a call of its own to those who read traces. */
function spanOf(path: string, item: unknown, kind: SpanKind, peer?: string): SpanFacts {
  const orderId = orderIn(item);
  return {
    name: `POST ${path}`,
    kind,
    attributes: {
      'http.request.method': 'POST',
      'http.route': path,
      ...(peer && { 'peer.service': peer }),
      ...(orderId !== undefined && { [ORDER_ID]: orderId }),
    },
  };
}

/** Does what is asked of one item, in the trace that `traceparent` names. */
type Handle<I, O> = (item: I, traceparent: string | null) => Promise<O>;

/** Handles each item in a span that ends with it. A refusal is an answer; only what is our fault is an error. */
function handleInSpan<I, O>(tracer: Tracer, path: string, handle: Handle<I, O>): Handle<I, O> {
  return async (item, traceparent) => {
    // What is asked outside of any trace, as by the auditor, begins none.
    if (traceparent === null) return handle(item, null);
    const span = startSpan(tracer, spanOf(path, item, SpanKind.SERVER), traceparent);
    const answered = (status: number) => span.setAttribute('http.response.status_code', status);
    try {
      const answer = await handle(item, traceparentOf(span));
      answered(200);
      return answer;
    } catch (error) {
      const { status } = toProblem(error);
      answered(status);
      if (status >= 500) recordFailure(span, error);
      throw error;
    } finally {
      span.end();
    }
  };
}

/**
 * A route between services that takes many items in one call. The answers are lines of JSON that go out as
 * each item is done, so that one that hangs does not hold the others.
 */
export function serveBatch<S extends TSchema, O>(
  app: Http,
  { path }: Call<Static<S>, O>,
  item: S,
  handle: Handle<Static<S>, O>,
): void {
  const handled = app.tracer ? handleInSpan(app.tracer, path, handle) : handle;
  let underWay = 0;
  const handleOne: Handle<Static<S>, O> = async (item, traceparent) => {
    if (underWay >= MAX_OPEN) throw new TooManyWaitingError('too many items are under way');
    underWay++;
    return handled(item, traceparent).finally(() => underWay--);
  };
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
        handleOne(entry.item, entry.traceparent ?? null).then(
          ok => add({ i, ok }),
          error => {
            const { slug, detail, more } = toProblem(error);
            if (slug === 'internal-error') {
              const traceId = traceIdOf(entry.traceparent);
              request.log.error({ err: error, traceId, path, orderId: orderIn(entry.item) }, 'item failed');
            }
            add({ i, problem: { slug, detail, ...more } });
          },
        );
      }
      return reply.type('application/x-ndjson').send(lines);
    },
  );
}

export interface PeerOptions extends BreakerOptions {
  url: string;
  token: string;
  tracer?: Tracer | undefined;
}

/** Another service of the system. */
export interface Peer {
  readonly name: string;
  readonly breaker: Breaker;
  /**
   * A function that calls a batch route with one item; calls that wait go together.
   * It throws a Problem where the peer refused, and PeerError where the outcome is not known.
   */
  batch<I, O>(call: Call<I, O>, timeoutMs: number): Handle<I, O>;
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
export function createPeer({ name, url, token, tracer, ...breakerOptions }: PeerOptions): Peer {
  const agent = new Agent({
    connections: 16,
    keepAliveTimeout: 4_000,
    connect: { timeout: 1_000 },
    maxResponseSize: MAX_ANSWER_BYTES,
  });
  const breaker = createBreaker({ name, ...breakerOptions });
  /** Calls that have no answer yet. */
  let open = 0;
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
    breaker,
    batch<I, O>({ path }: Call<I, O>, timeoutMs: number): Handle<I, O> {
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
      const ask: Handle<I, O> = async (item, traceparent) => {
        // What the peer says of one item, good or bad, is an answer: only what is thrown inside counts against it.
        if (open >= MAX_OPEN) throw new PeerError(`${name} is not asked: ${MAX_OPEN} calls wait for it`);
        open++;
        const answer = await breaker
          .call(() => call(item, traceparent))
          .catch(error => {
            throw error instanceof CircuitOpenError ? new PeerError(error.message) : error;
          })
          .finally(() => open--);
        if (answer instanceof Error) throw answer;
        return answer as O;
      };
      if (!tracer) return ask;
      return (item, traceparent) =>
        inSpan(tracer, spanOf(path, item, SpanKind.CLIENT, name), traceparent, within => ask(item, within));
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
  const refusal = new Problem(slug, detail, more);
  // What was refused for want of room was not begun, so this too is an answer.
  const failed = refusal.status >= 500 && !isForWantOfRoom(refusal);
  call.resolve(failed ? new PeerError(detail) : refusal);
}
