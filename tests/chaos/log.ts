import { eventContracts } from '@jumun/contracts';
import type { LogRecord, Message, Transport } from '@jumun/messaging';
import { type KafkaSettings, kafkaSettings, openKafkaTransport } from '@jumun/messaging/kafka';
import { openPostgresTransport } from '@jumun/messaging/postgres';
import { createLogger, openDatabase } from '@jumun/service-kit';
import { type KafkaNode, startKafka } from '../kafka/kafka.ts';
import { eventually } from '../support/eventually.ts';

const TYPES = eventContracts.map(({ type }) => type);
const PAGE = 1_000;
/** As long as all brokers may be away, and then some. */
const PATIENCE_MS = 45_000;
const PUBLISHER = 'chaos';

/** The event log as the suite meets it: to read it all, and to put into it what no relay would. Waits while it is away. */
export interface ChaosLog {
  all(): Promise<LogRecord[]>;
  /** partition → its last position. */
  heads(): Promise<Map<number, number>>;
  /** What is there twice, since it was not known whether it was there, is a repeat. */
  append(messages: Message[]): Promise<void>;
  close(): Promise<void>;
}

export function createChaosLog(transport: Transport): ChaosLog {
  let epoch: number | undefined;

  async function readAll(): Promise<LogRecord[]> {
    const until = performance.now() + PATIENCE_MS;
    const heads = await transport.heads();
    const positions = new Map([...heads.keys()].map(partition => [partition, 0]));
    const records: LogRecord[] = [];
    for (;;) {
      const behind = [...positions].filter(([partition, at]) => at < (heads.get(partition) ?? 0));
      if (behind.length === 0) return records;
      if (performance.now() > until) throw new Error('the log cannot be read to its end');
      const { records: more, upTo } = await transport.read(new Map(behind), TYPES, PAGE);
      records.push(...more);
      for (const [partition, position] of upTo) positions.set(partition, position);
    }
  }

  return {
    all: () => eventually(readAll, PATIENCE_MS),
    heads: transport.heads,
    append: messages =>
      eventually(async () => {
        epoch ??= await transport.fence(PUBLISHER);
        try {
          await transport.append(PUBLISHER, epoch, messages);
        } catch (error) {
          epoch = undefined;
          throw error;
        }
      }, PATIENCE_MS),
    close: () => transport.close(),
  };
}

export type TransportName = 'postgres' | 'kafka';

export interface OpenLog {
  log: ChaosLog;
  /** The brokers, which can fail one by one; none where the log is in PostgreSQL. */
  brokers: KafkaNode[];
  /** The settings by which services reach it. */
  env: Record<string, string>;
  close(): Promise<void>;
}

const BROKERS = 3;

/** @param database the connection string of the database that a log in PostgreSQL takes */
export async function openLog(transport: TransportName, database: string): Promise<OpenLog> {
  const logger = createLogger('chaos', 'silent');
  if (transport === 'postgres') {
    const db = openDatabase({ url: database, name: 'chaos', connections: 4, log: logger });
    const log = createChaosLog(await openPostgresTransport(db));
    return { log, brokers: [], env: { EVENTS_URL: database }, close: log.close };
  }
  const kafka = await startKafka({ brokers: BROKERS });
  try {
    const settings = kafkaSettings(kafka.env) as KafkaSettings;
    const log = createChaosLog(await openKafkaTransport(settings, logger));
    const close = async () => {
      await log.close().catch(() => undefined);
      await kafka.stop();
    };
    return { log, brokers: kafka.nodes, env: kafka.env, close };
  } catch (error) {
    await kafka.stop();
    throw error;
  }
}
