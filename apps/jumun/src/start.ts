import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { openPostgresTransport } from '@jumun/messaging/postgres';
import { ConfigError, createLogger, openDatabase, type Running } from '@jumun/service-kit';
import { destination } from 'pino';
import { type Embedded, openEmbedded } from './embedded.ts';
import { defaultEnv, type Plan, planStart, portOf, type StartOptions } from './options.ts';
import { fronts, services } from './parts.ts';

const LOG_LIMIT_BYTES = 64 * 1024 * 1024;
const LOG_FLUSH_MS = 500;

const say = (text: string) => process.stdout.write(`${text}\n`);

/** `jumun start`: runs the chosen parts in this process until it is told to stop. */
export async function start(options: StartOptions): Promise<void> {
  const begun = performance.now();
  const plan = planStart(options);
  const chosen = services.filter(service => plan.names.includes(service.name));
  const withDatabase = chosen.map(service => service.name);
  const external = withDatabase.some(name => databaseUrl(name)) || Boolean(process.env.EVENTS_URL);
  const stops: (() => Promise<void>)[] = [];
  const stopAll = async () => {
    for (const stop of stops.reverse()) await stop();
  };
  onSignals(stopAll);

  try {
    await Promise.all(plan.names.map(name => assertPortFree(name, portOf(plan, name))));
    let embedded: Embedded | undefined;
    if (!external) {
      const opened = await openEmbedded(
        plan.dataDir,
        services.map(service => service.name),
      );
      embedded = opened;
      stops.push(() => opened.release());
      await opened.lock(withDatabase);
    }
    const logTo = external ? undefined : openLog(plan.dataDir, stops);
    const env = { ...defaultEnv(plan), ...embedded?.env, ...process.env };
    const running = await startParts(plan, env, logTo, embedded !== undefined, stops);
    embedded?.guard();
    say(banner(plan, running, embedded !== undefined, (performance.now() - begun) / 1000));
  } catch (error) {
    await stopAll().catch(() => undefined);
    throw error;
  }
}

const databaseUrl = (name: string) =>
  process.env[`${name.toUpperCase()}__DATABASE_URL`] || process.env.DATABASE_URL;

async function startParts(
  plan: Plan,
  env: NodeJS.ProcessEnv,
  logTo: ReturnType<typeof openLog> | undefined,
  exclusive: boolean,
  stops: (() => Promise<void>)[],
): Promise<Running[]> {
  const chosen = services.filter(service => plan.names.includes(service.name));
  const processMetricsOf = plan.names[0];
  const surroundings = (name: string) => ({ env, logTo, processMetrics: name === processMetricsOf });

  let running: Running[] = [];
  if (chosen.length > 0) {
    const url = env.EVENTS_URL;
    if (!url)
      throw new ConfigError('EVENTS_URL is needed beside DATABASE_URL: the database of the event log');
    const log = createLogger('events', 'info', logTo);
    const transport = await openPostgresTransport(openDatabase({ url, name: 'events', connections: 8, log }));
    stops.push(() => transport.close());
    const starting = chosen.map(service =>
      service.start({ ...surroundings(service.name), transport, exclusive }),
    );
    running = await settleAll(starting, stops);
  }
  const front = fronts
    .filter(part => plan.names.includes(part.name))
    .map(part => part.start(surroundings(part.name)));
  return [...running, ...(await settleAll(front, stops))];
}

/** Waits for all, so that what did start is stopped even if another did not. */
async function settleAll(starting: Promise<Running>[], stops: (() => Promise<void>)[]): Promise<Running[]> {
  const results = await Promise.allSettled(starting);
  const running = results.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []));
  stops.push(async () => {
    await Promise.all(running.map(part => part.stop()));
  });
  const failed = results.find(result => result.status === 'rejected');
  if (failed) throw failed.reason;
  return running;
}

/** The log file of an embedded run; a long one is put aside at the start. */
function openLog(dataDir: string, stops: (() => Promise<void>)[]) {
  const folder = join(dataDir, 'logs');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'jumun.log');
  if (existsSync(file) && statSync(file).size > LOG_LIMIT_BYTES) renameSync(file, `${file}.1`);
  const log = destination({ dest: file, sync: false, minLength: 8_192 });
  const timer = setInterval(() => log.flush(), LOG_FLUSH_MS);
  timer.unref();
  stops.push(async () => {
    clearInterval(timer);
    log.flushSync();
  });
  return log;
}

async function assertPortFree(name: string, port: number): Promise<void> {
  const probe = createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'is in use' : `cannot be used (${error.code})`;
      reject(new Error(`port ${port} for ${name} ${why}; choose others with --port-base N`));
    });
    probe.listen({ host: '127.0.0.1', port }, () => probe.close(() => resolve()));
  });
}

/** The first signal stops in order, the second at once. */
function onSignals(stopAll: () => Promise<void>): void {
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      say('\nStopping; press Ctrl-C again to stop at once.');
      stopAll().then(
        () => process.exit(0),
        (error: Error) => {
          process.stderr.write(`jumun: ${error.message}\n`);
          process.exit(1);
        },
      );
    });
  }
}

function banner(plan: Plan, running: Running[], embedded: boolean, seconds: number): string {
  const ports = running
    .toSorted((a, b) => a.port - b.port)
    .map(({ name, port }) => `  ${name.padEnd(15)} http://localhost:${port}`);
  const lines = [`jumun is ready (${seconds.toFixed(1)} s)`, '', ...ports, ''];
  if (embedded) lines.push(`  data and logs   ${plan.dataDir}`, '');
  if (plan.names.includes('product')) {
    const url = `http://localhost:${portOf(plan, 'product')}/products`;
    lines.push(
      'Try:',
      `  curl ${url} -H 'content-type: application/json' -d '{"itemcd":"2","totalQuantity":"100"}'`,
      '',
    );
  }
  lines.push('Ctrl-C stops it.');
  return lines.join('\n');
}
