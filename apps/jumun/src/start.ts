import type { Service, Transport } from '@jumun/messaging';
import { openPostgresTransport } from '@jumun/messaging/postgres';
import { ConfigError, createLogger, openDatabase, type Running } from '@jumun/service-kit';
import { banner } from './banner.ts';
import { openEmbedded, openServiceToken } from './embedded.ts';
import { type Lifetime, live } from './lifetime.ts';
import { keepAlive } from './liveness.ts';
import { type LogFile, openLogFile } from './log-file.ts';
import { databaseIn, defaultEnv, type Plan, verifyingDatabases } from './options.ts';
import { fronts, services } from './parts.ts';
import { assertPortFree } from './ports.ts';
import { openDataDirectory } from './postgres/data-directory.ts';
import { reach } from './reach.ts';
import { openTracing } from './tracing.ts';

/** Garbage is collected in less; who waits for so long has given up. */
const HANG_MS = 10_000;

/** `jumun start`: runs the chosen parts in this process until it is told to stop. */
export async function start(plan: Plan): Promise<void> {
  // Where nobody reads any more (npm start | head), what we say is lost and nothing else.
  process.stdout.on('error', () => undefined);
  await live(lifetime => begin(plan, lifetime));
}

/** What the parts of this process are started with. */
interface Base {
  env: NodeJS.ProcessEnv;
  logTo: LogFile | undefined;
  /** Whether no other process can run these services on these databases. */
  exclusive: boolean;
}

async function begin(plan: Plan, lifetime: Lifetime): Promise<void> {
  const chosen = services.filter(({ name }) => plan.names.includes(name));
  const given = verifyingDatabases({ ...defaultEnv(plan), ...withoutEmpty(process.env) });
  await Promise.all(plan.names.map(name => assertPortFree(name, portIn(given, name))));

  const external = isExternal(chosen, given);
  const base = external
    ? { env: given, logTo: undefined, exclusive: false }
    : await openData(plan, chosen, given, lifetime);
  lifetime.assertWanted();
  const file = process.env.HEALTHY_FILE;
  if (file) {
    // Before the parts, and so stopped after them: who listens, or finishes what is under way, lives.
    const liveness = keepAlive({ file, hangMs: HANG_MS });
    lifetime.onStop(() => liveness.stop());
  }
  const running = await startParts(plan, chosen, base, lifetime);
  lifetime.assertWanted();
  const dataDir = external ? undefined : plan.dataDir;
  const seconds = process.uptime();
  process.stdout.write(`${banner({ running, dataDir, seconds })}\n`);
}

/** An empty setting counts as one that is not there, and then the default holds. */
function withoutEmpty(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value));
}

/** A port that is not a number is for the part to complain of. */
function portIn(env: NodeJS.ProcessEnv, name: string): number {
  const port = Number(env[`${name.toUpperCase()}__PORT`] ?? env.PORT);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : 0;
}

/** Whether all that the parts need was given, so that no data directory is touched. */
function isExternal(chosen: readonly Service[], given: NodeJS.ProcessEnv): boolean {
  if (chosen.length === 0) return given.SERVICE_TOKEN !== undefined;
  return chosen.some(({ name }) => databaseIn(given, name)) || given.EVENTS_URL !== undefined;
}

/** The data directory with its PostgreSQL, where some part has a database, and its log file. */
async function openData(
  { dataDir }: Plan,
  chosen: readonly Service[],
  given: NodeJS.ProcessEnv,
  lifetime: Lifetime,
): Promise<Base> {
  await openDataDirectory(dataDir);
  const logTo = openLogFile(dataDir);
  lifetime.onStop(() => logTo.close());
  let found: NodeJS.ProcessEnv;
  if (chosen.length === 0) found = { SERVICE_TOKEN: await openServiceToken(dataDir) };
  else {
    const embedded = await openEmbedded({
      dataDir,
      services: services.map(({ name }) => name),
      run: chosen.map(({ name }) => name),
      log: createLogger('jumun', 'info', logTo),
    });
    lifetime.onStop(() => embedded.release());
    lifetime.onAbort(() => embedded.release('immediate'));
    found = embedded.env;
  }
  return { env: { ...found, ...given }, logTo, exclusive: true };
}

async function startParts(
  plan: Plan,
  chosen: readonly Service[],
  { env, logTo, exclusive }: Base,
  lifetime: Lifetime,
): Promise<Running[]> {
  const tracing = await openTracing(logTo);
  if (tracing) lifetime.onStop(tracing.close);
  const surroundings = (name: string) => ({
    env,
    logTo,
    processMetrics: name === plan.names[0],
    tracer: tracing?.tracer(name),
  });
  // The fronts need nobody in order to start, and may have work to do before they can.
  const front = settled(
    fronts.filter(({ name }) => plan.names.includes(name)).map(part => part.start(surroundings(part.name))),
  );
  let running: Running[] = [];
  try {
    if (chosen.length > 0) {
      assertDatabasesDiffer(chosen, env);
      const transport = await reach('the event log', openTransport(env, logTo));
      lifetime.onStop(() => transport.close());
      lifetime.assertWanted();
      const starting = chosen.map(service =>
        reach(
          `the ${service.name} service`,
          service.start({ ...surroundings(service.name), transport, exclusive }),
        ),
      );
      running = outcome(await settled(starting), lifetime);
    }
  } finally {
    // Added last, so that the door closes first; also where a service did not start.
    const results = await front;
    running = [...running, ...outcome(results, lifetime)];
  }
  return running;
}

/** Two services in one database would take each other's events for handled. */
function assertDatabasesDiffer(chosen: readonly Service[], env: NodeJS.ProcessEnv): void {
  const owners = new Map<string, string>();
  for (const { name } of chosen) {
    const url = databaseIn(env, name);
    if (!url) continue; // the service says what it needs
    const owner = owners.get(url);
    if (owner) {
      const setting = `${name.toUpperCase()}__DATABASE_URL`;
      throw new ConfigError(
        `${owner} and ${name} were given the same database; give each its own, e.g. in ${setting}`,
      );
    }
    owners.set(url, name);
  }
}

/** The event log: Kafka where brokers are given, else a database. */
async function openTransport(env: NodeJS.ProcessEnv, logTo: LogFile | undefined): Promise<Transport> {
  const log = createLogger('events', 'info', logTo);
  if (env.KAFKA_BROKERS) {
    const { kafkaSettings, openKafkaTransport } = await import('@jumun/messaging/kafka');
    const settings = kafkaSettings(env);
    if (settings) return openKafkaTransport(settings, log);
  }
  const url = env.EVENTS_URL;
  if (!url) {
    throw new ConfigError(
      'KAFKA_BROKERS or EVENTS_URL is needed beside DATABASE_URL: where the event log is',
    );
  }
  return openPostgresTransport(openDatabase({ url, name: 'events', connections: 8, log }));
}

/** Waits for all, so that what did start can be stopped even if another did not. */
const settled = (starting: Promise<Running>[]) => Promise.allSettled(starting);

/**
 * What has started, to be stopped one after the other, the last first: an order under way still needs those that were
 * started before it.
 * @throws what the first that did not start has thrown
 */
function outcome(results: PromiseSettledResult<Running>[], lifetime: Lifetime): Running[] {
  const running = results.flatMap(result => (result.status === 'fulfilled' ? [result.value] : []));
  for (const part of running) lifetime.onStop(() => part.stop());
  const failed = results.find(result => result.status === 'rejected');
  if (failed) throw failed.reason;
  return running;
}
