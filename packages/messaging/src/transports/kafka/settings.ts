import { readFileSync } from 'node:fs';
import { ConfigError, Flag, loadConfig } from '@jumun/service-kit';
import { compressionsAlgorithms } from '@platformatic/kafka';
import Type from 'typebox';

export interface Broker {
  host: string;
  port: number;
}

/** How a log in Kafka is reached, and how its topic is made where there is none yet. */
export interface KafkaSettings {
  brokers: Broker[];
  topic: string;
  partitions: number;
  /** Copies of each record; if not said, 3 or one on each broker where there are fewer. */
  replication: number | undefined;
  retentionDays: number;
  compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';
  tls: { ca?: Buffer; cert?: Buffer; key?: Buffer } | undefined;
  sasl: { mechanism: Mechanism; username: string; password: string } | undefined;
}

const mechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const;
type Mechanism = (typeof mechanisms)[number];

const address = '(\\[[0-9a-fA-F:]+\\]|[^\\s,:\\[\\]]+):\\d{1,5}';
const count = (maximum: number) => Type.Integer({ minimum: 1, maximum });
const optionalText = Type.Optional(Type.String());

const schema = Type.Object({
  KAFKA_BROKERS: Type.String({ pattern: `^${address}(,${address})*$` }),
  KAFKA_TOPIC: Type.String({ pattern: '^[a-zA-Z0-9._-]{1,249}$', default: 'capstoneorderteam' }),
  KAFKA_PARTITIONS: Type.Integer({ minimum: 1, maximum: 1_000, default: 8 }),
  KAFKA_REPLICATION: Type.Optional(count(32_767)),
  KAFKA_RETENTION_DAYS: Type.Integer({ minimum: 1, maximum: 36_500, default: 90 }),
  KAFKA_COMPRESSION: Type.Enum(['none', 'gzip', 'snappy', 'lz4', 'zstd'], { default: 'none' }),
  KAFKA_TLS: Type.Boolean({ ...Flag, default: false }),
  KAFKA_TLS_CA: optionalText,
  KAFKA_TLS_CERT: optionalText,
  KAFKA_TLS_KEY: optionalText,
  KAFKA_SASL_MECHANISM: Type.Optional(Type.Enum([...mechanisms])),
  KAFKA_SASL_USERNAME: optionalText,
  KAFKA_SASL_PASSWORD: optionalText,
});

/**
 * Reads the settings of Kafka; none where there is no KAFKA_BROKERS.
 * @throws ConfigError naming the first setting that is missing, wrong, or cannot work here
 */
export function kafkaSettings(env: NodeJS.ProcessEnv): KafkaSettings | undefined {
  if (!env.KAFKA_BROKERS) return undefined;
  const config = loadConfig('kafka', schema, env);
  const compression = config.KAFKA_COMPRESSION as KafkaSettings['compression'];
  if (!compressionsAlgorithms[compression].available) {
    throw new ConfigError(`KAFKA_COMPRESSION=${compression} needs a newer Node.js than ${process.version}`);
  }
  return {
    brokers: config.KAFKA_BROKERS.split(',').map(brokerOf),
    topic: config.KAFKA_TOPIC,
    partitions: config.KAFKA_PARTITIONS,
    replication: config.KAFKA_REPLICATION,
    retentionDays: config.KAFKA_RETENTION_DAYS,
    compression,
    tls: tlsOf(config.KAFKA_TLS, env),
    sasl: saslOf(config.KAFKA_SASL_MECHANISM as Mechanism | undefined, env),
  };
}

function brokerOf(text: string): Broker {
  const colon = text.lastIndexOf(':');
  const port = Number(text.slice(colon + 1));
  if (port < 1 || port > 65_535) throw new ConfigError(`KAFKA_BROKERS has ${text}, which is no host:port`);
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port };
}

function tlsOf(on: boolean, env: NodeJS.ProcessEnv): KafkaSettings['tls'] {
  const read = (name: string) => {
    const path = env[name];
    if (!path) return undefined;
    if (!on) throw new ConfigError(`${name} needs KAFKA_TLS=true`);
    try {
      return readFileSync(path);
    } catch (error) {
      throw new ConfigError(`${name} cannot be read: ${(error as Error).message}`);
    }
  };
  const [ca, cert, key] = ['KAFKA_TLS_CA', 'KAFKA_TLS_CERT', 'KAFKA_TLS_KEY'].map(read);
  if (!cert !== !key) throw new ConfigError('KAFKA_TLS_CERT and KAFKA_TLS_KEY go together');
  return on ? { ...(ca && { ca }), ...(cert && key && { cert, key }) } : undefined;
}

function saslOf(mechanism: Mechanism | undefined, env: NodeJS.ProcessEnv): KafkaSettings['sasl'] {
  const { KAFKA_SASL_USERNAME: username, KAFKA_SASL_PASSWORD: password } = env;
  if (!mechanism) {
    if (username || password) throw new ConfigError('KAFKA_SASL_USERNAME needs KAFKA_SASL_MECHANISM');
    return undefined;
  }
  if (!username || !password) {
    throw new ConfigError('KAFKA_SASL_MECHANISM needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD');
  }
  return { mechanism, username, password };
}
