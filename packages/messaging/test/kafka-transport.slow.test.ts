import { randomUUID } from 'node:crypto';
import { Ordered, PayApproved } from '@jumun/contracts';
import { ConfigError } from '@jumun/service-kit';
import {
  Admin,
  compressionsAlgorithms,
  type KafkaRecord,
  type MessageToProduce,
  NumericMap,
  Producer,
  produceV9,
} from '@platformatic/kafka';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { startKafka } from '../../../tests/kafka/kafka.ts';
import { eventually } from '../../../tests/support/eventually.ts';
import { createOutbox, readOutbox } from '../src/outbox.ts';
import { startRelay } from '../src/relay.ts';
import { OtherLogError, PrunedError, type Transport } from '../src/transport.ts';
import { createCluster, errorIds } from '../src/transports/kafka/cluster.ts';
import { fetchFrom, known } from '../src/transports/kafka/reader.ts';
import { partitionOf } from '../src/transports/kafka/wire.ts';
import { type KafkaSettings, kafkaSettings, openKafkaTransport } from '../src/transports/kafka.ts';
import { transportConformance } from './conformance.ts';
import {
  type Cleanup,
  consume,
  createCleanup,
  effects,
  lettersOf,
  log,
  openServiceDatabase,
  ordered,
  outgoing,
  publish,
  randomOrder,
  readLog,
  steps,
  stepsOf,
} from './harness.ts';

const kafka = inject('kafka');
const here = (kafka.env ?? {}) as Record<string, string>;
const PARTITIONS = 4;
const zstdAvailable = compressionsAlgorithms.zstd.available;

function settingsOf(env: Record<string, string>): KafkaSettings {
  const settings = kafkaSettings(env);
  if (!settings) throw new Error('there are no settings of Kafka');
  return settings;
}

/** A topic of a test's own, opened as many times as asked for. */
async function openTopic(env: Record<string, string>, keep = false) {
  const cleanup = createCleanup();
  const topic = `t-${randomUUID()}`;
  const settings = settingsOf({ KAFKA_PARTITIONS: String(PARTITIONS), ...env, KAFKA_TOPIC: topic });
  if (!keep) {
    cleanup.add(async () => {
      const admin = new Admin({ clientId: 'test', bootstrapBrokers: settings.brokers });
      await admin.deleteTopics({ topics: [topic] }).finally(() => admin.close());
    });
  }
  async function reopen(): Promise<Transport> {
    const transport = await openKafkaTransport(settings, log);
    cleanup.add(() => transport.close());
    return transport;
  }
  return { topic, settings, transport: await reopen(), reopen, close: cleanup.run };
}

if (kafka.env) transportConformance('kafka', () => openTopic(here));

describe.skipIf(kafka.skipped)(
  `kafka transport in particular${kafka.skipped ? `: ${kafka.skipped}` : ''}`,
  () => {
    let cleanup: Cleanup;
    let transport: Transport;
    let reopen: () => Promise<Transport>;
    let topic: string;
    let settings: KafkaSettings;

    beforeEach(async () => {
      cleanup = createCleanup();
      const opened = await openTopic(here);
      cleanup.add(opened.close);
      ({ transport, reopen, topic, settings } = opened);
    });
    afterEach(() => cleanup.run());

    /** Appends as another client does. */
    async function produce(...messages: Omit<MessageToProduce, 'topic'>[]): Promise<void> {
      const producer = new Producer({ clientId: 'other', bootstrapBrokers: settings.brokers });
      await producer
        .send({ acks: -1, messages: messages.map(message => ({ ...message, topic })) })
        .finally(() => producer.close());
    }

    /** Asks the broker itself. */
    function openRaw() {
      const cluster = createCluster(settings, log);
      cleanup.add(() => cluster.close());
      return { cluster, lane: cluster.lane(10_000) };
    }

    async function rawRecords(partition: number): Promise<KafkaRecord[]> {
      const { cluster, lane } = openRaw();
      const { id, leaders } = await cluster.topicView();
      const bounds = { maxWaitMs: 0, bytes: 1 << 20, maxBytes: 1 << 20 };
      const [part] = await fetchFrom(lane, known(leaders[partition]), id, [{ partition, offset: 0 }], bounds);
      return (part?.records ?? [])
        .filter(({ attributes }) => !(attributes & 0x20))
        .flatMap(({ records }) => records);
    }

    const json = (fields: object) => Buffer.from(JSON.stringify(fields));
    const headers = (all: Record<string, string>) =>
      new Map(Object.entries(all).map(([name, value]) => [Buffer.from(name), Buffer.from(value)]));
    const orderedFields = (order: number, step: number) => ({
      eventType: Ordered.type,
      timestamp: Date.now(),
      id: order,
      price: step,
      itemcd: 1,
      orderQty: 1,
    });

    it('has on the topic what other services of the system expect', async () => {
      const message = { ...ordered(77, 1), traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` };
      await publish(transport, message);
      // Java's partitioner, worked out beforehand: (murmur2("77") & 0x7fffffff) % 4.
      const [record] = await rawRecords(partitionOf('77', PARTITIONS));
      expect(record?.key?.toString()).toBe('77');
      expect(record?.value?.toString()).toBe(message.payload);
      expect(
        Object.fromEntries((record?.headers ?? []).map(([name, value]) => [String(name), String(value)])),
      ).toEqual({
        type: 'Ordered',
        contentType: '"application/json"',
        spring_json_header_types: '{"type":"java.lang.String","contentType":"java.lang.String"}',
        eventId: message.eventId,
        traceparent: message.traceparent,
      });
    });

    it('consumes what services before and after this one wrote, and stops at nothing that is none of theirs', async () => {
      const { db } = await openServiceDatabase(cleanup);
      const [old, future, quoted] = [randomOrder(), randomOrder(), randomOrder()];
      const at = (order: number) => partitionOf(String(order), PARTITIONS);
      await produce(
        { partition: at(old), value: json(orderedFields(old, 1)) },
        { partition: at(old), key: Buffer.from(String(old)) },
        { partition: at(old), value: Buffer.from([0xff, 0, 1]) },
        {
          partition: at(old),
          value: Buffer.from([0xff, 0, 1]),
          headers: headers({ type: 'Ordered' }),
        },
        { partition: at(future), value: json({ eventType: 'NeverHeardOf', id: 1 }) },
        {
          partition: at(future),
          key: Buffer.from(String(future)),
          value: json({ ...orderedFields(future, 1), colour: { of: ['paint'] } }),
          headers: headers({ schema: '\0\x01' }),
        },
        {
          partition: at(quoted),
          key: Buffer.from(String(quoted)),
          value: json(orderedFields(quoted, 1)),
          headers: headers({ type: '"Ordered"' }),
        },
      );
      await publish(transport, ordered(old, 2), ordered(future, 2), ordered(quoted, 2));
      consume(cleanup, db, transport);
      for (const order of [old, future, quoted]) {
        await eventually(async () => expect(await stepsOf(db, order)).toEqual([1, 2]));
      }
      const letters = await db.query<{ type: string }>('SELECT type FROM dead_letter');
      expect(letters).toEqual([{ type: 'Ordered' }]);
      // Read once more from the beginning: those without an id are known again.
      const before = (await effects(db)).length;
      await db.query('UPDATE consumer_cursor SET position = 0');
      const again = consume(cleanup, db, await reopen());
      const heads = await transport.heads();
      await eventually(async () => {
        const rows = await db.query<{ partition: number; position: number }>(
          'SELECT partition, position FROM consumer_cursor',
        );
        expect(new Map(rows.map(({ partition, position }) => [partition, position]))).toEqual(heads);
      });
      await again.stop();
      expect((await effects(db)).length).toBe(before);
    });

    it('goes past holes, where transactions have left their marks', async () => {
      for (let i = 0; i < 3; i++) await transport.fence('order');
      const positions = new Map(Array.from({ length: PARTITIONS }, (_, i) => [i, 0]));
      const { records, upTo } = await transport.read(positions, [Ordered.type], 2);
      expect(records).toEqual([]);
      expect([...upTo.values()]).toEqual([3, 3, 3, 3]);
      expect(upTo).toEqual(await transport.heads());
      expect(await transport.read(upTo, [Ordered.type], 2)).toEqual({ records: [], upTo: new Map() });
    });

    it('says so when records were deleted that were not read, and when the log ends before what was', async () => {
      const order = randomOrder();
      const partition = partitionOf(String(order), PARTITIONS);
      await publish(transport, ...steps(order, 5));
      const admin = new Admin({ clientId: 'test', bootstrapBrokers: settings.brokers });
      cleanup.add(() => admin.close());
      await admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition, offset: 3n }] }] });
      const from = (position: number) => transport.read(new Map([[partition, position]]), [Ordered.type], 10);
      await expect(from(2)).rejects.toThrow(
        new PrunedError(`partition ${partition} was pruned up to 3; read up to 2`),
      );
      expect((await from(3)).records).toHaveLength(3);
      await expect(from(100)).rejects.toThrow(PrunedError);
    });

    it('takes a topic that was deleted and made anew for another log, however long that has become', async () => {
      const order = randomOrder();
      const partition = partitionOf(String(order), PARTITIONS);
      await publish(transport, ...steps(order, 3));
      const from = new Map([[partition, 2]]);
      expect((await transport.read(from, [Ordered.type], 10)).records).not.toEqual([]);
      const admin = new Admin({ clientId: 'test', bootstrapBrokers: settings.brokers });
      await admin.deleteTopics({ topics: [topic] }).finally(() => admin.close());
      await eventually(async () => {
        const anew = await openKafkaTransport(settings, log);
        cleanup.add(() => anew.close());
        expect(anew.identity).not.toBe(transport.identity);
        await publish(anew, ...steps(order, 20));
      });
      const isAnother = (work: () => Promise<unknown>) =>
        eventually(() => expect(work()).rejects.toThrow(OtherLogError), 20_000);
      await isAnother(() => transport.read(from, [Ordered.type], 10));
      await isAnother(() => transport.heads());
    });

    it('takes a topic that was given more partitions for another log until it is opened again', async () => {
      const { cluster } = openRaw();
      await cluster.topicView();
      const admin = new Admin({ clientId: 'test', bootstrapBrokers: settings.brokers });
      await admin
        .createPartitions({ topics: [{ name: topic, count: PARTITIONS + 2, assignments: null }] })
        .finally(() => admin.close());
      await eventually(async () => {
        cluster.forget();
        await expect(cluster.topicView()).rejects.toThrow(OtherLogError);
      });
      expect((await reopen()).partitions).toBe(PARTITIONS + 2);
    });

    it('has the brokers themselves refuse an old epoch, in each partition', async () => {
      const old = await transport.fence('order');
      await (await reopen()).fence('order');
      const { cluster, lane } = openRaw();
      const { leaders } = await cluster.topicView();
      for (const [partition, leader] of leaders.entries()) {
        const message = { topic, partition, key: Buffer.from('1'), value: Buffer.from('{}') };
        const zombie = {
          producerId: BigInt(Math.floor(old / 2 ** 15)),
          producerEpoch: old % 2 ** 15,
          sequences: new NumericMap(),
        };
        const refused = await lane
          .request(known(leader), connection => produceV9.api.async(connection, -1, 5_000, [message], zombie))
          .catch(errorIds);
        expect(refused).toEqual(['INVALID_PRODUCER_EPOCH']);
      }
      expect(await readLog(transport)).toEqual([]);
    });

    it('writes down for Kafka how far a group has read, and takes it lightly where that is refused', async () => {
      const group = `g-${randomUUID()}`;
      const admin = new Admin({ clientId: 'test', bootstrapBrokers: settings.brokers });
      cleanup.add(() => admin.close());
      // The first group of a Kafka waits for the topic that they are kept in.
      await eventually(async () => {
        await transport.report(
          group,
          new Map([
            [0, 3],
            [2, 5],
          ]),
        );
        const [found] = await admin.listConsumerGroupOffsets({ groups: [group] });
        const partitions = found?.topics.find(({ name }) => name === topic)?.partitions ?? [];
        expect(
          partitions.map(({ partitionIndex, committedOffset }) => [partitionIndex, committedOffset]).sort(),
        ).toEqual([
          [0, 3n],
          [2, 5n],
        ]);
      });
      await transport.report('', new Map([[0, 1]]));
    });

    it('tells the history of one key, with the time of each event', async () => {
      const order = randomOrder();
      const messages = steps(order, 30);
      for (const message of messages) await publish(transport, message, ordered(randomOrder(), 1));
      const history = await transport.history(String(order));
      expect(history.map(({ eventId, payload }) => ({ eventId, payload }))).toEqual(
        messages.map(({ eventId, payload }) => ({ eventId, payload })),
      );
      expect(Math.abs((history[0]?.appendedAt ?? 0) - Date.now())).toBeLessThan(600_000);
    });

    it('calls back with the types that another process appended', async () => {
      const seen = new Set<string>();
      let calls = 0;
      (await reopen()).onAppend(types => {
        calls++;
        if (types.size === 1) for (const type of types) seen.add(type);
      });
      await eventually(() => expect(calls).toBeGreaterThan(0));
      await eventually(async () => {
        await publish(transport, { ...ordered(1, 1), type: PayApproved.type });
        expect([...seen]).toEqual([PayApproved.type]);
      });
    });

    it('leaves a topic as it is that others made, also at once, and counts its partitions', async () => {
      const fresh = { ...settings, topic: `t-${randomUUID()}`, partitions: 3 };
      const opened = await Promise.all([1, 2, 3].map(() => openKafkaTransport(fresh, log)));
      for (const one of opened) cleanup.add(() => one.close());
      expect(opened.map(({ partitions }) => partitions)).toEqual([3, 3, 3]);
      const later = await openKafkaTransport({ ...fresh, partitions: 8 }, log);
      cleanup.add(() => later.close());
      expect(later.partitions).toBe(3);
      const admin = new Admin({ clientId: 'test', bootstrapBrokers: settings.brokers });
      await admin.deleteTopics({ topics: [fresh.topic] }).finally(() => admin.close());
    });

    it.each(['gzip', 'snappy', 'lz4'] as const)('compresses with %s', async compression => {
      const packed = await openKafkaTransport({ ...settings, compression }, log);
      cleanup.add(() => packed.close());
      const messages = steps(randomOrder(), 200);
      await publish(packed, ...messages);
      expect((await readLog(transport)).map(({ eventId }) => eventId)).toEqual(
        messages.map(({ eventId }) => eventId),
      );
    });

    it.skipIf(!zstdAvailable)('compresses with zstd (not before Node 22.15)', async () => {
      const packed = await openKafkaTransport({ ...settings, compression: 'zstd' }, log);
      cleanup.add(() => packed.close());
      await publish(packed, ...steps(randomOrder(), 200));
      expect(await readLog(transport)).toHaveLength(200);
    });

    it('takes more than one batch holds at once, in order', async () => {
      const order = randomOrder();
      const pad = 'x'.repeat(2_000);
      const messages = steps(order, 900).map(message => ({
        ...message,
        payload: message.payload.replace('{', `{"pad":"${pad}",`),
      }));
      await publish(transport, ...messages);
      expect((await readLog(transport, { limit: 100 })).map(({ eventId }) => eventId)).toEqual(
        messages.map(({ eventId }) => eventId),
      );
    });

    it('carries an outbox to an inbox: in order, each once, while relays take over from each other', async () => {
      const { db, another } = await openServiceDatabase(cleanup);
      const service = await openServiceDatabase(cleanup);
      const outbox = createOutbox(() => {});
      const orders = [randomOrder(), randomOrder(), randomOrder()];
      const through = [transport, await reopen()];
      const relays = through.map(one =>
        startRelay({ publisher: 'order', db: another(), transport: one, isLeader: () => true, log }),
      );
      for (const relay of relays) cleanup.add(() => relay.stop());
      consume(cleanup, service.db, await reopen());
      const wanted = Array.from({ length: 20 }, (_, i) => i + 1);
      for (const step of wanted) {
        await db.transaction(async tx =>
          outbox.append(
            tx,
            orders.map(order => outgoing(order, step)),
          ),
        );
      }
      await relays[0]?.stop();
      await eventually(async () => expect(await readOutbox(db, 10)).toEqual([]), 40_000);
      for (const order of orders) {
        await eventually(async () => expect(await stepsOf(service.db, order)).toEqual(wanted));
        expect(await lettersOf(service.db, order)).toEqual([]);
      }
    });
  },
);

describe.skipIf(kafka.skipped)(`kafka that fails${kafka.skipped ? `: ${kafka.skipped}` : ''}`, () => {
  let cleanup: Cleanup;
  beforeEach(() => {
    cleanup = createCleanup();
  });
  afterEach(() => cleanup.run());

  /** A relay and a consumer over a Kafka of their own; `go` publishes until it is told to end. */
  async function system(brokers: 1 | 3) {
    const cluster = await startKafka({ brokers });
    cleanup.add(cluster.stop);
    const opened = await openTopic(cluster.env, true);
    cleanup.add(opened.close);
    const source = await openServiceDatabase(cleanup);
    const target = await openServiceDatabase(cleanup);
    const outbox = createOutbox(() => {});
    const relay = startRelay({
      publisher: 'order',
      db: source.db,
      transport: opened.transport,
      isLeader: () => true,
      log,
    });
    cleanup.add(() => relay.stop());
    consume(cleanup, target.db, await opened.reopen());
    const orders = Array.from({ length: 8 }, randomOrder);
    let step = 0;
    const send = () => {
      step++;
      return source.db.transaction(async tx =>
        outbox.append(
          tx,
          orders.map(order => outgoing(order, step)),
        ),
      );
    };
    const sendMany = async (count: number) => {
      for (let i = 0; i < count; i++) await send();
    };
    /** All that was sent has arrived, in order, and was done once. */
    async function expectAll(): Promise<void> {
      const wanted = Array.from({ length: step }, (_, i) => i + 1);
      await eventually(async () => {
        for (const order of orders) expect(await stepsOf(target.db, order)).toEqual(wanted);
      }, 90_000);
      expect(await readOutbox(source.db, 10)).toEqual([]);
    }
    return { ...cluster, ...opened, sendMany, expectAll };
  }

  it('loses nothing and keeps the order when the broker is killed and comes back', {
    timeout: 240_000,
  }, async () => {
    const { nodes, sendMany, expectAll } = await system(1);
    await sendMany(20);
    await expectAll();
    const [node] = nodes;
    const sending = sendMany(60);
    await node?.kill();
    await sending;
    await sendMany(20);
    await node?.start();
    await expectAll();
  });

  it('loses nothing and keeps the order when the broker stands still for longer than a request waits', {
    timeout: 240_000,
  }, async () => {
    const { nodes, sendMany, expectAll, transport } = await system(1);
    await sendMany(20);
    await expectAll();
    nodes[0]?.pause();
    await sendMany(20);
    await expect(transport.heads()).rejects.toThrow(/Kafka: Request timed out/);
    nodes[0]?.resume();
    await sendMany(20);
    await expectAll();
  });

  it('goes on with the leaders that are left when one of three brokers is killed', {
    timeout: 300_000,
  }, async () => {
    const { nodes, sendMany, expectAll } = await system(3);
    await sendMany(20);
    await expectAll();
    for (const node of nodes.slice(0, 2)) {
      const sending = sendMany(40);
      await node.kill();
      await sending;
      await expectAll();
      await node.start();
    }
    await sendMany(10);
    await expectAll();
  });

  it('is reached with TLS and a password, and says in one line what is wrong with either', {
    timeout: 240_000,
  }, async () => {
    const { env, stop } = await startKafka({ tls: true, sasl: true });
    cleanup.add(stop);
    for (const mechanism of ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']) {
      const { transport, close } = await openTopic({ ...env, KAFKA_SASL_MECHANISM: mechanism }, true);
      await publish(transport, ...steps(1, 3));
      expect(await readLog(transport)).toHaveLength(3);
      await close();
    }
    const open = (wrong: Record<string, string>) => openTopic({ ...env, ...wrong }, true);
    await expect(open({ KAFKA_SASL_PASSWORD: 'wrong' })).rejects.toThrow(ConfigError);
    await expect(open({ KAFKA_SASL_PASSWORD: 'wrong' })).rejects.toThrow(
      /^[^\n]*SASL authentication failed[^\n]*$/i,
    );
    const { KAFKA_TLS_CA, ...withoutCa } = env;
    await expect(openTopic(withoutCa, true)).rejects.toThrow(/^[^\n]*certificate[^\n]*$/);
  });
});
