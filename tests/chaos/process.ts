import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { eventually } from '../support/eventually.ts';

const RESTART_MS = 300;
const PROBE_MS = 200;

export interface ProcessOptions {
  name: string;
  /** Arguments for Node. */
  args: string[];
  cwd: string;
  env: Record<string, string>;
  /** Takes what it writes. */
  logFile: string;
  /** Answers 200 while the process is at work. */
  healthUrl: string;
}

/** How a process ended that nobody had ended. */
export interface OwnEnd {
  name: string;
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Whether it had been at work, and did not just fail to start. */
  wasReady: boolean;
}

/** A process that is started again whenever it ends by itself. */
export interface Supervised {
  readonly name: string;
  start(): void;
  /** kill -9, to stay down until it is started. */
  kill(): Promise<void>;
  /** Lets it stand still, with its connections open. */
  pause(): void;
  resume(): void;
  ready(withinMs: number): Promise<void>;
  /** When it ended by itself. */
  readonly ownEnds: OwnEnd[];
}

export function supervise({ name, args, cwd, env, logFile, healthUrl }: ProcessOptions): Supervised {
  let child: ChildProcess | undefined;
  let exited = Promise.resolve();
  let wanted = false;
  const ownEnds: OwnEnd[] = [];

  async function isReady(): Promise<boolean> {
    const answer = await fetch(healthUrl, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined);
    return answer?.status === 200;
  }

  function launch(): void {
    const log = openSync(logFile, 'a');
    // A group of its own: what it starts ends with it.
    const it = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    child = it;
    let wasReady = false;
    const probe = setInterval(async () => {
      if (child !== it || !(await isReady())) return;
      wasReady = true;
      clearInterval(probe);
    }, PROBE_MS);
    exited = new Promise(resolve => {
      it.once('exit', (code, signal) => {
        clearInterval(probe);
        child = undefined;
        resolve();
        if (!wanted) return;
        ownEnds.push({ name, code, signal, wasReady });
        setTimeout(() => {
          if (wanted && !child) launch();
        }, RESTART_MS);
      });
    });
  }

  return {
    name,
    ownEnds,
    start() {
      wanted = true;
      if (!child) launch();
    },
    async kill() {
      wanted = false;
      if (child?.pid) killGroup(child.pid);
      await exited;
    },
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    ready: withinMs =>
      eventually(async () => {
        if (!(await isReady())) throw new Error(`${name} is not ready; see ${logFile}`);
      }, withinMs),
  };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it has just ended
  }
}
