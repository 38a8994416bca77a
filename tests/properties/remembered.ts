import { sandboxAmounts } from '../../services/pay/src/sandbox/provider.ts';
import type { Action, Fault, History } from './steps.ts';

/**
 * Short histories that are hard to come by at random, each with what it puts to the test. They are lived before the
 * random ones.
 */
const milk: Action = { do: 'order', wish: { product: 'milk', orderQty: 1 }, customers: 1 };
const rest: Action = { do: 'come to rest' };
const moment = (actions: Action[], faults: Fault[] = []) => ({ faults, actions });

export const remembered: Record<string, History> = {
  'a plain order': [moment([{ do: 'order with key', key: 'A', customers: 1 }])],
  'the log brings an old price once more': [
    moment([{ do: 'change price', product: 'milk', price: 2_500 }]),
    moment([rest]),
    moment([{ do: 'repeat event', of: 'a product', which: 0, as: 'the same' }]),
  ],
  'an old publisher says everything twice': [
    moment([milk]),
    moment([rest]),
    moment([0, 1, 2].map(which => ({ do: 'repeat event', of: 'an order', which, as: 'a new' }))),
  ],
  'stock is moved while pieces are taken': [
    moment([milk]),
    moment(
      [{ do: 'move stock', product: 'milk', quantity: 1 }],
      [{ fault: 'slow', service: 'product', commit: 1, when: 'before', ms: 400 }],
    ),
  ],
  'a charge arrives after its void': [moment([milk], [{ fault: 'calls', to: 'pay', are: 'late' }])],
  'order dies when an order has just become durable': [
    moment([milk], [{ fault: 'crash', service: 'order', commit: 2, when: 'after', back: 'at once' }]),
  ],
  'order dies while it hands its event to the log': [
    moment([milk], [{ fault: 'crash', service: 'order', commit: 3, when: 'after', back: 'at once' }]),
  ],
  'order dies while its event is on its way to the log': [
    moment([milk], [{ fault: 'hold back', service: 'order', what: 'publishing' }]),
    moment([rest]),
    moment([milk], [{ fault: 'crash', service: 'order', commit: 1, when: 'before', back: 'at once' }]),
  ],
  'those who listen die at their second commit': [
    moment(
      [milk],
      [
        { fault: 'crash', service: 'delivery', commit: 2, when: 'before', back: 'at once' },
        { fault: 'crash', service: 'customercenter', commit: 2, when: 'before', back: 'at once' },
      ],
    ),
    // What is planned is forgotten at the end: it takes some time to come to pass.
    moment([rest]),
    moment([rest]),
    moment([rest]),
  ],
  ...Object.fromEntries(
    // Which of its commits that is depends on what pay does beside.
    [2, 3, 4, 5].map(commit => [
      `pay dies between a charge and its record (at commit ${commit}), and the refund is refused`,
      [
        moment(
          [
            {
              do: 'order',
              wish: { product: 'plain', orderQty: 1, price: sandboxAmounts.refundRefused },
              customers: 1,
            },
          ],
          [{ fault: 'crash', service: 'pay', commit, when: 'before', back: 'at once' }],
        ),
      ],
    ]),
  ),
};
