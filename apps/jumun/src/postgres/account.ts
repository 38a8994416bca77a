import type { Stats } from 'node:fs';
import { chown, readFile, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PostgresError } from './errors.ts';

/** The operating-system user that PostgreSQL runs as. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

const READ = 4;
const ENTER = 1;

/**
 * The user PostgreSQL must run as, or undefined when that is simply the user of this process.
 *
 * PostgreSQL refuses to run as root. Root's servers run as the owner of the cluster if there is one already, else
 * as `postgres` if /etc/passwd has it, else as `nobody`; no user is ever created.
 *
 * @param cluster the cluster's directory, which may not exist yet
 * @throws PostgresError when root has nobody to run it as
 */
export async function serverAccount(cluster: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const users = parsePasswd(await readFile('/etc/passwd', 'utf8'));
  const owner = await stat(cluster).catch(() => undefined);
  if (owner !== undefined && owner.uid !== 0) {
    const user = users.find(candidate => candidate.uid === owner.uid);
    return {
      name: user?.name ?? `uid ${owner.uid}`,
      uid: owner.uid,
      gid: user?.gid ?? owner.gid,
      home: user?.home ?? '/',
    };
  }
  const user = users.find(({ name }) => name === 'postgres') ?? users.find(({ name }) => name === 'nobody');
  if (user === undefined || user.uid === 0) {
    throw new PostgresError(
      'PostgreSQL does not run as root and there is neither a user postgres nor a user nobody',
    );
  }
  return user;
}

/** Gives a file or directory to the account; does nothing when PostgreSQL runs as this process's own user. */
export async function giveTo(account: Account | undefined, path: string): Promise<void> {
  if (account !== undefined) await chown(path, account.uid, account.gid);
}

/** Whether the account may walk to this directory and into it, by the permission bits of every ancestor. */
export async function canEnter(account: Account, directory: string): Promise<boolean> {
  for (let path = await realpath(directory); ; path = dirname(path)) {
    if (!allows(await stat(path), account, ENTER)) return false;
    if (path === dirname(path)) return true;
  }
}

/** Whether the account may read this file or directory and, where `run` is set, execute or enter it. */
export async function canRead(account: Account, path: string, run: boolean): Promise<boolean> {
  return (
    (await canEnter(account, dirname(path))) && allows(await stat(path), account, run ? READ | ENTER : READ)
  );
}

/** Supplementary groups do not count: a child process started under another uid has none. */
function allows(entry: Stats, account: Account, bits: number): boolean {
  const shift = entry.uid === account.uid ? 6 : entry.gid === account.gid ? 3 : 0;
  return ((entry.mode >> shift) & bits) === bits;
}

function parsePasswd(text: string): Account[] {
  return text.split('\n').flatMap(line => {
    const [name, , uid, gid, , home] = line.split(':');
    if (name === undefined || name.startsWith('#') || !uid || !gid) return [];
    // `>>> 0`: macOS writes nobody's id as -2.
    return [{ name, uid: Number(uid) >>> 0, gid: Number(gid) >>> 0, home: home || '/' }];
  });
}
