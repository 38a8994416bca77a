import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ServiceName, services } from '@jumun/contracts';
import type { LogRecord } from '@jumun/messaging';
import type { KafkaNode } from '../kafka/kafka.ts';
import type { Cleanup } from '../support/cleanup.ts';
import { type CommitProxy, startCommitProxy } from '../support/commit-proxy.ts';
import { createFakeClock, type FakeClock, faketimeLibrary } from '../support/faketime.ts';
import { reservePorts } from '../support/ports.ts';
import { startProxy, type TcpProxy } from '../support/proxy.ts';
import { type Balancer, startBalancer } from './balancer.ts';
import { type ChaosLog, openLog, type TransportName } from './log.ts';
import { type ChaosPostgres, startPostgres } from './postgres.ts';
import { type OwnEnd, type Supervised, supervise } from './process.ts';

export const SERVICE_TOKEN = 'a-token-for-tests-only';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const REPLICAS = [1, 2];
const READY_MS = 120_000;
/** Shorter than by default, so that what a crash left reserved is free again before the end is judged. */
const RESERVATION_MS = 15_000;

/** The calls between services that a network can disturb. */
const CALLS: [from: ServiceName, to: ServiceName][] = [
  ['order', 'product'],
  ['order', 'pay'],
  ['pay', 'order'],
];

/** The whole system as separate processes, two of each service, with everything that faults are made with. */
export interface Cluster {
  replicas: Supervised[];
  /** Connections that can be cut and held, by name: `order to pay`, `order-1 to its database`. */
  links: Map<string, TcpProxy>;
  /** See the commits of each replica go by. */
  commitProxies: Map<string, CommitProxy>;
  postgres: ChaosPostgres;
  log: ChaosLog;
  brokers: KafkaNode[];
  /** The clock of one replica, which can be set. */
  clock: (FakeClock & { replica: string }) | undefined;
  /** Where a part answers: one address for its replicas. */
  url(part: ServiceName | 'gateway'): string;
  /** For the invariants. */
  sql<Row>(database: string, text: string, values?: unknown[]): Promise<Row[]>;
  events(): Promise<LogRecord[]>;
  /** Processes that ended though nobody had ended them. */
  ownEnds(): OwnEnd[];
  ready(): Promise<void>;
}

/**
 * @param folder  an empty directory, for data and for the log file of each process
 * @param cleanup ends what was started, also where the start failed halfway
 */
export async function startCluster(
  folder: string,
  transport: TransportName,
  cleanup: Cleanup,
): Promise<Cluster> {
  function keep<T extends { close(): Promise<void> }>(part: T): T {
    cleanup.add(() => part.close().catch(() => undefined));
    return part;
  }

  const logs = join(folder, 'logs');
  mkdirSync(logs);
  const postgres = keep(await startPostgres(folder, [...services, 'events']));
  const { log, brokers, env: logEnv } = keep(await openLog(transport, postgres.url('events')));
  const { ports, release } = await reservePorts(services.length * REPLICAS.length + 1);
  keep({ close: release });

  const placed = services.flatMap((service, s) =>
    REPLICAS.map((n, r) => ({
      service,
      name: `${service}-${n}`,
      port: ports[s * REPLICAS.length + r] ?? 0,
    })),
  );
  const gatewayPort = ports.at(-1) ?? 0;
  const balancers = {} as Record<ServiceName, Balancer>;
  for (const service of services) {
    const own = placed.filter(replica => replica.service === service);
    balancers[service] = keep(await startBalancer(own.map(({ port }) => port)));
  }

  const links = new Map<string, TcpProxy>();
  /** Puts a link that can be disturbed in front of an address; gives the address of the link. */
  async function link(name: string, target: string): Promise<string> {
    const proxy = keep(await startProxy(target));
    links.set(name, proxy);
    const url = new URL(target);
    url.host = new URL(proxy.url).host;
    return url.href.replace(/\/$/, '');
  }

  const calls = new Map<ServiceName, Record<string, string>>();
  for (const [from, to] of CALLS) {
    const url = await link(`${from} to ${to}`, balancers[to].url);
    calls.set(from, { ...calls.get(from), [`${to.toUpperCase()}_URL`]: url });
  }
  const addresses = Object.fromEntries(
    services.map(service => [`${service.toUpperCase()}_URL`, balancers[service].url]),
  );
  const clock = faketimeLibrary
    ? { ...createFakeClock(join(folder, 'clock')), replica: 'order-2' }
    : undefined;
  const base = {
    ...inherited(),
    SERVICE_TOKEN,
    LOG_LEVEL: 'info',
    PRODUCT__RESERVATION_MS: String(RESERVATION_MS),
    ...addresses,
    // Nothing listens where the web would.
    WEB_URL: 'http://127.0.0.1:9',
  };

  function run(part: string, name: string, port: number, env: Record<string, string>): Supervised {
    const it = supervise({
      name,
      args: ['--import', 'tsx', 'apps/jumun/src/main.ts', 'start', '--only', part],
      cwd: ROOT,
      env: { ...base, PORT: String(port), ...env },
      logFile: join(logs, `${name}.log`),
      healthUrl: `http://127.0.0.1:${port}/actuator/health/readiness`,
    });
    keep({ close: () => it.kill() });
    it.start();
    return it;
  }

  const replicas: Supervised[] = [];
  const commitProxies = new Map<string, CommitProxy>();
  for (const { service, name, port } of placed) {
    const commits = keep(await startCommitProxy(postgres.url(service)));
    commitProxies.set(name, commits);
    const database = await link(`${name} to its database`, commits.url);
    const eventsUrl = logEnv.EVENTS_URL;
    replicas.push(
      run(service, name, port, {
        ...calls.get(service),
        ...logEnv,
        DATABASE_URL: database,
        ...(eventsUrl && { EVENTS_URL: await link(`${name} to the log`, eventsUrl) }),
        ...(name === clock?.replica && clock.env),
      }),
    );
  }
  const gateway = run('gateway', 'gateway', gatewayPort, {});
  const all = [...replicas, gateway];

  return {
    replicas,
    links,
    commitProxies,
    postgres,
    log,
    brokers,
    clock,
    url: part => (part === 'gateway' ? `http://127.0.0.1:${gatewayPort}` : balancers[part].url),
    sql: postgres.sql,
    events: log.all,
    ownEnds: () => all.flatMap(({ ownEnds }) => ownEnds),
    ready: async () => {
      await Promise.all(all.map(it => it.ready(READY_MS)));
    },
  };
}

/** What a process needs of this one's environment; its settings are not among it. */
function inherited(): Record<string, string> {
  const names = ['PATH', 'HOME', 'TMPDIR', 'JAVA_HOME', 'LANG'];
  return Object.fromEntries(names.flatMap(name => (process.env[name] ? [[name, process.env[name]]] : [])));
}
