import { mkdirSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { destination } from 'pino';

const LIMIT_BYTES = 64 * 1024 * 1024;
const FLUSH_MS = 500;
/** What is kept in memory while the disk takes nothing; further lines are dropped. */
const BACKLOG_BYTES = 16 * 1024 * 1024;

export interface LogFile {
  write(line: string): void;
  /** Writes out what is there, as far as the disk takes it, and ends; later lines are dropped. */
  close(): Promise<void>;
}

/**
 * `logs/jumun.log` in a data directory. When it has grown beyond the limit it becomes `jumun.log.1`, in place of the
 * one before. Several processes may write to it, and each may put it aside: the others follow.
 */
export function openLogFile(dataDir: string, limitBytes = LIMIT_BYTES): LogFile {
  const folder = join(dataDir, 'logs');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'jumun.log');
  putAside();

  const log = destination({ dest: path, sync: false, minLength: 8_192, maxLength: BACKLOG_BYTES });
  // Pino calls this at the end of the process, and on a full disk it would never return: the last half second of a
  // process that ends without `close` is lost instead.
  log.flushSync = () => undefined;
  /** The file that is open, since the name can come to mean another. */
  let inode: number | undefined;
  let opening = true;
  log.on('ready', () => {
    opening = false;
    inode = look()?.ino;
  });
  // A full disk stops the log, not the system.
  log.on('error', () => {
    opening = false;
  });
  const timer = setInterval(() => {
    log.flush();
    putAside();
    if (opening || look()?.ino === inode) return;
    opening = true;
    log.reopen();
  }, FLUSH_MS);
  timer.unref();

  function look() {
    return statSync(path, { throwIfNoEntry: false });
  }

  function putAside(): void {
    if ((look()?.size ?? 0) <= limitBytes) return;
    try {
      renameSync(path, `${path}.1`);
    } catch {
      // Another process was faster, or the disk is full; the log must not stop the system.
    }
  }

  let closed = false;
  return {
    write(line) {
      if (!closed) log.write(line);
    },
    async close() {
      // Where it was never opened nothing can be written.
      const idle = closed || inode === undefined;
      closed = true;
      clearInterval(timer);
      if (idle) return;
      const ended = new Promise<void>(resolve => {
        log.once('close', resolve);
        log.once('error', () => resolve());
      });
      log.end();
      await ended;
    },
  };
}
