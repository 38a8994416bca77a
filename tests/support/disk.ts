import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Gives a directory a small disk of its own. */
export function mount(directory: string, megabytes: number): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0755`, 'jumun-test', directory]);
}

export function unmount(directory: string): void {
  // Also where a process still has a file open: the disk is gone when the last of them is.
  execFileSync('umount', ['--lazy', directory]);
}

/** Whether disks can be mounted here: by root, on Linux, where the container lets it. */
export function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  const directory = mkdtempSync(join(tmpdir(), 'jumun-mount-'));
  try {
    mount(directory, 1);
    unmount(directory);
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(directory);
  }
}

/** Takes all the room there is in a directory, also what becomes free later, until it is told to give it back. */
export function fill(directory: string): { empty(): void } {
  const path = join(directory, 'filler');
  const file = openSync(path, 'a');
  const portions = [1024 ** 2, 4096, 1].map(size => Buffer.alloc(size));
  function take(): void {
    for (const portion of portions) {
      try {
        while (writeSync(file, portion) > 0);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
  }
  take();
  const timer = setInterval(take, 50);
  return {
    empty() {
      clearInterval(timer);
      closeSync(file);
      rmSync(path);
    },
  };
}
