import createClient from 'openapi-fetch';
import { ApiProblem } from './problem.ts';
import type { paths as CustomerCenter } from './schema/customercenter.ts';
import type { paths as Delivery } from './schema/delivery.ts';
import type { paths as Notice } from './schema/notice.ts';
import type { paths as Order } from './schema/order.ts';
import type { paths as Pay } from './schema/pay.ts';
import type { paths as Product } from './schema/product.ts';

/** Longer than an order takes when the payment provider is slow, so that few outcomes stay unknown. */
const TIMEOUT_MS = 20_000;

function timed(request: Request): Promise<Response> {
  return fetch(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(TIMEOUT_MS)]) });
}

function clients(base: (service: string) => string) {
  const options = (service: string) => ({ baseUrl: base(service), fetch: timed });
  return {
    order: createClient<Order>(options('order')),
    product: createClient<Product>(options('product')),
    pay: createClient<Pay>(options('pay')),
    delivery: createClient<Delivery>(options('delivery')),
    notice: createClient<Notice>(options('notice')),
    customercenter: createClient<CustomerCenter>(options('customercenter')),
  };
}

/** What everybody may call. */
export const api = clients(() => '');
/** The same services as the shop's administrator, which works on the shop's own machine. */
export const deskApi = clients(service => `/desk/api/${service}`);

/**
 * What an answer says.
 * @throws ApiProblem where it is a refusal, or where there is none
 */
export async function answer<T>(
  asked: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await asked.catch((cause: unknown) => {
    // Left by the page itself: nobody waits for it.
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw ApiProblem.unreachable(cause);
  });
  if (!response.ok) throw ApiProblem.from(response, error);
  return data as T;
}
