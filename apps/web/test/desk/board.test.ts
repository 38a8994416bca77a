import type { DeliveryStatus } from '@jumun/contracts';
import { describe, expect, it } from 'vitest';
import { cardsOf, nextStep } from '../../client/desk/deliveries/board.ts';

interface Card {
  id: number;
  status: DeliveryStatus;
}
const requested: Card = { id: 7, status: 'deliveryRequested' };
const started: Card = { id: 7, status: 'deliverystarted' };
const other: Card = { id: 5, status: 'deliverystarted' };

describe('a delivery on the board', () => {
  it('goes forward one step at a time, and no further than its end', () => {
    expect(nextStep('deliveryRequested')).toBe('deliverystarted');
    expect(nextStep('deliverystarted')).toBe('deliverycompleted');
    expect(nextStep('deliverycompleted')).toBeUndefined();
    expect(nextStep('deliveryCanceled')).toBeUndefined();
  });

  it('stands where it goes while its step is under way', () => {
    const underWay = [{ delivery: requested, step: 'deliverystarted' as const }];
    expect(cardsOf('deliveryRequested', [requested], underWay)).toEqual([]);
    expect(cardsOf('deliverystarted', [other], underWay)).toEqual([started, other]);
    expect(cardsOf('deliverycompleted', [], underWay)).toEqual([]);
  });

  it('stands there once, where the column knows of the step before it is answered', () => {
    const underWay = [{ delivery: requested, step: 'deliverystarted' as const }];
    expect(cardsOf('deliverystarted', [started, other], underWay)).toEqual([started, other]);
  });

  it('is back where it was once its step is refused', () => {
    expect(cardsOf('deliveryRequested', [requested], [])).toEqual([requested]);
  });
});
