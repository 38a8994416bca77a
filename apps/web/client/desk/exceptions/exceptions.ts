import { answer, deskApi } from '../../api/client.ts';

/** Orders that a person has to look at. */
export async function readOrderExceptions(signal?: AbortSignal) {
  const page = await answer(deskApi.order.GET('/orders/exceptions', signal ? { signal } : {}));
  return page._embedded.exceptions;
}

/** Refunds that the provider refused for good. */
export async function readRefundExceptions(signal?: AbortSignal) {
  const page = await answer(deskApi.pay.GET('/pays/exceptions', signal ? { signal } : {}));
  return page._embedded.exceptions;
}

export type OrderException = Awaited<ReturnType<typeof readOrderExceptions>>[number];
export type RefundException = Awaited<ReturnType<typeof readRefundExceptions>>[number];
