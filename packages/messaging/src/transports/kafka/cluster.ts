import { type Logger, UnavailableError } from '@jumun/service-kit';
import {
  Connection,
  findCoordinatorV4,
  MultipleErrors,
  metadataV12,
  ProtocolError,
  ResponseError,
} from '@platformatic/kafka';
import { OtherLogError } from '../../transport.ts';
import type { Broker, KafkaSettings } from './settings.ts';

/** Requests to one broker after another over connections of their own. Kafka answers one at a time on a connection. */
export interface Lane {
  /**
   * Sends a request. A connection on which one got no answer in time is not used again.
   * @throws what the library throws: ResponseError for an error in the answer
   */
  request<T>(broker: Broker, call: (connection: Connection) => Promise<T>): Promise<T>;
  close(): void;
}

/** What is known of the topic. */
export interface TopicView {
  id: string;
  /** partition → the broker that leads it, where there is one. */
  leaders: (Broker | undefined)[];
}

export interface ClusterView {
  brokers: ReadonlyMap<number, Broker>;
  controller: Broker | undefined;
  /** Undefined where the cluster does not have it. */
  topic: TopicView | undefined;
}

export interface Cluster {
  readonly topic: string;
  /** Opens connections for one kind of work. */
  lane(timeoutMs: number): Lane;
  /** The brokers and the topic's leaders, as far as known; asked for when not. */
  view(): Promise<ClusterView>;
  /** The topic's leaders. @throws UnavailableError where it is gone, OtherLogError where it is another now */
  topicView(): Promise<TopicView>;
  /** Something was not as the view says: it will be asked for anew. */
  forget(): void;
  coordinator(kind: 'group' | 'transaction', name: string): Promise<Broker>;
  close(): void;
}

const CONNECT_MS = 5_000;
const METADATA_MS = 5_000;

/** What makes another log of a topic, if anything has. */
function changeOf(first: TopicView, now: TopicView): string | undefined {
  // Positions of the one mean nothing in the other, and once that is long enough nobody would notice.
  if (now.id !== first.id) return 'was deleted and made anew: it is another log';
  // A key has its place by the number of partitions, and its order only as long as all go by the same.
  if (now.leaders.length === first.leaders.length) return undefined;
  return `had ${first.leaders.length} partitions and has ${now.leaders.length}: stop all parts, and start them again`;
}

/** Knows the brokers and who leads what. All requests have the version that brokers understand from Kafka 3.1 on. */
export function createCluster(settings: KafkaSettings, log: Logger): Cluster {
  const { tls, sasl } = settings;
  const lanes = new Set<Lane>();
  let known: Promise<ClusterView> | undefined;
  /** Of the topic as it was first seen. */
  /** The topic as it was when this process saw it first. */
  let first: TopicView | undefined;
  /** Who is asked first: the one that answered last. */
  let candidates = settings.brokers;

  function lane(timeoutMs: number): Lane {
    const connections = new Map<string, Promise<Connection>>();
    let closed = false;

    function connect(broker: Broker): Promise<Connection> {
      const { host, port } = broker;
      const name = nameOf(broker);
      const existing = connections.get(name);
      if (existing) return existing;
      const connection = new Connection('jumun', {
        connectTimeout: CONNECT_MS,
        requestTimeout: timeoutMs,
        maxInflights: 100,
        ...(tls && { tls, tlsServerName: !/^[\d.]+$|:/.test(host) }),
        ...(sasl && { sasl }),
      });
      const opening = Promise.resolve(connection.connect(host, port)).then(() => connection);
      const drop = () => {
        if (connections.get(name) === opening) connections.delete(name);
      };
      connection.on('error', drop);
      connection.on('close', drop);
      opening.catch(drop);
      connections.set(name, opening);
      return opening;
    }

    const end = (connection: Connection) => {
      void connection.close();
      connection.socket.destroy();
    };

    const self: Lane = {
      async request(broker, call) {
        if (closed) throw new UnavailableError('the Kafka transport is closed');
        const opening = connect(broker);
        const connection = await opening;
        try {
          return await call(connection);
        } catch (error) {
          // What comes late would be taken for the answer to the next request.
          if (!(error instanceof ResponseError)) {
            // Another that failed with it may have opened the next one already.
            if (connections.get(nameOf(broker)) === opening) connections.delete(nameOf(broker));
            end(connection);
          }
          throw error;
        }
      },
      close() {
        closed = true;
        lanes.delete(self);
        for (const connection of connections.values()) connection.then(end, () => undefined);
      },
    };
    lanes.add(self);
    return self;
  }

  const asking = lane(METADATA_MS);

  /** Asks one broker after another until one answers. */
  async function askAny<T>(call: (connection: Connection) => Promise<T>): Promise<T> {
    const errors: unknown[] = [];
    for (const broker of candidates) {
      try {
        const answer = await asking.request(broker, call);
        candidates = [broker, ...candidates.filter(other => other !== broker)];
        return answer;
      } catch (error) {
        if (error instanceof ResponseError) throw error;
        errors.push(error);
      }
    }
    throw errors.length === 1 ? errors[0] : new MultipleErrors('no broker answers', errors as Error[]);
  }

  async function look(): Promise<ClusterView> {
    const { brokers, topics, controllerId } = await askAny(async connection => {
      try {
        return await metadataV12.api.async(connection, [settings.topic], false, false);
      } catch (error) {
        // A partition without a leader does not make the others unknown.
        if (error instanceof ResponseError)
          return error.response as ReturnType<typeof metadataV12.parseResponse>;
        throw error;
      }
    });
    const byId = new Map(brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]));
    const [topic] = topics;
    if (topic && topic.errorCode !== 0 && topic.errorCode !== UNKNOWN_TOPIC)
      throw new ProtocolError(topic.errorCode);
    const missing = !topic || topic.errorCode === UNKNOWN_TOPIC;
    candidates = [
      ...byId.values(),
      ...settings.brokers.filter(
        ({ host, port }) => ![...byId.values()].some(b => b.host === host && b.port === port),
      ),
    ];
    const leaders: (Broker | undefined)[] = [];
    for (const { partitionIndex, leaderId } of topic?.partitions ?? [])
      leaders[partitionIndex] = byId.get(leaderId);
    return {
      brokers: byId,
      controller: byId.get(controllerId),
      topic: missing ? undefined : { id: topic.topicId, leaders },
    };
  }

  const self: Cluster = {
    topic: settings.topic,
    lane,
    view() {
      if (known) return known;
      const asked = look();
      known = asked;
      asked.catch(() => {
        if (known === asked) known = undefined;
      });
      return asked;
    },
    async topicView() {
      const { topic } = await self.view();
      first ??= topic;
      if (!topic || !first) {
        self.forget();
        throw new UnavailableError(`Kafka has no topic ${settings.topic}`);
      }
      const change = changeOf(first, topic);
      if (!change) return topic;
      self.forget();
      throw new OtherLogError(`the topic ${settings.topic} ${change}`);
    },
    forget() {
      known = undefined;
    },
    async coordinator(kind, name) {
      const { coordinators } = await askAny(connection =>
        findCoordinatorV4.api.async(connection, kind === 'group' ? 0 : 1, [name]),
      );
      const [found] = coordinators;
      if (!found) throw new UnavailableError(`Kafka has no coordinator of ${name}`);
      log.debug({ kind, name, node: found.nodeId }, 'coordinator found');
      return { host: found.host, port: found.port };
    },
    close() {
      for (const open of lanes) open.close();
    },
  };
  return self;
}

const UNKNOWN_TOPIC = 3;

const nameOf = ({ host, port }: Broker) => `${host}:${port}`;

/** The names of the errors in a broker's answer; none where there was no answer. */
export function errorIds(error: unknown): string[] {
  if (error instanceof ProtocolError) return [String(error.apiId)];
  if (error instanceof AggregateError) return error.errors.flatMap(errorIds);
  return [];
}

/** Why a request failed, in one line. */
export function reasonOf(error: unknown): string {
  const ids = [...new Set(errorIds(error))];
  if (ids.length > 0) return ids.join(', ');
  if (error instanceof AggregateError && error.errors.length > 0) {
    return [...new Set(error.errors.map(reasonOf))].join('; ');
  }
  const { message, cause } = error as Error;
  return cause
    ? `${message.replace(/\.$/, '')}: ${reasonOf(cause)}`
    : message || (error as { code?: string }).code || String(error);
}

/** partitions by the broker that leads them; those without a leader are under undefined. */
export function byLeader(view: TopicView, partitions: Iterable<number>): Map<Broker | undefined, number[]> {
  const groups = new Map<Broker | undefined, number[]>();
  for (const partition of partitions) {
    const leader = view.leaders[partition];
    const group = groups.get(leader);
    if (group) group.push(partition);
    else groups.set(leader, [partition]);
  }
  return groups;
}
