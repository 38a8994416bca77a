import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { call, openPlace, type Place } from '../../apps/jumun/test/jumun.ts';
import { eventually } from '../support/eventually.ts';
import { launchBrowser, type VisitOptions, visit, whyNoBrowser } from './browser.ts';

/**
 * `npm run screenshots`: starts a system, has customers order what its shop sells, and writes the pictures of the README
 * to docs/images.
 */
const FOLDER = fileURLToPath(new URL('../../docs/images/', import.meta.url));

const products = [
  ['milk', '우유', 'Milk', 2_800, 120],
  ['bread', '식빵', 'Bread', 3_900, 40],
  ['apple', '사과', 'Apple', 1_500, 200],
  ['coffee', '커피', 'Coffee', 14_500, 60],
  ['kimchi', '김치', 'Kimchi', 12_900, 8],
  ['rice', '쌀', 'Rice', 32_000, 35],
  ['tea', '녹차', 'Green tea', 8_900, 0],
  ['honey', '벌꿀', 'Honey', 19_800, 55],
] as const;
const streets = [
  '서울시 종로구 세종대로 1',
  '서울시 마포구 월드컵로 12',
  '부산시 해운대구 센텀로 7',
  '제주시 연동로 33',
];
const ORDERS = 26;
const CUSTOMERS = 5;

async function send(method: string, url: string, body?: unknown) {
  const answer = await call(method, url, body);
  if (answer.status >= 300)
    throw new Error(`${method} ${url}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

/** Orders in all their states; the last ones are customer 1's. */
async function fill(url: string): Promise<void> {
  for (const [picture, name, , price, totalQuantity] of products)
    await send('POST', `${url}/products`, {
      name,
      price,
      totalQuantity,
      imageUrl: `/pictures/${picture}.svg`,
    });
  const ids: number[] = [];
  for (let i = 0; i < ORDERS; i++) {
    const itemcd = [1, 2, 3, 4, 6, 8][i % 6];
    const order = { itemcd, orderQty: 1 + (i % 3), customerId: 1 + (i % CUSTOMERS), address: streets[i % 4] };
    ids.push(await eventually(async () => (await send('POST', `${url}/orders`, order)).id));
  }
  const prepared = await eventually(async () => {
    const found = await send('GET', `${url}/deliveries/search/find?size=1000`);
    if (found._embedded.deliveries.length < ORDERS) throw new Error('not all are prepared');
    return found._embedded.deliveries as { id: number; orderId: number }[];
  });
  const deliveryOf = (orderId: number) => prepared.find(it => it.orderId === orderId)?.id;
  for (const [i, id] of ids.entries()) {
    if (i % 8 === 3)
      await send('DELETE', `${url}/orders/${id}?reason=${encodeURIComponent('마음이 바뀌었습니다')}`);
    if (i % 8 === 3 || i > ORDERS - 7) continue;
    const tracking = { carrier: '우체국', trackingNumber: `6865-${1000 + i}` };
    await send('POST', `${url}/deliveries/${deliveryOf(id)}/deliverystarted`, tracking);
    if (i < ORDERS - 12) await send('POST', `${url}/deliveries/${deliveryOf(id)}/deliverycompleted`, {});
  }
  await eventually(async () => {
    const { open } = await send('GET', `${url}/myPages/figures`);
    if (open.ordered > 0 || open.deliverystarted === 0) throw new Error('the view is behind');
  });
}

interface Picture extends Partial<VisitOptions> {
  name: string;
  path: string;
}

/** An order that is on its way, of customer 1. */
const onItsWay = ORDERS - 10;
const pictures: Picture[] = [
  { name: 'shop', path: '/' },
  { name: 'item-dark', path: '/items/4', theme: 'dark', language: 'en' },
  { name: 'order', path: `/my/orders/${onItsWay}` },
  { name: 'shop-phone', path: '/', width: 390, height: 780, theme: 'dark' },
  { name: 'order-phone', path: `/my/orders/${onItsWay}`, width: 390, height: 780 },
  { name: 'notices-phone', path: '/my/notices', width: 390, height: 780, language: 'en' },
  { name: 'desk', path: '/desk' },
  { name: 'desk-deliveries', path: '/desk/deliveries' },
  { name: 'desk-orders-dark', path: '/desk/orders', theme: 'dark', language: 'en' },
  { name: 'desk-story', path: `/desk/orders/${onItsWay}` },
];

async function takePictures(place: Place): Promise<void> {
  const url = place.url('web');
  await place.start().ready();
  await fill(url);
  const browser = await launchBrowser();
  try {
    for (const { name, path, ...options } of pictures) {
      const { page, close } = await visit(browser, { url, height: 800, ...options });
      await page.goto(path);
      await page.waitForFunction(() => !document.querySelector('[aria-busy="true"], [class*="skeleton"]'));
      await page.evaluate(() =>
        Promise.all(Array.from(document.images, image => image.decode().catch(() => {}))),
      );
      // What moves has come to rest.
      await page.emulateMedia({ reducedMotion: 'reduce' });
      await page.waitForTimeout(600);
      await page.screenshot({ path: join(FOLDER, `${name}.png`) });
      process.stdout.write(`docs/images/${name}.png\n`);
      await close();
    }
  } finally {
    await browser.close();
  }
}

if (whyNoBrowser) {
  process.stdout.write(`SKIPPED: ${whyNoBrowser}\n`);
} else {
  await mkdir(FOLDER, { recursive: true });
  const place = await openPlace();
  try {
    await takePictures(place);
  } finally {
    await place.clean();
  }
}
