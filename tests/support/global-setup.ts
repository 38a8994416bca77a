import { chmod, mkdtemp, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { ensurePostgres } from '../../apps/jumun/src/postgres/index.ts';

/** The PostgreSQL that all tests share; `inject('postgres')` in a test. */
export interface TestPostgres {
  host: string;
  port: number;
  superuser: string;
  password: string;
}

declare module 'vitest' {
  export interface ProvidedContext {
    postgres: TestPostgres;
  }
}

const TMPFS = 0x01021994;

/**
 * A new directory that is on a disk where the system tells, since tests are to wait for real writes, and that as
 * root is open to the user PostgreSQL runs as.
 */
export async function temporaryDirectory(): Promise<string> {
  let parent = tmpdir();
  for (const candidate of [parent, '/var/tmp']) {
    const kind = await statfs(candidate).then(
      ({ type }) => type,
      () => TMPFS,
    );
    if (kind === TMPFS) continue;
    parent = candidate;
    break;
  }
  const directory = await mkdtemp(join(parent, 'jumun-test-'));
  if (process.getuid?.() === 0) await chmod(directory, 0o755);
  return directory;
}

/** Starts the tests' PostgreSQL, with the settings of production, and stops and removes it when they are through. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await temporaryDirectory();
  const server = await ensurePostgres(join(directory, 'data'));
  const { host, port, superuser, password } = server;
  project.provide('postgres', { host, port, superuser, password });
  return async () => {
    await server.stop('fast');
    await rm(directory, { recursive: true, force: true, maxRetries: 10 });
  };
}
