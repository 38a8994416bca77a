import { afterEach, describe, expect, it } from 'vitest';
import { createApp } from '../src/app.ts';
import { ConfigError } from '../src/config.ts';

const lines: string[] = [];
afterEach(() => void lines.splice(0));

function open(HOST: string, ALLOW_OPEN: boolean) {
  const config = {
    HOST,
    ALLOW_OPEN,
    PORT: 0,
    LOG_LEVEL: 'warn',
    SERVICE_TOKEN: 'a-token-for-tests-only',
    TRUSTED_PROXIES: '127.0.0.1',
    DRAIN_MS: 0,
    REQUESTS_LIMIT: 5_000,
  };
  return createApp('order', config, {
    env: {},
    processMetrics: false,
    logTo: { write: l => void lines.push(l) },
  });
}

describe('a service, while nobody is asked who they are,', () => {
  it.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('listens on %s, which is this machine', host => {
    open(host, false);
    expect(lines).toEqual([]);
  });

  it.each(['0.0.0.0', '::', '10.0.0.1', 'order', '127.0.0.1.example'])(
    'does not listen on %s, which others can reach, unless it was said that this is wanted',
    host => {
      expect(() => open(host, false)).toThrow(ConfigError);
      expect(() => open(host, false)).toThrow(/^HOST=\S+ lets whoever reaches it .* ALLOW_OPEN=1 says/);
      open(host, true);
      expect(lines.join()).toContain('OPEN: whoever reaches this address can order, pay and cancel');
    },
  );
});
