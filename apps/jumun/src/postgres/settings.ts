import { totalmem } from 'node:os';

/** Settings of a server by name, values as postgresql.conf takes them (`'256MB'`, `'on'`). */
export type Settings = Record<string, string>;

const GIB = 1024 ** 3;

/** An order that was confirmed must survive a power cut, so these are not negotiable. */
export const DURABILITY = { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' } as const;

const DEFAULTS: Settings = {
  listen_addresses: '127.0.0.1',
  max_connections: '200',
  max_wal_size: '2GB',
  checkpoint_timeout: '15min',
  // Short statements only: compiling them costs more than it saves.
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_min_messages: 'warning',
  log_statement: 'none',
  // Queue-like tables turn over quickly and stay small only if they are cleaned often.
  autovacuum: 'on',
  autovacuum_naptime: '10s',
  autovacuum_vacuum_scale_factor: '0.05',
  autovacuum_analyze_scale_factor: '0.05',
  autovacuum_vacuum_cost_limit: '1000',
};

/**
 * The settings a server starts with: the defaults, changed by what the caller wants, never less durable.
 *
 * @throws RangeError for a name or value that postgresql.conf cannot express, and for a less durable setting
 */
export function serverSettings(wanted: Settings): Settings {
  for (const [name, value] of Object.entries(wanted)) {
    if (!/^[a-z_][a-z0-9_.]*$/.test(name))
      throw new RangeError(`${JSON.stringify(name)} is not a setting's name`);
    if (/[\n\r\0]/.test(value)) throw new RangeError(`the value of ${name} has a line break in it`);
    if (name in DURABILITY && value !== 'on') throw new RangeError(`${name} must stay on, not ${value}`);
  }
  return { ...DEFAULTS, shared_buffers: memory() < 4 * GIB ? '128MB' : '256MB', ...wanted, ...DURABILITY };
}

/** The text of a configuration file with these settings. */
export function renderSettings(settings: Settings): string {
  const lines = Object.entries(settings).map(
    ([name, value]) => `${name} = '${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`,
  );
  return ['# Written by jumun at every start of the server; changes made here are lost.', ...lines, ''].join(
    '\n',
  );
}

/** Bytes of memory this process may count on, a container's limit included. */
function memory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}
