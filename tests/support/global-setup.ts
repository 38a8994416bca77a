import { chmod, mkdtemp, readFile, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { ensurePostgres } from '../../apps/jumun/src/postgres/index.ts';
import { ensureClient } from '../../apps/web/src/build.ts';
import { all } from './all.ts';

/** The PostgreSQL that all tests share; `inject('postgres')` in a test. */
export interface TestPostgres {
  host: string;
  port: number;
  superuser: string;
  password: string;
}

/** The Kafka of one broker that all tests share, or why there is none; `inject('kafka')` in a test. */
export type TestKafka = { env: Record<string, string>; skipped?: never } | { env?: never; skipped: string };

declare module 'vitest' {
  export interface ProvidedContext {
    postgres: TestPostgres;
    kafka: TestKafka;
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

/** Starts the tests' PostgreSQL, with the settings of production but for several systems at once. */
async function startPostgres(project: TestProject): Promise<() => Promise<void>> {
  const directory = await temporaryDirectory();
  const server = await ensurePostgres(join(directory, 'data'), { settings: { max_connections: '600' } });
  const { host, port, superuser, password } = server;
  project.provide('postgres', { host, port, superuser, password });
  return async () => {
    await server.stop('fast');
    await rm(directory, { recursive: true, force: true, maxRetries: 10 });
  };
}

/**
 * Starts the tests' Kafka where it can run and a file of the run speaks of it. Without Java 17 and Maven it cannot, and
 * all tests that need Kafka are skipped, with that reason.
 */
async function startSharedKafka(project: TestProject): Promise<() => Promise<void>> {
  const skipped = await whyNoSharedKafka(project);
  if (skipped) {
    project.provide('kafka', { skipped });
    return async () => undefined;
  }
  const { startKafka } = await import('../kafka/kafka.ts');
  const { env, stop } = await startKafka();
  project.provide('kafka', { env });
  return stop;
}

async function whyNoSharedKafka(project: TestProject): Promise<string | undefined> {
  if (!process.env.SLOW) return 'SLOW=1 is not set';
  const texts = await Promise.all(project.vitest.state.getPaths().map(path => readFile(path, 'utf8')));
  if (!texts.some(text => /kafka/i.test(text))) return 'no file of this run has the word Kafka in it';
  const { whyNoKafka } = await import('../kafka/kafka.ts');
  const missing = await whyNoKafka();
  if (missing) process.stdout.write(`SKIPPED: the tests with Kafka. ${missing}\n`);
  return missing;
}

/** Starts what the tests share, and stops and removes it when they are through. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [stopPostgres, stopKafka] = await all([
    startPostgres(project),
    startSharedKafka(project),
    // Each system that a test starts has a web, which would build it.
    ensureClient(),
  ]);
  return async () => {
    await all([stopPostgres(), stopKafka()]);
  };
}
