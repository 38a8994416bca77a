import { writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { expect } from 'vitest';

/**
 * Checks a property and fails with the shortest counter-example that was found, in sentences, and with what repeats
 * it: `SEED` and `PATH_TO`. `REPORT` names a file for the outcome.
 * @param tell     the sentences of an example
 * @param examples are tried before what is drawn at random
 * @param numRuns  so many are drawn at random
 * @param shrinkMs how long a shorter counter-example is looked for
 */
export async function judge<Ts>(
  property: fc.IProperty<Ts> | fc.IAsyncProperty<Ts>,
  tell: (example: Ts) => string[],
  { numRuns, shrinkMs, examples = [] }: { numRuns: number; shrinkMs: number; examples?: Ts[] },
): Promise<void> {
  const { SEED, PATH_TO, REPORT } = process.env;
  const found = await fc.check(property, {
    examples,
    numRuns: examples.length + numRuns,
    endOnFailure: true,
    ...(SEED !== undefined && { seed: Number(SEED) }),
    ...(PATH_TO !== undefined && { path: PATH_TO }),
  });
  const { failed, seed } = found;
  // Where time and chance have a part, it may not fail a second time: then it is told as it was found.
  const path = found.counterexamplePath ?? '';
  const again = failed
    ? await fc.check(property, { examples, seed, path, interruptAfterTimeLimit: shrinkMs })
    : undefined;
  const shortest = again?.counterexample ? again : found;
  const shrunk = shortest.counterexample ? tell(shortest.counterexample) : [];
  const { name = '', message: error = '' } = (shortest.errorInstance ?? {}) as Error;
  if (REPORT) {
    await writeFile(REPORT, JSON.stringify({ failed, numRuns: found.numRuns, seed, shrunk, name, error }));
  }
  const lines = shrunk.map((line, i) => `  ${i + 1}. ${line}`).join('\n');
  expect(
    failed,
    `Example ${found.numRuns} does not hold:\n${lines}\n${error}\nAgain with SEED=${seed} PATH_TO=${path}`,
  ).toBe(false);
  expect(found.numRuns).toBeGreaterThan(0);
}
