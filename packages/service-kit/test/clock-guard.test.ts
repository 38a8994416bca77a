import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createClockGuard } from '../src/clock-guard.ts';

const HOUR = 3_600_000;

/** Two clocks in a test's hands, and what a read of the wall clock takes on the way there and back. */
function clocks() {
  const it = { wall: 1_000_000_000, monotonic: 500, there: 0, back: 0 };
  function pass(ms: number) {
    it.wall += ms;
    it.monotonic += ms;
  }
  const steadyMs = createClockGuard(
    async () => {
      pass(it.there);
      const { wall } = it;
      pass(it.back);
      return wall;
    },
    () => it.monotonic,
  );
  return { it, pass, steadyMs };
}

describe('a clock guard', () => {
  it('trusts the clock that it finds', async () => {
    expect(await clocks().steadyMs()).toBe(Number.POSITIVE_INFINITY);
  });

  it('sees no jump where both clocks go on alike, however long a read takes and however long nobody asks', async () => {
    const { it, pass, steadyMs } = clocks();
    const times = fc.nat({ max: 100_000 });
    await fc.assert(
      fc.asyncProperty(times, times, times, async (between, there, back) => {
        Object.assign(it, { there, back });
        pass(between);
        expect(await steadyMs()).toBe(Number.POSITIVE_INFINITY);
      }),
    );
  });

  it.each([
    ['forward', HOUR],
    ['back', -HOUR],
    ['forward a little', 3_000],
    ['back a little', -3_000],
  ])('counts from when a jump %s is seen', async (_, jump) => {
    const { it, pass, steadyMs } = clocks();
    await steadyMs();
    pass(1_000);
    it.wall += jump;
    expect(await steadyMs()).toBe(0);
    pass(1_000);
    expect(await steadyMs()).toBe(1_000);
    pass(HOUR);
    expect(await steadyMs()).toBe(HOUR + 1_000);
  });

  it('counts anew with each jump', async () => {
    const { it, pass, steadyMs } = clocks();
    await steadyMs();
    it.wall += HOUR;
    await steadyMs();
    pass(5_000);
    it.wall -= HOUR;
    expect(await steadyMs()).toBe(0);
  });

  it('is not troubled by a clock that is slewed', async () => {
    const { it, pass, steadyMs } = clocks();
    await steadyMs();
    for (let second = 0; second < 10_000; second++) {
      pass(1_000);
      // As much as adjtime does.
      it.wall += 0.5;
      expect(await steadyMs()).toBe(Number.POSITIVE_INFINITY);
    }
  });

  it('says nothing of a clock that it could not read', async () => {
    let away = false;
    const steadyMs = createClockGuard(async () => {
      if (away) throw new Error('the database is away');
      return Date.now();
    });
    await steadyMs();
    away = true;
    await expect(steadyMs()).rejects.toThrow('away');
    away = false;
    expect(await steadyMs()).toBe(Number.POSITIVE_INFINITY);
  });
});
