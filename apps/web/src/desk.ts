import { type Http, Problem } from '@jumun/service-kit';
import type { FastifyRequest } from 'fastify';

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;
/** By name too: a name of somebody's own that leads to loopback is not the operator's (DNS rebinding). */
const LOCAL_HOST = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/i;

/** Whether the desk opens for this request: until there is identity, to the machine's own users alone. */
export function deskOpensFor({ ip, host }: Pick<FastifyRequest, 'ip' | 'host'>): boolean {
  return LOOPBACK.test(ip) && LOCAL_HOST.test(host);
}

/** Whether another site's page has the browser send this. Browsers say so; other programs say nothing. */
function isFromAnotherSite({ headers, protocol, host }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  return headers.origin !== undefined && headers.origin !== `${protocol}://${host}`;
}

/** Keeps the desk from whom it is not for. */
export function guardDesk(http: Http): void {
  http.addHook('onRequest', async request => {
    if (!/^\/desk(\/|$|\?)/.test(request.url)) return;
    if (!deskOpensFor(request)) {
      throw new Problem('unauthorized', 'The desk opens on the machine itself, under localhost.');
    }
    const isPage = request.headers['sec-fetch-mode'] === 'navigate' && request.method === 'GET';
    if (!isPage && isFromAnotherSite(request)) {
      throw new Problem('unauthorized', 'The desk does nothing for pages of other sites.');
    }
  });
}
