import { createHash } from 'node:crypto';
import { mkdir, open, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from '../errors.ts';
import { syncDirectory, writeSynced } from '../files.ts';

/** Small files wait for the disk one by one; some at once share its writes. */
const AT_ONCE = 8;
const CHUNK_BYTES = 256 * 1024;

/** What was copied of a file: `size` in bytes, `sha256` in hexadecimal digits. */
export interface Copied {
  size: number;
  sha256: string;
}

export interface CopyOptions {
  /** Ends the copying between two chunks. */
  signal: AbortSignal;
  /** Takes the number of bytes just copied. */
  onBytes?: (bytes: number) => void;
}

/**
 * Copies a file (mode 0600) to a name that is not taken, through to the disk. One that grows meanwhile is copied up to
 * where it ended at that moment.
 *
 * @returns undefined when there is no such file
 * @throws the file system's errors, and the signal's reason
 */
export async function copyFile(
  from: string,
  to: string,
  { signal, onBytes }: CopyOptions,
): Promise<Copied | undefined> {
  const source = await open(from, 'r').catch(error => {
    if (errorCode(error) !== 'ENOENT') throw error;
  });
  if (source === undefined) return undefined;
  try {
    const target = await open(to, 'wx', 0o600);
    try {
      const hash = createHash('sha256');
      const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
      let size = 0;
      for (;;) {
        signal.throwIfAborted();
        const { bytesRead } = await source.read(buffer, 0, CHUNK_BYTES);
        if (bytesRead === 0) break;
        const chunk = buffer.subarray(0, bytesRead);
        hash.update(chunk);
        await target.writeFile(chunk);
        size += bytesRead;
        onBytes?.(bytesRead);
      }
      await target.sync();
      return { size, sha256: hash.digest('hex') };
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** Writes a file (mode 0600) that is not there yet, through to the disk. */
export async function writeCopy(to: string, content: string | Uint8Array): Promise<Copied> {
  await writeSynced(to, content, 0o600);
  return { size: Buffer.byteLength(content), sha256: createHash('sha256').update(content).digest('hex') };
}

/** Does the work for each item, some at once. After a failure no more are begun, and it is thrown when all have ended. */
export async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  let failed = false;
  const lanes = Array.from({ length: AT_ONCE }, async () => {
    for (const item of rest) {
      if (failed) return;
      try {
        await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  });
  const ends = await Promise.allSettled(lanes);
  const failure = ends.find(end => end.status === 'rejected');
  if (failure) throw failure.reason;
}

/** Makes folders (mode 0700) below a directory; parents stand before what is in them. */
export async function makeFolders(directory: string, folders: readonly string[]): Promise<void> {
  for (const folder of folders) await mkdir(join(directory, folder), { mode: 0o700 });
}

/** Makes the names in a directory, and in these folders below it, survive a power cut. */
export async function syncFolders(directory: string, folders: readonly string[]): Promise<void> {
  await forEach(['', ...folders], folder => syncDirectory(join(directory, folder)));
}

/** @throws Error in one line when the disk of a directory has no room for so many bytes */
export async function assertRoom(directory: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize < bytes)
    throw new Error(
      `${directory} has ${megabytes(bavail * bsize)} of room, and ${megabytes(bytes)} are needed`,
    );
}

export const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

/** Gives what is to be told of bytes copied, and says once a second how far it is, of the total that is expected. */
export function progress(total: number, say: (line: string) => void): (bytes: number) => void {
  let copied = 0;
  let saidAt = performance.now();
  return bytes => {
    copied += bytes;
    if (performance.now() - saidAt < 1_000) return;
    saidAt = performance.now();
    const percent = Math.min(100, Math.floor((copied / total) * 100));
    say(`${String(percent).padStart(3)} % of ${megabytes(total)}`);
  };
}
