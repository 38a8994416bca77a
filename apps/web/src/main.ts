import { type ProblemSlug, problems, type ServiceName, services } from '@jumun/contracts';
import {
  baseConfig,
  createApp,
  type Http,
  HttpUrl,
  loadConfig,
  Milliseconds,
  Problem,
  type Running,
  type Surroundings,
} from '@jumun/service-kit';
import { createUpstreams, forward } from '@jumun/service-kit/forward';
import Type from 'typebox';
import { ensureClient } from './build.ts';
import { serveClient } from './client.ts';
import { deskOpensFor, guardDesk } from './desk.ts';
import { problemPage } from './pages.ts';

const config = Type.Object({
  ...baseConfig,
  GATEWAY_URL: HttpUrl,
  ORDER_URL: HttpUrl,
  PRODUCT_URL: HttpUrl,
  PAY_URL: HttpUrl,
  NOTICE_URL: HttpUrl,
  CUSTOMERCENTER_URL: HttpUrl,
  DELIVERY_URL: HttpUrl,
  /** What amounts are in (ISO 4217). */
  CURRENCY: Type.String({ pattern: '^[A-Z]{3}$', default: 'KRW' }),
  /** How long a service has to answer. Longer than the slowest order. */
  UPSTREAM_TIMEOUT_MS: { ...Milliseconds(100, 120_000), default: 15_000 },
});

/** What the gateway has behind it; the browser asks for it where its page comes from. */
const API = ['/orders', '/products', '/pays', '/notices', '/myPages', '/deliveries'];

/** The web: the storefront and the desk, and what each problem's `type` leads to. */
export const web = { name: 'web', start: startWeb } as const;

async function startWeb(surroundings: Surroundings): Promise<Running> {
  const settings = loadConfig('web', config, surroundings.env);
  const folder = await ensureClient();
  const app = createApp('web', settings, surroundings);
  const { http } = app;

  http.addHook('onRequest', async (_request, reply) => {
    reply.header('x-content-type-options', 'nosniff');
  });
  guardDesk(http);
  const behind = createUpstreams(app, settings.UPSTREAM_TIMEOUT_MS);
  const gateway = behind('gateway', settings.GATEWAY_URL);
  for (const prefix of API) await forward(http, { prefix, upstream: gateway });
  for (const service of services) {
    await forward(http, {
      prefix: `/desk/api/${service}`,
      target: '/',
      upstream: behind(service, settings[urlOf(service)]),
      credential: settings.SERVICE_TOKEN,
    });
  }
  servePages(http);
  await serveClient(http, {
    folder,
    settings: request => ({ desk: deskOpensFor(request), currency: settings.CURRENCY }),
  });

  const port = await app.listen();
  return { name: 'web', port, stop: app.drain };
}

const urlOf = (service: ServiceName) => `${service.toUpperCase()}_URL` as `${Uppercase<ServiceName>}_URL`;

function servePages(http: Http): void {
  const Params = Type.Object({ slug: Type.String() });
  http.get('/problems/:slug', { schema: { params: Params } }, (request, reply) => {
    const { slug } = request.params;
    if (!Object.hasOwn(problems, slug)) throw new Problem('not-found', 'There is no such problem.');
    return reply.type('text/html; charset=utf-8').send(problemPage(slug as ProblemSlug));
  });
}
