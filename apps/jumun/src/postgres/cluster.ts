import {
  chmod,
  mkdir,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Account, canEnter, giveTo } from './account.ts';
import { SUPERUSER } from './admin.ts';
import { type Binaries, openShared } from './binaries.ts';
import { POSTGRES_MAJOR } from './data-directory.ts';
import { DataDirectoryError, errorCode, oneLine, PostgresError } from './errors.ts';
import { createOnce, exists, syncDirectory, temporaryName } from './files.ts';
import { isAlive } from './lock-file.ts';
import { run } from './run.ts';
import { fingerprint, type Secrets } from './secrets.ts';

/** Name of the configuration file that each start writes into the cluster. */
export const SETTINGS_FILE = 'jumun.conf';

/** Where clusters go that the server's user cannot reach in their data directory. */
const ELSEWHERE = '/var/lib/jumun';

// How long the making of a cluster may take before others stop waiting for it, and before it counts as abandoned
// although a process of that number lives. Milliseconds.
const PATIENCE_MS = 60_000;
const ABANDONED_MS = 600_000;

/** Whose cluster it is, from which follows where it lies. */
export interface ClusterPlace {
  directory: string;
  secrets: Secrets;
  account: Account | undefined;
}

/** What the making of a cluster needs to know. */
export interface ClusterOptions extends ClusterPlace {
  binaries: Binaries;
  log: (line: string) => void;
}

/**
 * Opens the cluster of a data directory, making it when there is none.
 *
 * It lies at `<directory>/pg`. When the server runs as another user (see serverAccount) who cannot get there, it
 * lies at `/var/lib/jumun/data-<16 hex>/pg` and `<directory>/pg` is a symbolic link to it.
 *
 * A cluster is made under a temporary name and renamed when complete: of several processes one wins, the others
 * throw theirs away, and one that dies halfway leaves only garbage that the next removes.
 *
 * @returns the real path of the cluster
 * @throws DataDirectoryError when the cluster is of another PostgreSQL or has nowhere to be
 * @throws PostgresError when initdb fails
 */
export async function openCluster(options: ClusterOptions): Promise<string> {
  const name = join(options.directory, 'pg');
  if (!(await exists(name))) await makeCluster(options, temporary => initialise(temporary, options));
  let cluster: string;
  let version: string;
  try {
    cluster = await realpath(name);
    version = (await readFile(join(cluster, 'PG_VERSION'), 'utf8')).trim();
  } catch (error) {
    throw new DataDirectoryError(`${name} is not a PostgreSQL cluster: ${oneLine(error)}`);
  }
  if (version !== String(POSTGRES_MAJOR)) {
    throw new DataDirectoryError(
      `${name} was made by PostgreSQL ${version}, this jumun brings PostgreSQL ${POSTGRES_MAJOR}; choose another with --data`,
    );
  }
  return cluster;
}

/**
 * Makes the cluster of a data directory that has none, in the place described at openCluster.
 *
 * @param fill puts everything into the directory that it is given, which belongs to the server's user
 * @returns whether this call made it; otherwise there was one in that place, or another process was faster
 * @throws DataDirectoryError when it has nowhere to be, and what `fill` throws
 */
export async function makeCluster(
  place: ClusterPlace,
  fill: (temporary: string) => Promise<void>,
): Promise<boolean> {
  const name = join(place.directory, 'pg');
  const home = await chooseHome(place);
  const final = join(home, 'pg');
  await othersDone(home, final);
  let made = false;
  if (!(await exists(final))) {
    made = await makeAndRename(final, place.account, fill);
    await syncDirectory(home);
  }
  if (final === name) return made;
  await symlink(final, name).catch(error => {
    if (errorCode(error) !== 'EEXIST') throw error;
  });
  await syncDirectory(place.directory);
  return made;
}

/** The directory in which the cluster is to be named `pg`. */
async function chooseHome({ directory, secrets, account }: ClusterPlace): Promise<string> {
  if (account === undefined || (await canEnter(account, directory))) return directory;
  // Named after the secrets too: if the data directory is moved away, its link still leads here, and a new one at
  // the old path must not find this cluster.
  const home = join(ELSEWHERE, `data-${fingerprint(directory, secrets)}`);
  try {
    await openShared(ELSEWHERE);
    await openShared(home);
    await createOnce(join(home, 'data-directory'), `${directory}\n`, 0o644);
  } catch (error) {
    throw new DataDirectoryError(
      `${directory} is closed to the user ${account.name} that PostgreSQL runs as, and ${home} cannot be used: ${oneLine(error)}`,
    );
  }
  if (!(await canEnter(account, home))) {
    throw new DataDirectoryError(
      `${directory} and ${home} are closed to the user ${account.name} that PostgreSQL runs as; choose another with --data`,
    );
  }
  return home;
}

/** Removes what dead processes left and waits for the living to finish: six at once would only slow each other. */
async function othersDone(home: string, final: string): Promise<void> {
  for (;;) {
    let waiting = false;
    for (const name of await readdir(home)) {
      const pid = /^pg\.tmp-(\d+)-/.exec(name)?.[1];
      if (pid === undefined) continue;
      const path = join(home, name);
      const age = Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? 0);
      if (!isAlive(Number(pid)) || age > ABANDONED_MS) await rm(path, { recursive: true, force: true });
      else if (age < PATIENCE_MS) waiting = true;
    }
    if (!waiting || (await exists(final))) return;
    await sleep(20);
  }
}

async function makeAndRename(
  final: string,
  account: Account | undefined,
  fill: (temporary: string) => Promise<void>,
): Promise<boolean> {
  const temporary = temporaryName(final);
  try {
    await mkdir(temporary, { mode: 0o700 });
    await giveTo(account, temporary);
    await fill(temporary);
    await rename(temporary, final);
    if (process.platform !== 'win32') await chmod(final, 0o700);
    return true;
  } catch (error) {
    // The rename finds the name taken when another process was faster.
    if (error instanceof PostgresError || !(await exists(join(final, 'PG_VERSION')))) throw error;
    return false;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Makes a new, empty cluster in the directory. */
async function initialise(
  temporary: string,
  { directory, account, binaries, secrets, log }: ClusterOptions,
): Promise<void> {
  log(`creating a PostgreSQL ${POSTGRES_MAJOR} cluster for ${directory}`);
  const passwordFile = `${temporary}.password`;
  try {
    await writeFile(passwordFile, `${secrets.superuser}\n`, { mode: 0o600 });
    await giveTo(account, passwordFile);
    await initdb(binaries, account, temporary, passwordFile);
    await includeSettings(temporary);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function initdb(
  binaries: Binaries,
  account: Account | undefined,
  cluster: string,
  passwordFile: string,
): Promise<void> {
  const { code, output } = await run(
    binaries.initdb,
    [
      `--pgdata=${cluster}`,
      `--username=${SUPERUSER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      // Sorts and compares by code point on every system, independent of the C library and its upgrades.
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--data-checksums',
      '--no-instructions',
    ],
    account,
  );
  if (code === 0) return;
  const lines = output.split('\n').filter(line => line.trim() !== '');
  const reason = lines.find(line => /error|fatal|panic/i.test(line)) ?? lines.at(-1) ?? `exit status ${code}`;
  throw new PostgresError(`initdb failed: ${reason.trim()}`);
}

async function includeSettings(cluster: string): Promise<void> {
  const file = await open(join(cluster, 'postgresql.conf'), 'a');
  try {
    await file.writeFile(`\ninclude_if_exists = '${SETTINGS_FILE}'\n`);
    await file.sync();
  } finally {
    await file.close();
  }
}
