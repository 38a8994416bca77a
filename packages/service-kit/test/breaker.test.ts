import { CircuitState } from 'cockatiel';
import { expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { type BreakerOptions, CircuitOpenError, createBreaker, measureBreakers } from '../src/breaker.ts';
import { createLogger } from '../src/logger.ts';
import { createMetrics } from '../src/metrics.ts';
import { createGate } from './harness.ts';

const fail = async () => {
  throw new Error('does not answer');
};

/** A breaker that has been opened by two failures. */
async function opened(options: Partial<BreakerOptions> = {}) {
  const lines: { msg: string; state: string }[] = [];
  const breaker = createBreaker({ name: 'pay', failures: 2, halfOpenAfterMs: 50, ...options });
  const metrics = createMetrics('order', false);
  const log = createLogger('order', 'info', { write: line => void lines.push(JSON.parse(line)) });
  measureBreakers(metrics, log, [breaker]);
  for (let n = 0; n < 2; n++) await expect(breaker.call(fail)).rejects.toThrow('does not answer');
  expect(breaker.state()).toBe(CircuitState.Open);
  return { breaker, metrics, lines };
}

it('lets exactly one call try, and fails all others at once until that one has its answer', async () => {
  const { breaker } = await opened();
  const gate = createGate();
  let asked = 0;
  const ask = () =>
    breaker.call(async () => {
      asked++;
      await gate.opened;
      return 'well';
    });
  let trial: Promise<string> | undefined;
  await eventually(async () => {
    const call = ask();
    // Refused, or under way and not answered.
    await Promise.race([call, new Promise(setImmediate)]);
    trial = call;
  });
  expect(breaker.state()).toBe(CircuitState.HalfOpen);
  for (let n = 0; n < 100; n++) await expect(ask()).rejects.toBeInstanceOf(CircuitOpenError);
  expect(asked).toBe(1);
  gate.open();
  expect(await trial).toBe('well');
  expect(breaker.state()).toBe(CircuitState.Closed);
  expect(await ask()).toBe('well');
});

it('admits all while it is closed, and one at a time to try when it is open', async () => {
  const { breaker } = await opened();
  const fresh = createBreaker({ name: 'pay' });
  for (let n = 0; n < 5; n++) expect(fresh.admits()).toBe(true);

  expect(breaker.admits()).toBe(false);
  await eventually(() => expect(breaker.admits()).toBe(true));
  expect(Array.from({ length: 100 }, () => breaker.admits())).not.toContain(true);
  // The one that was admitted may never come to its call: then another one is.
  await eventually(() => expect(breaker.admits()).toBe(true));

  await eventually(() => breaker.call(async () => 'well'));
  for (let n = 0; n < 5; n++) expect(breaker.admits()).toBe(true);
});

it('shows its state, and counts and logs each change once', async () => {
  const { breaker, metrics, lines } = await opened();
  await eventually(() => expect(breaker.call(fail)).rejects.toThrow('does not answer'));
  await eventually(() => breaker.call(async () => 'well'));
  const shown = await metrics.registry.metrics();
  expect(shown).toContain('jumun_breaker_state{peer="pay",state="closed",service="order"} 1');
  const count = (state: string) =>
    Number(
      new RegExp(`jumun_breaker_transitions_total\\{peer="pay",state="${state}".*\\} (\\d+)`).exec(
        shown,
      )?.[1],
    );
  expect([count('open'), count('halfopen'), count('closed')]).toEqual([2, 2, 1]);
  expect(lines.map(({ state }) => state)).toEqual(['open', 'halfopen', 'open', 'halfopen', 'closed']);
});
