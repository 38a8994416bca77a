import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import {
  Admin,
  type BaseOptions,
  Consumer,
  Producer,
  type SASLOptions,
  stringDeserializers,
  stringSerializers,
} from '@platformatic/kafka';
import { afterEach, describe, expect, inject, it, vi } from 'vitest';
import { createCleanup } from '../support/cleanup.ts';
import { eventually } from '../support/eventually.ts';
import { kafkaJars } from './jars.ts';
import { type KafkaOptions, startKafka } from './kafka.ts';

const { env: shared, skipped } = inject('kafka');
const TOPIC = 'test';
// Java starts slowly where others want the processor too.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 60_000 });

const cleanup = createCleanup();
afterEach(() => cleanup.run());

async function start(options: KafkaOptions = {}) {
  const kafka = await startKafka(options);
  cleanup.add(() => kafka.stop());
  return kafka;
}

async function temporary(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'jumun-test-'));
  cleanup.add(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** What a client is given to reach Kafka with the settings of an environment. */
async function reach(env: Record<string, string>): Promise<BaseOptions> {
  const {
    KAFKA_BROKERS = '',
    KAFKA_TLS_CA,
    KAFKA_SASL_MECHANISM,
    KAFKA_SASL_USERNAME,
    KAFKA_SASL_PASSWORD,
  } = env;
  return {
    clientId: 'test',
    bootstrapBrokers: KAFKA_BROKERS.split(','),
    retries: 0,
    requestTimeout: 5_000,
    ...(KAFKA_TLS_CA && { tls: { ca: await readFile(KAFKA_TLS_CA) } }),
    ...(KAFKA_SASL_MECHANISM && {
      sasl: {
        mechanism: KAFKA_SASL_MECHANISM as SASLOptions['mechanism'],
        username: KAFKA_SASL_USERNAME ?? '',
        password: KAFKA_SASL_PASSWORD ?? '',
      },
    }),
  };
}

/** Asks with a client of its own, which knows nothing from earlier. */
async function ask<T>(env: Record<string, string>, question: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin(await reach(env));
  try {
    return await question(admin);
  } finally {
    await admin.close();
  }
}

const brokersOf = (env: Record<string, string>) =>
  ask(env, async admin => [...(await admin.metadata({ topics: [] })).brokers.keys()].sort());

const partitionOf = (env: Record<string, string>) =>
  ask(env, async admin => (await admin.metadata({ topics: [TOPIC] })).topics.get(TOPIC)?.partitions[0]);

async function write(env: Record<string, string>, value: string): Promise<void> {
  const producer = new Producer({ ...(await reach(env)), serializers: stringSerializers });
  try {
    await producer.send({ messages: [{ topic: TOPIC, value }], acks: -1 });
  } finally {
    await producer.close();
  }
}

/** The first values of the topic. */
async function read(env: Record<string, string>, count: number): Promise<string[]> {
  const consumer = new Consumer({
    ...(await reach(env)),
    groupId: 'test',
    deserializers: stringDeserializers,
  });
  try {
    const stream = await consumer.consume({ topics: [TOPIC], mode: 'earliest', autocommit: false });
    const values: string[] = [];
    for await (const { value } of stream) if (values.push(value) === count) break;
    return values;
  } finally {
    await consumer.close(true);
  }
}

const isRunning = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe.skipIf(skipped)(skipped ? `Kafka (skipped: ${skipped})` : 'Kafka', () => {
  it('is there for all tests to share', async () => {
    expect(await brokersOf(shared ?? {})).toEqual([1]);
  });

  it('keeps its data when it is killed, and starts again on the same port', async () => {
    const { env, nodes } = await start();
    await ask(env, admin => admin.createTopics({ topics: [TOPIC], partitions: 1, replicas: 1 }));
    await write(env, 'before');

    await nodes[0]?.kill();
    await expect(brokersOf(env)).rejects.toThrow();
    await nodes[0]?.start();

    await write(env, 'after');
    // The first group has to wait until there is a coordinator for it.
    expect(await eventually(() => read(env, 2))).toEqual(['before', 'after']);
  });

  it('answers nobody while it is paused', async () => {
    const { env, nodes } = await start();
    const admin = new Admin({ ...(await reach(env)), requestTimeout: 500 });
    cleanup.add(() => admin.close());
    const look = () => admin.metadata({ topics: [], forceUpdate: true });
    await look();
    nodes[0]?.pause();
    // It has many threads, which do not all stop at once.
    await eventually(() => expect(look()).rejects.toThrow());
    await expect(look()).rejects.toThrow();
    nodes[0]?.resume();
    await eventually(look);
  });

  it('goes on with two of three brokers, and takes the third back', async () => {
    const { env, nodes } = await start({ brokers: 3 });
    expect(await brokersOf(env)).toEqual([1, 2, 3]);
    const configs = [{ name: 'min.insync.replicas', value: '2' }];
    await ask(env, admin => admin.createTopics({ topics: [TOPIC], partitions: 1, replicas: 3, configs }));
    // A topic is new to some brokers a little longer than to others.
    await eventually(() => write(env, 'with three'));

    const first = (await partitionOf(env))?.leader;
    const leader = nodes.find(({ id }) => id === first);
    await leader?.kill();
    await eventually(async () => expect((await partitionOf(env))?.leader).not.toBe(leader?.id));
    // Some brokers hear later than others who leads.
    await eventually(() => write(env, 'with two'));
    await leader?.start();

    const inSync = async () => (await partitionOf(env))?.isr.toSorted();
    await eventually(async () => expect(await inSync()).toEqual([1, 2, 3]), 60_000);
    expect(await eventually(() => read(env, 2))).toEqual(['with three', 'with two']);
  });

  it('lets nobody in without TLS or with a wrong password', async () => {
    const { env } = await start({ tls: true, sasl: true });
    for (const KAFKA_SASL_MECHANISM of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']) {
      expect(await brokersOf({ ...env, KAFKA_SASL_MECHANISM })).toEqual([1]);
      const wrong = brokersOf({ ...env, KAFKA_SASL_MECHANISM, KAFKA_SASL_PASSWORD: 'wrong' });
      await expect(wrong.catch(inspect)).resolves.toMatch(/AuthenticationError/);
    }
    await expect(brokersOf({ ...env, KAFKA_TLS_CA: '' })).rejects.toThrow();
    await expect(brokersOf({ ...env, KAFKA_SASL_MECHANISM: '' })).rejects.toThrow();
  });

  it('says with the end of its log why it does not start', async () => {
    await expect(startKafka({ settings: { 'num.io.threads': 'many' } })).rejects.toThrow(
      /Kafka's node 1 .*; its log ends with[\s\S]*Invalid value many for configuration num.io.threads/,
    );
  });

  it('ends when the process ends that started it, however it does', async () => {
    const module = pathToFileURL(join(import.meta.dirname, 'kafka.ts'));
    const script = `
      const { startKafka } = await import('${module}');
      const { nodes } = await startKafka();
      process.stdout.write(String(nodes[0].pid));`;
    const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      // What it leaves behind is to be removed with this.
      env: { ...process.env, TMPDIR: await temporary() },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    cleanup.add(() => parent.kill('SIGKILL'));
    const pid = Number(String((await once(parent.stdout, 'data'))[0]));
    expect(isRunning(pid)).toBe(true);

    parent.kill('SIGKILL');
    await eventually(() => expect(isRunning(pid)).toBe(false));
  });
});

describe.skipIf(skipped)(skipped ? `Kafka's jars (skipped: ${skipped})` : "Kafka's jars", () => {
  /** A cache with the jars that the checkout's has. */
  async function copyOfCache(): Promise<{ cache: string; jars: string; names: string[] }> {
    const whole = await kafkaJars();
    const names = await readdir(whole);
    const cache = await temporary();
    const jars = whole.replace(join(whole, '../..'), cache);
    await cp(whole, jars, { recursive: true });
    return { cache, jars, names };
  }

  it('are refused where one is not what it was, by its name', async () => {
    const { cache, jars } = await copyOfCache();
    await appendFile(join(jars, 'slf4j-simple-1.7.36.jar'), 'x');
    await expect(kafkaJars(cache)).rejects.toThrow(
      /^slf4j-simple-1\.7\.36\.jar in .* has the SHA-256 \w+, but \w+/,
    );
  });

  it('are refused where Maven gives one that is not what it was', async () => {
    const recipe = await temporary();
    await cp(join(import.meta.dirname, 'pom.xml'), join(recipe, 'pom.xml'));
    const sums = await readFile(join(import.meta.dirname, 'jars.sha256'), 'utf8');
    await writeFile(join(recipe, 'jars.sha256'), sums.replace(/^\w{64}(?= {2}zstd-jni)/m, '0'.repeat(64)));
    const cache = join(recipe, 'cache');
    await expect(kafkaJars(cache, recipe)).rejects.toThrow(
      /^zstd-jni-\S+\.jar in .* but 0{64} is written down/,
    );
    expect(await readdir(cache)).toEqual([]);
  });

  it('are fetched again where one is missing and one too many, by two at once', async () => {
    const { cache, jars, names } = await copyOfCache();
    await rm(join(jars, 'slf4j-simple-1.7.36.jar'));
    await writeFile(join(jars, 'stranger.jar'), '');
    expect(await Promise.all([kafkaJars(cache), kafkaJars(cache)])).toEqual([jars, jars]);
    expect(await readdir(jars)).toEqual(names);
    expect(await readdir(join(jars, '../..'))).toHaveLength(1);
  });
});
