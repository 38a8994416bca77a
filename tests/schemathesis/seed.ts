import type { Place } from '../../apps/jumun/test/jumun.ts';
import { eventually } from '../support/eventually.ts';

/** At this amount the sandbox refuses a refund. */
const REFUND_REFUSED = 1_000_409;

interface Item {
  id: number;
  orderId: number;
}

/** Some of everything: products, orders in each state, a delivery on its way, exceptions for a person. */
export async function seed(place: Place): Promise<void> {
  async function call(part: string, method: string, path: string, body?: object): Promise<Response> {
    const response = await fetch(place.url(part) + path, {
      method,
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}`);
    return response;
  }
  const order = async (itemcd: number) =>
    ((await (await call('order', 'POST', '/orders', { itemcd, orderQty: 1 })).json()) as Item).id;
  const cancel = (id: number) => call('order', 'DELETE', `/orders/${id}`);

  for (const price of [2_000, 100, REFUND_REFUSED])
    await call('product', 'POST', '/products', { name: `for ${price}`, price, totalQuantity: 1_000_000 });
  const orders: number[] = [];
  for (let i = 0; i < 12; i++) orders.push(await order((i % 2) + 1));
  // Refunds that fail.
  for (let i = 0; i < 4; i++) await cancel(await order(3));

  const deliveries = await eventually(async () => {
    const found = await call('delivery', 'GET', '/deliveries?size=100');
    const { _embedded } = (await found.json()) as { _embedded: { deliveries: Item[] } };
    const open = _embedded.deliveries.filter(({ orderId }) => orders.includes(orderId));
    if (open.length < orders.length) throw new Error('not all deliveries are requested yet');
    return open.sort((a, b) => a.orderId - b.orderId);
  });
  for (const { id } of deliveries.slice(0, 8))
    await call('delivery', 'POST', `/deliveries/${id}/deliverystarted`);
  for (const { id } of deliveries.slice(0, 2))
    await call('delivery', 'POST', `/deliveries/${id}/deliverycompleted`);
  // Canceled while the goods arrive: these may become exceptions of the order service.
  for (const { id, orderId } of deliveries.slice(2, 6)) {
    await Promise.allSettled([
      call('delivery', 'POST', `/deliveries/${id}/deliverycompleted`),
      cancel(orderId),
    ]);
  }
  await cancel(deliveries[11]?.orderId ?? 0);
  await eventually(async () => {
    const found = await call('pay', 'GET', '/pays/exceptions');
    const { page } = (await found.json()) as { page: { totalElements: number } };
    if (page.totalElements === 0) throw new Error('no refund has failed yet');
  });
}
