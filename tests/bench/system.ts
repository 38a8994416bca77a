import { type ChildProcess, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import pg from 'pg';
import { ensureDatabases, ensurePostgres } from '../../apps/jumun/src/postgres/index.ts';
import { temporaryDirectory } from '../support/global-setup.ts';

/** A jumun in a process of its own, as `npm start` runs it, on a data directory that is thrown away. */
export interface BenchedSystem {
  url(part: 'order' | 'product' | 'customercenter'): string;
  /** Asks a service's database. */
  sql<R extends pg.QueryResultRow>(database: string, text: string): Promise<R[]>;
  /** Connection strings of databases on the same server, created where they are missing. */
  databases(names: string[]): Promise<Record<string, string>>;
  dataDir: string;
  pid: number;
  stop(): Promise<void>;
}

const main = resolve(import.meta.dirname, '../../apps/jumun/src/main.ts');

/** @param env settings, e.g. `{ AUDIT_SHARE: '0' }` */
export async function startBenched(env: Record<string, string> = {}): Promise<BenchedSystem> {
  const directory = await temporaryDirectory();
  const dataDir = join(directory, 'data');
  const base = 20_000 + Math.floor(Math.random() * 20_000);
  const args = ['--import', 'tsx', main, 'start', '--port-base', String(base), '--data', dataDir];
  // With BENCH_PROFILE=FOLDER the process leaves a CPU profile there when it stops.
  const folder = process.env.BENCH_PROFILE;
  const profile = folder ? ['--cpu-prof', `--cpu-prof-dir=${folder}`] : [];
  const child = spawn(process.execPath, [...profile, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  await untilReady(child);

  const server = await ensurePostgres(dataDir);
  const services = ['order', 'product', 'pay', 'delivery', 'notice', 'customercenter', 'events'];
  const urls = await ensureDatabases(server, services);
  const pools = new Map(
    services.map(name => [name, new pg.Pool({ connectionString: urls[name] ?? '', max: 1 })]),
  );
  const offsets = { order: 1, product: 2, customercenter: 5 };
  return {
    url: part => `http://127.0.0.1:${base + offsets[part]}`,
    async sql<R extends pg.QueryResultRow>(database: string, text: string) {
      return (await pools.get(database)?.query<R>(text))?.rows ?? [];
    },
    databases: names => ensureDatabases(server, names),
    dataDir,
    pid: child.pid ?? 0,
    async stop() {
      await Promise.all([...pools.values()].map(pool => pool.end()));
      const ended = new Promise(resolve => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      await rm(directory, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

function untilReady(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('exit', code => reject(new Error(`jumun ended with ${code}`)));
    child.stdout?.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('is ready')) resolve();
    });
  });
}
