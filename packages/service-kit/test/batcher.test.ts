import { describe, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { type BatcherOptions, createBatcher, TooManyWaitingError } from '../src/batcher.ts';
import { UnavailableError } from '../src/errors.ts';
import { createGate } from './harness.ts';

describe('batcher', () => {
  /** Doubles numbers; the odd one out fails. Takes note of each run. */
  function doubling({
    bad = [],
    error = () => new Error('bad'),
    ...options
  }: Partial<BatcherOptions<number, number>> & { bad?: number[]; error?: () => Error } = {}) {
    const runs: number[][] = [];
    let gate: Promise<void> | undefined;
    const batcher = createBatcher<number, number>({
      async run(items) {
        runs.push(items);
        await gate;
        if (items.some(item => bad.includes(item))) throw error();
        return items.map(item => item * 2);
      },
      maxBatch: 1_000,
      maxWaiting: 10_000,
      concurrency: 1,
      ...options,
    });
    return {
      batcher,
      runs,
      hold(until: Promise<void>) {
        gate = until;
      },
    };
  }
  const range = (count: number) => Array.from({ length: count }, (_, i) => i);

  it('does what arrives together in one run, and gives each piece its own answer', async () => {
    const { batcher, runs } = doubling();
    expect(await Promise.all(range(50).map(batcher.submit))).toEqual(range(50).map(i => i * 2));
    expect(runs).toEqual([range(50)]);
  });

  it('fills the next run while one is under way', async () => {
    const { batcher, runs, hold } = doubling();
    const gate = createGate();
    hold(gate.opened);
    const first = batcher.submit(0);
    await eventually(() => expect(runs).toHaveLength(1));
    const others = range(20).map(batcher.submit);
    gate.open();
    await Promise.all([first, ...others]);
    expect(runs).toEqual([[0], range(20)]);
  });

  it('refuses what a run that hangs keeps waiting for too long, and does it not afterwards', async () => {
    const { batcher, runs, hold } = doubling({ maxWaitMs: 30 });
    const gate = createGate();
    hold(gate.opened);
    const first = batcher.submit(0);
    await eventually(() => expect(runs).toHaveLength(1));
    const others = await Promise.allSettled(range(1_000).map(batcher.submit));
    for (const other of others)
      expect(other).toMatchObject({ status: 'rejected', reason: expect.any(UnavailableError) });
    // It refuses those that come later too, in their time.
    await expect(batcher.submit(1)).rejects.toBeInstanceOf(UnavailableError);
    gate.open();
    expect(await first).toBe(0);
    expect(await batcher.submit(2)).toBe(4);
    expect(runs).toEqual([[0], [2]]);
    await batcher.idle();
    expect(batcher.pending).toBe(0);
  });

  it('takes no more at once than it may, in order', async () => {
    const { batcher, runs } = doubling({ maxBatch: 4 });
    await Promise.all(range(10).map(batcher.submit));
    expect(runs).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
      [8, 9],
    ]);
  });

  it.each([1, 2, 3])('has at most %i runs under way at once', async concurrency => {
    let under = 0;
    let most = 0;
    const batcher = createBatcher<number, number>({
      async run(items) {
        most = Math.max(most, ++under);
        await new Promise(resolve => setImmediate(resolve));
        under--;
        return items;
      },
      maxBatch: 2,
      maxWaiting: 100,
      concurrency,
    });
    await Promise.all(range(40).map(batcher.submit));
    expect(most).toBe(concurrency);
  });

  it('lets one bad piece fail alone, at the cost of a logarithm of runs', async () => {
    const { batcher, runs } = doubling({ bad: [37] });
    const results = await Promise.allSettled(range(128).map(batcher.submit));
    expect(results.flatMap(({ status }, i) => (status === 'rejected' ? [i] : []))).toEqual([37]);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(127);
    expect(results[36]).toEqual({ status: 'fulfilled', value: 72 });
    // 1 + 2 for each of the log2(128) = 7 halvings
    expect(runs.length).toBe(15);
  });

  it('keeps the order of pieces when it takes a run apart', async () => {
    const { batcher, runs } = doubling({ bad: [5] });
    await Promise.allSettled(range(8).map(batcher.submit));
    const done = runs.filter(run => !run.includes(5)).flat();
    expect(done).toEqual([0, 1, 2, 3, 4, 6, 7]);
  });

  it('fails all pieces of a run at once when the fault is of the surroundings', async () => {
    const { batcher, runs } = doubling({ bad: [3], error: () => new UnavailableError('away') });
    const results = await Promise.allSettled(range(64).map(batcher.submit));
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    expect(runs).toHaveLength(1);
    await expect(batcher.submit(1)).resolves.toBe(2);
  });

  it('refuses more than may wait, and takes work again when there is room', async () => {
    const { batcher, runs, hold } = doubling({ maxWaiting: 3 });
    const gate = createGate();
    hold(gate.opened);
    const first = batcher.submit(0);
    await eventually(() => expect(runs).toHaveLength(1));
    const waiting = range(3).map(batcher.submit);
    await expect(batcher.submit(9)).rejects.toBeInstanceOf(TooManyWaitingError);
    expect(batcher.pending).toBe(4);
    gate.open();
    await Promise.all([first, ...waiting]);
    await expect(batcher.submit(9)).resolves.toBe(18);
  });

  it('tells when nothing waits and nothing is under way', async () => {
    const { batcher, hold } = doubling({ maxBatch: 2, concurrency: 2 });
    await batcher.idle();
    const gate = createGate();
    hold(gate.opened);
    let idle = false;
    const answers = range(7).map(batcher.submit);
    const whenIdle = batcher.idle().then(() => {
      idle = true;
      return batcher.pending;
    });
    await new Promise(resolve => setImmediate(resolve));
    expect(idle).toBe(false);
    gate.open();
    await Promise.all(answers);
    expect(await whenIdle).toBe(0);
  });
});
