import {
  createHttp,
  createLogger,
  createMetrics,
  type Database,
  refuseOtherMethods,
} from '@jumun/service-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { serveDesk } from '../src/desk.ts';
import type { Transport } from '../src/transport.ts';
import {
  type Cleanup,
  consume,
  createCleanup,
  lettersOf,
  openLog,
  openServiceDatabase,
  ordered,
  publish,
  randomOrder,
  steps,
  stepsOf,
  takeNote,
} from './harness.ts';

const TOKEN = 'a-token-for-tests-only';
const TRACE = '0af7651916cd43dd8448eb211c80319c';

describe('the dead-letter desk', () => {
  let cleanup: Cleanup;
  let db: Database;
  let transport: Transport;
  let base: string;
  let lines: Record<string, unknown>[];
  /** Orders whose first step fails. */
  let broken: Set<number>;

  beforeEach(async () => {
    cleanup = createCleanup();
    ({ db } = await openServiceDatabase(cleanup));
    ({ transport } = await openLog(cleanup));
    lines = [];
    broken = new Set();
    const log = createLogger('test', 'info', { write: line => void lines.push(JSON.parse(line)) });
    const http = createHttp({
      log,
      metrics: createMetrics('test', false),
      serviceToken: TOKEN,
      trustedProxies: '127.0.0.1',
    });
    const methods = refuseOtherMethods(http);
    serveDesk(http, db);
    methods.finish();
    base = await http.listen({ host: '127.0.0.1', port: 0 });
    cleanup.add(() => http.close());
    consume(cleanup, db, transport, {
      async execute(tx, commands) {
        await takeNote()(tx, commands);
        const bad = commands.find(({ command }) => broken.has(command.order) && command.step === 1);
        if (bad) throw new Error(`order ${bad.command.order} cannot be done`);
      },
    });
  });
  afterEach(() => cleanup.run());

  async function ask(method: 'GET' | 'POST' | 'PUT', path: string, body?: object, token = TOKEN) {
    const response = await fetch(base + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        traceparent: `00-${TRACE}-b7ad6b7169203331-01`,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: what a test expects of an answer is in its assertions
    return { status: response.status, body: (await response.json()) as any };
  }

  /** An order whose first event is parked, with others behind it. Gives the ids of its letters. */
  async function park(order: number, count = 3): Promise<number[]> {
    broken.add(order);
    await publish(transport, ...steps(order, count));
    return eventually(async () => {
      // As after six tries, without the wait between them.
      await db.query(`UPDATE dead_letter SET state = 'parked', attempts = 6 WHERE state = 'retrying'`);
      const letters = await lettersOf(db, order);
      expect(letters.map(({ state }) => state)).toEqual(['parked', ...Array(count - 1).fill('waiting')]);
      return letters.map(({ id }) => id);
    });
  }
  const expectSteps = (order: number, wanted: number[]) =>
    eventually(async () => expect(await stepsOf(db, order)).toEqual(wanted));

  it('lists what was set aside, without what the events say, by page, state and key', async () => {
    const [a, b] = [randomOrder(), randomOrder()];
    const [first, second] = await park(a);
    await park(b, 1);
    const { status, body } = await ask('GET', '/dead-letters?size=2');
    expect(status).toBe(200);
    expect(body.page).toEqual({ size: 2, totalElements: 4, totalPages: 2, number: 0 });
    expect(body._embedded['dead-letters'][0]).toEqual({
      id: first,
      state: 'parked',
      type: 'Ordered',
      key: String(a),
      eventId: expect.any(String),
      attempts: 6,
      nextAttemptAt: null,
      reason: `order ${a} cannot be done`,
      failedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      discardedAt: null,
      traceId: null,
      _links: expect.objectContaining({ self: { href: expect.stringMatching(`/dead-letters/${first}$`) } }),
    });
    expect(body._embedded['dead-letters'][1].id).toBe(second);
    const ofKey = await ask('GET', `/dead-letters?state=waiting&key=${a}&size=1`);
    expect(ofKey.body.page.totalElements).toBe(2);
    const next = new URL(ofKey.body._links.next.href);
    expect(next.search).toBe(`?page=1&size=1&state=waiting&key=${a}`);
    const page = await ask('GET', next.pathname + next.search);
    expect(page.body._embedded['dead-letters']).toHaveLength(1);
    expect((await ask('GET', `/dead-letters?key=none`)).body.page.totalElements).toBe(0);
    expect((await ask('GET', '/dead-letters?state=lost')).body.type).toBe('/problems/invalid-request');
  });

  it('shows one with what it says, why and where it failed, and what waits behind it', async () => {
    const order = randomOrder();
    const [first, ...others] = await park(order);
    const { body } = await ask('GET', `/dead-letters/${first}`);
    expect(JSON.parse(body.payload)).toMatchObject({ eventType: 'Ordered', id: order });
    expect(body.stack).toContain('desk.test.ts');
    expect(body._embedded.successors.map((it: { id: number }) => it.id)).toEqual(others);
    expect(body._embedded.successors[0]).not.toHaveProperty('payload');
  });

  it('has one replayed, and its successors after it; who and what is logged', async () => {
    const order = randomOrder();
    const [first] = await park(order);
    broken.delete(order);
    expect(await ask('POST', `/dead-letters/${first}/replayed`)).toEqual({
      status: 200,
      body: { replayed: [first] },
    });
    await expectSteps(order, [1, 2, 3]);
    expect((await ask('GET', `/dead-letters/${first}`)).body.type).toBe('/problems/unknown-dead-letter');
    expect(lines.filter(({ msg }) => msg === 'dead letter replayed')).toMatchObject([
      {
        level: 'info',
        deadLetter: first,
        event: 'Ordered',
        key: String(order),
        from: '127.0.0.1',
        byTraceId: TRACE,
      },
    ]);
  });

  it('has all that are parked replayed', async () => {
    const orders = [randomOrder(), randomOrder()];
    const firsts = [];
    for (const order of orders) firsts.push((await park(order, 2))[0]);
    broken.clear();
    const { body } = await ask('POST', '/dead-letters/replayed');
    expect(body.replayed.sort()).toEqual(firsts.sort());
    for (const order of orders) await expectSteps(order, [1, 2]);
    expect((await ask('POST', '/dead-letters/replayed')).body).toEqual({ replayed: [] });
  });

  it('gives one up with a reason, which stays on record; its successors go on', async () => {
    const order = randomOrder();
    const [first] = await park(order);
    const reason = 'settled by phone';
    const { body } = await ask('POST', `/dead-letters/${first}/discarded`, { reason });
    expect(body).toEqual({ discarded: [first] });
    await expectSteps(order, [2, 3]);
    const found = await ask('GET', '/dead-letters?state=discarded');
    expect(found.body._embedded['dead-letters']).toMatchObject([
      {
        id: first,
        reason: `settled by phone (was: order ${order} cannot be done)`,
        discardedAt: expect.stringMatching(/Z$/),
      },
    ]);
    expect((await ask('GET', '/dead-letters')).body.page.totalElements).toBe(0);
    expect(lines.filter(({ msg }) => msg === 'dead letter discarded')).toMatchObject([
      { level: 'info', deadLetter: first, event: 'Ordered', key: String(order), reason },
    ]);
  });

  it('gives the successors up too where it is told to, and not what comes later', async () => {
    const order = randomOrder();
    const ids = await park(order);
    const choice = { reason: 'a test order', successors: true };
    expect((await ask('POST', `/dead-letters/${ids[0]}/discarded`, choice)).body).toEqual({ discarded: ids });
    const { body } = await ask('GET', `/dead-letters?state=discarded&key=${order}`);
    expect(body._embedded['dead-letters'].map((it: { reason: string }) => it.reason)).toEqual([
      `a test order (was: order ${order} cannot be done)`,
      'a test order (was: waits behind an earlier event of its key)',
      'a test order (was: waits behind an earlier event of its key)',
    ]);
    await publish(transport, ordered(order, 4));
    await expectSteps(order, [4]);
  });

  it('refuses what cannot be done now, and says why', async () => {
    const order = randomOrder();
    const [first, second] = await park(order, 2);
    const conflict = { status: 409, body: { type: '/problems/dead-letter-conflict', state: 'waiting' } };
    expect(await ask('POST', `/dead-letters/${second}/replayed`)).toMatchObject(conflict);
    expect(await ask('POST', `/dead-letters/${second}/discarded`, { reason: 'x' })).toMatchObject(conflict);
    await ask('POST', `/dead-letters/${first}/discarded`, { reason: 'x', successors: true });
    const gone = { status: 409, body: { type: '/problems/dead-letter-conflict', state: 'discarded' } };
    expect(await ask('POST', `/dead-letters/${first}/replayed`)).toMatchObject(gone);
    expect(await ask('POST', `/dead-letters/${first}/discarded`, { reason: 'x' })).toMatchObject(gone);
    const unknown = { status: 404, body: { type: '/problems/unknown-dead-letter' } };
    expect(await ask('GET', '/dead-letters/4711')).toMatchObject(unknown);
    expect(await ask('POST', '/dead-letters/4711/replayed')).toMatchObject(unknown);
    expect(await ask('POST', '/dead-letters/4711/discarded', { reason: 'x' })).toMatchObject(unknown);
  });

  it('refuses to discard without a reason that can be kept', async () => {
    for (const body of [
      {},
      { reason: '' },
      { reason: ' ' },
      { reason: 'a\0b' },
      { reason: 'x', other: 1 },
      { reason: 'x'.repeat(501) },
    ]) {
      const answer = await ask('POST', '/dead-letters/1/discarded', body);
      expect(answer, JSON.stringify(body)).toMatchObject({
        status: 400,
        body: { type: '/problems/invalid-request' },
      });
    }
  });

  it('does not exist for those without the service credential, whatever they try', async () => {
    for (const [method, url] of [
      ['GET', '/dead-letters'],
      ['GET', '/dead-letters/1'],
      ['GET', '/dead-letters/none'],
      ['PUT', '/dead-letters'],
      ['POST', '/dead-letters/replayed'],
      ['POST', '/dead-letters/1/replayed'],
      ['POST', '/dead-letters/1/discarded'],
    ] as const) {
      const { status, body } = await ask(method, url, undefined, 'another-token-for-tests');
      expect({ status, type: body.type }, `${method} ${url}`).toEqual({
        status: 404,
        type: '/problems/not-found',
      });
    }
    expect((await ask('PUT', '/dead-letters')).status).toBe(405);
  });
});
