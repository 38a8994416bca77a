import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { kafkaJars } from '../kafka/jars.ts';
import { javaVersion, NoKafkaError, startJava } from '../kafka/java.ts';
import { eventually } from '../support/eventually.ts';
import { reservePorts } from '../support/ports.ts';

const run = promisify(execFile);
const here = import.meta.dirname;

/** A running service of the first implementation: LegacyService.java, on Spring Boot 2.3. */
export interface LegacyService {
  /** What its listener for PayApproved was given so far. */
  heard(): Promise<Heard[]>;
  /** Has it send an event as it sends its own. */
  send(event: { eventType: string; [field: string]: unknown }): Promise<void>;
  stop(): Promise<void>;
}

/** An event as that service's class for it has it, and its headers as text. */
export interface Heard {
  event: Record<string, unknown>;
  headers: Record<string, string>;
}

export interface LegacyOptions {
  brokers: string;
  topic: string;
  /** Its group of consumers. */
  group: string;
}

/** Why such a service cannot run on this machine, if it cannot. Gets its jars where they are not there yet. */
export async function whyNoSpring(): Promise<string | undefined> {
  try {
    await javaVersion();
    await run('javac', ['-version']).catch(() => {
      throw new NoKafkaError('javac is missing (Debian: apt-get install default-jdk-headless)');
    });
    await springJars();
    return undefined;
  } catch (error) {
    if (error instanceof NoKafkaError) return error.message;
    throw error;
  }
}

const springJars = () => kafkaJars(undefined, here);

const START_MS = 180_000;

/**
 * Compiles and starts the service; resolves when it listens to its topic, which has to exist.
 * @throws with the end of its log where it does not start
 */
export async function startLegacyService({ brokers, topic, group }: LegacyOptions): Promise<LegacyService> {
  const jars = await springJars();
  const directory = await mkdtemp(join(tmpdir(), 'jumun-spring-'));
  const log = join(directory, 'log');
  const { ports, release } = await reservePorts(1);
  let kill = async () => {};
  const stop = async () => {
    await kill();
    await release();
    await rm(directory, { recursive: true, force: true, maxRetries: 10 });
  };
  try {
    const source = join(here, 'LegacyService.java');
    await run('javac', ['--release', '8', '-cp', `${jars}/*`, '-d', directory, source]);
    const stream = 'spring.cloud.stream';
    const settings = {
      port: ports[0],
      [`${stream}.kafka.binder.brokers`]: brokers,
      [`${stream}.bindings.input.destination`]: topic,
      [`${stream}.bindings.input.group`]: group,
      [`${stream}.bindings.input.contentType`]: 'application/json',
      [`${stream}.bindings.output.destination`]: topic,
      [`${stream}.bindings.output.contentType`]: 'application/json',
    };
    const options = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
    const java = await startJava(['-cp', `${directory}:${jars}/*`, 'legacy.LegacyService', ...options], log);
    let over = false;
    void java.ended.then(() => {
      over = true;
    });
    kill = async () => {
      if (!over) process.kill(java.pid, 'SIGKILL');
      await java.ended;
    };
    const base = `http://127.0.0.1:${ports[0]}`;
    const heard = async () => (await (await fetch(`${base}/heard`)).json()) as Heard[];
    const failure = async (what: string) =>
      new Error(
        `${what}; its log ends with\n${(await readFile(log, 'utf8')).split('\n').slice(-30).join('\n')}`,
      );
    await eventually(async () => over || (await heard()), START_MS).catch(async error => {
      throw await failure(`LegacyService does not start: ${error}`);
    });
    if (over) throw await failure('LegacyService ended');
    return {
      heard,
      async send(event) {
        const { ok, status } = await fetch(`${base}/sent`, { method: 'POST', body: JSON.stringify(event) });
        if (!ok) throw new Error(`LegacyService does not send: ${status}`);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
