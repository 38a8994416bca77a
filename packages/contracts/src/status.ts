/** The status words of each resource, in the order in which a resource passes through them. */
export const orderStatuses = [
  'ordered',
  'deliveryPrepared',
  'deliverystarted',
  'deliverycompleted',
  'orderCanceled',
] as const;
export type OrderStatus = (typeof orderStatuses)[number];

export const payStatuses = ['approved', 'canceled', 'declined'] as const;
export type PayStatus = (typeof payStatuses)[number];

export const deliveryStatuses = [
  'deliveryRequested',
  'deliverystarted',
  'deliverycompleted',
  'deliveryCanceled',
] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

export const noticeStatuses = ['queued', 'sent', 'failed'] as const;
export type NoticeStatus = (typeof noticeStatuses)[number];
