import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** What fits into the address of a Unix socket on every system we run on (104 bytes on macOS, with the final zero). */
const LONGEST_SOCKET_PATH = 103;

const socketFile = (cluster: string, port: number) => join(cluster, `.s.PGSQL.${port}`);

/**
 * The setting unix_socket_directories of a cluster: the cluster itself, which only its owner can enter, or nothing
 * where the path is too long or the system has no such sockets.
 */
export function socketDirectory(cluster: string): string {
  const fits = Buffer.byteLength(socketFile(cluster, 65_535)) <= LONGEST_SOCKET_PATH;
  return fits && process.platform !== 'win32' ? cluster : '';
}

/** Whether the server that runs on a cluster can be reached by its socket. */
export function hasSocket(cluster: string, port: number): boolean {
  return existsSync(socketFile(cluster, port));
}
