import { readdir, realpath, rm } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { giveTo, serverAccount } from '../account.ts';
import { makeCluster } from '../cluster.ts';
import { openEmptyDirectory, writeMarker } from '../data-directory.ts';
import { syncDirectory } from '../files.ts';
import { readSecrets, SECRETS_FILE } from '../secrets.ts';
import {
  assertRoom,
  type CopyOptions,
  copyFile,
  forEach,
  makeFolders,
  megabytes,
  progress,
  syncFolders,
} from './copy.ts';
import { type BackedUpFile, CLUSTER, type Manifest, readManifest, totalBytes } from './manifest.ts';

export interface RestoreOptions {
  /** The directory with the backup. */
  from: string;
  /** The data directory to be made, or an empty one. */
  dataDir: string;
  signal: AbortSignal;
  /** Takes a line about how far it is. */
  say(line: string): void;
}

/**
 * Makes a data directory from a backup. Its first start recovers the cluster to the backup's point in time. Nothing is
 * left when it fails or is interrupted; what a process leaves that dies is not a data directory.
 *
 * @throws Error in one line when the backup is incomplete, damaged or of another kind, or the directory has something
 *   in it or no room
 */
export async function restore({ from, dataDir, signal, say }: RestoreOptions): Promise<Manifest> {
  const backup = resolve(from);
  const manifest = await readManifest(backup);
  const { files, folders } = manifest;
  assertInside([...files.map(({ path }) => path), ...folders]);
  const directory = await openEmptyDirectory(dataDir);
  const total = totalBytes(files);
  await assertRoom(directory, total);
  say(`restoring ${backup} to ${directory}: ${megabytes(total)}`);
  const copy: CopyOptions = { signal, onBytes: progress(total, say) };

  let made = false;
  try {
    const secretsFile = files.find(({ path }) => path === SECRETS_FILE);
    if (!secretsFile) throw new Error(`${backup} has no ${SECRETS_FILE}`);
    await copyChecked(secretsFile, join(directory, SECRETS_FILE));
    const secrets = await readSecrets(directory);
    const account = await serverAccount(join(directory, 'pg'));
    made = await makeCluster({ directory, secrets, account }, async temporary => {
      await makeFolders(temporary, folders);
      for (const folder of folders) await giveTo(account, join(temporary, folder));
      const inCluster = files.filter(({ path }) => path.startsWith(`${CLUSTER}/`));
      await forEach(inCluster, async file => {
        const to = join(temporary, file.path.slice(CLUSTER.length + 1));
        await copyChecked(file, to);
        await giveTo(account, to);
      });
      await syncFolders(temporary, folders);
    });
    if (!made) {
      const there = await realpath(join(directory, 'pg'));
      throw new Error(`${there} is still there from a data directory that was at ${directory}; move it away`);
    }
    // Last: without it nobody takes the directory for one with data.
    await writeMarker(directory);
    await syncDirectory(directory);
    return manifest;
  } catch (error) {
    if (made) await rm(await realpath(join(directory, 'pg')), { recursive: true, force: true });
    for (const name of await readdir(directory))
      await rm(join(directory, name), { recursive: true, force: true, maxRetries: 10 });
    throw error;
  }

  async function copyChecked({ path, size, sha256 }: BackedUpFile, to: string): Promise<void> {
    const copied = await copyFile(join(backup, path), to, copy);
    if (!copied) throw new Error(`the backup is damaged: ${path} is missing`);
    if (copied.size !== size || copied.sha256 !== sha256)
      throw new Error(`the backup is damaged: ${path} is not what was backed up`);
  }
}

/** A manifest may come from elsewhere: it must not have anything written outside of the data directory. */
function assertInside(paths: readonly string[]): void {
  const stranger = paths.find(path => isAbsolute(path) || path.split(/[/\\]/).includes('..'));
  if (stranger !== undefined)
    throw new Error(`the backup names ${JSON.stringify(stranger)}, outside of itself`);
}
