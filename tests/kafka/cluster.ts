import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Admin } from '@platformatic/kafka';
import { all } from '../support/all.ts';
import { eventually } from '../support/eventually.ts';
import { type Java, startJava } from './java.ts';
import { type Certificate, makeCertificate } from './tls.ts';

export interface ClusterOptions {
  /** Java's options, its class path among them. */
  java: string[];
  /** Keeps the data; what is there goes on. */
  directory: string;
  brokers: number;
  /** Three for each broker; the first ones are those for clients. */
  ports: number[];
  tls?: boolean | undefined;
  sasl?: boolean | undefined;
  settings?: Record<string, string> | undefined;
}

export interface Cluster {
  /** host:port of each broker. */
  brokers: string[];
  nodes: Node[];
  /** The settings by which a client of jumun reaches it. */
  env: Record<string, string>;
}

/** One process: a broker that is a controller too. */
export interface KafkaNode {
  readonly id: number;
  /** @throws Error while it does not run */
  readonly pid: number;
  /** Ends it as kill -9 does. */
  kill(): Promise<void>;
  /** Lets it stand still, with its connections open. */
  pause(): void;
  resume(): void;
  /** Starts it again, on the same ports and data; resolves when it answers. */
  start(): Promise<void>;
}

interface Node extends KafkaNode {
  /** Prepares its directory where it is new. */
  format(clusterId: string, users: string[]): Promise<void>;
  /** Ends it in order. */
  stop(): Promise<void>;
}

const START_MS = 60_000;
const USER = { name: 'jumun', password: 'a-password-for-tests-only' };
const LOG_LEVEL = [
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
  '-Dorg.slf4j.simpleLogger.showDateTime=true',
];

/**
 * Starts a cluster on loopback; resolves when each broker answers and knows the others.
 * @throws Error with the end of a broker's log where one does not start; then none is left
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { java, directory, brokers, ports, tls, sasl } = options;
  const places = Array.from({ length: brokers }, (_, i): Place => {
    const [client = 0, inner = 0, controller = 0] = [0, 1, 2].map(kind => ports[i + kind * brokers]);
    return { id: i + 1, directory: join(directory, String(i + 1)), client, inner, controller };
  });
  const certificate = tls ? await makeCertificate(directory) : undefined;
  const settings = { ...common(places), ...security(certificate, sasl), ...options.settings };
  const clusterId = await rememberedId(join(directory, 'cluster-id'));
  const nodes = places.map(place => createNode(place, java, settings));
  try {
    await all(nodes.map(node => node.format(clusterId, sasl ? scramUsers() : [])));
    await all(nodes.map(node => node.start()));
    await eventually(async () => {
      for (const place of places)
        if ((await brokersInService(place)).length < brokers)
          throw new Error('a broker does not know all others');
    }, START_MS);
  } catch (error) {
    await all(nodes.map(node => node.kill()));
    throw error;
  }
  const addresses = places.map(place => `127.0.0.1:${place.client}`);
  return {
    brokers: addresses,
    nodes,
    env: {
      KAFKA_BROKERS: addresses.join(),
      ...(certificate && { KAFKA_TLS: 'true', KAFKA_TLS_CA: certificate.ca }),
      ...(sasl && {
        KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
        KAFKA_SASL_USERNAME: USER.name,
        KAFKA_SASL_PASSWORD: USER.password,
      }),
    },
  };
}

/** Where a node is, on the disk and on loopback. */
interface Place {
  id: number;
  directory: string;
  /** The port for clients, with TLS and SASL where asked for. */
  client: number;
  /** The port for the other brokers, always plain. */
  inner: number;
  controller: number;
}

/** The settings that all nodes share. */
function common(places: Place[]): Record<string, string> {
  const replication = String(places.length);
  const minimum = places.length > 1 ? '2' : '1';
  return {
    'process.roles': 'broker,controller',
    'controller.quorum.voters': places.map(({ id, controller }) => `${id}@127.0.0.1:${controller}`).join(),
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'INNER',
    'auto.create.topics.enable': 'false',
    'unclean.leader.election.enable': 'false',
    'group.initial.rebalance.delay.ms': '0',
    // A broker that was killed or stands still is noticed soon.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    'offsets.topic.num.partitions': '4',
    'offsets.topic.replication.factor': replication,
    'transaction.state.log.num.partitions': '4',
    'transaction.state.log.replication.factor': replication,
    'transaction.state.log.min.isr': minimum,
    'share.coordinator.state.topic.num.partitions': '4',
    'share.coordinator.state.topic.replication.factor': replication,
    'share.coordinator.state.topic.min.isr': minimum,
    // Its default of 128 MB is half of the heap.
    'log.cleaner.dedupe.buffer.size': String(4 << 20),
  };
}

/** The settings of the listener for clients. */
function security(certificate: Certificate | undefined, sasl = false): Record<string, string> {
  const protocol = `${sasl ? 'SASL_' : ''}${certificate ? 'SSL' : 'PLAINTEXT'}`;
  const login = (mechanism: string, module: string, options = '') => ({
    [`listener.name.client.${mechanism}.sasl.jaas.config`]: `org.apache.kafka.common.security.${module} required${options};`,
  });
  return {
    'listener.security.protocol.map': `CLIENT:${protocol},INNER:PLAINTEXT,CONTROLLER:PLAINTEXT`,
    ...(certificate && {
      'ssl.keystore.type': 'PKCS12',
      'ssl.keystore.location': certificate.keystore,
      'ssl.keystore.password': certificate.password,
    }),
    ...(sasl && {
      'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
      ...login('plain', 'plain.PlainLoginModule', ` user_${USER.name}="${USER.password}"`),
      ...login('scram-sha-256', 'scram.ScramLoginModule'),
      ...login('scram-sha-512', 'scram.ScramLoginModule'),
    }),
  };
}

/** The arguments by which a new cluster knows its user; for PLAIN, the listener's settings name him. */
function scramUsers(): string[] {
  return ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap(mechanism => [
    '--add-scram',
    `${mechanism}=[name=${USER.name},password=${USER.password}]`,
  ]);
}

/** The cluster's name for itself: nodes of another that come upon its ports are refused. */
async function rememberedId(file: string): Promise<string> {
  // One that begins with a hyphen is taken for an option.
  if (!existsSync(file)) await writeFile(file, randomBytes(16).toString('base64url').replace(/^-/, '0'));
  return readFile(file, 'utf8');
}

function createNode(place: Place, java: string[], shared: Record<string, string>): Node {
  const { id, directory, client, inner, controller } = place;
  const properties = join(directory, 'server.properties');
  const data = join(directory, 'data');
  const log = join(directory, 'server.log');
  let running: Java | undefined;

  async function failed(what: string): Promise<Error> {
    const lines = (await readFile(log, 'utf8')).trimEnd().split('\n');
    return new Error(`Kafka's node ${id} ${what}; its log ends with\n${lines.slice(-30).join('\n')}`);
  }

  function signal(name: NodeJS.Signals): void {
    if (!running) throw new Error(`Kafka's node ${id} is not running`);
    process.kill(running.pid, name);
  }

  async function end(name: NodeJS.Signals): Promise<void> {
    const it = running;
    if (!it) return;
    signal(name);
    await it.ended;
  }

  return {
    id,
    get pid() {
      if (!running) throw new Error(`Kafka's node ${id} is not running`);
      return running.pid;
    },
    async format(clusterId, users) {
      await mkdir(directory, { recursive: true });
      const settings = {
        ...shared,
        'node.id': String(id),
        listeners: `CLIENT://127.0.0.1:${client},INNER://127.0.0.1:${inner},CONTROLLER://127.0.0.1:${controller}`,
        'log.dirs': data,
      };
      const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
      await writeFile(properties, lines.join(''));
      if (existsSync(join(data, 'meta.properties'))) return;
      const format = ['format', '--cluster-id', clusterId, '--config', properties, ...users];
      const tool = await startJava([...java, ...LOG_LEVEL, 'kafka.tools.StorageTool', ...format], log);
      if ((await tool.ended) !== 0) throw await failed('cannot prepare its data');
    },
    async start() {
      const it = await startJava([...java, ...LOG_LEVEL, 'kafka.Kafka', properties], log);
      running = it;
      void it.ended.then(() => {
        if (running === it) running = undefined;
      });
      await eventually(async () => {
        if (running && !(await brokersInService(place)).includes(id)) throw new Error('it is not in service');
      }, START_MS).catch(async error => {
        throw await failed(`does not start: ${error.message}`);
      });
      if (!running) throw await failed('has ended');
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
  };
}

/** The ids of the brokers that a broker knows to be in service. */
async function brokersInService({ inner }: Place): Promise<number[]> {
  const admin = new Admin({ clientId: 'start', bootstrapBrokers: [`127.0.0.1:${inner}`], retries: 0 });
  try {
    const { brokers } = await admin.metadata({ topics: [] });
    return [...brokers.keys()];
  } finally {
    await admin.close();
  }
}
