import { setTimeout as sleep } from 'node:timers/promises';
import { ConfigError, type Logger } from '@jumun/service-kit';
import { AuthenticationError, createTopicsV7 } from '@platformatic/kafka';
import { type Cluster, errorIds, reasonOf } from './cluster.ts';
import type { KafkaSettings } from './settings.ts';

const PATIENCE_MS = 30_000;
const REQUEST_MS = 10_000;
const PAUSE_MS = 200;
const DAY_MS = 86_400_000;

/**
 * Makes the topic where it is missing and waits until each of its partitions has a leader; gives their number.
 * A topic that exists stays as it is.
 * @throws ConfigError, in one line, where no broker answers for half a minute, or one refuses
 */
export async function ensureTopic(cluster: Cluster, settings: KafkaSettings, log: Logger): Promise<number> {
  const lane = cluster.lane(REQUEST_MS);
  const deadline = performance.now() + PATIENCE_MS;
  const { topic, partitions, retentionDays } = settings;
  let reason = '';
  try {
    for (;;) {
      try {
        cluster.forget();
        const view = await cluster.view();
        const found = view.topic?.leaders ?? [];
        const ready = found.length > 0 && Array.from(found).every(leader => leader !== undefined);
        if (ready) {
          if (found.length !== partitions) {
            log.warn(
              { topic, partitions: found.length, KAFKA_PARTITIONS: partitions },
              'the topic has another number of partitions, which counts',
            );
          }
          return found.length;
        }
        if (!view.topic) {
          const replication = settings.replication ?? Math.min(3, view.brokers.size);
          const { controller = [...view.brokers.values()][0] } = view;
          if (!controller) throw new Error('the cluster has no brokers');
          const configs = Object.entries({
            'cleanup.policy': 'delete',
            'retention.ms': String(retentionDays * DAY_MS),
            ...(replication >= 3 && { 'min.insync.replicas': '2' }),
          }).map(([name, value]) => ({ name, value }));
          const wanted = {
            name: topic,
            numPartitions: partitions,
            replicationFactor: replication,
            assignments: [],
            configs,
          };
          await lane.request(controller, connection =>
            createTopicsV7.api.async(connection, [wanted], REQUEST_MS / 2, false),
          );
          log.info({ topic, partitions, replication, retentionDays }, 'topic made');
        }
        reason = 'not every partition has a leader';
      } catch (error) {
        const ids = errorIds(error);
        if (!ids.includes('TOPIC_ALREADY_EXISTS')) reason = reasonOf(error);
        const refused = ids.some(id =>
          /AUTHORIZATION_FAILED|^INVALID_(TOPIC|REPLICATION|PARTITIONS|CONFIG)|POLICY/.test(id),
        );
        if (refused || has(error, AuthenticationError)) {
          throw new ConfigError(`Kafka refuses topic ${topic}: ${reason}`, { cause: error });
        }
      }
      if (performance.now() > deadline) {
        const asked = settings.brokers.map(({ host, port }) => `${host}:${port}`).join();
        throw new ConfigError(`Kafka at ${asked} gives no access to topic ${topic}: ${reason}`);
      }
      await sleep(PAUSE_MS);
    }
  } finally {
    lane.close();
  }
}

/** Whether an error is, or comes from, one of a kind. */
function has(error: unknown, kind: new (...args: never[]) => Error): boolean {
  if (error instanceof kind) return true;
  if (error instanceof AggregateError && error.errors.some(one => has(one, kind))) return true;
  return error instanceof Error && error.cause !== undefined && has(error.cause, kind);
}
