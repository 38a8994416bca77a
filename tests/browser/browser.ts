import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import type { Language } from '../../apps/web/client/i18n/language.ts';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const executable = [process.env.CHROMIUM, ...PLACES].find(path => path !== undefined && existsSync(path));
/** A browser that nobody looks at, and that asks for nothing of its own. */
const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];
/** A busy machine takes its time. */
export const PATIENCE_MS = 45_000;

/** Why no browser can be had here; nothing where one can. */
export const whyNoBrowser = executable
  ? undefined
  : `no Chromium at ${PLACES.join(' or ')}, and CHROMIUM is not set`;

export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: executable as string, args: FLAGS });

export interface VisitOptions {
  /** Where the web is. */
  url: string;
  customer?: number;
  language?: Language;
  theme?: 'light' | 'dark';
  width?: number;
  height?: number;
}

/** One person's browser: of its own, with nothing kept from before. */
export interface Visit {
  context: BrowserContext;
  page: Page;
  /** What the page complained of, but for requests that were refused or failed. */
  complaints(): string[];
  close(): Promise<void>;
}

export async function visit(browser: Browser, options: VisitOptions): Promise<Visit> {
  const { url, customer = 1, language = 'ko', theme = 'light', width = 1280, height = 900 } = options;
  const context = await browser.newContext({
    baseURL: url,
    locale: language === 'ko' ? 'ko-KR' : 'en-GB',
    timezoneId: 'Asia/Seoul',
    colorScheme: theme,
    viewport: { width, height },
    acceptDownloads: true,
  });
  context.setDefaultTimeout(PATIENCE_MS);
  await context.addInitScript(id => {
    if (location.protocol === 'about:') return;
    localStorage.getItem('jumun.customer') ?? localStorage.setItem('jumun.customer', String(id));
  }, customer);
  const complaints: string[] = [];
  context.on('weberror', error => complaints.push(`${error.page()?.url()}: ${error.error().stack}`));
  context.on('console', message => {
    // The browser notes each answer that is none of success; the page deals with them.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(`${message.page()?.url()}: ${message.text()}`);
  });
  // What is run in a page was named so by the compiler that takes the types off.
  await context.addInitScript('globalThis.__name = it => it;');
  const page = await context.newPage();
  return { context, page, complaints: () => complaints, close: () => context.close() };
}

/** Keeps what a page shows, for who looks into a failure; says where. */
export async function keepPicture(page: Page, name: string): Promise<string> {
  const folder = join(tmpdir(), 'jumun-browser');
  await mkdir(folder, { recursive: true });
  // The end of it tells the pages of one test apart.
  const file = join(folder, name.replace(/[^\w가-힣]+/g, '-').slice(-80));
  await page.screenshot({ path: `${file}.png`, fullPage: true }).catch(() => undefined);
  const text = await page
    .locator('body')
    .ariaSnapshot()
    .catch(() => '');
  await writeFile(`${file}.txt`, `${page.url()}\n${text}`);
  return `${file}.png`;
}
