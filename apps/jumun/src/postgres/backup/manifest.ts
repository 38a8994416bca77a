import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FORMAT as DATA_FORMAT, POSTGRES_MAJOR } from '../data-directory.ts';
import { errorCode, oneLine } from '../errors.ts';
import { createOnce } from '../files.ts';
import type { Copied } from './copy.ts';

/** The layout of backups that this code writes and reads. */
const FORMAT = 1;
const FILE = 'backup.json';

/** Folder of a backup that holds the cluster. */
export const CLUSTER = 'cluster';
/** A physical copy is only promised to work on the kind of machine it was made on. */
const PLATFORM = `${process.platform}-${process.arch}`;

/** A file of a backup; its path, with slashes, is below the backup. */
export interface BackedUpFile extends Copied {
  path: string;
}

/** What `backup.json` holds: the last file of a backup, without which it is none. */
export interface Manifest {
  format: number;
  /** Format of the data directory. */
  data: number;
  /** Version of the PostgreSQL that ran. */
  postgres: string;
  platform: string;
  startedAt: string;
  /** All that was committed before this moment is in the backup. */
  pointInTime: string;
  /** Where in the write-ahead log the recovery begins, and where the backup is consistent. */
  startLsn: string;
  stopLsn: string;
  /** Folders of the cluster, below it; some are empty and have to be there. */
  folders: string[];
  files: BackedUpFile[];
}

/** Writes the manifest of a backup that is otherwise complete and on the disk. */
export async function writeManifest(
  directory: string,
  facts: Omit<Manifest, 'format' | 'data' | 'platform'>,
): Promise<Manifest> {
  const manifest: Manifest = { format: FORMAT, data: DATA_FORMAT, platform: PLATFORM, ...facts };
  const text = JSON.stringify({ ...manifest, checksum: checksum(manifest) }, null, 1);
  await createOnce(join(directory, FILE), `${text}\n`, 0o600);
  return manifest;
}

/**
 * Reads the manifest of a backup that this jumun, on this machine, can restore.
 * @throws Error in one line when there is none, or it is damaged or of another format, PostgreSQL or kind of machine
 */
export async function readManifest(directory: string): Promise<Manifest> {
  const path = join(directory, FILE);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw new Error(`${path} cannot be read: ${oneLine(error)}`);
    throw new Error(`${directory} is not a complete backup: it has no ${FILE}`);
  }
  const manifest = parse(text);
  // First, as another format may have its checksum elsewhere.
  if (manifest && manifest.format !== FORMAT)
    throw new Error(
      `${directory} is a backup of format ${manifest.format}, this jumun reads format ${FORMAT}`,
    );
  const { checksum: noted, ...facts } = manifest ?? {};
  if (!manifest || noted !== checksum(facts)) throw new Error(`${path} is damaged`);
  if (manifest.data !== DATA_FORMAT)
    throw new Error(
      `${directory} has data of format ${manifest.data}, this jumun reads format ${DATA_FORMAT}`,
    );
  if (Number.parseInt(manifest.postgres, 10) !== POSTGRES_MAJOR)
    throw new Error(
      `${directory} was made by PostgreSQL ${manifest.postgres}, this jumun brings PostgreSQL ${POSTGRES_MAJOR}`,
    );
  if (manifest.platform !== PLATFORM)
    throw new Error(`${directory} was made on ${manifest.platform} and cannot be restored on ${PLATFORM}`);
  return manifest;
}

export const totalBytes = (files: readonly { size: number }[]) =>
  files.reduce((sum, { size }) => sum + size, 0);

function parse(text: string): (Manifest & { checksum: unknown }) | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'format' in value
      ? (value as Manifest & { checksum: unknown })
      : undefined;
  } catch {
    return undefined;
  }
}

const checksum = (facts: object) => createHash('sha256').update(JSON.stringify(facts)).digest('hex');
