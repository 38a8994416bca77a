import { beforeAll, describe, expect, it } from 'vitest';
import { call, type Place, type Started } from '../../apps/jumun/test/jumun.ts';
import { eventually } from '../support/eventually.ts';
import { PATIENCE_MS, whyNoBrowser } from './browser.ts';
import { useSession } from './session.ts';
import { common, expectOrders, fillOrder, placedOrder, shelve, shop } from './shop.ts';

const title = 'in a browser, while things fail';
const OTHERS = 'order,product,delivery,notice,customercenter,web,gateway';

describe.skipIf(whyNoBrowser)(
  whyNoBrowser ? `${title} (skipped: ${whyNoBrowser})` : title,
  { timeout: 240_000 },
  () => {
    let pay: Started;
    let others: Started;
    const startPay = (place: Place) => place.start(['--only', 'pay']);
    const startOthers = (place: Place) => place.start(['--only', OTHERS]);
    const session = useSession(async place => {
      others = startOthers(place);
      await others.ready();
      pay = startPay(place);
      await pay.ready();
    });
    let url = '';
    let item = 0;
    beforeAll(async () => {
      url = session.url;
      item = (await shelve(url, { name: '튼튼한 우유', price: 1_000, totalQuantity: 1_000 })).id;
      await eventually(async () => {
        const body = { itemcd: item, orderQty: 1, customerId: 1, address: 'Seoul' };
        expect((await call('POST', `${url}/orders`, body)).status).toBe(201);
      }, PATIENCE_MS);
    });

    it('pay is away and comes back: the page says that it looks, and there is one order', async () => {
      const { customer, page } = await session.newCustomer();
      const order = await fillOrder(page, item);
      pay.signalGroup('SIGKILL');
      await pay.exited;
      await order.click();
      await page.getByRole('heading', { name: shop.item.underWay.confirming }).waitFor();
      await page.getByText(shop.item.underWay.safe).waitFor();
      pay = startPay(session.place);
      await pay.ready();
      const placed = await placedOrder(page);
      await expectOrders(url, customer, [placed]);
    });

    it('everything dies while an order is placed: the page waits, goes on by itself, and there is one order', async () => {
      const { customer, page } = await session.newCustomer();
      const other = await session.newCustomer();
      await other.page.goto('/my/orders');
      await other.page.getByRole('status').filter({ hasText: common.live.live }).waitFor();
      const order = await fillOrder(page, item);
      const asked = page.waitForRequest(
        request => request.method() === 'POST' && request.url().endsWith('/orders'),
      );
      await order.click();
      await asked;
      await session.place.crash();
      others = startOthers(session.place);
      await others.ready();
      pay = startPay(session.place);
      await pay.ready();
      const placed = await placedOrder(page);
      await expectOrders(url, customer, [placed]);
      // Who followed the view meanwhile follows it again.
      const body = { itemcd: item, orderQty: 1, customerId: other.customer, address: 'Seoul' };
      await eventually(
        async () => expect((await call('POST', `${url}/orders`, body)).status).toBe(201),
        PATIENCE_MS,
      );
      await other.page.getByText(common.status.deliveryPrepared, { exact: true }).waitFor();
      await other.page.getByRole('status').filter({ hasText: common.live.live }).waitFor();
    });
  },
);
