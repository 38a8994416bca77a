import type { ServiceName } from '@jumun/contracts';
import { services } from '../../apps/jumun/src/parts.ts';
import { apiTypes } from '../../apps/web/tools/api-types.ts';
import { asyncApi, eventsTable } from './events.ts';

/** What a service has to be told before it can be described; none of it is used. */
const env = {
  SERVICE_TOKEN: 'nobody-calls-with-this',
  DATABASE_URL: 'postgres://127.0.0.1/none',
  PORT: '0',
  LOG_LEVEL: 'silent',
  ...Object.fromEntries(services.map(({ name }) => [`${name.toUpperCase()}_URL`, 'http://127.0.0.1'])),
};

/** The documents as the code has them now, by their path in the checkout. */
export async function documents(): Promise<Record<string, string>> {
  const subscribers = new Map<string, ServiceName[]>();
  const files: Record<string, string> = {};
  for (const service of services) {
    const { openapi, subscribes } = await service.describe({ env, processMetrics: false });
    files[`docs/openapi/${service.name}.json`] = asJson(openapi);
    files[`apps/web/client/api/schema/${service.name}.ts`] = await apiTypes(openapi);
    for (const type of subscribes) subscribers.set(type, [...(subscribers.get(type) ?? []), service.name]);
  }
  files['docs/asyncapi.json'] = asJson(asyncApi(subscribers));
  files['docs/events.md'] = eventsTable(subscribers);
  return files;
}

const asJson = (document: object) => `${JSON.stringify(document, null, 2)}\n`;
