import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page, Response } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { call, orderThrough } from '../../apps/jumun/test/jumun.ts';
import { whyNoBrowser } from './browser.ts';
import { useSession } from './session.ts';
import { common, desk, shelve, shop } from './shop.ts';

const title = 'each page, in a browser';
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const MOST_SCRIPT_BYTES = 150_000;

const PAGES = [
  '/',
  '/items/1',
  '/my/orders',
  '/my/orders/1',
  '/my/notices',
  '/desk',
  '/desk/products',
  '/desk/products/1',
  '/desk/orders',
  '/desk/orders/1',
  '/desk/deliveries',
  '/desk/payments',
  '/desk/audit',
  '/desk/dead-letters',
  '/desk/exceptions',
];

interface Violation {
  id: string;
  nodes: { target: unknown; failureSummary: string }[];
}

/** What axe-core finds wrong with what is shown now. */
async function violations(page: Page): Promise<string[]> {
  // What fades in has not its own colours yet.
  await page.evaluate(() =>
    Promise.all(
      document
        .getAnimations()
        .filter(({ effect }) => effect?.getComputedTiming().iterations !== Number.POSITIVE_INFINITY)
        .map(animation => animation.finished.catch(() => undefined)),
    ).then(() => undefined),
  );
  // By the debugger: the page's policy lets no script of others in.
  await page.evaluate(await readFile(axe, 'utf8'));
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } };
    return (await axe.run()).violations;
  });
  return found.map(
    ({ id, nodes }) => `${id}: ${nodes.map(node => `${node.target} ${node.failureSummary}`).join('; ')}`,
  );
}

/** Waits until a page shows what it is about, and asks for nothing more. */
async function settled(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.waitForFunction(() => !document.querySelector('[aria-busy="true"], [class*="skeleton"]'));
}

describe.skipIf(whyNoBrowser)(
  whyNoBrowser ? `${title} (skipped: ${whyNoBrowser})` : title,
  { timeout: 240_000 },
  () => {
    const session = useSession(place => place.start().ready());
    let url = '';
    beforeAll(async () => {
      url = session.url;
    });

    it('has nothing that axe-core objects to while there is nothing to show', async () => {
      const page = await session.come();
      for (const path of PAGES.filter(path => !path.endsWith('/1'))) {
        await page.goto(path);
        await settled(page);
        expect(await violations(page), path).toEqual([]);
      }
    });

    describe('filled', () => {
      beforeAll(async () => {
        await shelve(url, {
          name: '첫 우유',
          price: 2_000,
          totalQuantity: 9,
          imageUrl: '/pictures/milk.svg',
        });
        await shelve(url, { name: '빈 차', price: 3_000, totalQuantity: 0 });
        const place = session.place;
        // With a price of its own, as `orderThrough` orders it.
        await call('PATCH', `${url}/products/1`, { price: 1_000 });
        for (let i = 0; i < 3; i++) await orderThrough(place, 1);
        await call('DELETE', `${url}/orders/2?reason=mistake`);
      }, 120_000);

      it.each(['light', 'dark'] as const)(
        'has nothing that axe-core objects to, when it is %s',
        async theme => {
          const page = await session.come({ theme, customer: 7 });
          for (const path of PAGES) {
            await page.goto(path);
            await settled(page);
            expect(await violations(page), path).toEqual([]);
          }
          await page.goto('/my/orders/1');
          await page.getByRole('button', { name: shop.order.cancel.open }).click();
          await page.getByRole('dialog').waitFor();
          expect(await violations(page), 'the dialog of the cancellation').toEqual([]);
          await page.goto('/desk/products');
          await page.getByRole('button', { name: desk.products.create }).click();
          await page.getByRole('dialog').waitFor();
          expect(await violations(page), 'the dialog of a new product').toEqual([]);
        },
      );

      it('fits a phone, and a screen that is made twice as large', async () => {
        for (const [width, height] of [
          [360, 740],
          [640, 450],
        ] as const) {
          const page = await session.come({ width, height, customer: 7 });
          for (const path of PAGES) {
            await page.goto(path);
            await settled(page);
            const wide = await page.evaluate(
              () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
            );
            expect(wide, `${path} at ${width}`).toBeLessThanOrEqual(0);
          }
        }
      });

      it('asks no other origin, and shifts little as it comes', async () => {
        const page = await session.come({ customer: 7 });
        const asked = new Set<string>();
        page.on('request', request => asked.add(new URL(request.url()).origin));
        for (const path of ['/', '/items/1', '/my/orders', '/my/orders/1', '/my/notices']) {
          await page.goto(path);
          await settled(page);
          const shift = await page.evaluate(
            () =>
              new Promise<number>(resolve => {
                let sum = 0;
                new PerformanceObserver(list => {
                  for (const entry of list.getEntries())
                    sum += (entry as PerformanceEntry & { value: number }).value;
                }).observe({ type: 'layout-shift', buffered: true });
                requestAnimationFrame(() => requestAnimationFrame(() => resolve(sum)));
              }),
          );
          expect(shift, path).toBeLessThan(0.1);
        }
        expect([...asked]).toEqual([url]);
      });
    });

    it('loads little of script for the first page, and none of it again', async () => {
      const page = await session.come();
      const scripts: Response[] = [];
      page.on('response', response => {
        if (/\.js$/.test(new URL(response.url()).pathname)) scripts.push(response);
      });
      await page.goto('/');
      await settled(page);
      let bytes = 0;
      for (const script of scripts) {
        bytes += (await script.request().sizes()).responseBodySize;
        if (script.url().includes('/assets/'))
          expect(script.headers()['cache-control']).toBe('public, max-age=31536000, immutable');
      }
      process.stdout.write(`${scripts.length} scripts of ${bytes} bytes (compressed) for the first page\n`);
      expect(bytes).toBeGreaterThan(0);
      expect(bytes).toBeLessThan(MOST_SCRIPT_BYTES);
    });

    it('says where an address leads nowhere, and where the desk does not open', async () => {
      const page = await session.come();
      expect((await page.goto('/nowhere'))?.status()).toBe(404);
      await page.goto('/');
      await page.getByRole('link', { name: common.navigation.products }).waitFor();
      const elsewhere = await session.come({ url: url.replace('127.0.0.1', 'shop.localhost') });
      expect((await elsewhere.goto('/desk'))?.status()).toBe(403);
      await elsewhere.goto('/');
      await elsewhere.getByRole('link', { name: common.navigation.orders }).waitFor();
      expect(await elsewhere.getByRole('link', { name: common.navigation.desk }).count()).toBe(0);
    });
  },
);
