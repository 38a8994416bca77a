import fc from 'fast-check';
import { it } from 'vitest';
import { judge } from './judge.ts';
import { createSaga, itemcds, type Step } from './saga.ts';

const which = fc.nat({ max: 20 });
const itemcd = fc.constantFrom(...itemcds);
const named = (...names: Extract<Step, { which: number }>['do'][]) =>
  fc.record({ do: fc.constantFrom(...names), which });

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('place' as const), itemcd, orderQty: fc.constantFrom(1, 2) }),
  },
  { weight: 6, arbitrary: named('call') },
  { weight: 1, arbitrary: named('lose call', 'give up') },
  { weight: 3, arbitrary: named('cancel order', 'cancel payment', 'start delivery', 'complete delivery') },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('move stock' as const),
      itemcd,
      quantity: fc.constantFrom(1, -1),
    }),
  },
  { weight: 8, arbitrary: named('deliver') },
  { weight: 1, arbitrary: named('deliver again') },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'let all arrive' }) },
);

function tell(step: Step): string {
  if (step.do === 'place') return `${step.orderQty} of product ${step.itemcd} are ordered`;
  if (step.do === 'move stock') return `${step.quantity} of product ${step.itemcd} are put on the shelf`;
  if (step.do === 'let all arrive') return step.do;
  return `${step.do} #${step.which}`;
}

it('whatever the order in which calls and events arrive, the services agree in the end', async () => {
  const lived = fc.property(fc.array(step, { maxLength: 40, size: 'max' }), steps => {
    const saga = createSaga();
    for (const step of steps) saga.step(step);
    saga.finish();
    saga.check();
  });
  await judge(lived, ([steps]) => steps.map(tell), { numRuns: 600, shrinkMs: 30_000 });
});
