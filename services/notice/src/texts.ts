/** What a notice can be about. */
export const noticeKinds = [
  'Ordered',
  'OrderCanceled',
  'DeliveryPrepared',
  'DeliveryStarted',
  'DeliveryCompleted',
  'DeliveryCanceled',
  'PayCanceled',
] as const;
export type NoticeKind = (typeof noticeKinds)[number];

/** What the texts speak of. */
export interface NoticeFacts {
  orderId: number;
  item: string | null;
  quantity: number | null;
  price: number | null;
  reason: string | null;
}

const texts: Record<NoticeKind, (facts: NoticeFacts & { what: string; why: string }) => string> = {
  Ordered: ({ orderId, what, price }) =>
    `주문 ${orderId}번(${what})이 접수되고 ${price ?? 0}원이 결제되었습니다.`,
  OrderCanceled: ({ orderId, what, why }) => `주문 ${orderId}번(${what})이 취소되었습니다.${why}`,
  DeliveryPrepared: ({ orderId, what }) => `주문 ${orderId}번(${what})의 상품이 준비되었습니다.`,
  DeliveryStarted: ({ orderId, what }) => `주문 ${orderId}번(${what})의 배송이 시작되었습니다.`,
  DeliveryCompleted: ({ orderId, what }) => `주문 ${orderId}번(${what})의 배송이 완료되었습니다.`,
  DeliveryCanceled: ({ orderId, what }) => `주문 ${orderId}번(${what})의 배송이 취소되었습니다.`,
  PayCanceled: ({ orderId, price }) => `주문 ${orderId}번의 결제 ${price ?? 0}원이 취소되어 환불됩니다.`,
};

/** The text of a notice, in the shop's language (Korean). */
export function noticeText(kind: NoticeKind, facts: NoticeFacts): string {
  const { item, quantity, reason } = facts;
  const what = `${item ?? '상품'}${quantity === null ? '' : ` ${quantity}개`}`;
  return texts[kind]({ ...facts, what, why: reason ? ` 사유: ${reason}` : '' });
}
