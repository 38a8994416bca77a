import Type, { type Static, type TObject } from 'typebox';
import { Errors } from 'typebox/value';

/** Thrown for a setting that is missing, unknown or wrong; the message is one line for the operator. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

const url = (scheme: string) => Type.String({ pattern: `^(${scheme})://[^\\s]+$` });
export const HttpUrl = url('https?');
export const PostgresUrl = url('postgres(ql)?');
export const Flag = Type.Boolean();
export const Port = Type.Integer({ minimum: 0, maximum: 65_535 });
export const Milliseconds = (minimum: number, maximum: number) => Type.Integer({ minimum, maximum });

/** What every service can be told. */
export const baseConfig = {
  HOST: Type.String({ default: '127.0.0.1' }),
  /** Whether HOST may be an address that others can reach: nobody is asked who they are yet. */
  ALLOW_OPEN: { ...Flag, default: false },
  PORT: Port,
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent'], { default: 'info' }),
  /** The bearer token by which services know each other. */
  SERVICE_TOKEN: Type.String({ minLength: 16 }),
  /** Addresses whose X-Forwarded-* headers are believed. */
  TRUSTED_PROXIES: Type.String({ default: '127.0.0.1,::1' }),
  /** Requests of clients under way at once. */
  REQUESTS_LIMIT: Type.Integer({ minimum: 1, maximum: 1_000_000, default: 5_000 }),
  /**
   * How long clients are told that a connection is kept that nothing comes on; it is kept for twice as long. With LINGER_MS
   * longer than that, none is closed in a stop just as something is on its way.
   */
  KEEP_ALIVE_MS: Type.Integer({ minimum: 1_000, maximum: 600_000, default: 72_000 }),
  /** How long a stop still takes new requests, of those who have not heard of it. */
  LINGER_MS: Type.Integer({ minimum: 0, maximum: 60_000, default: 0 }),
  /** How long a stop waits for requests under way. */
  DRAIN_MS: Type.Integer({ minimum: 0, maximum: 600_000, default: 10_000 }),
};

/** What a service with a database can be told beside `baseConfig`. */
export const databaseConfig = {
  ...baseConfig,
  DATABASE_URL: PostgresUrl,
  DATABASE_CONNECTIONS: Type.Integer({ minimum: 4, maximum: 200, default: 12 }),
};

type Schema = { type?: unknown; default?: unknown };

function parse(text: string, schema: Schema): unknown {
  if ((schema.type === 'integer' || schema.type === 'number') && /^-?\d+(\.\d+)?$/.test(text))
    return Number(text);
  if (schema.type === 'boolean' && /^(true|false|1|0)$/.test(text)) return text === 'true' || text === '1';
  return text;
}

/**
 * Reads a service's settings once. Each key is looked for as `<SERVICE>__<KEY>` and then as `<KEY>`, so that several
 * services can live in one process; an empty value counts as unset. (Two underscores, because Kubernetes puts
 * variables such as ORDER_PORT into every container beside a Service named order.)
 * @param service e.g. `order`
 * @param env     usually process.env over the launcher's own defaults
 * @throws ConfigError naming the first setting that is missing, unknown or wrong
 */
export function loadConfig<T extends TObject>(service: string, schema: T, env: NodeJS.ProcessEnv): Static<T> {
  const prefix = `${service.toUpperCase()}__`;
  const fields = schema.properties as Record<string, Schema>;
  const stray = Object.keys(env).find(
    name => name.startsWith(prefix) && !(name.slice(prefix.length) in fields),
  );
  if (stray) throw new ConfigError(`${stray} is not a setting of the ${service} service`);

  const values: Record<string, unknown> = {};
  const names: Record<string, string> = {};
  for (const [key, field] of Object.entries(fields)) {
    const name = env[prefix + key] ? prefix + key : key;
    const text = env[name];
    names[key] = name;
    if (text) values[key] = parse(text, field);
    else if (field.default !== undefined) values[key] = field.default;
  }
  const [error] = Errors(schema, values);
  if (!error) return values as Static<T>;
  const missing = 'requiredProperties' in error.params ? error.params.requiredProperties[0] : undefined;
  const key = missing ?? error.instancePath.slice(1).split('/')[0] ?? '';
  if (missing) throw new ConfigError(`the ${service} service needs ${key}`);
  const shown = /TOKEN|URL|SECRET|PASSWORD/.test(key) ? '' : `=${JSON.stringify(values[key])}`;
  throw new ConfigError(`${names[key]}${shown} of the ${service} service is wrong: it ${error.message}`);
}
