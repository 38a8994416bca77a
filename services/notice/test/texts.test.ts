import { describe, expect, test } from 'vitest';
import { type NoticeFacts, type NoticeKind, noticeText } from '../src/texts.ts';

const facts: NoticeFacts = { orderId: 7, item: '우유', quantity: 3, price: 6000, reason: null };

describe('what the customer is told', () => {
  test.each<[NoticeKind, string]>([
    ['Ordered', '주문 7번(우유 3개)이 접수되고 6000원이 결제되었습니다.'],
    ['OrderCanceled', '주문 7번(우유 3개)이 취소되었습니다.'],
    ['DeliveryPrepared', '주문 7번(우유 3개)의 상품이 준비되었습니다.'],
    ['DeliveryStarted', '주문 7번(우유 3개)의 배송이 시작되었습니다.'],
    ['DeliveryCompleted', '주문 7번(우유 3개)의 배송이 완료되었습니다.'],
    ['DeliveryCanceled', '주문 7번(우유 3개)의 배송이 취소되었습니다.'],
    ['PayCanceled', '주문 7번의 결제 6000원이 취소되어 환불됩니다.'],
  ])('%s', (kind, text) => {
    expect(noticeText(kind, facts)).toBe(text);
  });

  test('why the order was canceled', () => {
    expect(noticeText('OrderCanceled', { ...facts, reason: 'out of stock: 1 left' })).toBe(
      '주문 7번(우유 3개)이 취소되었습니다. 사유: out of stock: 1 left',
    );
  });

  test('what is known, where the name, the quantity or the price is not', () => {
    const little: NoticeFacts = { orderId: 7, item: null, quantity: null, price: null, reason: null };
    expect(noticeText('DeliveryStarted', little)).toBe('주문 7번(상품)의 배송이 시작되었습니다.');
    expect(noticeText('DeliveryStarted', { ...little, quantity: 2 })).toBe(
      '주문 7번(상품 2개)의 배송이 시작되었습니다.',
    );
    expect(noticeText('Ordered', little)).toBe('주문 7번(상품)이 접수되고 0원이 결제되었습니다.');
    expect(noticeText('PayCanceled', little)).toBe('주문 7번의 결제 0원이 취소되어 환불됩니다.');
  });
});
