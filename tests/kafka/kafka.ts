import { existsSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { all } from '../support/all.ts';
import { reservePorts } from '../support/ports.ts';
import { type Cluster, type KafkaNode, startCluster } from './cluster.ts';
import { kafkaJars } from './jars.ts';
import { javaVersion, NoKafkaError } from './java.ts';

export type { KafkaNode };

export interface KafkaOptions {
  brokers?: 1 | 3;
  /** Clients are met with TLS; `env` names the certificate. */
  tls?: boolean;
  /** Clients have to say who they are, by PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; `env` has a user and the last of them. */
  sasl?: boolean;
  /** Further settings of the brokers, by Kafka's names. */
  settings?: Record<string, string>;
}

/** Apache Kafka on this machine, with data that goes when it stops. */
export interface KafkaCluster {
  /** host:port of each broker. */
  brokers: string[];
  nodes: KafkaNode[];
  /** The settings by which a client of jumun reaches it. */
  env: Record<string, string>;
  stop(): Promise<void>;
}

/** Why Kafka cannot run on this machine, if it cannot. Gets its jars where they are not there yet. */
export async function whyNoKafka(): Promise<string | undefined> {
  try {
    await kafkaJava();
    return undefined;
  } catch (error) {
    if (error instanceof NoKafkaError) return error.message;
    throw error;
  }
}

/**
 * Starts Kafka; resolves when each broker answers and knows the others.
 * @throws NoKafkaError where it cannot run here; with the end of a broker's log where one does not start
 */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaCluster> {
  const { stop, ...kafka } = await startTemporary(await kafkaJava(), options);
  return { ...kafka, stop: () => stop('kill') };
}

/**
 * Java's options for Kafka. Its classes are archived once in the form in which Java holds them in memory, which halves
 * the time of each start.
 * @throws NoKafkaError where Kafka cannot run here
 */
export async function kafkaJava(): Promise<string[]> {
  const version = await javaVersion();
  const jars = await kafkaJars();
  const classPath = ['-cp', `${jars}/*`];
  const archive = join(dirname(jars), `java-${version}.jsa`);
  if (!existsSync(archive)) {
    const attempt = `${archive}.${process.pid}`;
    const kafka = await startTemporary([...classPath, `-XX:ArchiveClassesAtExit=${attempt}`], {});
    await kafka.stop('stop');
    await rename(attempt, archive);
  }
  return [...classPath, `-XX:SharedArchiveFile=${archive}`];
}

async function startTemporary(
  java: string[],
  { brokers = 1, ...options }: KafkaOptions,
): Promise<Cluster & { stop(how: 'kill' | 'stop'): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'jumun-kafka-'));
  const { ports, release } = await reservePorts(brokers * 3);
  const tidy = async () => {
    await release();
    await rm(directory, { recursive: true, force: true, maxRetries: 10 });
  };
  try {
    const cluster = await startCluster({ ...options, java, directory, brokers, ports });
    return {
      ...cluster,
      async stop(how) {
        await all(cluster.nodes.map(node => node[how]()));
        await tidy();
      },
    };
  } catch (error) {
    await tidy();
    throw error;
  }
}
