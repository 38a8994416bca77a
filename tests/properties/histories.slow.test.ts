import fc from 'fast-check';
import { afterAll, it } from 'vitest';
import { judge } from './judge.ts';
import { remembered } from './remembered.ts';
import { histories, tell } from './steps.ts';
import { createWorld, type World } from './world.ts';

/** How many histories there are beside those that are remembered, and for how long a shorter one is looked for when one fails. */
const { HISTORIES = '25', SHRINK_MS = '100000' } = process.env;

let world: World | undefined;
afterAll(() => world?.close());

it('whatever happens, money, stock, deliveries, notices and the view agree in the end', {
  timeout: 900_000,
}, async () => {
  const lived = fc.asyncProperty(histories, async history => {
    world ??= await createWorld();
    try {
      await world.live(history);
    } catch (error) {
      // What went wrong stays in the databases: the next history needs others.
      await world.close();
      world = undefined;
      throw error;
    }
  });
  await judge(lived, ([history]) => tell(history), {
    examples: Object.values(remembered).map(history => [history]),
    numRuns: Number(HISTORIES),
    shrinkMs: Number(SHRINK_MS),
  });
});
