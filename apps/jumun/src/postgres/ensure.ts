import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { serverAccount } from './account.ts';
import { type Access, weakenedSettings } from './admin.ts';
import { findBinaries, prepareBinaries } from './binaries.ts';
import { openCluster } from './cluster.ts';
import { openDataDirectory } from './data-directory.ts';
import { PostgresError } from './errors.ts';
import { openSecrets } from './secrets.ts';
import { findServer, type Site, startServer, stopServer } from './server.ts';
import { type Settings, serverSettings } from './settings.ts';
import { hasSocket } from './socket.ts';

/** A running PostgreSQL, started or joined. */
export interface EmbeddedPostgres {
  host: '127.0.0.1';
  port: number;
  superuser: string;
  password: string;
  /** It already ran (or another process started it just now); this process joined it. */
  adopted: boolean;
  /**
   * Connection URL of a database, for a role or, without one, for the superuser. By the server's Unix socket where
   * it has one: a round trip costs a quarter less processor time than over TCP.
   */
  url(database: string, role?: { name: string; password: string }): string;
  /**
   * Stops the server for everybody; does nothing when it does not run. `fast` (the default) ends the sessions and
   * writes everything out, `immediate` leaves that to the recovery at the next start.
   * Throws PostgresError when it still runs after a minute.
   */
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
}

/** Options of ensurePostgres. */
export interface EnsureOptions {
  /** Settings of postgresql.conf, used if this call is the one that starts the server. */
  settings?: Settings;
  /** Takes one line for each step worth telling. */
  log?: (line: string) => void;
}

// Milliseconds for reasons that pass by themselves, such as the last processes of a killed server.
const RETRY_LIMIT_MS = 30_000;
const RETRY_PAUSE_MS = 50;

/**
 * Brings up the PostgreSQL of a data directory, or joins the one that runs. Everything that is missing is made, and
 * several processes may call it for the same directory at once.
 *
 * The server listens on 127.0.0.1 (and a Unix socket in the cluster, where its path is short enough) only, on the port of its last start if that is free. It outlives this process;
 * `stop` or the last process out ends it.
 *
 * As root, which PostgreSQL refuses to run as, it runs as the user `postgres` or `nobody`; if that user cannot
 * reach the binaries or the data directory (a checkout below /root), copies of the binaries and the cluster itself
 * are kept in /var/lib/jumun, with `<dataDir>/pg` as a symbolic link to the cluster.
 *
 * @throws DataDirectoryError when the directory cannot be used
 * @throws PostgresError when PostgreSQL cannot be run, or runs with fsync, full_page_writes or synchronous_commit off
 * @throws RangeError for settings that are malformed or would weaken durability
 */
export async function ensurePostgres(
  dataDir: string,
  options: EnsureOptions = {},
): Promise<EmbeddedPostgres> {
  const log = options.log ?? (() => {});
  const settings = serverSettings(options.settings ?? {});
  const directory = await openDataDirectory(dataDir);
  const secrets = await openSecrets(directory);
  const account = await serverAccount(join(directory, 'pg'));
  const binaries = await prepareBinaries(await findBinaries(), account);
  const cluster = await openCluster({ directory, secrets, account, binaries, log });
  const site: Site = {
    cluster,
    logFile: join(directory, 'pg.log'),
    password: secrets.superuser,
    account,
    binaries,
  };
  const { access, adopted } = await startOrJoin(site, settings);
  const weak = await weakenedSettings(access);
  if (weak.length > 0) {
    throw new PostgresError(`the PostgreSQL on ${cluster} runs with ${weak.join(', ')}, which can lose data`);
  }
  log(`${adopted ? 'joined' : 'started'} PostgreSQL on 127.0.0.1:${access.port}`);
  return describe(site, access, adopted);
}

async function startOrJoin(site: Site, settings: Settings): Promise<{ access: Access; adopted: boolean }> {
  const began = performance.now();
  for (;;) {
    const running = await findServer(site);
    if (running !== undefined) return { access: running, adopted: true };
    const start = await startServer(site, settings);
    const access = await findServer(site);
    if (access !== undefined) return { access, adopted: !start.ok };
    // A start that went well and left no server was stopped by somebody: then, too, begin again.
    const again = start.ok || start.retry;
    if (!again || performance.now() - began > RETRY_LIMIT_MS) {
      const reason = start.ok ? 'it was stopped as soon as it ran' : start.reason;
      throw new PostgresError(`PostgreSQL did not start: ${reason} (more in ${site.logFile})`);
    }
    await sleep(RETRY_PAUSE_MS);
  }
}

function describe(site: Site, access: Access, adopted: boolean): EmbeddedPostgres {
  const { port, superuser, password } = access;
  const socket = hasSocket(site.cluster, port) ? `?host=${encodeURIComponent(site.cluster)}` : '';
  return {
    host: '127.0.0.1',
    port,
    superuser,
    password,
    adopted,
    url(database, role = { name: superuser, password }) {
      const [name, secret, path] = [role.name, role.password, database].map(encodeURIComponent);
      return `postgres://${name}:${secret}@127.0.0.1:${port}/${path}${socket}`;
    },
    stop: (mode = 'fast') => stopServer(site, mode),
  };
}
