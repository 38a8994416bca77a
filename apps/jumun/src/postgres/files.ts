import { randomBytes } from 'node:crypto';
import { link, lstat, open, rename, rm, writeFile } from 'node:fs/promises';
import { errorCode } from './errors.ts';

/** `<path>.tmp-<pid>-<random>`: a name nobody else uses, from which a reader can tell whether its maker lives. */
export function temporaryName(path: string): string {
  return `${path}.tmp-${process.pid}-${randomBytes(4).toString('hex')}`;
}

/** Whether something (a broken symbolic link included) has this name. */
export async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return false;
    throw error;
  }
}

/**
 * Creates a file with all of its content or not at all. Of several processes doing it at once exactly one wins;
 * the others leave the winner's content alone.
 *
 * @param mode permission bits of the new file
 * @returns whether this call created it
 */
export async function createOnce(path: string, content: string, mode: number): Promise<boolean> {
  const temporary = temporaryName(path);
  try {
    await writeSynced(temporary, content, mode);
    try {
      await link(temporary, path);
      return true;
    } catch (error) {
      if (errorCode(error) === 'EEXIST') return false;
      if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(errorCode(error) ?? ''))
        throw error;
      // A file system without hard links: its rename would replace the winner's file, so look first.
      if (await exists(path)) return false;
      await rename(temporary, path);
      return true;
    }
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Replaces a file atomically: a reader sees the old content or the new one, never a part. */
export async function replaceFile(
  path: string,
  content: string,
  mode: number,
  own: (path: string) => Promise<void>,
): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await writeFile(temporary, content, { mode });
    await own(temporary);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Makes a rename or a new name in this directory survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  // Windows cannot open a directory for this and does not need it.
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Creates a file that is not there yet, and has its content on the disk. */
export async function writeSynced(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const file = await open(path, 'wx', mode);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}
