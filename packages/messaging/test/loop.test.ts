import { createLogger } from '@jumun/service-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { type Loop, type LoopOptions, startLoop } from '../src/loop.ts';
import { type Cleanup, createCleanup, createGate, log } from './harness.ts';

const NEVER = 3_600_000;

describe('loop', () => {
  let cleanup: Cleanup;
  beforeEach(() => {
    cleanup = createCleanup();
  });
  afterEach(() => cleanup.run());

  function start(round: () => Promise<boolean>, options: Partial<LoopOptions> = {}) {
    const loop = startLoop({ name: 'test', log, round, idleMs: NEVER, ...options });
    cleanup.add(() => loop.stop());
    return loop;
  }

  it('goes on without a pause while there is more, and then waits', async () => {
    let rounds = 0;
    start(async () => ++rounds < 50);
    await eventually(() => expect(rounds).toBe(50));
  });

  it('is unhealthy while a round hangs, and well when that has ended', async () => {
    const gate = createGate();
    const loop = start(
      async () => {
        await gate.opened;
        return false;
      },
      { hangsAfterMs: 20 },
    );
    await eventually(() => expect(loop.healthy()).toBe(false));
    gate.open();
    await eventually(() => expect(loop.healthy()).toBe(true));
  });

  it('begins the next round by the clock where no hint comes', async () => {
    let rounds = 0;
    start(
      async () => {
        rounds++;
        return false;
      },
      { idleMs: 5 },
    );
    await eventually(() => expect(rounds).toBeGreaterThan(5));
  });

  it('begins the next round at a hint', async () => {
    let rounds = 0;
    const loop = start(async () => {
      rounds++;
      return false;
    });
    await eventually(() => expect(rounds).toBe(1));
    loop.wake();
    await eventually(() => expect(rounds).toBe(2));
  });

  it('does not forget a hint that comes while a round is under way', async () => {
    let rounds = 0;
    const [first, goOn] = [createGate(), createGate()];
    const loop = start(async () => {
      rounds++;
      first.open();
      await goOn.opened;
      return false;
    });
    await first.opened;
    loop.wake();
    goOn.open();
    await eventually(() => expect(rounds).toBe(2));
  });

  it('never runs two rounds at once', async () => {
    let under = 0;
    let most = 0;
    let rounds = 0;
    const loop = start(
      async () => {
        most = Math.max(most, ++under);
        await new Promise(resolve => setImmediate(resolve));
        under--;
        return ++rounds < 20;
      },
      { idleMs: 1 },
    );
    await eventually(() => {
      loop.wake();
      expect(rounds).toBeGreaterThan(30);
    });
    expect(most).toBe(1);
  });

  it('goes on after errors, pausing longer each time whatever is hinted, and is unhealthy after three', async () => {
    const starts: number[] = [];
    const health: boolean[] = [];
    let broken = true;
    let loop: Loop | undefined;
    loop = start(async () => {
      starts.push(performance.now());
      health.push(loop?.healthy() ?? true);
      if (broken && starts.length <= 4) throw new Error('not now');
      return false;
    });
    const hints = setInterval(() => starts.length < 5 && loop?.wake(), 5);
    cleanup.add(() => clearInterval(hints));
    await eventually(() => expect(starts.length).toBeGreaterThanOrEqual(4));
    broken = false;
    await eventually(() => expect(starts.length).toBeGreaterThanOrEqual(5));
    const pauses = starts.slice(1, 5).map((at, i) => at - (starts[i] ?? 0));
    for (const [i, atLeast] of [100, 200, 400, 800].entries()) {
      expect(pauses[i], `pause ${i + 1}`).toBeGreaterThanOrEqual(atLeast - 5);
    }
    expect(health.slice(0, 5)).toEqual([true, true, true, false, false]);
    await eventually(() => expect(loop?.healthy()).toBe(true));
  });

  it('tells of a failed round in the log', async () => {
    const lines: string[] = [];
    start(
      async () => {
        throw new Error('not now');
      },
      { log: createLogger('test', 'warn', { write: line => void lines.push(line) }) },
    );
    await eventually(() => expect(lines).not.toEqual([]));
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      loop: 'test',
      failures: 1,
      err: { message: 'not now' },
    });
  });

  it('finishes the round under way when it is stopped, and begins no other', async () => {
    let rounds = 0;
    let finished = 0;
    const [first, goOn] = [createGate(), createGate()];
    const loop = start(async () => {
      rounds++;
      first.open();
      await goOn.opened;
      finished++;
      return true;
    });
    await first.opened;
    const stopped = loop.stop();
    loop.wake();
    goOn.open();
    await stopped;
    expect([rounds, finished]).toEqual([1, 1]);
  });

  it('ends at once when it is stopped while it waits, also after an error', async () => {
    let rounds = 0;
    const waiting = start(async () => {
      rounds++;
      return false;
    });
    await eventually(() => expect(rounds).toBe(1));
    await waiting.stop();
    let failures = 0;
    const failing = start(async () => {
      failures++;
      throw new Error('not now');
    });
    // It would pause for more than a second and a half now.
    await eventually(() => expect(failures).toBe(5));
    const asked = performance.now();
    await failing.stop();
    expect(performance.now() - asked).toBeLessThan(1_500);
  });
});
