import { setTimeout as delay } from 'node:timers/promises';
import type { Tracer } from '@opentelemetry/api';
import { ConfigError } from './config.ts';
import { createHealth, type Health, serveHealth } from './health.ts';
import { createHttp, type Http, refuseOtherMethods } from './http.ts';
import { createLogger, type Logger } from './logger.ts';
import { createMetrics, type Metrics } from './metrics.ts';

/** What the launcher gives to each part of a process. */
export interface Surroundings {
  env: NodeJS.ProcessEnv;
  /** Where log lines go; standard output if not said. */
  logTo?: { write(line: string): void } | undefined;
  /** Whether this part's metrics also show the process. */
  processMetrics: boolean;
  /** Makes this part's spans; none where traces are not exported. */
  tracer?: Tracer | undefined;
}

/** A part of the system that runs. */
export interface Running {
  readonly name: string;
  readonly port: number;
  /** Turns away, finishes what is under way, and ends. */
  stop(): Promise<void>;
}

/** The settings that `createApp` acts on; see `baseConfig`. */
export interface AppConfig {
  HOST: string;
  ALLOW_OPEN: boolean;
  PORT: number;
  LOG_LEVEL: string;
  SERVICE_TOKEN: string;
  TRUSTED_PROXIES: string;
  KEEP_ALIVE_MS: number;
  LINGER_MS: number;
  DRAIN_MS: number;
  REQUESTS_LIMIT: number;
}

export interface App {
  readonly http: Http;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Begins to answer; gives the port. No routes can be added after it. */
  listen(): Promise<number>;
  /**
   * Not ready from now on. For LINGER_MS takes requests all the same, and has each client go elsewhere with its next one;
   * then finishes those under way, but waits no longer than DRAIN_MS.
   */
  drain(): Promise<void>;
}

/** Whether an address can be reached from other machines. */
function isOpen(host: string): boolean {
  return host !== 'localhost' && host !== '::1' && !/^127\.\d+\.\d+\.\d+$/.test(host);
}

/** An HTTP server with health, metrics and logs, to which routes are added before it listens. */
export function createApp(
  name: string,
  config: AppConfig,
  { logTo, processMetrics, tracer }: Surroundings,
): App {
  const log = createLogger(name, config.LOG_LEVEL, logTo);
  if (isOpen(config.HOST)) {
    if (!config.ALLOW_OPEN) {
      throw new ConfigError(
        `HOST=${config.HOST} lets whoever reaches it order, pay and cancel through the ${name} service, since nobody is asked who they are; ALLOW_OPEN=1 says that this is wanted`,
      );
    }
    log.warn({ host: config.HOST }, 'OPEN: whoever reaches this address can order, pay and cancel');
  }
  const metrics = createMetrics(name, processMetrics);
  const health = createHealth();
  const http = createHttp({
    log,
    metrics,
    tracer,
    serviceToken: config.SERVICE_TOKEN,
    trustedProxies: config.TRUSTED_PROXIES,
    requestsLimit: config.REQUESTS_LIMIT,
    keepAliveMs: 2 * config.KEEP_ALIVE_MS,
  });
  let leaving = false;
  // A client that is busy acts late on what it is told. Its next request is not to meet a connection that was just closed.
  const kept = `timeout=${Math.floor(config.KEEP_ALIVE_MS / 1_000)}`;
  http.addHook('onSend', async (_request, reply) => {
    // To requests too that came before.
    if (leaving) reply.header('connection', 'close');
    else reply.header('keep-alive', kept);
  });
  const methods = refuseOtherMethods(http);
  serveHealth(http, health);
  http.get('/metrics', async (_request, reply) =>
    reply.type(metrics.registry.contentType).send(await metrics.registry.metrics()),
  );

  return {
    http,
    health,
    metrics,
    log,
    async listen() {
      methods.finish();
      await http.listen({ host: config.HOST, port: config.PORT });
      const address = http.server.address();
      const port = typeof address === 'object' && address ? address.port : config.PORT;
      log.info({ port }, 'started');
      return port;
    },
    async drain() {
      health.drain();
      leaving = true;
      await delay(config.LINGER_MS);
      // A connection that is kept alive is idle, and to be closed, once its last request is answered.
      const idle = setInterval(() => http.server.closeIdleConnections(), 50);
      const timer = setTimeout(() => http.server.closeAllConnections(), config.DRAIN_MS);
      await http.close();
      clearInterval(idle);
      clearTimeout(timer);
      log.info('stopped');
    },
  };
}
