import { access, constants, mkdir, readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DataDirectoryError, errorCode, oneLine } from './errors.ts';
import { createOnce, exists } from './files.ts';

/** The major version of PostgreSQL whose clusters this code creates and opens. */
export const POSTGRES_MAJOR = 18;

/** The layout of data directories that this code writes and reads. */
export const FORMAT = 1;
const MARKER = 'jumun.json';

// What may lie in a directory that is otherwise fresh: the root of a mounted volume, a file manager's notes.
const HARMLESS = new Set(['lost+found', '.DS_Store']);

/**
 * Opens the data directory of jumun, creating it (and its parents) when it is missing or empty.
 *
 * The marker `jumun.json` is the first file to appear in it, so that whoever finds anything else finds the marker
 * too. Several processes may do this at once.
 *
 * @returns the absolute path
 * @throws DataDirectoryError when it is a file, not writable, foreign, or of another format or PostgreSQL
 */
export async function openDataDirectory(dataDir: string): Promise<string> {
  const directory = resolve(dataDir);
  refuseUnquotable(directory);
  try {
    await createDirectory(directory);
    const names = await readdir(directory);
    if (!names.includes(MARKER) && names.every(isHarmless)) await writeMarker(directory);
  } catch (error) {
    if (error instanceof DataDirectoryError) throw error;
    throw new DataDirectoryError(`${directory} cannot be used as a data directory: ${oneLine(error)}`);
  }
  await checkMarker(directory);
  return directory;
}

/**
 * Opens a directory for data that come from elsewhere, creating it (and its parents) when it is missing. It becomes
 * a data directory only with `writeMarker`.
 *
 * @returns the absolute path
 * @throws DataDirectoryError when something is in it, or it is a file or not writable
 */
export async function openEmptyDirectory(dataDir: string): Promise<string> {
  const directory = resolve(dataDir);
  refuseUnquotable(directory);
  await createDirectory(directory);
  if (!(await readdir(directory)).every(name => HARMLESS.has(name)))
    throw new DataDirectoryError(`${directory} is not empty; choose another with --data`);
  return directory;
}

/** Makes a directory a data directory of this format and PostgreSQL. */
export async function writeMarker(directory: string): Promise<void> {
  const marker = { format: FORMAT, postgres: POSTGRES_MAJOR };
  await createOnce(join(directory, MARKER), `${JSON.stringify(marker)}\n`, 0o644);
}

/** Whether this is, or is becoming, a data directory of jumun. */
export function isDataDirectory(directory: string): Promise<boolean> {
  return exists(join(directory, MARKER));
}

async function createDirectory(directory: string): Promise<void> {
  try {
    if (!(await stat(directory)).isDirectory()) {
      throw new DataDirectoryError(`${directory} is a file, not a directory; choose another with --data`);
    }
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    await mkdir(directory, { recursive: true });
  }
  try {
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    throw new DataDirectoryError(`${directory} is not writable; choose another with --data`);
  }
}

async function checkMarker(directory: string): Promise<void> {
  let text: string;
  try {
    // Read after the listing: a winner's marker that the listing was too early for is there by now.
    text = await readFile(join(directory, MARKER), 'utf8');
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') {
      throw new DataDirectoryError(`${join(directory, MARKER)} cannot be read: ${oneLine(error)}`);
    }
    throw new DataDirectoryError(
      `${directory} is not a jumun data directory (no ${MARKER}); choose another with --data`,
    );
  }
  const marker = parseMarker(text);
  if (marker === undefined) throw new DataDirectoryError(`${join(directory, MARKER)} is not a jumun marker`);
  if (marker.format !== FORMAT) {
    throw new DataDirectoryError(
      `${directory} has data format ${String(marker.format)}, this jumun reads format ${FORMAT}; choose another with --data`,
    );
  }
  if (marker.postgres !== POSTGRES_MAJOR) {
    throw new DataDirectoryError(
      `${directory} belongs to PostgreSQL ${String(marker.postgres)}, this jumun brings PostgreSQL ${POSTGRES_MAJOR}; choose another with --data`,
    );
  }
}

function parseMarker(text: string): { format: unknown; postgres: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('format' in value)) return undefined;
    return { format: value.format, postgres: 'postgres' in value ? value.postgres : undefined };
  } catch {
    return undefined;
  }
}

function isHarmless(name: string): boolean {
  return HARMLESS.has(name) || name.startsWith(`${MARKER}.tmp-`);
}

/** pg_ctl hands the path to a shell inside double quotes; what these would expand there must not get that far. */
function refuseUnquotable(directory: string): void {
  const special = process.platform === 'win32' ? /["%\n]/ : /["$`\\\n]/;
  if (special.test(directory)) {
    throw new DataDirectoryError(
      `${JSON.stringify(directory)} has a quote, dollar, backquote, backslash or line break in it; choose another with --data`,
    );
  }
}
