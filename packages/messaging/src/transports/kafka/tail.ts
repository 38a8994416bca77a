import { setTimeout as sleep } from 'node:timers/promises';
import { eventContracts } from '@jumun/contracts';
import type { Logger } from '@jumun/service-kit';
import { IS_CONTROL } from '@platformatic/kafka';
import { byLeader, type Cluster, reasonOf } from './cluster.ts';
import { fetchFrom, known } from './reader.ts';
import { fromRecord } from './wire.ts';

/** How long a broker holds a request until something comes. */
const WAIT_MS = 500;
const REQUEST_MS = 5_000;
const PAUSE_MS = 500;
/** So much is looked at of what came; where there is more, it may be anything. */
const BYTES = 16 << 10;

const ANYTHING: ReadonlySet<string> = new Set(eventContracts.map(({ type }) => type));

export interface Tail {
  stop(): void;
}

/** Waits at the ends of all partitions and tells which types came, until it is stopped; begins anew after errors. */
export function watchTail(
  cluster: Cluster,
  heads: () => Promise<Map<number, number>>,
  tell: (types: ReadonlySet<string>) => void,
  log: Logger,
): Tail {
  const stopping = new AbortController();
  const lane = cluster.lane(REQUEST_MS);

  async function follow(
    leader: ReturnType<typeof known>,
    topicId: string,
    ends: Map<number, number>,
    over: AbortSignal,
  ) {
    while (!over.aborted) {
      const from = [...ends].map(([partition, offset]) => ({ partition, offset }));
      const parts = await fetchFrom(lane, leader, topicId, from, {
        maxWaitMs: WAIT_MS,
        bytes: BYTES,
        maxBytes: BYTES * from.length,
      });
      const types = new Set<string>();
      let more = false;
      for (const { partitionIndex: partition, errorCode, error, highWatermark, records = [] } of parts) {
        if (errorCode !== 0) throw error;
        const end = Number(highWatermark);
        const last = records.at(-1);
        if (
          last ? Number(last.firstOffset) + last.lastOffsetDelta + 1 < end : end > (ends.get(partition) ?? 0)
        )
          more = true;
        ends.set(partition, end);
        for (const batch of records) {
          for (const record of batch.attributes & IS_CONTROL ? [] : batch.records) {
            const place = { topic: cluster.topic, partition, offset: 0, timestamp: 0 };
            const read = fromRecord(record, place, () => false);
            if (read) types.add(read.type);
          }
        }
      }
      if (over.aborted) return;
      if (more) tell(ANYTHING);
      else if (types.size > 0) tell(types);
    }
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const failed = new AbortController();
      const over = AbortSignal.any([stopping.signal, failed.signal]);
      try {
        const view = await cluster.topicView();
        const ends = await heads();
        // What came while nobody watched.
        tell(ANYTHING);
        await Promise.all(
          [...byLeader(view, ends.keys())].map(async ([leader, partitions]) => {
            const own = new Map(partitions.map(partition => [partition, ends.get(partition) ?? 0]));
            return follow(known(leader), view.id, own, over);
          }),
        );
      } catch (error) {
        failed.abort();
        if (stopping.signal.aborted) return;
        log.debug({ reason: reasonOf(error) }, 'the watch at the end of the log begins anew');
        cluster.forget();
        await sleep(PAUSE_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
      }
    }
  }
  void run();

  return {
    stop() {
      stopping.abort();
      lane.close();
    },
  };
}
