/**
 * The data directory cannot be used as it is: foreign, of another version, a file, not writable, or at odds with
 * its own secrets. `message` is one line meant for the person who chose the directory.
 */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

/**
 * PostgreSQL itself could not be run: no binaries for this machine, initdb failed, the server did not start or
 * stop. `message` is one line that quotes what PostgreSQL said.
 */
export class PostgresError extends Error {
  override readonly name = 'PostgresError';
}

/** The `code` of a system or PostgreSQL error (`ENOENT`, `57P03`), undefined for anything else. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Whether the error says that this process may not change that part of the file system. */
export function isNotPermitted(error: unknown): boolean {
  return ['EACCES', 'EPERM', 'EROFS'].includes(errorCode(error) ?? '');
}

/** The first line of an error's message. */
export function oneLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0] ?? '';
}
