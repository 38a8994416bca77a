import type { Logger } from '@jumun/service-kit';
import { offsetCommitV8 } from '@platformatic/kafka';
import { type Cluster, reasonOf } from './cluster.ts';
import type { Broker } from './settings.ts';

const REQUEST_MS = 5_000;

/** Writes down how far groups have read, for Kafka's own tools. Nobody depends on it: what fails is logged. */
export function createGroups(cluster: Cluster, log: Logger) {
  const lane = cluster.lane(REQUEST_MS);
  const coordinators = new Map<string, Broker>();

  return async (group: string, positions: ReadonlyMap<number, number>): Promise<void> => {
    if (positions.size === 0) return;
    const partitions = [...positions].map(([partitionIndex, position]) => ({
      partitionIndex,
      committedOffset: BigInt(position),
      committedLeaderEpoch: -1,
      committedMetadata: null,
    }));
    try {
      const coordinator = coordinators.get(group) ?? (await cluster.coordinator('group', group));
      coordinators.set(group, coordinator);
      // As one that is alone and takes no part in the group's rounds.
      await lane.request(coordinator, connection =>
        offsetCommitV8.api.async(connection, group, -1, '', null, [{ name: cluster.topic, partitions }]),
      );
    } catch (error) {
      coordinators.delete(group);
      log.warn({ group, reason: reasonOf(error) }, 'the offsets of the group are not written down for now');
    }
  };
}
