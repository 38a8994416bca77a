import { readFile, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { EmbeddedPostgres } from '../ensure.ts';
import { syncDirectory } from '../files.ts';
import { SECRETS_FILE } from '../secrets.ts';
import { listCluster } from './cluster-files.ts';
import {
  assertRoom,
  type Copied,
  type CopyOptions,
  copyFile,
  forEach,
  makeFolders,
  megabytes,
  progress,
  syncFolders,
  writeCopy,
} from './copy.ts';
import { type BackedUpFile, CLUSTER, type Manifest, totalBytes, writeManifest } from './manifest.ts';
import { type BackupSession, withBackupSession } from './session.ts';
import { openTarget } from './target.ts';

/** Short, and written over while it is read; copied last and by its content. */
const CONTROL = 'global/pg_control';
/** Room for the log of the time that the copying takes, beside a twentieth of the cluster. */
const LOG_BYTES = 64 * 1024 ** 2;

export interface BackUpOptions {
  server: EmbeddedPostgres;
  dataDir: string;
  /** The directory to be made, or an empty one. */
  to: string;
  signal: AbortSignal;
  /** Takes a line about how far it is. */
  say(line: string): void;
}

/**
 * Copies the cluster of a running server, with the secrets that open it, while others use it. The databases share one
 * log, so the copy is of all of them at one moment. Nothing is left when it fails or is interrupted; what a process
 * leaves that dies has no manifest, and is not a backup.
 *
 * @throws Error in one line when the directory is not empty, inside of the data, or has no room
 */
export async function backUp({ server, dataDir, to, signal, say }: BackUpOptions): Promise<Manifest> {
  const cluster = await realpath(join(dataDir, 'pg'));
  const target = await openTarget(to, [await realpath(dataDir), cluster]);
  const { directory } = target;
  try {
    const expected = totalBytes((await listCluster(cluster)).files);
    await assertRoom(directory, expected * 1.05 + LOG_BYTES);
    say(`backing up ${dataDir} to ${directory}: ${megabytes(expected)} and the log of the time it takes`);
    const copy: CopyOptions = { signal, onBytes: progress(expected, say) };
    const manifest = await withBackupSession(server, session =>
      copyAll(session, { cluster, dataDir, directory, copy }),
    );
    await syncDirectory(directory);
    await syncDirectory(dirname(directory));
    return manifest;
  } catch (error) {
    await target.discard();
    throw error;
  }
}

interface Copying {
  cluster: string;
  dataDir: string;
  directory: string;
  copy: CopyOptions;
}

async function copyAll(
  session: BackupSession,
  { cluster, dataDir, directory, copy }: Copying,
): Promise<Manifest> {
  const startedAt = new Date().toISOString();
  const done: BackedUpFile[] = [];
  const note = (path: string, copied: Copied) => void done.push({ path, ...copied });
  const inCluster = (path: string) => `${CLUSTER}/${path}`;

  // Listed after the beginning: what is made later is in the log, and what is gone by then is not missed.
  const { folders, files } = await listCluster(cluster);
  await makeFolders(directory, folders.map(inCluster));
  await forEach(
    files.filter(({ path }) => path !== CONTROL),
    async ({ path }) => {
      const copied = await copyFile(join(cluster, path), join(directory, inCluster(path)), copy);
      if (copied) note(inCluster(path), copied);
    },
  );
  const control = await readSteadily(join(cluster, CONTROL));
  note(inCluster(CONTROL), await writeCopy(join(directory, inCluster(CONTROL)), control));

  const { pointInTime, stopLsn, label, walFiles } = await session.end();
  note(inCluster('backup_label'), await writeCopy(join(directory, inCluster('backup_label')), label));
  for (const name of walFiles) await mustCopy(cluster, `pg_wal/${name}`, inCluster(`pg_wal/${name}`));
  await mustCopy(dataDir, SECRETS_FILE, SECRETS_FILE);
  await syncFolders(directory, [CLUSTER, ...folders.map(inCluster)]);

  return writeManifest(directory, {
    postgres: session.version,
    startedAt,
    pointInTime: pointInTime.toISOString(),
    startLsn: session.startLsn,
    stopLsn,
    folders,
    files: done.sort((a, b) => (a.path < b.path ? -1 : 1)),
  });

  async function mustCopy(from: string, path: string, to: string): Promise<void> {
    const copied = await copyFile(join(from, path), join(directory, to), copy);
    if (!copied) throw new Error(`${join(from, path)} is missing`);
    note(to, copied);
  }
}

/** The content of a small file that is written over now and then: such as was read twice. */
async function readSteadily(path: string): Promise<Buffer> {
  let last = await readFile(path);
  for (;;) {
    const next = await readFile(path);
    if (next.equals(last)) return next;
    last = next;
  }
}
