import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { openPlace, type Place } from '../../apps/jumun/test/jumun.ts';
import { keepPicture, launchBrowser, type Visit, type VisitOptions, visit } from './browser.ts';

/** A browser and a place for a system, for the tests of one file. */
export interface Session {
  readonly place: Place;
  /** Where the web is. */
  readonly url: string;
  /** A person's browser, which must have nothing to complain of when the test ends. */
  come(options?: Partial<VisitOptions>): Promise<Page>;
  /** A customer of his own, so that his orders are this test's. */
  newCustomer(options?: Partial<VisitOptions>): Promise<{ customer: number; page: Page }>;
}

/** @param start starts the system */
export function useSession(start: (place: Place) => Promise<unknown>): Session {
  let browser: Browser;
  let place: Place;
  let nextCustomer = 100;
  const visits: Visit[] = [];

  beforeAll(async () => {
    browser = await launchBrowser();
    place = await openPlace();
    await start(place);
  }, 180_000);

  afterEach(async ({ task }) => {
    const complaints = visits.flatMap(it => it.complaints());
    if (task.result?.state === 'fail' || complaints.length > 0) {
      for (const [i, { page }] of visits.entries())
        process.stdout.write(`${await keepPicture(page, `${task.name}-${i + 1}`)}\n`);
    }
    for (const it of visits.splice(0)) await it.close();
    expect(complaints).toEqual([]);
  });

  afterAll(async () => {
    await browser?.close();
    await place?.clean();
  });

  async function come(options: Partial<VisitOptions> = {}): Promise<Page> {
    const it = await visit(browser, { url: place.url('web'), ...options });
    visits.push(it);
    return it.page;
  }

  return {
    get place() {
      return place;
    },
    get url() {
      return place.url('web');
    },
    come,
    async newCustomer(options = {}) {
      const customer = nextCustomer++;
      return { customer, page: await come({ customer, ...options }) };
    },
  };
}
