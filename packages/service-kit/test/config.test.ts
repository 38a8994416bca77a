import Type from 'typebox';
import { describe, expect, it } from 'vitest';
import {
  baseConfig,
  ConfigError,
  databaseConfig,
  Flag,
  HttpUrl,
  loadConfig,
  Milliseconds,
} from '../src/config.ts';

const schema = Type.Object({
  ...baseConfig,
  PAY_URL: HttpUrl,
  RESERVATION_MS: Milliseconds(1_000, 60_000),
  STRICT: Type.Optional(Flag),
});
const complete = {
  PORT: '8081',
  SERVICE_TOKEN: 'x'.repeat(16),
  PAY_URL: 'http://pay:8080',
  RESERVATION_MS: '5000',
};
const load = (env: NodeJS.ProcessEnv) => loadConfig('order', schema, env);
const refusal = (env: NodeJS.ProcessEnv): string => {
  try {
    load(env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  throw new Error('was not refused');
};

describe('settings', () => {
  it('are read as what they are to be, with defaults for what is not set', () => {
    expect(load(complete)).toEqual({
      HOST: '127.0.0.1',
      ALLOW_OPEN: false,
      PORT: 8081,
      LOG_LEVEL: 'info',
      SERVICE_TOKEN: 'x'.repeat(16),
      TRUSTED_PROXIES: '127.0.0.1,::1',
      KEEP_ALIVE_MS: 72_000,
      LINGER_MS: 0,
      DRAIN_MS: 10_000,
      PAY_URL: 'http://pay:8080',
      REQUESTS_LIMIT: 5_000,
      RESERVATION_MS: 5_000,
    });
  });

  it("of the service's own name come before those without", () => {
    const config = load({ ...complete, ORDER__PORT: '9001', ORDER__LOG_LEVEL: 'warn', PAY__PORT: '9002' });
    expect(config).toMatchObject({ PORT: 9001, LOG_LEVEL: 'warn' });
  });

  it('that are empty count as not set', () => {
    expect(load({ ...complete, ORDER__PORT: '', HOST: '' })).toMatchObject({ PORT: 8081, HOST: '127.0.0.1' });
    expect(refusal({ ...complete, PAY_URL: '' })).toBe('the order service needs PAY_URL');
  });

  it.each([
    ['true', true],
    ['1', true],
    ['false', false],
    ['0', false],
  ])('take %s for a flag', (text, value) => {
    expect(load({ ...complete, STRICT: text }).STRICT).toBe(value);
  });

  it.each(['PORT', 'SERVICE_TOKEN', 'PAY_URL', 'RESERVATION_MS'])('that are missing are named: %s', key => {
    expect(refusal({ ...complete, [key]: undefined })).toBe(`the order service needs ${key}`);
  });

  it.each([
    ['PORT', 'eighty', /^PORT="eighty" of the order service is wrong: it must be integer/],
    ['PORT', '70000', /^PORT=70000 of the order service is wrong: it must be <= 65535/],
    ['RESERVATION_MS', '5', /^RESERVATION_MS=5 of the order service is wrong: it must be >= 1000/],
    ['LOG_LEVEL', 'loud', /^LOG_LEVEL="loud" of the order service is wrong: it /],
    ['STRICT', 'maybe', /^STRICT="maybe" of the order service is wrong: it must be boolean/],
    ['ORDER__PORT', '-1', /^ORDER__PORT=-1 of the order service is wrong/],
  ])('that are wrong are named with their value: %s=%s', (key, value, message) => {
    expect(refusal({ ...complete, [key]: value })).toMatch(message);
  });

  it('that may be secret are named without their value', () => {
    expect(refusal({ ...complete, SERVICE_TOKEN: 'short-secret' })).not.toContain('short-secret');
    expect(refusal({ ...complete, PAY_URL: 'ftp://me:hidden@pay' })).not.toContain('hidden');
    const withDatabase = Type.Object(databaseConfig);
    const env = { ...complete, DATABASE_URL: 'mysql://me:hidden@db' };
    expect(() => loadConfig('order', withDatabase, env)).toThrow(
      /^DATABASE_URL of the order service is wrong/,
    );
  });

  it("with the service's name that it does not know are refused, since they are mistyped", () => {
    expect(refusal({ ...complete, ORDER__PROT: '1' })).toBe(
      'ORDER__PROT is not a setting of the order service',
    );
  });

  it('that others have in the environment do not matter', () => {
    expect(load({ ...complete, PATH: '/bin', ORDER_PORT: 'tcp://10.0.0.1:80', PAY__X: '1' }).PORT).toBe(8081);
  });
});
