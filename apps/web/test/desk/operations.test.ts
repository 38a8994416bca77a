import { expect, it } from 'vitest';
import { timelineOf } from '../../client/desk/orders/story-page/story.ts';
import { moneyOf } from '../../client/desk/orders/story-page/sums.ts';
import { openLetters, readFigures } from '../../client/desk/overview/metrics.ts';

it('reads the gauges of a service, and does not count what was discarded', () => {
  const figures = readFigures(
    [
      '# HELP jumun_consumer_lag Records of the log not yet read',
      'jumun_consumer_lag{service="pay"} 3',
      'jumun_outbox_waiting{service="pay"} 2',
      'jumun_dead_letters{state="parked",service="pay"} 1',
      'jumun_dead_letters{state="discarded",service="pay"} 9',
    ].join('\n'),
  );
  expect(figures).toEqual({ lag: 3, outbox: 2, deadLetters: { parked: 1, discarded: 9 } });
  expect(openLetters(figures)).toBe(1);
});

it('puts those that handled an event where it was published, each repeat with its own', () => {
  const at = '2026-01-01T00:00:00.000Z';
  const published = {
    at,
    service: 'delivery',
    what: 'published DeliveryStarted (in the log at 1 after 3 ms)',
  };
  const handled = { at, service: 'order', what: 'handled DeliveryStarted' };
  const entries = timelineOf([published, published, handled, handled]);
  expect(entries.map(({ heardBy }) => heardBy.map(({ service }) => service))).toEqual([['order'], ['order']]);
});

it('tells what the provider holds from what is owed', () => {
  const row = (table: string, fields: Record<string, unknown>) => ({ service: 'pay', table, row: fields });
  expect(
    moneyOf([
      row('provider', { state: 'captured', amount: 700 }),
      row('provider', { state: 'refunded', amount: 300 }),
      row('provider', { state: 'declined', amount: 100 }),
      row('refund', { state: 'failed', amount: 700, settled_by_hand: false }),
    ]),
  ).toEqual({ captured: 1000, refunded: 300, held: 700, due: 0, failed: 700, byHand: 0 });
});
