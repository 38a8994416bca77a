import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { call } from '../../apps/jumun/test/jumun.ts';
import { eventually } from '../support/eventually.ts';
import { PATIENCE_MS, whyNoBrowser } from './browser.ts';
import { useSession } from './session.ts';
import { common, desk, expectOrders, fillOrder, ordersOf, placedOrder, say, shelve, shop } from './shop.ts';

const title = 'in a browser';

describe.skipIf(whyNoBrowser)(
  whyNoBrowser ? `${title} (skipped: ${whyNoBrowser})` : title,
  { timeout: 240_000 },
  () => {
    const session = useSession(place => place.start().ready());
    const { come, newCustomer } = session;
    let url = '';
    beforeAll(() => {
      url = session.url;
    });

    const badge = (page: Page, status: keyof typeof common.status) =>
      page.getByText(common.status[status], { exact: true }).first();

    it('an order goes to the door, and customer and desk see each other’s steps without a reload', async () => {
      await shelve(url, { name: '여정 우유', price: 2_000, totalQuantity: 10 });
      const { customer, page } = await newCustomer();
      const board = await come();
      await board.goto('/desk/deliveries');
      await board.getByRole('status').filter({ hasText: common.live.live }).waitFor();

      await page.goto('/');
      await page.getByRole('link', { name: /여정 우유/ }).click();
      await page.getByLabel(shop.item.address).fill('서울시 종로구 1');
      await page.getByRole('button', { name: /결제하고 주문하기/ }).click();
      const orderId = await placedOrder(page);
      await badge(page, 'deliveryPrepared').waitFor();

      const card = board.getByRole('row', { name: new RegExp(say(common.order, { id: orderId })) });
      await card.getByRole('button', { name: desk.deliveries.steps.deliverystarted }).click();
      await board.getByLabel(desk.deliveries.start.carrier).fill('우체국');
      await board.getByLabel(desk.deliveries.start.trackingNumber).fill('KR-7');
      await board.getByRole('dialog').getByRole('button', { name: desk.deliveries.start.confirm }).click();
      await badge(page, 'deliverystarted').waitFor();
      await page.getByText('우체국 KR-7').waitFor();
      await card.getByRole('button', { name: desk.deliveries.steps.deliverycompleted }).click();
      await badge(page, 'deliverycompleted').waitFor();
      // What has arrived cannot be canceled any more.
      await page.getByRole('button', { name: shop.order.cancel.open }).waitFor({ state: 'detached' });
      await expectOrders(url, customer, [orderId]);

      await page.getByRole('link', { name: common.navigation.notices }).click();
      await page.getByText(`주문 ${orderId}번(여정 우유 1개)의 배송이 완료되었습니다.`).waitFor();
      await page.getByRole('button', { name: shop.notices.markRead }).click();
      await page.getByText(shop.notices.unread, { exact: true }).first().waitFor({ state: 'detached' });
    });

    it('an order is canceled with a reason, and its money comes back', async () => {
      const { id } = await shelve(url, { name: '취소 빵', price: 3_000, totalQuantity: 5 });
      const { page } = await newCustomer();
      await (await fillOrder(page, id)).click();
      const orderId = await placedOrder(page);
      const orders = await come();
      await orders.goto(`/desk/orders?product=${id}`);
      const row = (status: keyof typeof common.status) =>
        orders.getByRole('row').filter({ hasText: common.status[status] });
      await row('deliveryPrepared').waitFor();
      await page.getByRole('button', { name: shop.order.cancel.open }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel(shop.order.cancel.reason).fill('마음이 바뀌었습니다');
      await dialog.getByRole('button', { name: shop.order.cancel.confirm }).click();
      await badge(page, 'orderCanceled').waitFor();
      await page.getByText('마음이 바뀌었습니다').waitFor();
      await page.getByText(shop.order.steps.payCanceled, { exact: true }).waitFor();
      await row('orderCanceled').waitFor();
      await eventually(async () => {
        const { body } = await call('GET', `${url}/products/${id}`);
        expect(body.availableQuantity).toBe(5);
      });
      expect((await call('GET', `${url}/orders/${orderId}`)).body.status).toBe('orderCanceled');
    });

    it('two race for the last pieces: one has them, and the other is told what is left', async () => {
      const { id } = await shelve(url, { name: '마지막 김치', price: 4_000, totalQuantity: 3 });
      const racers = [await newCustomer(), await newCustomer()];
      const buttons = [];
      for (const { page } of racers) buttons.push(await fillOrder(page, id, { quantity: 2 }));
      await Promise.all(buttons.map(button => button.click()));
      const outcomes = await Promise.all(
        racers.map(async ({ customer, page }) => {
          const left = page.getByRole('alert').getByText(say(shop.refusal.left, { count: 1 }));
          await Promise.race([page.waitForURL(/\/my\/orders\/\d+$/), left.waitFor()]);
          return { customer, page, hasWon: page.url().includes('/my/orders/') };
        }),
      );
      const winner = outcomes.find(({ hasWon }) => hasWon);
      const loser = outcomes.find(({ hasWon }) => !hasWon);
      if (!winner || !loser) throw new Error('both have won, or none');
      await expectOrders(url, winner.customer, [await placedOrder(winner.page)]);
      await expectOrders(url, loser.customer, []);
      await loser.page.getByRole('button', { name: say(shop.refusal.take, { count: 1 }) }).click();
      await expectOrders(url, loser.customer, [await placedOrder(loser.page)]);
      await winner.page.goto('/');
      await winner.page.getByRole('link', { name: new RegExp(`마지막 김치.*${shop.left.none}`) }).waitFor();
    });

    it('a price that changes meanwhile is accepted before it is paid', async () => {
      const { id } = await shelve(url, { name: '오르는 쌀', price: 1_000, totalQuantity: 9 });
      const { customer, page } = await newCustomer();
      const order = await fillOrder(page, id);
      // What the page has read by then is old.
      await page.route(`**/products/${id}`, route => route.abort());
      expect((await call('PATCH', `${url}/products/${id}`, { price: 1_250 })).status).toBe(200);
      await eventually(async () => {
        const { body } = await call('POST', `${url}/orders`, { itemcd: id, orderQty: 1, price: 1 });
        expect(body.unitPrice).toBe(1_250);
      });
      await order.click();
      await page.getByRole('alert').getByText('₩1,000에서 ₩1,250').waitFor();
      await page.getByRole('button', { name: say(shop.refusal.accept, { amount: '₩1,250' }) }).click();
      const placed = await placedOrder(page);
      expect((await call('GET', `${url}/orders/${placed}`)).body.price).toBe(1_250);
      await expectOrders(url, customer, [placed]);
    });

    describe('nothing is ordered twice', () => {
      it('by a double click, by going back and forth, or by a second tab', async () => {
        const { id } = await shelve(url, { name: '두 번 사과', price: 500, totalQuantity: 50 });
        const { customer, page } = await newCustomer();
        const order = await fillOrder(page, id);
        const second = await page.context().newPage();
        const again = await fillOrder(second, id);
        await order.dblclick();
        const placed = await placedOrder(page);
        await again.click({ timeout: 1_000 }).catch(() => undefined);
        await second.getByText(shop.item.placed.title).waitFor();
        await page.goBack();
        await page.getByText(say(shop.item.placed.text.split('.')[0] ?? '', { id: placed })).waitFor();
        await expectOrders(url, customer, [placed]);
        // Once more is an act of its own.
        await page.getByRole('button', { name: shop.item.placed.again }).click();
        await page.getByRole('button', { name: /결제하고 주문하기/ }).click();
        const another = await placedOrder(page);
        expect(another).not.toBe(placed);
        await expectOrders(url, customer, [placed, another]);
      });

      it('when the answer is lost, whether the page is reloaded then or not', async () => {
        const { id } = await shelve(url, { name: '끊긴 커피', price: 700, totalQuantity: 50 });
        for (const reloads of [false, true]) {
          const { customer, page } = await newCustomer();
          let lost = 0;
          await page.route('**/orders', async route => {
            if (route.request().method() !== 'POST' || lost++ > 0) return route.continue();
            await route.fetch();
            await route.abort();
          });
          await (await fillOrder(page, id)).click();
          await page.getByRole('heading', { name: shop.item.underWay.confirming }).waitFor();
          if (reloads) await page.reload();
          const placed = await placedOrder(page);
          await expectOrders(url, customer, [placed]);
        }
      });
    });

    it('where the stream of changes cannot be had, the page asks', async () => {
      const { id } = await shelve(url, { name: '물어보는 차', price: 900, totalQuantity: 5 });
      const { page } = await newCustomer();
      await page.route('**/myPages/events*', route => route.abort());
      await (await fillOrder(page, id)).click();
      const orderId = await placedOrder(page);
      await page.getByRole('status').filter({ hasText: common.live.polling }).waitFor();
      await badge(page, 'deliveryPrepared').waitFor();
      const { body } = await call('GET', `${url}/myPages/${orderId}`);
      await call('POST', `${url}/deliveries/${body.deliveryId}/deliverystarted`, {});
      await badge(page, 'deliverystarted').waitFor();
    });

    it('on a slow network one sees that something is under way, and cannot press twice', async () => {
      const { id } = await shelve(url, { name: '느린 꿀', price: 900, totalQuantity: 5 });
      const { customer, page } = await newCustomer();
      const order = await fillOrder(page, id);
      let go = () => {};
      const held = new Promise<void>(resolve => {
        go = resolve;
      });
      await page.route('**/orders', async route => {
        await held;
        await route.continue();
      });
      await order.click();
      await page.getByText(shop.item.underWay.sending).waitFor();
      await order.waitFor({ state: 'detached' });
      go();
      await expectOrders(url, customer, [await placedOrder(page)]);
    });

    it('speaks Korean and English, and remembers which; and is light or dark', async () => {
      await shelve(url, { name: 'Milk', price: 12_345, totalQuantity: 5 });
      const { page } = await newCustomer({ language: 'en', theme: 'dark' });
      await page.goto('/');
      await page.getByRole('heading', { name: 'Products', level: 1 }).waitFor();
      expect(await page.locator('html').getAttribute('lang')).toBe('en');
      await page.getByText('₩12,345').first().waitFor();
      const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
      const dark = await ground();
      await page.getByLabel('Colours').selectOption('light');
      await eventually(async () => expect(await ground()).not.toBe(dark));
      await page.getByLabel('Language').selectOption('ko');
      await page.getByRole('heading', { name: shop.products.title, level: 1 }).waitFor();
      await page.reload();
      await page.getByRole('heading', { name: shop.products.title, level: 1 }).waitFor();
      expect(await ground()).not.toBe(dark);
    });

    it('the shop puts a product on the shelf, changes its price and stock, and finds and exports its orders', async () => {
      const page = await come();
      await page.goto('/desk/products');
      await page.getByRole('button', { name: desk.products.create }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('textbox', { name: desk.products.name }).fill('데스크 귤');
      await dialog.getByRole('textbox', { name: desk.products.unitPrice }).fill('1500');
      await dialog.getByRole('textbox', { name: desk.products.stock }).fill('20');
      await dialog.getByRole('button', { name: desk.products.save }).click();
      await dialog.waitFor({ state: 'detached' });
      await page.getByLabel(desk.products.search).fill('데스크 귤');
      await page.getByRole('row', { name: /데스크 귤/ }).click();
      await page.waitForURL(/\/desk\/products\/\d+/);
      const id = Number(page.url().split('/').at(-1));
      await page.getByRole('textbox', { name: desk.products.unitPrice }).fill('1700');
      await page.getByRole('button', { name: desk.products.save }).click();
      await page.getByText(desk.products.saved).waitFor();
      await page.getByRole('textbox', { name: desk.products.change }).fill('-5');
      await page.getByRole('textbox', { name: desk.products.reason, exact: true }).fill('시들었음');
      await page.getByRole('button', { name: desk.products.move }).click();
      await page.getByRole('row').filter({ hasText: '시들었음' }).waitFor();
      expect((await call('GET', `${url}/products/${id}`)).body).toMatchObject({
        price: 1_700,
        totalQuantity: 15,
      });

      // Somebody else is faster: nothing is overwritten.
      await call('PATCH', `${url}/products/${id}`, { price: 1_800 });
      await page.getByRole('textbox', { name: desk.products.name }).fill('데스크 감귤');
      await page.getByRole('button', { name: desk.products.save }).click();
      await page.getByRole('button', { name: desk.products.reload }).click();
      await eventually(async () =>
        expect(await page.getByRole('textbox', { name: desk.products.unitPrice }).inputValue()).toBe('1,800'),
      );

      await eventually(async () => {
        const order = { itemcd: id, orderQty: 1, customerId: 77, address: 'Seoul' };
        expect((await call('POST', `${url}/orders`, order)).status).toBe(201);
      });
      await page.goto('/desk/orders');
      await page.getByLabel(desk.orders.search).fill('데스크');
      await page.waitForURL(/q=/);
      await eventually(async () => expect(await page.getByRole('row').count()).toBe(2));
      const download = page.waitForEvent('download');
      await page.getByRole('link', { name: desk.orders.export }).click();
      const stream = await (await download).createReadStream();
      let text = '';
      for await (const chunk of stream) text += chunk;
      expect(text.trim().split('\n')).toHaveLength(2);
      expect(text).toContain('데스크');
    });

    it('an order is placed, and a delivery moved, by keyboard alone', async () => {
      const { id } = await shelve(url, { name: '키보드 두부', price: 800, totalQuantity: 5 });
      const { customer, page } = await newCustomer();
      await page.goto('/');
      await page.getByRole('link', { name: /키보드 두부/ }).waitFor();
      const focused = () =>
        page.evaluate(
          () =>
            document.activeElement?.getAttribute('href') ??
            document.activeElement?.getAttribute('name') ??
            document.activeElement?.textContent ??
            '',
        );
      async function tabTo(wanted: (what: string) => boolean): Promise<void> {
        for (let i = 0; i < 80; i++) {
          await page.keyboard.press('Tab');
          if (wanted(await focused())) {
            const shadow = await page.evaluate(
              () => getComputedStyle(document.activeElement as Element).boxShadow,
            );
            expect(shadow, 'what has the focus is seen').not.toBe('none');
            return;
          }
        }
        throw new Error(`not reached by Tab: ${await focused()}`);
      }
      await tabTo(what => what === `/items/${id}`);
      await page.keyboard.press('Enter');
      await page.getByLabel(shop.item.address).waitFor();
      await tabTo(what => what === 'address');
      await page.keyboard.type('서울시 중구 2');
      await tabTo(what => /결제하고 주문하기/.test(what));
      await page.keyboard.press('Enter');
      const orderId = await placedOrder(page);
      await expectOrders(url, customer, [orderId]);

      await page.goto('/desk/deliveries');
      const card = page.getByRole('row', { name: new RegExp(say(common.order, { id: orderId })) });
      await card.focus();
      await page.keyboard.press('ArrowRight');
      for (let i = 0; i < 6 && (await focused()) !== desk.deliveries.steps.deliverystarted; i++)
        await page.keyboard.press('ArrowRight');
      expect(await focused()).toBe(desk.deliveries.steps.deliverystarted);
      await page.keyboard.press('Enter');
      await page.getByRole('dialog').waitFor();
      await page.keyboard.press('Tab');
      await page.keyboard.press('Enter');
      await eventually(async () => {
        const [order] = await ordersOf(url, customer);
        expect(order?.status).toBe('deliverystarted');
      }, PATIENCE_MS);
    });
  },
);
