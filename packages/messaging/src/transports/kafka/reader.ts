import type { LoggedEvent } from '@jumun/contracts';
import { type Logger, UnavailableError } from '@jumun/service-kit';
import { fetchV13, IS_CONTROL, listOffsetsV7, ResponseError } from '@platformatic/kafka';
import type { LogRecord } from '../../message.ts';
import { PrunedError, type Reading } from '../../transport.ts';
import { byLeader, type Cluster, type Lane, reasonOf } from './cluster.ts';
import type { Broker } from './settings.ts';
import { fromRecord, partitionOf } from './wire.ts';

const REQUEST_MS = 10_000;
/** What a record takes, about: so much more is not fetched than is given out. */
const RECORD_BYTES = 512;
const LEAST_BYTES = 16 << 10;
const MOST_BYTES = 1 << 20;
const RESPONSE_BYTES = 8 << 20;
const OFFSET_OUT_OF_RANGE = 1;

type FetchResponse = ReturnType<typeof fetchV13.parseResponse>;
type FetchResponsePartition = FetchResponse['responses'][number]['partitions'][number];

const LATEST = -1n;
const EARLIEST = -2n;

export interface Reader {
  read(positions: ReadonlyMap<number, number>, types: string[], limit: number): Promise<Reading>;
  heads(): Promise<Map<number, number>>;
  pruned(): Promise<Map<number, number>>;
  history(key: string): Promise<LoggedEvent[]>;
}

/** Asks the leaders of partitions for records from given positions on: position n is read when n records, or holes, are. */
export function createReader(cluster: Cluster, log: Logger): Reader {
  const lane = cluster.lane(REQUEST_MS);
  /** Which partition is first: it gets its next batch however large that is. */
  let turn = 0;

  /** partition → an offset that the brokers know: the end, or the beginning. */
  async function offsets(which: bigint, only?: number[]): Promise<Map<number, number>> {
    const view = await cluster.topicView();
    const groups = byLeader(view, only ?? view.leaders.keys());
    const answers = await Promise.all(
      [...groups].map(async ([leader, partitions]) =>
        lane.request(known(leader), connection =>
          listOffsetsV7.api.async(connection, -1, 0, [
            {
              name: cluster.topic,
              partitions: partitions.map(partitionIndex => ({
                partitionIndex,
                currentLeaderEpoch: -1,
                timestamp: which,
              })),
            },
          ]),
        ),
      ),
    );
    const found = answers.flatMap(({ topics }) => topics[0]?.partitions ?? []);
    return new Map(
      found
        .map(({ partitionIndex, offset }): [number, number] => [partitionIndex, Number(offset)])
        .sort(([a], [b]) => a - b),
    );
  }

  interface Scan {
    positions: ReadonlyMap<number, number>;
    wanted(type: string): boolean;
    limit: number;
    seen(record: LogRecord, timestamp: number): void;
  }

  /** Goes once through what is next; gives how far that went. */
  async function scan({ positions, wanted, limit, seen }: Scan): Promise<Map<number, number>> {
    const view = await cluster.topicView();
    const partitions = [...positions.keys()];
    const first = turn++ % (partitions.length || 1);
    const rotated = [...partitions.slice(first), ...partitions.slice(0, first)];
    const bytes = Math.min(MOST_BYTES, Math.max(LEAST_BYTES, limit * RECORD_BYTES));
    const answers = await Promise.allSettled(
      [...byLeader(view, rotated)].map(async ([leader, group]) =>
        fetchFrom(
          lane,
          known(leader),
          view.id,
          group.map(partition => ({ partition, offset: positions.get(partition) ?? 0 })),
          { maxWaitMs: 0, bytes, maxBytes: RESPONSE_BYTES },
        ),
      ),
    );
    const upTo = new Map<number, number>();
    let failure: unknown;
    for (const answer of answers) {
      if (answer.status === 'rejected') {
        failure = answer.reason;
        continue;
      }
      for (const part of answer.value) {
        if (part.errorCode === OFFSET_OUT_OF_RANGE) await outOfRange(part.partitionIndex);
        else if (part.errorCode !== 0) failure = part.error;
        else pass(part);
      }
    }
    if (failure !== undefined) {
      cluster.forget();
      // What the other leaders gave is not held up by one that is away.
      if (upTo.size === 0) throw failure;
      log.warn({ reason: reasonOf(failure) }, 'a part of the log cannot be read for now');
    }
    return upTo;

    async function outOfRange(partition: number): Promise<never> {
      const read = positions.get(partition) ?? 0;
      const start = (await offsets(EARLIEST, [partition])).get(partition) ?? 0;
      throw new PrunedError(
        start > read
          ? `partition ${partition} was pruned up to ${start}; read up to ${read}`
          : `partition ${partition} of the log ends before ${read}, up to which it was read`,
      );
    }

    function pass({ partitionIndex: partition, records: batches = [] }: FetchResponsePartition): void {
      const from = positions.get(partition) ?? 0;
      let given = 0;
      for (const { firstOffset, lastOffsetDelta, firstTimestamp, attributes, records } of batches) {
        const base = Number(firstOffset);
        for (const record of attributes & IS_CONTROL ? [] : records) {
          const offset = base + record.offsetDelta;
          if (offset < from) continue;
          if (given === limit) return;
          const timestamp = Number(firstTimestamp + record.timestampDelta);
          const read = fromRecord(record, { topic: cluster.topic, partition, offset, timestamp }, wanted);
          if (read) {
            seen(read, timestamp);
            given++;
          }
          upTo.set(partition, offset + 1);
        }
        const end = base + lastOffsetDelta + 1;
        if (end > from) upTo.set(partition, end);
      }
    }
  }

  return {
    async read(positions, types, limit) {
      if (positions.size === 0) return { records: [], upTo: new Map() };
      const wanted = new Set(types);
      const records: LogRecord[] = [];
      const upTo = await scan({
        positions,
        wanted: type => wanted.has(type),
        limit,
        seen: record => records.push(record),
      });
      return { records, upTo };
    },
    heads: () => offsets(LATEST),
    pruned: () => offsets(EARLIEST),
    async history(key) {
      const { leaders } = await cluster.topicView();
      const partition = partitionOf(key, leaders.length);
      const head = (await offsets(LATEST, [partition])).get(partition) ?? 0;
      let position = (await offsets(EARLIEST, [partition])).get(partition) ?? 0;
      const events: LoggedEvent[] = [];
      while (position < head) {
        const upTo = await scan({
          positions: new Map([[partition, position]]),
          wanted: () => true,
          limit: MOST_BYTES / RECORD_BYTES,
          seen({ partition, key: found, ...event }, appendedAt) {
            if (found === key && event.position <= head) events.push({ ...event, appendedAt });
          },
        });
        const next = upTo.get(partition);
        if (next === undefined) break;
        position = next;
      }
      return events;
    },
  };
}

/** The leader, where there is one. */
export function known(leader: Broker | undefined): Broker {
  if (leader) return leader;
  throw new UnavailableError('a partition has no leader for now');
}

export interface FetchBounds {
  /** How long the broker waits for something to come. */
  maxWaitMs: number;
  /** Per partition; a batch that is larger is given all the same, where it is the first. */
  bytes: number;
  maxBytes: number;
}

/** One fetch from a leader. What failed of a partition stands in its part. */
export async function fetchFrom(
  lane: Lane,
  leader: Broker,
  topicId: string,
  from: { partition: number; offset: number }[],
  { maxWaitMs, bytes, maxBytes }: FetchBounds,
): Promise<(FetchResponsePartition & { error?: unknown })[]> {
  const partitions = from.map(({ partition, offset }) => ({
    partition,
    currentLeaderEpoch: -1,
    fetchOffset: BigInt(offset),
    lastFetchedEpoch: -1,
    partitionMaxBytes: bytes,
  }));
  // Uncommitted ones too: jumun appends in no transaction, and it skips the marks that transactions leave.
  const isolation = 0;
  const topics = [{ topicId, partitions }];
  try {
    const { responses } = await lane.request(leader, connection =>
      fetchV13.api.async(connection, maxWaitMs, 1, maxBytes, isolation, 0, -1, topics, [], ''),
    );
    return responses[0]?.partitions ?? [];
  } catch (error) {
    if (!(error instanceof ResponseError)) throw error;
    const { errorCode, responses } = error.response as FetchResponse;
    if (errorCode !== 0 || !responses[0]) throw error;
    return responses[0].partitions.map(part => ({ ...part, error }));
  }
}
