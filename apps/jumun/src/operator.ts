import { services } from '@jumun/contracts';
import { createLogger, type Database, openDatabase } from '@jumun/service-kit';
import { openEmbedded } from './embedded.ts';
import { dataDirectory, verifyingDatabases } from './options.ts';
import { isDataDirectory } from './postgres/data-directory.ts';

/** The databases that an operator's command works on. */
export interface OperatorDatabases {
  /** By service; those whose connection string was not given are missing. */
  services: Map<string, Database>;
  /** The event log's, where it was given. */
  events: Database | undefined;
  close(): Promise<void>;
}

/**
/**
 * The data directory that an operator's command is about. Only a start makes one: looking into a directory that was
 * mistyped must not.
 * @param data the option --data
 * @throws Error where there is none
 */
export async function existingDataDirectory(data: string | undefined): Promise<string> {
  const dataDir = dataDirectory(data);
  if (!(await isDataDirectory(dataDir)))
    throw new Error(`${dataDir} is not a jumun data directory; name it with --data`);
  return dataDir;
}

/**
 * The databases that were given (`ORDER__DATABASE_URL` and so on, `EVENTS_URL`), or those of the data directory, of all
 * services and of the event log.
 * @param data the option --data
 * @throws Error where there is neither
 */
export async function openDatabases(data: string | undefined): Promise<OperatorDatabases> {
  const urlIn = (env: NodeJS.ProcessEnv, name: string) => env[`${name.toUpperCase()}__DATABASE_URL`];
  const given = services.some(name => urlIn(process.env, name)) || Boolean(process.env.EVENTS_URL);
  const embedded = given
    ? undefined
    : await openEmbedded({ dataDir: await existingDataDirectory(data), services, run: [] });
  const log = createLogger('jumun', 'silent');
  const env = { ...embedded?.env, ...verifyingDatabases(process.env) };
  const open = (url: string) => openDatabase({ url, name: 'jumun-operator', connections: 1, log });
  const databases = new Map<string, Database>();
  for (const name of services) {
    const url = urlIn(env, name);
    if (url) databases.set(name, open(url));
  }
  const events = env.EVENTS_URL ? open(env.EVENTS_URL) : undefined;
  return {
    services: databases,
    events,
    async close() {
      for (const db of databases.values()) await db.close();
      await events?.close();
      await embedded?.release();
    },
  };
}
