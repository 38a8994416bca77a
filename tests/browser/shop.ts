import type { Page } from 'playwright-core';
import { call } from '../../apps/jumun/test/jumun.ts';
import { messages as ko } from '../../apps/web/client/i18n/ko/index.ts';
import { eventually } from '../support/eventually.ts';

export const { shop, desk, common } = ko;

/** A text with its values, as far as they are put in as they are. */
export const say = (text: string, values: Record<string, string | number> = {}): string =>
  text.replace(/\{(\w+)(?:, number)?\}/g, (_, name: string) => String(values[name]));

export interface Shelf {
  id: number;
  price: number;
}

/** Puts a product on the shelf of the system whose gateway is at `url`. */
export async function shelve(
  url: string,
  product: { name: string; price: number; totalQuantity: number; imageUrl?: string },
): Promise<Shelf> {
  const { status, body } = await call('POST', `${url}/products`, product);
  if (status !== 201) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return { id: body.id, price: product.price };
}

/** Opens an item's page, fills in the form, and gives the button that orders. */
export async function fillOrder(
  page: Page,
  id: number,
  { quantity = 1, address = '서울시 종로구 세종대로 1' } = {},
) {
  await page.goto(`/items/${id}`);
  const amount = page.getByRole('textbox', { name: shop.item.quantity });
  await amount.waitFor();
  if (quantity !== 1) {
    await amount.fill(String(quantity));
    await amount.blur();
  }
  await page.getByLabel(shop.item.address).fill(address);
  return page.getByRole('button', { name: /결제하고 주문하기/ });
}

/** Waits until an order was placed; gives its number. */
export async function placedOrder(page: Page): Promise<number> {
  await page.waitForURL(/\/my\/orders\/\d+$/);
  return Number(page.url().split('/').at(-1));
}

/** The customer's orders, as the services have them. */
export async function ordersOf(url: string, customerId: number): Promise<{ id: number; status: string }[]> {
  const { status, body } = await call('GET', `${url}/myPages/search/find?customerId=${customerId}&size=100`);
  if (status !== 200) throw new Error(`${status}`);
  return body._embedded.myPages;
}

/** Waits until the customer has exactly these orders, and there are none on the way. */
export async function expectOrders(url: string, customerId: number, ids: number[]): Promise<void> {
  await eventually(async () => {
    const found = (await ordersOf(url, customerId)).map(({ id }) => id);
    if (String(found.toSorted()) !== String(ids.toSorted()))
      throw new Error(`orders ${found}, and not ${ids}`);
  }, 45_000);
}
