import { open, readFile, rename, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Account, giveTo } from './account.ts';
import { type Access, probe, SUPERUSER } from './admin.ts';
import type { Binaries } from './binaries.ts';
import { SETTINGS_FILE } from './cluster.ts';
import { DataDirectoryError, PostgresError } from './errors.ts';
import { replaceFile } from './files.ts';
import { discardLockFile, holderOf, isAlive, readLockFile } from './lock-file.ts';
import { run } from './run.ts';
import { renderSettings, type Settings } from './settings.ts';
import { socketDirectory } from './socket.ts';

/** A cluster and what it takes to run its server. */
export interface Site {
  /** Real path of the cluster. */
  cluster: string;
  /** File that takes the server's messages. */
  logFile: string;
  password: string;
  account: Account | undefined;
  binaries: Binaries;
}

/** How a start ended; `retry` when the reason goes away by itself or with another port. */
export type Start = { ok: true } | { ok: false; reason: string; retry: boolean };

// Milliseconds. Recovery after a crash replays up to max_wal_size of log and tells so when asked.
const SILENCE_LIMIT_MS = 30_000;
const RECOVERY_LIMIT_MS = 120_000;
const STOP_LIMIT_MS = 60_000;
const EMPTY_LOCK_LIMIT_MS = 2000;
const POLL_MS = 25;

const LOG_LIMIT_BYTES = 16 * 1024 ** 2;

/**
 * Finds the server that runs on the cluster, waiting while one starts, recovers or stops.
 *
 * @returns how to reach it, or undefined when none runs; a lock file that another program's process number keeps
 *   looking alive is then gone
 * @throws PostgresError when one runs but does not answer (30 s of silence, 120 s of recovery)
 * @throws DataDirectoryError when one runs but does not take the password
 */
export async function findServer({ cluster, password }: Site): Promise<Access | undefined> {
  const began = performance.now();
  let limit = SILENCE_LIMIT_MS;
  for (;;) {
    const lock = await readLockFile(cluster);
    if (lock === undefined) return undefined;
    const waited = performance.now() - began;
    if (lock.pid === undefined) {
      // Empty: a server that is about to write it, or one that a power cut stopped from it.
      if (waited > EMPTY_LOCK_LIMIT_MS) {
        discardLockFile(cluster, lock);
        return undefined;
      }
    } else {
      // PostgreSQL itself replaces the lock file of a dead process, and looks for that server's children first.
      if (!isAlive(lock.pid)) return undefined;
      const holder = await holderOf(lock.pid, cluster);
      if (holder === 'other') {
        discardLockFile(cluster, lock);
        return undefined;
      }
      if (lock.port !== undefined) {
        const access: Access = { host: '127.0.0.1', port: lock.port, superuser: SUPERUSER, password };
        const answer = await probe(access, cluster);
        if (answer === 'ready') return access;
        if (answer === 'busy') limit = RECOVERY_LIMIT_MS;
        // Before it is ready somebody else may still hold the port.
        if (answer === 'denied' && holder === 'server' && lock.status === 'ready') {
          throw new DataDirectoryError(
            `the PostgreSQL running on ${cluster} does not take the password in secrets.json`,
          );
        }
      }
      if (waited > limit) {
        throw new PostgresError(
          `a PostgreSQL (process ${lock.pid}) runs on ${cluster} but did not answer within ${limit / 1000} s`,
        );
      }
    }
    await sleep(POLL_MS);
  }
}

/**
 * Starts a server on the cluster and waits until it takes connections. It outlives this process and, in a session
 * of its own, does not get the terminal's Ctrl-C.
 */
export async function startServer(site: Site, wanted: Settings): Promise<Start> {
  const { cluster, account, binaries, logFile } = site;
  const path = join(cluster, SETTINGS_FILE);
  const settings = {
    wal_compression: (await takesLz4(site)) ? 'lz4' : 'on',
    port: String(await choosePort(path)),
    unix_socket_directories: socketDirectory(cluster),
    ...wanted,
  };
  await replaceFile(path, renderSettings(settings), 0o600, file => giveTo(account, file));
  await rotate(logFile);
  // The server inherits this descriptor, so that it need not be able to reach the file itself.
  const log = await open(logFile, 'a', 0o600);
  try {
    const { size } = await log.stat();
    const limit = String(RECOVERY_LIMIT_MS / 1000);
    const { code } = await run(
      binaries.pgCtl,
      ['start', '-s', '-w', '-t', limit, '-D', cluster],
      account,
      log.fd,
    );
    if (code === 0) return { ok: true };
    const said = (await readFile(logFile)).subarray(size).toString('utf8');
    return { ok: false, reason: lastReason(said) ?? `pg_ctl ended with ${code}`, retry: isPassing(said) };
  } finally {
    await log.close();
  }
}

/**
 * Stops the cluster's server; does nothing when none runs.
 *
 * @throws PostgresError when it still runs after a minute
 */
export async function stopServer(site: Site, mode: 'fast' | 'immediate'): Promise<void> {
  const pid = (await readLockFile(site.cluster))?.pid;
  if (pid === undefined || !(await serves(pid, site.cluster))) return;
  // Not with -w: pg_ctl waits for the lock file to go, and would wait in vain if another process starts a new
  // server the moment this one is gone.
  const { output } = await run(
    site.binaries.pgCtl,
    ['stop', '-s', '-W', '-m', mode, '-D', site.cluster],
    site.account,
  );
  const began = performance.now();
  while (await serves(pid, site.cluster)) {
    if (performance.now() - began > STOP_LIMIT_MS) {
      const said = output.trim().split('\n', 1)[0] || `process ${pid} still runs`;
      throw new PostgresError(`PostgreSQL on ${site.cluster} did not stop: ${said}`);
    }
    await sleep(POLL_MS);
  }
}

/** Whether the cluster is in the hands of this very server process. */
async function serves(pid: number, cluster: string): Promise<boolean> {
  return (await readLockFile(cluster))?.pid === pid && (await holderOf(pid, cluster)) !== 'other';
}

/** lz4 is much cheaper than PostgreSQL's own compression, but not every build has it. */
async function takesLz4({ binaries, cluster, account }: Site): Promise<boolean> {
  const args = ['-D', cluster, '-c', 'wal_compression=lz4', '-C', 'wal_compression'];
  return (await run(binaries.postgres, args, account)).code === 0;
}

/** The port of the last start, so that clients of a server that crashed find its successor, or any free one. */
async function choosePort(settingsFile: string): Promise<number> {
  const last = await readFile(settingsFile, 'utf8').catch(() => '');
  const port = Number(/^port = '(\d+)'$/m.exec(last)?.[1] ?? 0);
  return (port > 0 ? await freePort(port) : undefined) ?? (await freePort(0)) ?? 0;
}

/** @param wanted a port, or 0 for any; @returns undefined when it is taken */
function freePort(wanted: number): Promise<number | undefined> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ port: wanted, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
}

async function rotate(logFile: string): Promise<void> {
  const size = (await stat(logFile).catch(() => undefined))?.size ?? 0;
  // Windows does not rename a file that a server still has open; the log then grows on.
  if (size > LOG_LIMIT_BYTES) await rename(logFile, `${logFile}.1`).catch(() => {});
}

/** A port somebody took in between, a server that was faster, or the last processes of one that was killed. */
function isPassing(said: string): boolean {
  return /could not bind|already in use|lock file .* (already exists|is empty)|still in use/i.test(said);
}

function lastReason(said: string): string | undefined {
  const lines = said.split('\n').filter(line => line.trim() !== '');
  return (lines.findLast(line => /FATAL|PANIC|error/i.test(line)) ?? lines.at(-1))?.trim();
}
