import { Ordered } from '@jumun/contracts';
import { UnavailableError } from '@jumun/service-kit';
import { describe, expect, it } from 'vitest';
import type { Cluster } from '../src/transports/kafka/cluster.ts';
import { createReader } from '../src/transports/kafka/reader.ts';
import type { Broker } from '../src/transports/kafka/settings.ts';
import { watchTail } from '../src/transports/kafka/tail.ts';
import { toRecord } from '../src/transports/kafka/wire.ts';
import { log, ordered } from './harness.ts';

const there: Broker = { host: 'there', port: 1 };

/** A cluster in which partition 0 is led by somebody and partition 1 by nobody. */
function halfACluster(request: () => Promise<unknown>): Cluster {
  const topic = { id: 'id', leaders: [there, undefined] };
  return {
    topic: 't',
    lane: () => ({ request: request as never, close() {} }),
    view: async () => ({ brokers: new Map([[1, there]]), controller: there, topic }),
    topicView: async () => topic,
    forget() {},
    coordinator: async () => there,
    close() {},
  };
}

const batchOf = (offset: number) => {
  const { headers, ...record } = toRecord(ordered(7, 1));
  const records = [{ ...record, headers: [...headers], offsetDelta: 0, timestampDelta: 0n }];
  return { firstOffset: BigInt(offset), lastOffsetDelta: 0, firstTimestamp: 0n, attributes: 0, records };
};

// A promise that nobody waits for when it fails ends the process, and here the test run.
describe('a partition without a leader', () => {
  const fails = async () => {
    await new Promise(setImmediate);
    throw new UnavailableError('gone too');
  };
  const everywhere = new Map([
    [0, 0],
    [1, 0],
  ]);

  it('does not hold up the others', async () => {
    const answer = {
      responses: [{ partitions: [{ partitionIndex: 0, errorCode: 0, records: [batchOf(0)] }] }],
    };
    const reader = createReader(
      halfACluster(async () => answer),
      log,
    );
    const { records, upTo } = await reader.read(everywhere, [Ordered.type], 10);
    expect(records).toHaveLength(1);
    expect(upTo).toEqual(new Map([[0, 1]]));
  });

  it('is an error and no more when the other leaders fail a moment later', async () => {
    const reader = createReader(halfACluster(fails), log);
    await expect(reader.read(everywhere, [Ordered.type], 10)).rejects.toThrow(UnavailableError);
    await expect(reader.heads()).rejects.toThrow(UnavailableError);
    await new Promise(setImmediate);
    await new Promise(setImmediate);
  });

  it('leaves the watch at the end at work', async () => {
    let watches = 0;
    const heads = async () => {
      watches++;
      return everywhere;
    };
    const tail = watchTail(halfACluster(fails), heads, () => undefined, log);
    await expect.poll(() => watches, { timeout: 10_000 }).toBeGreaterThan(1);
    tail.stop();
  });
});
