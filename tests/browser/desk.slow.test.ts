import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { ensurePostgres } from '../../apps/jumun/src/postgres/index.ts';
import { call, orderThrough } from '../../apps/jumun/test/jumun.ts';
import { messages as ko } from '../../apps/web/client/i18n/ko/index.ts';
import { sandboxAmounts } from '../../services/pay/src/sandbox/provider.ts';
import { eventually } from '../support/eventually.ts';
import { PATIENCE_MS, whyNoBrowser } from './browser.ts';
import { useSession } from './session.ts';
import { common, say, shelve } from './shop.ts';

const title = 'what needs a person, in a browser';
const { operations } = ko;

describe.skipIf(whyNoBrowser)(
  whyNoBrowser ? `${title} (skipped: ${whyNoBrowser})` : title,
  { timeout: 240_000 },
  () => {
    const session = useSession(place => place.start().ready());
    let url = '';
    let item = 0;
    beforeAll(async () => {
      url = session.url;
      item = (await shelve(url, { name: '책상 우유', price: 1_000, totalQuantity: 100 })).id;
    });

    /** Runs a statement in a database of the system. */
    async function sql(database: string, text: string, values: unknown[] = []) {
      const server = await ensurePostgres(session.place.dataDir);
      const client = new pg.Client({ connectionString: server.url(database) });
      await client.connect();
      try {
        return (await client.query(text, values)).rows;
      } finally {
        await client.end();
      }
    }

    /** An event that customercenter cannot read, at the end of the order's partition, and one after it. */
    async function poison(orderId: number): Promise<void> {
      await sql(
        'events',
        `WITH place AS (SELECT partition FROM log WHERE key = $1 LIMIT 1), head AS (
         UPDATE log_partition p SET position = position + 1 FROM place WHERE p.partition = place.partition RETURNING p.*
       )
       INSERT INTO log (partition, position, event_id, key, type, payload)
       SELECT partition, position, $2, $1, 'DeliveryStarted', '{"eventType":"DeliveryStarted","orderId":"none"}' FROM head`,
        [String(orderId), randomUUID()],
      );
      const { body } = await call('GET', `${url}/deliveries/search/find?orderId=${orderId}`);
      const [delivery] = body._embedded.deliveries;
      expect((await call('POST', `${url}/deliveries/${delivery.id}/deliverystarted`, {})).status).toBe(200);
      await eventually(async () => {
        const rows = await sql('customercenter', 'SELECT state FROM dead_letter WHERE key = $1 ORDER BY id', [
          String(orderId),
        ]);
        expect(rows.map(({ state }) => state)).toEqual(['parked', 'waiting']);
      }, PATIENCE_MS);
    }

    it('an event that cannot be handled is seen, looked at, tried again, and given up; the order goes on', async () => {
      const orderId = await orderThrough(session.place, item);
      await poison(orderId);
      const page = await session.come();
      await page.goto('/desk');
      await page
        .getByRole('link', { name: new RegExp(say(operations.overview.deadLetters.split('{')[0] ?? '')) })
        .click();
      // Others cannot read it either; this is about the view.
      const row = page.getByRole('row').filter({ hasText: operations.services.customercenter });
      await row.getByRole('button', { name: operations.deadLetters.look }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText('DeliveryStarted must have required properties id').first().waitFor();
      await dialog.getByText(operations.deadLetters.stack).click();
      await dialog.getByText('MalformedMessageError').waitFor();
      await dialog.getByRole('button', { name: common.close }).first().click();
      await dialog.waitFor({ state: 'detached' });

      await row.getByRole('button', { name: operations.deadLetters.replay, exact: true }).click();
      await page.getByText(say(operations.deadLetters.replayed, { event: 'DeliveryStarted' })).waitFor();
      await row.getByRole('button', { name: operations.deadLetters.discard }).click();
      await dialog.getByLabel(operations.deadLetters.why).fill('시험으로 심은 사건');
      await dialog.getByRole('button', { name: operations.deadLetters.discard }).click();
      await dialog.waitFor({ state: 'detached' });
      // What waited behind it goes on.
      await eventually(async () => {
        const { body } = await call('GET', `${url}/myPages/${orderId}`);
        expect(body.deliveryStatus).toBe('deliverystarted');
      }, PATIENCE_MS);
      await row.waitFor({ state: 'detached' });
    });

    it('a refund that the provider refuses waits for a person, who settles it', async () => {
      const plain = await call('POST', `${url}/products`, { totalQuantity: 5 });
      const orderId = await eventually(async () => {
        const order = {
          itemcd: plain.body.id,
          orderQty: 1,
          price: sandboxAmounts.refundRefused,
          address: 'Seoul',
        };
        const { status, body } = await call('POST', `${url}/orders`, order);
        expect(status).toBe(201);
        return body.id as number;
      }, PATIENCE_MS);
      expect((await call('DELETE', `${url}/orders/${orderId}`)).status).toBe(204);
      const page = await session.come();
      await page.goto('/desk/exceptions');
      const row = page.getByRole('row').filter({ hasText: common.order.replace('{id}', String(orderId)) });
      await eventually(async () => {
        await page.reload();
        await row.waitFor({ timeout: 3_000 });
      }, PATIENCE_MS);
      await row.getByRole('button', { name: operations.exceptions.settleByHand }).click();
      await page
        .getByRole('dialog')
        .getByRole('button', { name: operations.exceptions.settleByHand })
        .click();
      await row.waitFor({ state: 'detached' });
      expect((await call('GET', `${url}/pays/exceptions`)).body.page.totalElements).toBe(0);
    });

    it('a payment is canceled, a pass of the audit looks at all orders, and the story of one tells what became of it', async () => {
      const orderId = await orderThrough(session.place, item);
      const page = await session.come();
      await page.goto('/desk/payments');
      const row = page.getByRole('row').filter({ hasText: common.order.replace('{id}', String(orderId)) });
      await row.getByRole('button', { name: operations.payments.cancel.open }).click();
      await page
        .getByRole('dialog')
        .getByRole('button', { name: operations.payments.cancel.confirm })
        .click();
      await row.getByText(common.status.canceled).waitFor();

      await page.goto('/desk/audit');
      await page.getByRole('button', { name: operations.audit.begin }).click();
      await page.getByText(operations.audit.clean).waitFor();

      await page.goto(`/desk/orders/${orderId}`);
      await page.getByText('PayCanceled').first().waitFor();
      await page.getByText('-₩1,000').waitFor();
      await page.getByText('OrderCanceled').first().waitFor();
    });
  },
);
