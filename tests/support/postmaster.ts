import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { holderOf, readLockFile } from '../../apps/jumun/src/postgres/lock-file.ts';
import { eventually } from './eventually.ts';

/** The main process of the PostgreSQL of a data directory, if one runs. */
export async function postmasterOf(dataDir: string): Promise<number | undefined> {
  const cluster = join(dataDir, 'pg');
  const pid = (await readLockFile(cluster).catch(() => undefined))?.pid;
  return pid !== undefined && (await holderOf(pid, cluster)) === 'server' ? pid : undefined;
}

/** kill -9 of the PostgreSQL of a data directory with all its children, as when the machine goes down. */
export async function killPostgres(dataDir: string): Promise<void> {
  const server = await postmasterOf(dataDir);
  if (server === undefined) return;
  for (const pid of [server, ...(await childrenOf(server))]) kill(pid);
  await eventually(async () => {
    if ((await postmasterOf(dataDir)) === server) throw new Error('PostgreSQL still runs');
  });
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has just ended
  }
}
