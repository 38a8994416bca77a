import { DatabaseError } from 'pg';

/** SQLSTATEs of a transaction that lost against another: serialization failure and deadlock. */
const LOST = new Set(['40001', '40P01']);
/** Two transactions inserted the same key: the one that is run again finds the other's row. */
const UNIQUE_VIOLATION = '23505';
/** A lock not free in time, a session ended for idling in a transaction, a server that only reads (a standby). */
const PASSING = new Set(['55P03', '25P03', '25006']);
/**
 * SQLSTATE classes that say nothing about the data: connection (08), resources such as a full disk (53),
 * operator intervention such as a shutdown (57), system errors (58), and a role or database not there yet (28, 3D).
 */
const PASSING_CLASSES = new Set(['08', '53', '57', '58', '28', '3D']);

/** Node's codes of a certificate that it refuses: one that has run out, of another authority, or for another name. */
const CERTIFICATE_REFUSED =
  /^(CERT_|UNABLE_TO_|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|ERR_TLS_CERT_ALTNAME_INVALID)/;

/** A conflict with another transaction: the same work, done again at once, may well go through. */
export function isConflict(error: unknown): boolean {
  return error instanceof DatabaseError && (LOST.has(error.code ?? '') || error.code === UNIQUE_VIOLATION);
}

/** A statement was refused because one before it in the same transaction had failed. */
export function isAborted(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '25P02';
}

/**
 * A fault of the surroundings (a lost connection, a server that stops, a full disk, a certificate that is being
 * replaced) as opposed to one of the data. The same work can succeed later, unchanged.
 */
export function isTransient(error: unknown): boolean {
  if (error instanceof UnavailableError) return true;
  if (error instanceof DatabaseError) {
    const code = error.code ?? '';
    return LOST.has(code) || PASSING.has(code) || PASSING_CLASSES.has(code.slice(0, 2));
  }
  if (!(error instanceof Error)) return false;
  const code = (error as NodeJS.ErrnoException).code;
  return (
    (typeof code === 'string' &&
      (/^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET|ENOENT)/.test(code) || CERTIFICATE_REFUSED.test(code))) ||
    /^(Connection terminated|Query read timeout|Client has encountered a connection error|timeout exceeded when trying to connect|Client was closed|Cannot use a pool after)/i.test(
      error.message,
    )
  );
}

/** Thrown where something that this needs is not there for now. */
export class UnavailableError extends Error {
  override name = 'UnavailableError';
}
