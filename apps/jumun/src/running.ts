import type { ServiceName } from '@jumun/contracts';
import { openServiceToken } from './embedded.ts';
import { existingDataDirectory } from './operator.ts';
import { portBaseOf } from './options.ts';
import { portOffsets } from './ports.ts';

/** Where the running system is asked. */
export interface RunningOptions {
  data?: string | undefined;
  'port-base'?: string | undefined;
}

/** A service's address: as its setting says (ORDER_URL and so on), or on this machine. */
export function urlOf(name: ServiceName, options: RunningOptions): string {
  const port = portBaseOf(options['port-base']) + (portOffsets[name] ?? 0);
  return process.env[`${name.toUpperCase()}_URL`] || `http://127.0.0.1:${port}`;
}

/** The services' credential: SERVICE_TOKEN, or the data directory's. */
export async function tokenOf({ data }: RunningOptions): Promise<string> {
  return process.env.SERVICE_TOKEN || (await openServiceToken(await existingDataDirectory(data)));
}
