// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createMemoryHistory, createRouter, RouterProvider } from '@tanstack/react-router';
import { cleanup, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { IntlProvider } from 'use-intl';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { rootRoute } from '../../client/app/root.tsx';
import { deskRoutes } from '../../client/desk/routes.tsx';
import { messages } from '../../client/i18n/en/index.ts';
import { shopRoutes } from '../../client/shop/routes.tsx';

const CHECKOUT = 'jumun.checkout.1.7';
const { item } = messages.shop;

/** What was sent to order something. */
interface Sent {
  key: string | null;
  body: { orderQty: number; price: number; address: string };
}
/** The services, as the page sees them. */
interface Shop {
  product: { id: number; name: string; price: number; imageUrl: null; availableQuantity: number };
  sent: Sent[];
  /** Answers an order; what is thrown is an answer that is lost. */
  place(sent: Sent): Response | Promise<Response>;
}
let shop: Shop;
let queries: QueryClient;

const json = (body: unknown, status = 200, headers = {}) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });
const refuse = (slug: string, status: number, more = {}, headers = {}) =>
  json({ type: `/problems/${slug}`, status, ...more }, status, headers);

beforeEach(() => {
  localStorage.clear();
  shop = {
    product: { id: 7, name: 'Milk', price: 1_000, imageUrl: null, availableQuantity: 5 },
    sent: [],
    place: () => json({ id: 3 }, 201),
  };
  // The order's page follows changes, of which there are none here.
  vi.stubGlobal(
    'EventSource',
    class extends EventTarget {
      close() {}
    },
  );
  vi.stubGlobal('fetch', async (request: Request) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/products/7') return json(shop.product);
    if (pathname === '/notices/search/countUnread') return json({ unread: 0 });
    if (pathname !== '/orders') return refuse('not-found', 404);
    const sent = { key: request.headers.get('idempotency-key'), body: await request.json() } as Sent;
    shop.sent.push(sent);
    return shop.place(sent);
  });
});
afterEach(() => {
  cleanup();
  queries.clear();
  vi.unstubAllGlobals();
});

/** Opens the product's page, as a tab of its own that knows only what the browser keeps. */
function visit() {
  queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const router = createRouter({
    routeTree: rootRoute.addChildren([shopRoutes, deskRoutes]),
    history: createMemoryHistory({ initialEntries: ['/items/7'] }),
  });
  const page = render(
    <IntlProvider locale="en" timeZone="UTC" messages={messages}>
      <QueryClientProvider client={queries}>
        <RouterProvider router={router as never} />
      </QueryClientProvider>
    </IntlProvider>,
  );
  return { user: userEvent.setup(), router, ...page };
}
const orderButton = () => screen.findByRole('button', { name: /^Pay/ });
async function order(user: ReturnType<typeof userEvent.setup>, address = 'Seoul') {
  const button = await orderButton();
  const field = screen.getByRole('textbox', { name: item.address });
  await user.clear(field);
  await user.type(field, address);
  await user.click(button);
}
const kept = () => JSON.parse(localStorage.getItem(CHECKOUT) ?? '{}');

describe('a refusal', () => {
  it('for want of pieces says what is left, and orders that many under another key', async () => {
    shop.place = ({ body }) =>
      body.orderQty > 2 ? refuse('out-of-stock', 409, { availableQuantity: 2 }) : json({ id: 3 }, 201);
    const { user } = visit();
    const more = await screen.findByRole('button', { name: /increase/i });
    await user.click(more);
    await user.click(more);
    await order(user);
    shop.product.availableQuantity = 2;
    await user.click(await screen.findByRole('button', { name: 'Order 2 pieces' }));
    await waitFor(() => expect(kept()).toEqual({ placed: 3 }));
    expect(shop.sent.map(({ body }) => body.orderQty)).toEqual([3, 2]);
    expect(new Set(shop.sent.map(({ key }) => key)).size).toBe(2);
  });

  it('for want of any piece ends when there are some again', async () => {
    shop.place = () => refuse('out-of-stock', 409, { availableQuantity: 0 });
    const { user } = visit();
    await order(user);
    await screen.findByRole('alert');
    await waitFor(async () => expect(await orderButton()).toHaveProperty('disabled', true));
    await queries.invalidateQueries({ queryKey: ['products'] });
    await waitFor(async () => expect(await orderButton()).toHaveProperty('disabled', false));
  });

  it('for a changed price says both prices for as long as it stands, and orders at the one that was accepted', async () => {
    shop.place = ({ body }) =>
      body.price === 1_200
        ? json({ id: 3 }, 201)
        : refuse('price-changed', 409, { price: 1_200, unitPrice: 1_200 });
    const { user } = visit();
    await order(user);
    const alert = await screen.findByRole('alert');
    expect(alert.textContent).toMatch(/1,000.*1,200/);
    // The page learns of the new price by itself as well.
    shop.product.price = 1_200;
    await queries.invalidateQueries({ queryKey: ['products'] });
    await screen.findByText('₩1,200', { selector: 'p' });
    expect(screen.getByRole('alert').textContent).toMatch(/1,000.*1,200/);
    await user.click(screen.getByRole('button', { name: /new price.*1,200/ }));
    await waitFor(() => expect(kept()).toEqual({ placed: 3 }));
    expect(shop.sent.map(({ body }) => body.price)).toEqual([1_000, 1_200]);
  });

  it('of the payment says that nothing was charged, and the next attempt has a key of its own', async () => {
    let isDeclined = true;
    shop.place = () => (isDeclined ? refuse('payment-declined', 402) : json({ id: 3 }, 201));
    const { user } = visit();
    await order(user);
    expect((await screen.findByRole('alert')).textContent).toContain(messages.problems['payment-declined']);
    isDeclined = false;
    await user.click(await orderButton());
    await waitFor(() => expect(kept()).toEqual({ placed: 3 }));
    expect(new Set(shop.sent.map(({ key }) => key)).size).toBe(2);
  });

  it('of a field stands at the field', async () => {
    shop.place = () =>
      refuse('invalid-request', 400, { errors: [{ pointer: '/address', detail: 'is not an address' }] });
    const { user } = visit();
    await order(user);
    await screen.findByText('is not an address');
    const field = screen.getByRole('textbox', { name: item.address });
    expect(field.getAttribute('aria-invalid')).toBe('true');
  });
});

describe('an outcome that is not known', () => {
  it.each([
    ['a service that is away', () => refuse('peer-unavailable', 503, {}, { 'retry-after': '1' })],
    ['a lost answer', () => Promise.reject(new TypeError('network error'))],
    [
      'an intermediary that gave up',
      () => new Response('', { status: 408, headers: { 'retry-after': '1' } }),
    ],
  ])('after %s is asked for with the same key and body', async (_, lose) => {
    let isLost = true;
    shop.place = () => (isLost ? lose() : json({ id: 3 }, 201));
    const { user } = visit();
    await order(user);
    await screen.findByText(item.underWay.confirming);
    isLost = false;
    await waitFor(() => expect(kept()).toEqual({ placed: 3 }), { timeout: 20_000 });
    const [first] = shop.sent;
    for (const sent of shop.sent) expect(sent).toEqual(first);
    expect(shop.sent.length).toBeGreaterThan(1);
  });

  it('is asked for again after a reload, without a press', async () => {
    shop.place = () => new Promise(() => {});
    const { user, unmount } = visit();
    await order(user);
    await waitFor(() => expect(shop.sent).toHaveLength(1));
    unmount();
    shop.place = () => json({ id: 3 }, 201);
    visit();
    await waitFor(() => expect(kept()).toEqual({ placed: 3 }));
    expect(shop.sent).toHaveLength(2);
    expect(shop.sent[1]).toEqual(shop.sent[0]);
  });
});

describe('another tab', () => {
  const other = {
    key: 'of another tab',
    body: { itemcd: 7, orderQty: 2, price: 2_000, address: 'Busan', customerId: 1 },
  };

  it('that began an order keeps it when this one is refused', async () => {
    const draft = { ...other, at: Date.now() };
    shop.place = () => {
      localStorage.setItem(CHECKOUT, JSON.stringify({ draft }));
      return refuse('payment-declined', 402);
    };
    const { user } = visit();
    await order(user);
    await screen.findByRole('alert');
    expect(kept()).toEqual({ draft });
  });

  it('that ended this order and began another one is followed', async () => {
    shop.place = ({ key }) =>
      key === other.key ? json({ id: 4 }, 201) : refuse('unavailable', 503, {}, { 'retry-after': '1' });
    const { user } = visit();
    await order(user);
    await screen.findByText(item.underWay.confirming);
    localStorage.setItem(CHECKOUT, JSON.stringify({ draft: { ...other, at: Date.now() } }));
    await waitFor(() => expect(kept()).toEqual({ placed: 4 }), { timeout: 20_000 });
    expect(shop.sent.map(({ key }) => key)).toEqual([expect.not.stringMatching(other.key), other.key]);
  });
});

it('an order that was placed is shown, and another one begins by an act of its own', async () => {
  localStorage.setItem(CHECKOUT, JSON.stringify({ placed: 3 }));
  const { user } = visit();
  await user.click(await screen.findByRole('button', { name: item.placed.again }));
  await order(user);
  await waitFor(() => expect(shop.sent).toHaveLength(1));
});
