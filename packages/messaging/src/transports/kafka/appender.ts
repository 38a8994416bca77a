import { setTimeout as sleep } from 'node:timers/promises';
import { UnavailableError } from '@jumun/service-kit';
import {
  addPartitionsToTxnV3,
  describeTransactionsV0,
  endTxnV3,
  initProducerIdV4,
  type MessageRecord,
  NumericMap,
  produceV9,
  ResponseError,
} from '@platformatic/kafka';
import type { Message } from '../../message.ts';
import { FencedError } from '../../transport.ts';
import { byLeader, type Cluster, errorIds, reasonOf } from './cluster.ts';
import type { Broker, KafkaSettings } from './settings.ts';
import { partitionOf, toRecord } from './wire.ts';

/** How long a fence or an append may take in all, with its retries. */
const PATIENCE_MS = 15_000;
/** How long one request waits for its answer; the broker gives up a little earlier. */
const REQUEST_MS = 6_000;
const BROKER_MS = 5_000;
const PAUSE_MS = 50;
/** A batch must be within the brokers' message.max.bytes (1 MiB by default) with its headers. */
const BATCH_BYTES = 500_000;
/** Brokers forget a producer that is silent for a day, and a transactional id after a week: then it is made known anew. */
const RENEW_MS = 12 * 3_600_000;

/** Another has taken over. */
const FENCED = new Set(['INVALID_PRODUCER_EPOCH', 'PRODUCER_FENCED', 'INVALID_PRODUCER_ID_MAPPING']);
/** The broker does not know what was sent before: only a new epoch helps. */
const BROKEN = new Set(['OUT_OF_ORDER_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID', 'INVALID_TXN_STATE']);
/** Sent again, it would be refused again. */
const REFUSED =
  /^(MESSAGE_TOO_LARGE|RECORD_LIST_TOO_LARGE|INVALID_RECORD|CORRUPT_MESSAGE|UNSUPPORTED|.*AUTHORIZATION_FAILED|INVALID_REQUIRED_ACKS|POLICY_VIOLATION)/;

export interface Appender {
  fence(publisher: string): Promise<number>;
  append(publisher: string, epoch: number, messages: Message[]): Promise<void>;
  idle(): Promise<void>;
}

/** One producer's right to append. */
interface Session {
  number: number;
  producerId: bigint;
  producerEpoch: number;
  /** By `topic:partition`: the number of the next record. */
  sequences: NumericMap;
  renewedAt: number;
}

/** A batch on its way to one partition. */
interface Batch {
  partition: number;
  messages: MessageRecord[];
}

/**
 * Appends as an idempotent producer whose epochs fence each other. Fencing makes all leaders know the new epoch by a
 * transaction without records; appending needs none, and so never holds up a reader.
 */
export function createAppender(
  cluster: Cluster,
  { topic, compression }: KafkaSettings,
  partitions: number,
): Appender {
  const lane = cluster.lane(REQUEST_MS);
  /** publisher → its last session in this process. */
  const sessions = new Map<string, Session>();
  /** publisher → its last append, which the next one waits for. */
  const tails = new Map<string, Promise<unknown>>();
  const coordinators = new Map<string, Broker>();
  const placeOf = (partition: number) => `${topic}:${partition}`;

  /** Asks a publisher's coordinator until it answers or patience ends. */
  async function coordinate<T>(
    id: string,
    deadline: number,
    call: (connection: Parameters<Parameters<typeof lane.request>[1]>[0]) => Promise<T>,
  ): Promise<T> {
    for (;;) {
      try {
        const coordinator = coordinators.get(id) ?? (await cluster.coordinator('transaction', id));
        coordinators.set(id, coordinator);
        return await lane.request(coordinator, call);
      } catch (error) {
        const ids = errorIds(error);
        if (ids.some(id => FENCED.has(id)))
          throw new FencedError(`another relay took over ${id}`, { cause: error });
        if (!ids.includes('CONCURRENT_TRANSACTIONS')) coordinators.delete(id);
        if (performance.now() > deadline || ids.some(id => REFUSED.test(id))) throw error;
      }
      await sleep(PAUSE_MS);
    }
  }

  /** Takes a new epoch, or a session's next one where nobody else has taken one, and lets all leaders know of it. */
  async function takeEpoch(publisher: string, before?: Session): Promise<Session> {
    const id = `jumun-${topic}-${publisher}`;
    const deadline = performance.now() + PATIENCE_MS;
    const { producerId, producerEpoch } = await coordinate(id, deadline, connection =>
      initProducerIdV4.api.async(
        connection,
        id,
        PATIENCE_MS,
        before?.producerId ?? -1n,
        before?.producerEpoch ?? -1,
      ),
    );
    const topics = [{ name: topic, partitions: Array.from({ length: partitions }, (_, i) => i) }];
    await coordinate(id, deadline, connection =>
      addPartitionsToTxnV3.api.async(connection, [
        { transactionalId: id, producerId, producerEpoch, verifyOnly: false, topics },
      ]),
    );
    await coordinate(id, deadline, connection =>
      endTxnV3.api.async(connection, id, producerId, producerEpoch, true),
    );
    // The coordinator answers before the leaders have written their marks.
    for (;;) {
      const { transactionStates } = await coordinate(id, deadline, connection =>
        describeTransactionsV0.api.async(connection, [id]),
      );
      const [state] = transactionStates;
      if (state?.producerEpoch !== producerEpoch || state.producerId !== producerId) {
        throw new FencedError(`another relay took over ${id}`);
      }
      if (state.transactionState === 'CompleteCommit') break;
      if (performance.now() > deadline) throw new UnavailableError(`the fence of ${id} is not complete`);
      await sleep(5);
    }
    // Epochs are numbered within a producer id, of which a publisher gets another one when they run out.
    const number = Number(producerId) * 2 ** 15 + producerEpoch;
    return { number, producerId, producerEpoch, sequences: new NumericMap(), renewedAt: performance.now() };
  }

  async function appendNow(publisher: string, epoch: number, messages: Message[]): Promise<void> {
    let session = sessions.get(publisher);
    if (session?.number !== epoch)
      throw new FencedError(`epoch ${epoch} of ${publisher} is over: it has to fence anew`);
    try {
      if (performance.now() - session.renewedAt > RENEW_MS) {
        session = { ...(await takeEpoch(publisher, session)), number: epoch };
        sessions.set(publisher, session);
      }
      await send(publisher, session, messages);
    } catch (error) {
      // Whether it is there is not known, and so neither is the number of the next record.
      if (sessions.get(publisher) === session) sessions.delete(publisher);
      throw error;
    }
  }

  async function send(publisher: string, session: Session, messages: Message[]): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    const queues = toBatches(messages);
    let last: unknown;
    while (queues.size > 0) {
      const view = await cluster.topicView().catch(error => {
        last = error;
        return undefined;
      });
      const results = view
        ? await Promise.all(
            [...byLeader(view, queues.keys())].map(([leader, partitions]) =>
              produce(
                leader,
                session,
                partitions.map(partition => queues.get(partition)?.[0] as Batch),
              ),
            ),
          )
        : [];
      let again = !view;
      for (const { partition, error } of results.flat()) {
        const ids = errorIds(error);
        if (ids.some(id => FENCED.has(id))) throw new FencedError(`another relay of ${publisher} took over`);
        if (error !== undefined && !ids.includes('DUPLICATE_SEQUENCE_NUMBER')) {
          if (ids.some(id => BROKEN.has(id) || REFUSED.test(id))) throw error;
          last = error;
          again = true;
          continue;
        }
        const [done, ...rest] = queues.get(partition) ?? [];
        if (rest.length > 0) queues.set(partition, rest);
        else queues.delete(partition);
        const place = placeOf(partition);
        const next = session.sequences.getWithDefault(place, 0) + (done?.messages.length ?? 0);
        session.sequences.set(place, next % 2 ** 31);
      }
      if (!again) continue;
      cluster.forget();
      if (performance.now() > deadline) {
        throw new UnavailableError(`Kafka did not take an append in time: ${reasonOf(last)}`, {
          cause: last,
        });
      }
      await sleep(PAUSE_MS);
    }
  }

  /** Sends one batch for each of some partitions of a leader; gives what came of each. */
  async function produce(
    leader: Broker | undefined,
    { producerId, producerEpoch, sequences }: Session,
    batches: Batch[],
  ): Promise<{ partition: number; error?: unknown }[]> {
    if (!leader) {
      const error = new UnavailableError('a partition has no leader for now');
      return batches.map(({ partition }) => ({ partition, error }));
    }
    const records = batches.flatMap(({ messages }) => messages);
    const options = { producerId, producerEpoch, sequences, compression };
    try {
      await lane.request(leader, connection =>
        produceV9.api.async(connection, -1, BROKER_MS, records, options),
      );
      return batches.map(({ partition }) => ({ partition }));
    } catch (error) {
      const answers = error instanceof ResponseError ? answersOf(error) : [];
      return batches.map(({ partition }) => {
        const answer = answers.find(({ index }) => index === partition);
        return answer?.errorCode === 0
          ? { partition }
          : { partition, error: answer ? ofPartition(error, answers.indexOf(answer)) : error };
      });
    }
  }

  function toBatches(messages: Message[]): Map<number, Batch[]> {
    const queues = new Map<number, Batch[]>();
    const sizes = new Map<number, number>();
    const timestamp = BigInt(Date.now());
    for (const message of messages) {
      const partition = partitionOf(message.key, partitions);
      const queue = queues.get(partition) ?? [];
      queues.set(partition, queue);
      const record = toRecord(message);
      const size = record.value.length + 300;
      const full = (sizes.get(partition) ?? 0) + size > BATCH_BYTES;
      if (queue.length === 0 || full) {
        queue.push({ partition, messages: [] });
        sizes.set(partition, 0);
      }
      sizes.set(partition, (sizes.get(partition) ?? 0) + size);
      queue.at(-1)?.messages.push({ ...record, topic, partition, timestamp });
    }
    return queues;
  }

  return {
    async fence(publisher) {
      const session = await takeEpoch(publisher);
      sessions.set(publisher, session);
      return session.number;
    },
    append(publisher, epoch, messages) {
      const before = tails.get(publisher) ?? Promise.resolve();
      const done = before.then(() => appendNow(publisher, epoch, messages));
      const tail = done.catch(() => undefined);
      tails.set(publisher, tail);
      return done;
    },
    async idle() {
      await Promise.all(tails.values());
    },
  };
}

type ProduceResponse = ReturnType<typeof produceV9.parseResponse>;

const answersOf = (error: ResponseError): ProduceResponse['responses'][number]['partitionResponses'] =>
  (error.response as ProduceResponse).responses[0]?.partitionResponses ?? [];

/** The error of one partition, of those in an answer. */
function ofPartition(error: unknown, index: number): unknown {
  const found = (error as ResponseError).errors.find(({ path }) =>
    path?.includes(`/partition_responses/${index}`),
  );
  return found ?? error;
}
