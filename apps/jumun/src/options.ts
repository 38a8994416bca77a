import { accessSync, constants } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigError } from '@jumun/service-kit';
import { partNames, portOffsets } from './ports.ts';

const DEFAULT_PORT_BASE = 8080;
const DEFAULT_DATA = '.jumun';
/** The root of the checkout: from whichever folder it is started, the data directory is the same. */
const root = resolve(import.meta.dirname, '../../..');

export interface StartOptions {
  only?: string | undefined;
  portBase?: string | undefined;
  data?: string | undefined;
}

export interface Plan {
  /** Names of the parts to run. */
  names: string[];
  portBase: number;
  dataDir: string;
}

/** @throws Error in one line for an option that is wrong */
export function planStart({ only, portBase, data }: StartOptions): Plan {
  const names = only === undefined ? partNames : only.split(',').map(name => name.trim());
  const stranger = names.find(name => !partNames.includes(name));
  if (stranger !== undefined)
    throw new Error(`--only: there is no part named ${stranger || '""'}; there are ${partNames.join(', ')}`);
  return { names: [...new Set(names)], portBase: portBaseOf(portBase), dataDir: dataDirectory(data) };
}

/** @throws Error in one line for an option that is no port */
export function portBaseOf(option: string | undefined): number {
  const base = option === undefined ? DEFAULT_PORT_BASE : Number(option);
  if (!Number.isInteger(base) || base < 1024 || base > 65_500) {
    throw new Error(`--port-base ${option} is not a number from 1024 to 65500`);
  }
  return base;
}

/** The data directory: an option is relative to the folder in which it is typed. */
export function dataDirectory(data: string | undefined): string {
  return data === undefined ? resolve(root, DEFAULT_DATA) : fromHere(data);
}

/** A path as it was typed: npm runs commands in the root of the checkout, wherever they are typed. */
export const fromHere = (path: string) => resolve(process.env.INIT_CWD ?? process.cwd(), path);

export const portOf = (plan: Plan, name: string) => plan.portBase + (portOffsets[name] ?? 0);

/**
 * The settings of each part where nobody gave others: its port, and the other parts on this machine. A part that is
 * alone in its process, as in a container, takes PORT and DATABASE_URL as they are.
 */
export function defaultEnv(plan: Plan): NodeJS.ProcessEnv {
  const local = (name: string) => `http://127.0.0.1:${portOf(plan, name)}`;
  const env: NodeJS.ProcessEnv = {};
  for (const name of plan.names) {
    if (plan.names.length > 1 || !process.env.PORT)
      env[`${name.toUpperCase()}__PORT`] = String(portOf(plan, name));
  }
  for (const name of partNames) env[`${name.toUpperCase()}_URL`] = local(name);
  return env;
}

/** A service's own connection string, if one was given. */
export const databaseIn = (env: NodeJS.ProcessEnv, name: string) =>
  env[`${name.toUpperCase()}__DATABASE_URL`] ?? env.DATABASE_URL;

/**
 * The settings, with connection strings that have each server's certificate verified by the authority in DATABASE_CA,
 * whatever they said themselves; as they are where there is none. (node-postgres takes an authority from the connection
 * string alone, and reads its file at each connection, so that it may be replaced.)
 * @throws ConfigError where the file cannot be read
 */
export function verifyingDatabases(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const file = env.DATABASE_CA;
  if (!file) return env;
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    throw new ConfigError(`DATABASE_CA cannot be read: ${(error as Error).message}`);
  }
  const verifying = (text: string) => {
    const url = new URL(text);
    url.searchParams.set('sslmode', 'verify-full');
    url.searchParams.set('sslrootcert', file);
    return url.href;
  };
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [
      name,
      // One that is none is for the part to complain of.
      /^(\w+__)?DATABASE_URL$|^EVENTS_URL$/.test(name) && URL.canParse(value ?? '')
        ? verifying(value ?? '')
        : value,
    ]),
  );
}
