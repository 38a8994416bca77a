import type { Readable } from 'node:stream';
import { Agent, type Dispatcher } from 'undici';
import { TooManyWaitingError } from '../batcher.ts';
import { type Breaker, createBreaker } from '../breaker.ts';
import { UnavailableError } from '../errors.ts';

/** Requests to one service that have no answer yet: less than there is room for, so that others go on. */
const MAX_UNDER_WAY = 2_000;
/** Answers that go on for as long as the client wants (server-sent events), each on a connection of its own. */
const MAX_STREAMS = 2_000;
/** Nothing for so long: the stream is dead. */
const STREAM_SILENCE_MS = 30_000;

/** A service that requests are sent on to. */
export interface Upstream {
  readonly url: string;
  readonly breaker: Breaker;
  /** Sends a request as undici does; an error where there is no answer in time, or too many wait for one. */
  request(
    options: Dispatcher.RequestOptions,
    callback: (error: Error | null, data: Dispatcher.ResponseData | null) => void,
  ): void;
  /** Ends what would go on for as long as the client wants. */
  endStreams(): void;
  close(): Promise<void>;
}

export interface UpstreamOptions {
  name: string;
  url: string;
  /** From the request to the head of the answer, waiting for a connection included. */
  timeoutMs: number;
}

/** A circuit breaker and a limit for each service: one that hangs must not tie up who stands before it. */
export function createUpstream({ name, url, timeoutMs }: UpstreamOptions): Upstream {
  const agent = new Agent({ connections: 64, bodyTimeout: timeoutMs, connect: { timeout: 1_000 } });
  const streams = new Agent({ bodyTimeout: STREAM_SILENCE_MS, connect: { timeout: 1_000 } });
  const breaker = createBreaker({ name });
  let underWay = 0;
  const streaming = new Set<Readable>();

  async function ask(options: Dispatcher.RequestOptions): Promise<Dispatcher.ResponseData> {
    const isStream = wantsStream(options.headers);
    if (isStream && streaming.size >= MAX_STREAMS)
      throw new TooManyWaitingError(`${MAX_STREAMS} clients follow ${name}`);
    if (underWay >= MAX_UNDER_WAY)
      throw new TooManyWaitingError(`${MAX_UNDER_WAY} requests wait for ${name}`);
    underWay++;
    const late = new AbortController();
    const timer = setTimeout(
      () => late.abort(new UnavailableError(`${name} did not answer in ${timeoutMs} ms`)),
      timeoutMs,
    );
    try {
      const by = isStream ? streams : agent;
      const data = await breaker.call(() => by.request({ ...options, origin: url, signal: late.signal }));
      if (isStream) {
        streaming.add(data.body);
        data.body.once('close', () => streaming.delete(data.body));
      }
      return data;
    } finally {
      clearTimeout(timer);
      underWay--;
    }
  }

  return {
    url,
    breaker,
    request(options, callback) {
      ask(options).then(
        data => {
          // One that is destroyed because its client has left fails, and nobody else listens then.
          data.body.on('error', () => undefined);
          callback(null, data);
        },
        (error: Error) => callback(error, null),
      );
    },
    endStreams() {
      for (const body of streaming) body.destroy();
    },
    async close() {
      await Promise.all([agent.destroy(), streams.destroy()]);
    },
  };
}

const wantsStream = (headers: Dispatcher.RequestOptions['headers']): boolean =>
  String((headers as Record<string, unknown> | undefined)?.accept).includes('text/event-stream');
