import { execFile } from 'node:child_process';
import { linkSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import { errorCode } from './errors.ts';
import { temporaryName } from './files.ts';

/** What `postmaster.pid` in a cluster says; lines that are not written yet are undefined. */
export interface LockFile {
  text: string;
  pid: number | undefined;
  port: number | undefined;
  /** `starting`, `ready`, `stopping`, `standby`. */
  status: string | undefined;
}

/**
 * Whose the process is that the lock file names: this cluster's server, some other program that got the number
 * later, or a PostgreSQL of which the system does not tell which cluster it serves.
 */
export type Holder = 'server' | 'other' | 'unknown';

/** Reads the lock file of a cluster, undefined when there is none. */
export async function readLockFile(cluster: string): Promise<LockFile | undefined> {
  try {
    return parse(await readFile(join(cluster, 'postmaster.pid'), 'utf8'));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether a process with this number exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}

/** Whose the process is that a cluster's lock file names. */
export async function holderOf(pid: number, cluster: string): Promise<Holder> {
  if (!isAlive(pid)) return 'other';
  if (process.platform === 'linux') return holderByProc(pid, cluster);
  if (process.platform === 'win32') {
    const listing = await commandOutput('tasklist', ['/FI', `PID eq ${pid}`, '/FO', 'CSV', '/NH']);
    return listing === undefined || /postgres\.exe/i.test(listing) ? 'unknown' : 'other';
  }
  const command = await commandOutput('ps', ['-o', 'command=', '-p', String(pid)]);
  if (command === undefined) return isAlive(pid) ? 'unknown' : 'other';
  if (!/^\S.*\bpostgres -|^postgres -/.test(command))
    return command.includes('postgres') ? 'unknown' : 'other';
  return command.includes(`-D ${cluster}`) ? 'server' : 'unknown';
}

/**
 * Removes a lock file whose process is another program's. PostgreSQL would not: to it any living process of the
 * same user is a running server.
 */
export function discardLockFile(cluster: string, judged: LockFile): void {
  const path = join(cluster, 'postmaster.pid');
  const aside = temporaryName(path);
  try {
    renameSync(path, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  // Between the judgement and the rename another process may have discarded the file and started a server, whose
  // lock this then is: put it back. All of it is synchronous to keep that moment short; the server looks for its
  // lock file once a minute.
  if (readFileSync(aside, 'utf8') !== judged.text) {
    try {
      linkSync(aside, path);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
  }
  rmSync(aside);
}

async function holderByProc(pid: number, cluster: string): Promise<Holder> {
  let argv: string[];
  try {
    argv = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
  } catch {
    return isAlive(pid) ? 'unknown' : 'other';
  }
  // A process that died but was not waited for has an empty command line; the children of a server have one that
  // reads "postgres: checkpointer".
  const [program] = argv;
  if (program === undefined || basename(program) !== 'postgres') return 'other';
  const at = argv.indexOf('-D');
  const served = at === -1 ? undefined : argv[at + 1];
  if (served === undefined || !isAbsolute(served)) return 'unknown';
  return (await isSame(served, cluster)) ? 'server' : 'other';
}

/** Whether two paths lead to the same place. */
export async function isSame(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map(path => realpath(path).catch(() => path)));
  return a === b;
}

function parse(text: string): LockFile {
  const lines = text.split('\n');
  return { text, pid: whole(lines[0]), port: whole(lines[3]), status: lines[7]?.trim() || undefined };
}

/** PostgreSQL writes the number of a single-user server negative. */
function whole(line: string | undefined): number | undefined {
  const value = Math.abs(Number.parseInt(line ?? '', 10));
  return Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

function commandOutput(file: string, args: string[]): Promise<string | undefined> {
  return new Promise(resolve => {
    execFile(file, args, { windowsHide: true }, (error, stdout) =>
      resolve(error === null ? stdout.trim() : undefined),
    );
  });
}
