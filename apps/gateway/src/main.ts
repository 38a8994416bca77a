import cors from '@fastify/cors';
import {
  baseConfig,
  createApp,
  HttpUrl,
  loadConfig,
  Milliseconds,
  type Running,
  type Surroundings,
} from '@jumun/service-kit';
import { createUpstreams, forward } from '@jumun/service-kit/forward';
import Type from 'typebox';

const config = Type.Object({
  ...baseConfig,
  ORDER_URL: HttpUrl,
  PRODUCT_URL: HttpUrl,
  PAY_URL: HttpUrl,
  NOTICE_URL: HttpUrl,
  CUSTOMERCENTER_URL: HttpUrl,
  DELIVERY_URL: HttpUrl,
  WEB_URL: HttpUrl,
  /** Origins that browsers may call from, with commas; * for any, as in the first implementation. */
  CORS_ORIGINS: Type.String({ default: '*' }),
  /** How long a service has to answer. Longer than the slowest order. */
  UPSTREAM_TIMEOUT_MS: { ...Milliseconds(100, 120_000), default: 15_000 },
});

/** The one door: sends each resource's requests to its service, and everything else to the web. */
export const gateway = { name: 'gateway', start: startGateway } as const;

async function startGateway(surroundings: Surroundings): Promise<Running> {
  const settings = loadConfig('gateway', config, surroundings.env);
  const app = createApp('gateway', settings, surroundings);
  const { http } = app;

  await http.register(cors, {
    origin:
      settings.CORS_ORIGINS === '*' ? true : settings.CORS_ORIGINS.split(',').map(origin => origin.trim()),
    credentials: true,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    exposedHeaders: ['Location', 'ETag', 'Retry-After', 'Allow'],
    maxAge: 600,
  });

  const behind = createUpstreams(app, settings.UPSTREAM_TIMEOUT_MS);
  const resources = {
    '/orders': behind('order', settings.ORDER_URL),
    '/products': behind('product', settings.PRODUCT_URL),
    '/pays': behind('pay', settings.PAY_URL),
    '/notices': behind('notice', settings.NOTICE_URL),
    '/myPages': behind('customercenter', settings.CUSTOMERCENTER_URL),
    '/deliveries': behind('delivery', settings.DELIVERY_URL),
  };
  for (const [prefix, upstream] of Object.entries(resources)) {
    await forward(http, { prefix, upstream });
    await forward(http, { prefix: `/profile${prefix}`, upstream });
  }
  await forward(http, { prefix: '', upstream: behind('web', settings.WEB_URL) });

  const port = await app.listen();
  return { name: 'gateway', port, stop: app.drain };
}
