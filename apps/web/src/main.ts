import { type ProblemSlug, problems } from '@jumun/contracts';
import {
  baseConfig,
  createApp,
  type Http,
  HttpUrl,
  loadConfig,
  Problem,
  type Running,
  type Surroundings,
} from '@jumun/service-kit';
import Type from 'typebox';
import { landingPage, problemPage } from './pages.ts';

const config = Type.Object({
  ...baseConfig,
  /** Where the landing page's links lead; the gateway. */
  PUBLIC_URL: HttpUrl,
});

/** The web: a landing page, and what each problem's `type` leads to. */
export const web = { name: 'web', start: startWeb } as const;

async function startWeb(surroundings: Surroundings): Promise<Running> {
  const settings = loadConfig('web', config, surroundings.env);
  const app = createApp('web', settings, surroundings);
  servePages(app.http, settings.PUBLIC_URL);
  const port = await app.listen();
  return { name: 'web', port, stop: app.drain };
}

function servePages(http: Http, publicUrl: string): void {
  http.addHook('onRequest', async (_request, reply) => {
    reply.header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'");
    reply.header('x-content-type-options', 'nosniff');
  });
  http.get('/', (_request, reply) => reply.type('text/html; charset=utf-8').send(landingPage(publicUrl)));

  const Params = Type.Object({ slug: Type.String() });
  http.get('/problems/:slug', { schema: { params: Params } }, (request, reply) => {
    const { slug } = request.params;
    if (!Object.hasOwn(problems, slug)) throw new Problem('not-found', 'There is no such problem.');
    return reply.type('text/html; charset=utf-8').send(problemPage(slug as ProblemSlug));
  });
}
