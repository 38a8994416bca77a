import { chmod, mkdir, readdir, realpath, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { errorCode } from '../errors.ts';
import { CLUSTER } from './manifest.ts';

/** A directory that takes a backup. */
export interface Target {
  directory: string;
  /** Removes what was put there; the directory too, if it was made for it. */
  discard(): Promise<void>;
}

/**
 * Opens a directory (mode 0700) for a backup, and in it the folder for the cluster; of two at once one is refused.
 * @param outside directories that it must not be in
 * @throws Error in one line when it is in one of those, is not empty, or cannot be made
 */
export async function openTarget(to: string, outside: readonly string[]): Promise<Target> {
  const directory = await realPlace(resolve(to));
  const around = outside.find(other => directory === other || directory.startsWith(other + sep));
  if (around !== undefined)
    throw new Error(`${directory} is inside of ${around}, which is what is backed up; choose another`);
  const made = (await mkdir(directory, { recursive: true, mode: 0o700 })) !== undefined;
  const names = await readdir(directory);
  const taken = new Error(`${directory} is not empty; each backup needs a directory of its own`);
  if (names.length > 0) throw taken;
  await mkdir(join(directory, CLUSTER), { mode: 0o700 }).catch(error => {
    throw errorCode(error) === 'EEXIST' ? taken : error;
  });
  // The secrets will be in it.
  await chmod(directory, 0o700);
  return {
    directory,
    async discard() {
      const all = made ? [directory] : (await readdir(directory)).map(name => join(directory, name));
      for (const path of all) await rm(path, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/** Where a path leads, also when its last parts are not there yet. */
async function realPlace(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' || path === dirname(path)) throw error;
    return join(await realPlace(dirname(path)), basename(path));
  }
}
