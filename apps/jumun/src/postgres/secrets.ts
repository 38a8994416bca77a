import { createHash, createHmac, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataDirectoryError, errorCode, oneLine } from './errors.ts';
import { createOnce, exists } from './files.ts';

/** What `secrets.json` (mode 0600) holds; each 32 random bytes in base64url, made once per data directory. */
export interface Secrets {
  /** Password of PostgreSQL's superuser; the passwords of the roles follow from it, see {@link rolePassword}. */
  superuser: string;
  /** What the services show each other. */
  serviceToken: string;
}

/** Its name, in the data directory and in a backup. */
export const SECRETS_FILE = 'secrets.json';

/**
 * Reads the secrets of a data directory.
 *
 * @throws DataDirectoryError when `secrets.json` is missing, unreadable or damaged
 */
export async function readSecrets(dataDir: string): Promise<Secrets> {
  const path = join(dataDir, SECRETS_FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const why = errorCode(error) === 'ENOENT' ? 'is missing' : `cannot be read: ${oneLine(error)}`;
    throw new DataDirectoryError(`${path} ${why}`);
  }
  const secrets = parse(text);
  if (secrets === undefined) throw new DataDirectoryError(`${path} is damaged; restore it from a backup`);
  return secrets;
}

/**
 * Reads the secrets, making them first when the directory is fresh. Of several processes one makes them and all
 * read the same.
 *
 * @throws DataDirectoryError as readSecrets, and when a database exists whose secrets are gone
 */
export async function openSecrets(directory: string): Promise<Secrets> {
  const path = join(directory, SECRETS_FILE);
  if (!(await exists(path))) {
    // Asked in this order: a cluster only appears once the secrets do, so a late second look tells the truth.
    if ((await exists(join(directory, 'pg'))) && !(await exists(path))) {
      throw new DataDirectoryError(
        `${path} is missing but the database it opens is there; restore it from a backup`,
      );
    }
    const fresh: Secrets = { superuser: randomSecret(), serviceToken: randomSecret() };
    try {
      await createOnce(path, `${JSON.stringify(fresh, null, 2)}\n`, 0o600);
    } catch (error) {
      throw new DataDirectoryError(`${path} cannot be written: ${oneLine(error)}`);
    }
  }
  return readSecrets(directory);
}

/**
 * The password of a role. It is derived (HMAC-SHA-256) rather than stored, so that a new role needs no change to
 * `secrets.json` that two processes could make differently; it does not lead back to the superuser's.
 */
export function rolePassword(superuserPassword: string, role: string): string {
  return createHmac('sha256', superuserPassword).update(`role ${role}`).digest('base64url');
}

/** 16 hexadecimal digits that name this data directory: its path and, as a path can be used again, its secrets. */
export function fingerprint(directory: string, secrets: Secrets): string {
  return createHash('sha256').update(`${directory}\n${secrets.superuser}`).digest('hex').slice(0, 16);
}

function randomSecret(): string {
  return randomBytes(32).toString('base64url');
}

function parse(text: string): Secrets | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    if (!('superuser' in value) || typeof value.superuser !== 'string' || value.superuser === '')
      return undefined;
    if (!('serviceToken' in value) || typeof value.serviceToken !== 'string' || value.serviceToken === '') {
      return undefined;
    }
    return { superuser: value.superuser, serviceToken: value.serviceToken };
  } catch {
    return undefined;
  }
}
