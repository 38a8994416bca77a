import { call, openPlace } from '../../apps/jumun/test/jumun.ts';
import { eventually } from '../support/eventually.ts';
import { launchBrowser, visit, whyNoBrowser } from './browser.ts';

/**
 * `npm run bench:web`: how soon the storefront's pages are there, and how soon a page shows what has changed. Prints figures, and
 * judges nothing.
 */
const VISITS = 7;
const STEPS = 25;
const PAGES = ['/', '/items/1', '/my/orders', '/my/orders/1', '/my/notices'];

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const row = (cells: (string | number)[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`);

interface Measured {
  firstPaint: number;
  largestPaint: number;
  interactive: number;
  blocked: number;
  shift: number;
}

async function run(): Promise<void> {
  const place = await openPlace();
  const browser = await launchBrowser();
  try {
    await place.start().ready();
    const url = place.url('web');
    const send = async (method: string, path: string, body?: unknown) =>
      (await call(method, url + path, body)).body;
    for (let i = 0; i < 24; i++)
      await send('POST', '/products', {
        name: `상품 ${i}`,
        price: 1_000,
        totalQuantity: 1_000,
        imageUrl: '/pictures/milk.svg',
      });
    const order = () =>
      eventually(async () => {
        const { id } = await send('POST', '/orders', {
          itemcd: 1,
          orderQty: 1,
          customerId: 1,
          address: 'Seoul',
        });
        if (!id) throw new Error('not yet');
        const { deliveryId } = await send('GET', `/myPages/${id}`);
        return { id, deliveryId };
      });
    const ids: number[] = [];
    for (let i = 0; i < STEPS; i++) ids.push((await order()).id);

    row(['page', 'first paint ms', 'largest paint ms', 'interactive ms', 'blocked ms', 'layout shift']);
    row(['---', '---:', '---:', '---:', '---:', '---:']);
    for (const path of PAGES) {
      const all: Measured[] = [];
      for (let i = 0; i < VISITS; i++) {
        const { page, close } = await visit(browser, { url });
        await page.addInitScript(() => {
          const seen = { largest: 0, blocked: 0, shift: 0 };
          Object.assign(globalThis, { seen });
          const watch = (type: string, note: (entry: PerformanceEntry & { value: number }) => void) =>
            new PerformanceObserver(list => {
              for (const entry of list.getEntries()) note(entry as PerformanceEntry & { value: number });
            }).observe({ type, buffered: true });
          watch('largest-contentful-paint', entry => {
            seen.largest = entry.startTime;
          });
          watch('longtask', entry => {
            seen.blocked += Math.max(0, entry.duration - 50);
          });
          watch('layout-shift', entry => {
            seen.shift += entry.value;
          });
        });
        await page.goto(path);
        await page.getByRole('heading', { level: 1 }).waitFor();
        const interactive = await page.evaluate(() => performance.now());
        await page.waitForFunction(() => !document.querySelector('[class*="skeleton"]'));
        all.push(
          await page.evaluate(at => {
            const { seen } = globalThis as unknown as {
              seen: { largest: number; blocked: number; shift: number };
            };
            const [paint] = performance.getEntriesByName('first-contentful-paint');
            return {
              firstPaint: paint?.startTime ?? 0,
              largestPaint: seen.largest,
              interactive: at,
              blocked: seen.blocked,
              shift: seen.shift,
            };
          }, interactive),
        );
        await close();
      }
      const of = (name: keyof Measured, digits = 0) => median(all.map(it => it[name])).toFixed(digits);
      row([path, of('firstPaint'), of('largestPaint'), of('interactive'), of('blocked'), of('shift', 3)]);
    }

    const waits: number[] = [];
    for (const id of ids) {
      const { page, close } = await visit(browser, { url });
      await page.goto(`/my/orders/${id}`);
      await page.getByText('실시간', { exact: true }).waitFor();
      const { deliveryId } = await send('GET', `/myPages/${id}`);
      for (const [step, text] of [
        ['deliverystarted', '배송 중'],
        ['deliverycompleted', '배송 완료'],
      ]) {
        const badge = page.getByRole('status').getByText(text as string, { exact: true });
        await send('POST', `/deliveries/${deliveryId}/${step}`, {});
        const answered = performance.now();
        await badge.waitFor();
        waits.push(performance.now() - answered);
      }
      await close();
    }
    process.stdout.write(
      `\nfrom the answer to a delivery's step to the screen of its customer: median ${median(waits).toFixed(0)} ms, most ${Math.max(...waits).toFixed(0)} ms, of ${waits.length}\n`,
    );
  } finally {
    await browser.close();
    await place.clean();
  }
}

if (whyNoBrowser) process.stdout.write(`SKIPPED: ${whyNoBrowser}\n`);
else await run();
