import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { Http } from '@jumun/service-kit';
import type { FastifyRequest } from 'fastify';

/** Nothing but our own files runs; pictures of products may come from anywhere. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: https: http:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** The pages that the client shows; it finds out itself which of the orders or products there are. */
const PAGES = ['/', '/items/:id', '/my/orders', '/my/orders/:id', '/my/notices', '/desk', '/desk/*'];

/** What every page is told. */
export interface PageSettings {
  desk: boolean;
  currency: string;
}

export interface ClientOptions {
  /** The folder of the built client. */
  folder: string;
  settings(request: FastifyRequest): PageSettings;
}

/** Serves the client: its files, which never change under their names, and its pages. */
export async function serveClient(http: Http, { folder, settings }: ClientOptions): Promise<void> {
  const html = await readFile(join(folder, 'index.html'), 'utf8');

  http.addHook('onSend', async (_request, reply) => {
    if (!String(reply.getHeader('content-type')).startsWith('text/html')) return;
    reply.header('content-security-policy', POLICY);
    reply.header('referrer-policy', 'same-origin');
  });
  await http.register(fastifyStatic, {
    root: folder,
    wildcard: false,
    index: false,
    globIgnore: ['index.html'],
    preCompressed: true,
    cacheControl: false,
    setHeaders: (reply, path) =>
      void reply.header(
        'cache-control',
        path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'public, max-age=3600',
      ),
  });
  for (const page of PAGES) {
    http.get(page, (request, reply) =>
      reply
        .type('text/html; charset=utf-8')
        .header('cache-control', 'no-cache')
        .header('vary', 'accept-language')
        .send(fill(html, language(request), settings(request))),
    );
  }
}

function fill(html: string, lang: string, settings: PageSettings): string {
  const told = JSON.stringify(settings).replaceAll('"', '&quot;');
  return html
    .replace('<html lang="ko">', `<html lang="${lang}">`)
    .replace('name="jumun" content="{}"', `name="jumun" content="${told}"`);
}

/** Korean, unless English is wanted more. */
function language(request: FastifyRequest): 'ko' | 'en' {
  const wanted = (request.headers['accept-language'] ?? '').split(',').map(tag => tag.trim().slice(0, 2));
  return wanted.find((tag): tag is 'ko' | 'en' => tag === 'ko' || tag === 'en') ?? 'ko';
}
