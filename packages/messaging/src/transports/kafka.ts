import { type Logger, UnavailableError } from '@jumun/service-kit';
import { FencedError, OtherLogError, PrunedError, type Transport } from '../transport.ts';
import { createAppender } from './kafka/appender.ts';
import { createCluster, reasonOf } from './kafka/cluster.ts';
import { createGroups } from './kafka/groups.ts';
import { createReader } from './kafka/reader.ts';
import type { KafkaSettings } from './kafka/settings.ts';
import { type Tail, watchTail } from './kafka/tail.ts';
import { ensureTopic } from './kafka/topic.ts';

export { type KafkaSettings, kafkaSettings } from './kafka/settings.ts';

/** Errors that say by themselves what they mean to a reader or a relay. */
const OF_THE_LOG = [FencedError, OtherLogError, PrunedError, UnavailableError];

/**
 * The log as a topic of Kafka. The position of a record is its offset + 1; who reads which partition, and how far it
 * has come, is in the services' own databases, so that Kafka's consumer groups have no part in it.
 * @throws ConfigError, in one line, where there is no way to the topic
 */
export async function openKafkaTransport(settings: KafkaSettings, log: Logger): Promise<Transport> {
  const cluster = createCluster(settings, log);
  const partitions = await ensureTopic(cluster, settings, log).catch(error => {
    cluster.close();
    throw error;
  });
  const reader = createReader(cluster, log);
  const appender = createAppender(cluster, settings, partitions);
  const listeners = new Set<(types: ReadonlySet<string>) => void>();
  let tail: Tail | undefined;

  function tell(types: ReadonlySet<string>): void {
    for (const listener of listeners) listener(types);
  }

  /** What fails for Kafka's sake passes: one line in the log is enough. */
  async function passing<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (OF_THE_LOG.some(kind => error instanceof kind)) throw error;
      cluster.forget();
      throw new UnavailableError(`Kafka: ${reasonOf(error)}`, { cause: error });
    }
  }

  const { id } = await cluster.topicView();
  return {
    partitions,
    identity: `kafka:${id}`,
    fence: publisher => passing(appender.fence(publisher)),
    async append(publisher, epoch, messages) {
      await passing(appender.append(publisher, epoch, messages));
      tell(new Set(messages.map(({ type }) => type)));
    },
    read: (positions, types, limit) => passing(reader.read(positions, types, limit)),
    heads: () => passing(reader.heads()),
    pruned: () => passing(reader.pruned()),
    report: createGroups(cluster, log),
    history: key => passing(reader.history(key)),
    onAppend(listener) {
      listeners.add(listener);
      tail ??= watchTail(cluster, reader.heads, tell, log);
      return () => listeners.delete(listener);
    },
    async close() {
      tail?.stop();
      await appender.idle();
      cluster.close();
    },
  };
}
