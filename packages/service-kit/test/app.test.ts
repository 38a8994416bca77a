import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { type AppConfig, createApp } from '../src/app.ts';
import { ConfigError } from '../src/config.ts';

const lines: string[] = [];
afterEach(() => void lines.splice(0));

function open(HOST: string, ALLOW_OPEN: boolean, settings: Partial<AppConfig> = {}) {
  const config = {
    HOST,
    ALLOW_OPEN,
    PORT: 0,
    LOG_LEVEL: 'warn',
    SERVICE_TOKEN: 'a-token-for-tests-only',
    TRUSTED_PROXIES: '127.0.0.1',
    KEEP_ALIVE_MS: 5_000,
    LINGER_MS: 0,
    DRAIN_MS: 0,
    REQUESTS_LIMIT: 5_000,
    ...settings,
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

describe('a service that is told to stop', () => {
  /** Whether it says of the connection that it is the last answer on it; undefined where it gives none. */
  async function ask(port: number, path = '/actuator/health/liveness') {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);
    return answer && { status: answer.status, last: answer.headers.get('connection') === 'close' };
  }

  it('answers for a while those who have not heard of it, and has each take another connection', async () => {
    const app = open('127.0.0.1', false, { LINGER_MS: 60_000, DRAIN_MS: 1_000 });
    const port = await app.listen();
    expect(await ask(port)).toEqual({ status: 200, last: false });
    void app.drain();
    expect(await ask(port)).toEqual({ status: 200, last: true });
    expect(await ask(port, '/actuator/health/readiness')).toEqual({ status: 503, last: true });
    await app.http.close();
  });

  it('says so in the answer to a request, too, that came before', async () => {
    const app = open('127.0.0.1', false, { LINGER_MS: 60_000, DRAIN_MS: 1_000 });
    app.http.get('/slow', async () => {
      void app.drain();
      return {};
    });
    expect(await ask(await app.listen(), '/slow')).toEqual({ status: 200, last: true });
    await app.http.close();
  });

  it('has told its clients how long it keeps a connection that nothing comes on', async () => {
    const app = open('127.0.0.1', false);
    const answer = await fetch(`http://127.0.0.1:${await app.listen()}/actuator/health/liveness`);
    expect(answer.headers.get('keep-alive')).toBe('timeout=5');
    await app.http.close();
  });

  it('keeps it for longer, for those who are late', async () => {
    const app = open('127.0.0.1', false, { KEEP_ALIVE_MS: 1_000 });
    const socket = connect(await app.listen(), '127.0.0.1');
    socket.write('GET /actuator/health/liveness HTTP/1.1\r\nhost: order\r\n\r\n');
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toContain('keep-alive: timeout=1\r\n');
    const answered = performance.now();
    await once(socket, 'end');
    expect(performance.now() - answered).toBeGreaterThan(1_900);
    socket.destroy();
    await app.http.close();
  });

  it('serves those, too, who had a connection by then and come with their first request', async () => {
    const app = open('127.0.0.1', false, { DRAIN_MS: 60_000 });
    const port = await app.listen();
    const arrived = once(app.http.server, 'connection');
    const socket = connect(port, '127.0.0.1');
    await arrived;
    const drained = app.drain();
    await eventually(async () => expect(await ask(port)).toBeUndefined());
    socket.write('GET /actuator/health/liveness HTTP/1.1\r\nhost: order\r\n\r\n');
    const [answer] = await once(socket, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1\.1 200 OK\r\n.*connection: close\r\n/is);
    await drained;
  });

  it('turns away at once where it is not to linger', async () => {
    const app = open('127.0.0.1', false);
    const port = await app.listen();
    await app.drain();
    expect(await ask(port)).toBeUndefined();
  });
});
