import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import type { Account } from './account.ts';
import { errorCode, oneLine, PostgresError } from './errors.ts';

/** How a program ended. */
export interface Outcome {
  /** Exit status, or null when a signal ended it. */
  code: number | null;
  /** What it wrote to stdout and stderr; empty when that went to a file. */
  output: string;
}

/**
 * Runs one of PostgreSQL's programs to its end.
 *
 * @param account run it as this user (needs root)
 * @param outputFile descriptor that takes its output. Needed where the program leaves a daemon behind: that would
 *   inherit a pipe and keep it open, and this function would wait for the daemon's end.
 * @throws PostgresError when the program cannot be run at all
 */
export async function run(
  file: string,
  args: string[],
  account: Account | undefined,
  outputFile?: number,
): Promise<Outcome> {
  const output: Buffer[] = [];
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(file, args, {
      stdio: ['ignore', outputFile ?? 'pipe', outputFile ?? 'pipe'],
      // Out of this terminal's process group, so that Ctrl-C does not reach pg_ctl halfway, nor on Windows the server.
      detached: true,
      windowsHide: true,
      env: environment(account),
      // The working directory of this process may be closed to the other user.
      ...(process.platform === 'win32' ? {} : { cwd: '/' }),
      ...(account === undefined ? {} : { uid: account.uid, gid: account.gid }),
    });
    child.stdout?.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => output.push(chunk));
    child.on('error', error => reject(new PostgresError(whyNotRun(file, account, error))));
    child.on('close', resolve);
  });
  return { code, output: Buffer.concat(output).toString('utf8') };
}

/** The user's PGDATA, PGPORT, PGOPTIONS ... are about another PostgreSQL; LC_ALL keeps messages in one language. */
function environment(account: Account | undefined): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(PG|LC_|LANG)/.test(name));
  return {
    ...Object.fromEntries(inherited),
    LC_ALL: 'C',
    ...(account === undefined ? {} : { HOME: account.home, USER: account.name, LOGNAME: account.name }),
  };
}

function whyNotRun(file: string, account: Account | undefined, error: Error): string {
  const name = basename(file);
  if (errorCode(error) === 'ENOENT') {
    return `${name} cannot be run: ${file} or the C library it needs (glibc on Linux) is missing`;
  }
  return `${name} cannot be run${account === undefined ? '' : ` as ${account.name}`}: ${oneLine(error)}`;
}
