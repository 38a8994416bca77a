import { eventContracts, type ServiceName } from '@jumun/contracts';
import {
  type AppConfig,
  createApp,
  createLogger,
  type Database,
  type Http,
  type Logger,
  loadConfig,
  type Metrics,
  type MigrateOptions,
  migrate,
  openDatabase,
  type Running,
  type Surroundings,
  serveDocument,
  type Tx,
} from '@jumun/service-kit';
import type { Tracer } from '@opentelemetry/api';
import Type, { type Static, type TObject } from 'typebox';
import { v4 as uuid } from 'uuid';
import { type Beginning, beginCursors, type Subscription, startConsumer, type Traced } from './consumer.ts';
import { countLetters } from './dead-letters.ts';
import { serveDesk } from './desk.ts';
import { type Evidence, serveEvidence } from './evidence.ts';
import { readCursors } from './inbox.ts';
import { createIntake, type Intake, LOOK_MS } from './intake.ts';
import { startLeases } from './leases.ts';
import { type Loop, startLoop } from './loop.ts';
import { findLost, readExtent } from './lost.ts';
import type { Message } from './message.ts';
import { createOutbox, type Outbox, outboxLag } from './outbox.ts';
import { startRelay } from './relay.ts';
import { serveReseeding } from './reseeding.ts';
import {
  type LogPruning,
  type Pruning,
  reportCursors,
  retentionConfig,
  retentionTasks,
} from './retention.ts';
import type { Transport } from './transport.ts';

/** What a service's `setup` is given. */
export interface Parts<C> {
  config: C;
  db: Database;
  outbox: Outbox;
  /** To be asked before new work is begun. */
  intake: Intake;
  http: Http;
  metrics: Metrics;
  log: Logger;
  /** Makes the service's spans; none where traces are not exported. */
  tracer: Tracer | undefined;
}

export interface Worker {
  name: string;
  /** Without a hint, a round begins this long after the last. */
  everyMs: number;
  /** Gives whether there may be more to do at once. */
  round(): Promise<boolean>;
  /** Given the function by which to hint that there is something to do. */
  ready?(wake: () => void): void;
  /** Whether only one replica is to do it at a time (as far as leases can say). */
  byOneReplica?: boolean;
}

/** What a service's `setup` gives back. */
export interface Wiring<Command> {
  /** What events mean to the service. */
  subscriptions: Subscription<Command>[];
  /** Carries out commands in order, within the given transaction. */
  execute(tx: Tx, commands: Traced<Command>[]): Promise<unknown>;
  /** Where a service that never read begins; with the log's beginning if not said. */
  from?: Beginning;
  /** What it tells the auditor. */
  evidence: Evidence;
  /** Work beside requests and events. */
  workers?: Worker[];
  /** Rows of its own that it keeps for some time only. */
  prunings?: Pruning[];
  /** Given by the one service that has old records removed from the log. */
  log?: LogPruning;
  /** Finishes and ends what `setup` began. */
  close?(): Promise<void>;
}

export interface ServiceDefinition<S extends TObject, Command> {
  name: ServiceName;
  /** The service's settings: baseConfig and databaseConfig of the kit, and its own. */
  config: S;
  /** The folder of its SQL migrations. */
  migrations: URL;
  setup(parts: Parts<Static<S>>): Wiring<Command> | Promise<Wiring<Command>>;
}

/** What the launcher gives to each service of a process. */
export interface ServiceSurroundings extends Surroundings {
  transport: Transport;
  /** Whether no other replica can be at work. */
  exclusive: boolean;
}

/** A service that can be started. */
export interface Service {
  readonly name: ServiceName;
  start(surroundings: ServiceSurroundings): Promise<Running>;
  /**
   * Brings the service's database up to date without starting the service.
   * @returns the names of the migrations that were applied
   */
  migrate(env: NodeJS.ProcessEnv, options: MigrateOptions): Promise<string[]>;
  /** What the service offers and listens to, without starting it: no database is asked, and no port is opened. */
  describe(surroundings: Surroundings): Promise<ServiceDescription>;
}

export interface ServiceDescription {
  /** The OpenAPI document of its routes. */
  openapi: object;
  /** The types of the events that it subscribes to. */
  subscribes: string[];
}

/** What all services of the system have in common: database, HTTP, outbox and relay, consumer, health, metrics. */
export function defineService<S extends TObject, Command>(
  definition: ServiceDefinition<S, Command>,
): Service {
  return {
    name: definition.name,
    start: surroundings => startService(definition, surroundings),
    migrate: (env, options) => migrateService(definition, env, options),
    describe: surroundings => describeService(definition, surroundings),
  };
}

/** The tables of outbox, inbox and all that. */
const MESSAGING = new URL('../migrations/', import.meta.url);

/** Under load a worker gathers work for so long. */
const WORKER_REST_MS = 50;

interface ServiceConfig extends AppConfig {
  DATABASE_URL: string;
  DATABASE_CONNECTIONS: number;
  INBOX_RETENTION_DAYS: number;
  OUTBOX_LIMIT: number;
  DEAD_LETTERS_LIMIT: number;
}

/** How much every service lets wait. */
const limitsConfig = {
  /** Events for the log; above it new work is refused. */
  OUTBOX_LIMIT: Type.Integer({ minimum: 1, maximum: 1_000_000_000, default: 200_000 }),
  /** Events set aside; above it no others are read. */
  DEAD_LETTERS_LIMIT: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 10_000 }),
};

/** A service's own settings, and those of every service. */
const wholeConfig = (own: TObject) => Type.Object({ ...own.properties, ...retentionConfig, ...limitsConfig });

async function startService<S extends TObject, Command>(
  { name, config: schema, migrations, setup }: ServiceDefinition<S, Command>,
  surroundings: ServiceSurroundings,
): Promise<Running> {
  const { env, transport, exclusive, tracer } = surroundings;
  const config = loadConfig(name, wholeConfig(schema), env) as Static<S>;
  const {
    DATABASE_URL: url,
    DATABASE_CONNECTIONS: connections,
    INBOX_RETENTION_DAYS: inboxDays,
    OUTBOX_LIMIT: outboxLimit,
    DEAD_LETTERS_LIMIT: lettersLimit,
    ...appConfig
  } = config as unknown as ServiceConfig;
  const app = createApp(name, appConfig, surroundings);
  const { log, metrics, http } = app;
  const db = openDatabase({ url, name, connections, log });

  /** What was started, to be stopped in the opposite order. */
  const started: { stop(): Promise<void> }[] = [{ stop: () => db.close() }];
  async function stopAll(): Promise<void> {
    for (const part of started.reverse()) await part.stop();
  }

  try {
    await serveDocument(http, name);
    await migrate(db, [MESSAGING, migrations], { contract: exclusive });
    let relay: Loop | undefined;
    const outbox = createOutbox(() => relay?.wake());
    const intake = createIntake(db, outboxLimit, metrics, log);
    const wiring = await setup({ config, db, outbox, intake, http, metrics, log, tracer });
    const { subscriptions, execute, evidence, from = 'beginning', workers = [], prunings, close } = wiring;
    if (close) started.push({ stop: close });

    const leases = await startLeases({
      db,
      log,
      holder: uuid(),
      partitions: transport.partitions,
      exclusive,
    });
    started.push(leases);
    relay = startRelay({
      publisher: name,
      db,
      transport,
      isLeader: leases.isRelay,
      log,
      tracer,
      handedOver: countPublished(metrics, name),
    });
    started.push(relay);
    const { partitions } = leases;
    // Before the first request: what happens from now on is not to be missed.
    await beginCursors(db, transport, from);
    // Before the first record is read: from now on what this service has not read stays in the log.
    await reportCursors(name, db, transport);
    const consumer = startConsumer({
      name,
      db,
      transport,
      subscriptions,
      execute,
      partitions,
      from,
      lettersLimit,
      log,
      tracer,
    });
    started.push(consumer);
    const wanted = subscriptions.map(subscription => subscription.type);
    const forget = transport.onAppend(types => {
      if (wanted.some(type => types.has(type))) consumer.wake();
    });
    started.push({ stop: async () => forget() });
    const retention = { group: name, db, transport, metrics, inboxDays, log: wiring.log, prunings };
    const tasks: Worker[] = retentionTasks(retention).map(task => ({ ...task, byOneReplica: true }));
    const lookOut: Worker = {
      name: 'intake',
      everyMs: LOOK_MS,
      round: () => intake.look().then(() => false),
    };
    for (const { name, everyMs, round, ready, byOneReplica } of [lookOut, ...workers, ...tasks]) {
      const worker = startLoop({
        name,
        log,
        idleMs: everyMs,
        restMs: WORKER_REST_MS,
        round: async () => (byOneReplica && !leases.isRelay() ? false : round()),
      });
      ready?.(worker.wake);
      started.push(worker);
    }

    // Not the relay or the consumer: requests can be served, and events wait, while the log is away.
    app.health.require(async () => (await db.query('SELECT 1')).length === 1);
    measureMessaging(metrics, db, transport, { relay, consumer });
    serveEvidence(http, db, transport, evidence);
    serveReseeding(http, { db, transport, subscriptions, execute, from, log });
    serveDesk(http, db);
    const port = await app.listen();
    started.push({ stop: app.drain });
    return { name, port, stop: stopAll };
  } catch (error) {
    await stopAll().catch(() => undefined);
    throw error;
  }
}

async function migrateService<S extends TObject, Command>(
  { name, config, migrations }: ServiceDefinition<S, Command>,
  env: NodeJS.ProcessEnv,
  options: MigrateOptions,
): Promise<string[]> {
  // All of them, so that a wrong one shows before anything is changed.
  const { DATABASE_URL: url } = loadConfig(name, wholeConfig(config), env) as unknown as ServiceConfig;
  const db = openDatabase({ url, name, connections: 1, log: createLogger(name, 'silent') });
  try {
    return await migrate(db, [MESSAGING, migrations], options);
  } finally {
    await db.close();
  }
}

/** The routes of a service are those of its `setup` and those that `startService` adds for each. */
async function describeService<S extends TObject, Command>(
  { name, config: schema, setup }: ServiceDefinition<S, Command>,
  surroundings: Surroundings,
): Promise<ServiceDescription> {
  const config = loadConfig(name, schema, surroundings.env);
  const { DATABASE_URL: url, ...appConfig } = config as ServiceConfig;
  const { http, metrics, log } = createApp(name, appConfig, surroundings);
  await serveDocument(http, name);
  const db = openDatabase({ url, name, connections: 1, log });
  const outbox = createOutbox(() => {});
  const tracer = undefined;
  const intake: Intake = { admit() {}, look: async () => undefined };
  const { subscriptions, close } = await setup({ config, db, outbox, intake, http, metrics, log, tracer });
  serveDesk(http, db);
  await http.ready();
  const openapi = http.swagger();
  await close?.();
  await http.close();
  await db.close();
  return { openapi, subscribes: subscriptions.map(({ type }) => type) };
}

/** Counts what was handed to the log, by the replica that did it. */
function countPublished(metrics: Metrics, publisher: ServiceName): (messages: Message[]) => void {
  const published = metrics.counter('jumun_events_published_total', 'Events handed to the log', ['type']);
  // There from the start, so that the first event of its type shows as an increase.
  for (const contract of eventContracts)
    if (contract.publisher === publisher) published.inc({ type: contract.type }, 0);
  return messages => {
    for (const { type } of messages) published.inc({ type });
  };
}

function measureMessaging(
  metrics: Metrics,
  db: Database,
  transport: Transport,
  loops: Record<string, Loop>,
): void {
  metrics.gauge(
    'jumun_loop_healthy',
    'Whether the relay and the consumer get on: 0 after three failed rounds in a row',
    () =>
      Object.entries(loops).map(([loop, { healthy }]) => ({ labels: { loop }, value: healthy() ? 1 : 0 })),
    ['loop'],
  );
  metrics.gauge(
    'jumun_outbox_waiting',
    'Events not yet handed to the log',
    async () => (await outboxLag(db)).waiting,
  );
  metrics.gauge('jumun_outbox_lag_seconds', 'Age of the oldest event not yet handed to the log', async () => {
    return (await outboxLag(db)).seconds;
  });
  metrics.gauge('jumun_consumer_lag', 'Records of the log not yet read', async () => {
    const heads = await transport.heads();
    const cursors = await readCursors(db);
    return [...cursors].reduce(
      (sum, [partition, position]) => sum + (heads.get(partition) ?? 0) - position,
      0,
    );
  });
  metrics.gauge(
    'jumun_consumer_pruned',
    'Partitions of which the log does not have what comes next: the service stands still until it is re-seeded',
    async () => {
      const lost = findLost(await readCursors(db), await readExtent(transport));
      return [...lost.keys()].map(partition => ({ labels: { partition: String(partition) }, value: 1 }));
    },
    ['partition'],
  );
  metrics.gauge(
    'jumun_dead_letters',
    'Events that failed, and those that wait behind them',
    async () => (await countLetters(db)).map(({ state, count }) => ({ labels: { state }, value: count })),
    ['state'],
  );
}
