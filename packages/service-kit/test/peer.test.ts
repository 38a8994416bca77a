import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Call } from '@jumun/contracts';
import { CircuitState } from 'cockatiel';
import Type from 'typebox';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { measureBreakers } from '../src/breaker.ts';
import { UnavailableError } from '../src/errors.ts';
import { createMetrics } from '../src/metrics.ts';
import { createPeer, type Peer, PeerError, type PeerOptions, serveBatch } from '../src/peer.ts';
import { Problem } from '../src/problem.ts';
import { type Cleanup, createCleanup, createGate, log, SERVICE_TOKEN, serve } from './harness.ts';

interface Item {
  n: number;
  text?: string;
}
interface Answer {
  n: number;
  text?: string | undefined;
}
const call: Call<Item, Answer> = { path: '/internal/test' };
const ItemSchema = Type.Object({ n: Type.Integer(), text: Type.Optional(Type.String()) });

describe('a call to another service', () => {
  let cleanup: Cleanup;
  beforeEach(() => {
    cleanup = createCleanup();
  });
  afterEach(() => cleanup.run());

  function peer(url: string, options: Partial<PeerOptions> = {}): Peer {
    const created = createPeer({ name: 'pay', url, token: SERVICE_TOKEN, ...options });
    cleanup.add(() => created.close());
    return created;
  }
  /** A service that handles items with `handle`; gives also how many items came in each request. */
  async function service(handle: (item: Item, traceparent: string | null) => Promise<Answer>) {
    const batches: number[] = [];
    const { url } = await serve(cleanup, http => {
      http.addHook('preHandler', async request => void batches.push((request.body as unknown[]).length));
      serveBatch(http, call, ItemSchema, handle);
    });
    return { url, batches };
  }
  /** A server that answers as it likes. */
  async function oddService(
    answer: (request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<string> {
    const server = createServer(answer);
    await new Promise<void>(resolve => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
    cleanup.add(() => {
      server.closeAllConnections();
      return new Promise(resolve => server.close(resolve));
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const error = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      value => {
        throw new Error(`was answered: ${JSON.stringify(value)}`);
      },
      (reason: unknown) => reason,
    );
  const range = (count: number) => Array.from({ length: count }, (_, i) => i);

  it('gives each item its own answer, and those made together go together', async () => {
    const { url, batches } = await service(async ({ n }) => ({ n: n * 2 }));
    const ask = peer(url).batch(call, 5_000);
    const answers = await Promise.all(range(50).map(n => ask({ n }, null)));
    expect(answers).toEqual(range(50).map(n => ({ n: n * 2 })));
    expect(batches).toEqual([50]);
  });

  it('takes more items than one request may have', async () => {
    const { url, batches } = await service(async item => item);
    const ask = peer(url).batch(call, 5_000);
    expect(await Promise.all(range(450).map(n => ask({ n }, null)))).toEqual(range(450).map(n => ({ n })));
    expect(batches).toHaveLength(3);
  });

  it('carries the trace of each item', async () => {
    const seen: (string | null)[] = [];
    const { url } = await service(async (item, traceparent) => {
      seen[item.n] = traceparent;
      return item;
    });
    const ask = peer(url).batch(call, 5_000);
    await Promise.all([ask({ n: 0 }, 'trace-a'), ask({ n: 1 }, null)]);
    expect(seen).toEqual(['trace-a', null]);
  });

  it('does not let an item that hangs hold the others', async () => {
    const never = createGate();
    cleanup.add(never.open);
    const { url, batches } = await service(async item => {
      if (item.n === 3) await never.opened;
      return item;
    });
    const ask = peer(url).batch(call, 300);
    const results = range(8).map(n => ask({ n }, null));
    const hanging = error(results[3] as Promise<Answer>);
    const others = await Promise.all(results.filter((_, n) => n !== 3));
    expect(others.map(({ n }) => n)).toEqual([0, 1, 2, 4, 5, 6, 7]);
    expect(batches).toEqual([8]);
    expect(await hanging).toBeInstanceOf(PeerError);
    expect((await hanging) as Error).toHaveProperty('message', 'pay did not answer in 300 ms');
    never.open();
  });

  it('gives a refusal as the problem that it is, with all that belongs to it', async () => {
    const { url } = await service(async () => {
      throw new Problem('out-of-stock', 'Two are left.', { extra: { left: 2 } });
    });
    const refused = await error(peer(url).batch(call, 5_000)({ n: 1 }, null));
    expect(refused).toBeInstanceOf(Problem);
    expect(refused).toMatchObject({
      slug: 'out-of-stock',
      status: 409,
      detail: 'Two are left.',
      more: { extra: { left: 2 } },
    });
  });

  it('does not count refusals against the peer', async () => {
    const { url } = await service(async () => {
      throw new Problem('out-of-stock', 'None is left.');
    });
    const asked = peer(url, { failures: 2 });
    const ask = asked.batch(call, 5_000);
    for (let i = 0; i < 6; i++) expect(await error(ask({ n: i }, null))).toBeInstanceOf(Problem);
    expect(asked.breaker.state()).toBe(CircuitState.Closed);
  });

  it.each([
    ['something unforeseen', () => new Error('secret inside')],
    ['a database that is away', () => new UnavailableError('secret inside')],
  ])('leaves the outcome open where the peer failed: %s', async (_, failure) => {
    const { url } = await service(async ({ n }) => {
      if (n === 1) throw failure();
      return { n };
    });
    const ask = peer(url).batch(call, 5_000);
    const [fine, failed] = await Promise.all([ask({ n: 0 }, null), error(ask({ n: 1 }, null))]);
    expect(fine).toEqual({ n: 0 });
    expect(failed).toBeInstanceOf(PeerError);
    expect((failed as Error).message).not.toContain('secret');
  });

  it('leaves the outcome open where nobody listens', async () => {
    const { url } = await service(async item => item);
    await cleanup.run();
    const failed = await error(peer(url).batch(call, 5_000)({ n: 1 }, null));
    expect(failed).toBeInstanceOf(PeerError);
    expect(failed).toHaveProperty('message', 'pay could not be reached');
  });

  it('leaves the outcome open where the address has no name', async () => {
    const failed = await error(peer('http://no-such-host.invalid:80').batch(call, 5_000)({ n: 1 }, null));
    expect(failed).toBeInstanceOf(PeerError);
  });

  it('finds nothing with the wrong credential, as any other caller', async () => {
    const { url, batches } = await service(async item => item);
    const failed = await error(peer(url, { token: 'something-else-16' }).batch(call, 5_000)({ n: 1 }, null));
    expect(failed).toBeInstanceOf(PeerError);
    expect(failed).toHaveProperty('message', 'pay answered 404');
    const response = await fetch(`${url}${call.path}`, { method: 'POST', body: '[]' });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ type: '/problems/not-found' });
    expect(batches).toEqual([]);
  });

  it('is not taken apart where the peer cannot read it', async () => {
    const { url } = await service(async item => item);
    const failed = await error(peer(url).batch(call, 5_000)({ n: 0.5 }, null));
    expect(failed).toHaveProperty('message', 'pay answered 400');
  });

  describe('whose answer is odd', () => {
    const line = (i: number) => `${JSON.stringify({ i, ok: { n: i } })}\n`;

    it('cut in the middle: the items that were not answered have an open outcome, the others their answer', async () => {
      const url = await oddService((request, response) => {
        request.resume().on('end', () => {
          response.write(`${line(0)}${line(2)}{"i":1,"o`, () => response.destroy());
        });
      });
      const ask = peer(url).batch(call, 5_000);
      const results = await Promise.allSettled(range(4).map(n => ask({ n }, null)));
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
      for (const result of results)
        if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(PeerError);
    });

    it('ended early: the same', async () => {
      const url = await oddService((request, response) => {
        request.resume().on('end', () => response.end(line(1)));
      });
      const ask = peer(url).batch(call, 5_000);
      const [missing, there] = await Promise.all([error(ask({ n: 0 }, null)), ask({ n: 1 }, null)]);
      expect(there).toEqual({ n: 1 });
      expect(missing).toHaveProperty('message', 'pay ended its answer early');
    });

    it.each([
      ['not JSON', '<html>\n'],
      ['null', 'null\n'],
      ['for an item that was not asked for', '{"i":99,"ok":1}\n'],
      ['a problem that nobody knows', '{"i":0,"problem":{"slug":"brand-new","detail":"x"}}\n'],
    ])('%s: an open outcome', async (_, text) => {
      const url = await oddService((request, response) => {
        request.resume().on('end', () => response.end(text));
      });
      expect(await error(peer(url).batch(call, 5_000)({ n: 0 }, null))).toBeInstanceOf(PeerError);
    });

    it('in pieces that split lines and letters: read as if it came whole', async () => {
      const text = '커피 원두 ☕ 세트';
      const bytes = Buffer.from(`${JSON.stringify({ i: 0, ok: { n: 0, text } })}\n`);
      const url = await oddService(async (request, response) => {
        await request.resume().toArray();
        response.socket?.setNoDelay(true);
        for (const byte of bytes) {
          await new Promise(resolve => response.write(Buffer.from([byte]), resolve));
          await new Promise(resolve => setImmediate(resolve));
        }
        response.end();
      });
      expect(await peer(url).batch(call, 5_000)({ n: 0 }, null)).toEqual({ n: 0, text });
    });

    it('of more than 64 KiB, in letters of three bytes: read whole', async () => {
      const text = '가'.repeat(10_007);
      const { url } = await service(async ({ n }) => ({ n, text: `${'x'.repeat(n)}${text}` }));
      const ask = peer(url).batch(call, 5_000);
      const answers = await Promise.all(range(20).map(n => ask({ n }, null)));
      for (const [n, answer] of answers.entries())
        expect(answer.text === `${'x'.repeat(n)}${text}`).toBe(true);
    });
  });

  describe('behind a circuit breaker', () => {
    /** A service that can be broken, and a peer that opens after three failures. */
    async function breakable() {
      const state = { broken: true, asked: 0 };
      const { url } = await serve(
        cleanup,
        http => {
          http.post(call.path, async (request, reply) => {
            state.asked++;
            if (state.broken) return reply.code(503).send({});
            const entries = request.body as { item: unknown }[];
            return reply.send(entries.map(({ item }, i) => `${JSON.stringify({ i, ok: item })}\n`).join(''));
          });
        },
        { refuse: false },
      );
      const asked = peer(url, { failures: 3, halfOpenAfterMs: 150 });
      return { state, asked, ask: asked.batch(call, 5_000) };
    }

    it('fails at once after so many failures in a row, without asking the peer', async () => {
      const { state, asked, ask } = await breakable();
      for (let n = 0; n < 3; n++) await error(ask({ n }, null));
      expect(asked.breaker.state()).toBe(CircuitState.Open);
      const failed = await error(ask({ n: 9 }, null));
      expect(failed).toBeInstanceOf(PeerError);
      expect(failed).toHaveProperty('message', 'pay is not asked for now: its circuit is open');
      expect(state.asked).toBe(3);
    });

    it('asks again in its time when the clock is set back meanwhile', async () => {
      const { state, asked, ask } = await breakable();
      for (let n = 0; n < 3; n++) await error(ask({ n }, null));
      expect(asked.breaker.state()).toBe(CircuitState.Open);
      const { now } = Date;
      cleanup.add(() => {
        Date.now = now;
      });
      Date.now = () => now() - 3_600_000;
      state.broken = false;
      expect(await eventually(() => ask({ n: 5 }, null))).toEqual({ n: 5 });
    });

    it('is not opened by items that fail while the service answers', async () => {
      const { url } = await service(async () => {
        throw new Error('this one fails');
      });
      const asked = peer(url, { failures: 3 });
      const ask = asked.batch(call, 5_000);
      for (let n = 0; n < 10; n++) expect(await error(ask({ n }, null))).toBeInstanceOf(PeerError);
      expect(asked.breaker.state()).toBe(CircuitState.Closed);
    });

    it('is not opened by items that hang while others are answered', async () => {
      const { url } = await service(item =>
        item.n === 0 ? new Promise(() => undefined) : Promise.resolve(item),
      );
      const asked = peer(url, { failures: 3 });
      const ask = asked.batch(call, 300);
      const hanging = range(6).map(() => error(ask({ n: 0 }, null)));
      await ask({ n: 1 }, null);
      expect(await Promise.all(hanging)).toHaveLength(6);
      expect(asked.breaker.state()).toBe(CircuitState.Closed);
    });

    it('stays closed while successes come in between', async () => {
      const { state, asked, ask } = await breakable();
      for (let n = 0; n < 12; n++) {
        state.broken = n % 3 !== 2;
        await ask({ n }, null).catch(() => undefined);
      }
      expect(asked.breaker.state()).toBe(CircuitState.Closed);
      expect(state.asked).toBe(12);
    });

    it('lets one call through later, and closes when that succeeds', async () => {
      const { state, asked, ask } = await breakable();
      for (let n = 0; n < 3; n++) await error(ask({ n }, null));
      state.broken = false;
      await eventually(() => ask({ n: 5 }, null));
      expect(state.asked).toBe(4);
      expect(asked.breaker.state()).toBe(CircuitState.Closed);
      expect(await Promise.all(range(5).map(n => ask({ n }, null)))).toHaveLength(5);
    });

    it('opens again when that one fails too', async () => {
      const { state, asked, ask } = await breakable();
      for (let n = 0; n < 3; n++) await error(ask({ n }, null));
      await eventually(async () => {
        await error(ask({ n: 5 }, null));
        expect(state.asked).toBe(4);
      });
      expect(asked.breaker.state()).toBe(CircuitState.Open);
    });

    it('shows its state', async () => {
      const { asked, ask } = await breakable();
      const metrics = createMetrics('order', false);
      measureBreakers(metrics, log, [asked.breaker]);
      expect(await metrics.registry.metrics()).toContain(
        'jumun_breaker_state{peer="pay",state="closed",service="order"} 1',
      );
      for (let n = 0; n < 3; n++) await error(ask({ n }, null));
      const shown = await metrics.registry.metrics();
      expect(shown).toContain('jumun_breaker_state{peer="pay",state="open",service="order"} 1');
      expect(shown).toContain('jumun_breaker_state{peer="pay",state="closed",service="order"} 0');
    });
  });
});
