import { expect, it } from 'vitest';
import type { Fault } from './faults.ts';
import { choose, storm } from './storm.ts';

const kinds = ['a', 'b', 'c', 'd', 'e'];

/** Faults that only write down what was done to whom. */
function faults(done: string[]): Fault[] {
  return kinds.map((name, i) => ({
    name,
    lasts: { short: [0, 5], long: [1_000, 2_000] },
    weight: i + 1,
    draw(random) {
      const subject = `subject ${Math.floor(random() * 2)}`;
      return {
        subject,
        inject: () => void done.push(`+${subject}`),
        heal: () => void done.push(`-${subject}`),
      };
    },
  }));
}

it('a seed chooses the same faults, at the same places, for as long', () => {
  const chosen = (seed: number) => {
    const next = choose(faults([]), seed, 'short');
    return Array.from({ length: 50 }, next).map(({ name, subject, lastsMs }) => ({ name, subject, lastsMs }));
  };
  expect(chosen(7)).toEqual(chosen(7));
  expect(chosen(7)).not.toEqual(chosen(8));
});

it('each kind comes once before any comes twice, and then as often as it weighs', () => {
  const next = choose(faults([]), 1, 'short');
  const draw = (count: number) =>
    Array.from({ length: count }, () => next().name)
      .sort()
      .join('');
  expect(draw(5)).toBe('abcde');
  expect(draw(15)).toBe('abbcccddddeeeee');
});

it('every fault ends, nothing is hit twice at once, and what cannot be tried is not', async () => {
  const done: string[] = [];
  const all = faults(done);
  const impossible = { ...(all[0] as Fault), name: 'impossible', impossible: 'for a test' };
  const counts = await storm({
    faults: [...all, impossible],
    seed: 3,
    form: 'short',
    ms: 300,
    say: () => {},
  });
  const hit = new Set<string>();
  for (const [sign, ...subject] of done) {
    expect(hit.has(subject.join(''))).toBe(sign === '-');
    if (sign === '+') hit.add(subject.join(''));
    else hit.delete(subject.join(''));
  }
  expect(hit).toEqual(new Set());
  expect([...counts.keys()]).toEqual(kinds);
  expect([...counts.values()].reduce((sum, { struck }) => sum + struck, 0)).toBe(done.length / 2);
});

it('each kind strikes once at least, however little time there is', async () => {
  const counts = await storm({ faults: faults([]), seed: 3, form: 'short', ms: 1, say: () => {} });
  expect([...counts.values()].every(({ struck }) => struck > 0)).toBe(true);
});

it('a fault that cannot be brought about is counted, and healed like others', async () => {
  const done: string[] = [];
  const failing = faults(done).map(fault => ({
    ...fault,
    draw: (random: () => number) => ({
      ...fault.draw(random),
      inject() {
        throw new Error('away');
      },
    }),
  }));
  const counts = await storm({ faults: failing, seed: 3, form: 'short', ms: 50, say: () => {} });
  const failed = [...counts.values()].reduce((sum, count) => sum + count.failed, 0);
  expect(failed).toBe(done.length);
  expect(failed).toBeGreaterThan(0);
});
