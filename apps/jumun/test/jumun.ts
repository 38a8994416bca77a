import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../../tests/support/eventually.ts';
import { temporaryDirectory } from '../../../tests/support/global-setup.ts';
import { killPostgres, postmasterOf } from '../../../tests/support/postmaster.ts';
import { portOffsets } from '../src/ports.ts';
import { isAlive } from '../src/postgres/lock-file.ts';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));
const MAIN = join(REPOSITORY, 'apps/jumun/src/main.ts');

/** Settings of this process that would reach into what it starts. */
const FOREIGN =
  /^(VITEST|TEST|OTEL_|KAFKA_|NODE_ENV|NODE_OPTIONS|HOST|PORT|DATABASE_URL|EVENTS_URL|SERVICE_TOKEN|INIT_CWD)|__/;

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A process that a test has started: `jumun …`, or npm with it. */
export interface Started {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  readonly exited: Promise<Exit>;
  isRunning(): boolean;
  /** Waits for the line that says so, or throws when the process has ended; gives milliseconds since the start. */
  ready(): Promise<number>;
  signal(signal: NodeJS.Signals): void;
  /** Sends a signal, if it still runs, to the process and all others of its group. */
  signalGroup(signal: NodeJS.Signals): void;
}

export interface StartOptions {
  env?: Record<string, string>;
  /** Through npm: in this folder of the repository, with these arguments for it. */
  npm?: { folder: string; args: string[] };
  /** Arguments for Node itself. */
  node?: string[];
}

/** A place for one system, and what a test started there; `clean` ends and removes all of it. */
export interface Place {
  /** A directory, not yet there, and its parent. */
  readonly dataDir: string;
  readonly root: string;
  readonly portBase: number;
  url(part: string): string;
  /** `jumun` with these arguments. */
  jumun(args: string[], options?: StartOptions): Started;
  /** `jumun start` on this directory and these ports. */
  start(args?: string[], options?: StartOptions): Started;
  /** The main process of the embedded PostgreSQL, if one runs. */
  postmaster(): Promise<number | undefined>;
  /** kill -9 of all that runs here at once: what was started, PostgreSQL, and its children. */
  crash(): Promise<void>;
  clean(): Promise<void>;
}

export async function openPlace(): Promise<Place> {
  const root = await temporaryDirectory();
  const dataDir = join(root, 'data');
  const portBase = await freePortBase();
  const started: Started[] = [];

  function jumun(args: string[], options: StartOptions = {}): Started {
    const it = launch(args, options);
    started.push(it);
    return it;
  }

  const postmaster = () => postmasterOf(dataDir);

  return {
    dataDir,
    root,
    portBase,
    url: part => `http://127.0.0.1:${portBase + (portOffsets[part] ?? 0)}`,
    jumun,
    start(args = [], options = {}) {
      const all = ['--port-base', String(portBase), '--data', dataDir, ...args];
      // The script of npm says `start` itself.
      return jumun(options.npm ? all : ['start', ...all], options);
    },
    postmaster,
    async crash() {
      for (const it of started) it.signalGroup('SIGKILL');
      await killPostgres(dataDir);
      await Promise.all(started.map(it => it.exited));
    },
    async clean() {
      for (const it of started) it.signalGroup('SIGKILL');
      await Promise.all(started.map(it => it.exited));
      const pid = await postmaster();
      if (pid !== undefined) {
        process.kill(pid, 'SIGQUIT');
        await eventually(() => {
          if (isAlive(pid)) throw new Error('PostgreSQL still runs');
        });
      }
      await rm(root, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/** A process that ends by itself or is ended by who launched it. */
export function launch(args: string[], { env = {}, npm, node = [] }: StartOptions): Started {
  const begun = performance.now();
  const inherited = Object.entries(process.env).filter(([name]) => !FOREIGN.test(name));
  const [command, ...rest] = npm
    ? ['npm', ...npm.args, '--', ...args]
    : [process.execPath, ...node, '--import', 'tsx', MAIN, ...args];
  const child: ChildProcess = spawn(command as string, rest, {
    cwd: npm ? join(REPOSITORY, npm.folder) : REPOSITORY,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, as a shell gives to each command.
    detached: true,
    env: { ...Object.fromEntries(inherited), ...env },
  });
  const pid = child.pid ?? 0;
  let stdout = '';
  let stderr = '';
  let ended = false;
  let readyMs: number | undefined;
  child.stdout?.setEncoding('utf8').on('data', chunk => {
    stdout += chunk;
    if (stdout.includes('jumun is ready')) readyMs ??= performance.now() - begun;
  });
  child.stderr?.setEncoding('utf8').on('data', chunk => {
    stderr += chunk;
  });
  const exited = new Promise<Exit>(resolve => {
    child.on('exit', (code, signal) => {
      ended = true;
      // A pipe can be held open by what the process leaves behind.
      setImmediate(() => resolve({ code, signal }));
    });
  });
  return {
    pid,
    stdout: () => stdout,
    stderr: () => stderr,
    exited,
    isRunning: () => !ended,
    async ready() {
      await eventually(() => {
        if (readyMs === undefined && !ended) throw new Error(`not ready yet: ${stdout}${stderr}`);
      }, 60_000);
      if (readyMs === undefined) throw new Error(`it ended: ${stdout}${stderr}`);
      return readyMs;
    },
    signal(signal) {
      if (!ended) process.kill(pid, signal);
    },
    signalGroup(signal) {
      try {
        process.kill(-pid, signal);
      } catch {
        // none of the group is left
      }
    },
  };
}

/** A port base whose ports are free; below the range from which the system gives ports to others. */
export async function freePortBase(): Promise<number> {
  for (;;) {
    const base = 20_000 + 10 * randomInt(1_200);
    const ports = Object.values(portOffsets).map(offset => base + offset);
    const free = await Promise.all(ports.map(isFree));
    if (free.every(Boolean)) return base;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port }, () => server.close(() => resolve(true)));
  });
}

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what a test expects of an answer is in its assertions
  body: any;
}

/** Sends JSON (or nothing) and reads JSON, or else text. */
export async function call(
  method: string,
  url: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = response.headers.get('content-type')?.includes('json');
  return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
}

/** Puts a product without a price on the shelf, so that an order says what it costs. */
export async function stock(place: Place, itemcd: number, totalQuantity: number): Promise<void> {
  const { status } = await call('POST', `${place.url('product')}/products`, { itemcd, totalQuantity });
  if (status !== 201) throw new Error(`the product was not taken: ${status}`);
}

/** Places an order and waits until the view shows its delivery as prepared. */
export async function orderThrough(place: Place, itemcd: number): Promise<number> {
  const order = { itemcd, orderQty: 1, price: 1_000, customerId: 7, address: 'Seoul' };
  const placed = await eventually(async () => {
    const answer = await call('POST', `${place.url('order')}/orders`, order);
    if (answer.status !== 201) throw new Error(`the order was not taken: ${JSON.stringify(answer.body)}`);
    return answer;
  });
  const { id } = placed.body;
  await eventually(async () => {
    const { body } = await call('GET', `${place.url('customercenter')}/myPages/${id}`);
    if (body.deliveryStatus !== 'deliveryRequested' || body.payStatus !== 'approved')
      throw new Error(`the view does not show it: ${JSON.stringify(body)}`);
  });
  const { body } = await call('GET', `${place.url('delivery')}/deliveries?size=1000`);
  const deliveries = body._embedded.deliveries.filter((it: { orderId: number }) => it.orderId === id);
  if (deliveries.length !== 1) throw new Error(`${deliveries.length} deliveries`);
  return id;
}
