import type { FastifyInstance } from 'fastify';
import { within } from './within.ts';

/** A check that takes longer counts as failed. */
const CHECK_MS = 2_000;

export interface Health {
  /** Adds a condition for readiness; a check that throws counts as failed. */
  require(check: () => boolean | Promise<boolean>): void;
  /** From now on not ready: load balancers turn away while requests under way are finished. */
  drain(): void;
  ready(): Promise<boolean>;
}

export function createHealth(): Health {
  const checks: (() => boolean | Promise<boolean>)[] = [];
  let draining = false;
  return {
    require: check => void checks.push(check),
    drain() {
      draining = true;
    },
    async ready() {
      if (draining) return false;
      const results = await within(CHECK_MS, 'health', Promise.all(checks.map(async check => check()))).catch(
        () => [false],
      );
      return results.every(Boolean);
    },
  };
}

/** `/actuator/health`, `/liveness` and `/readiness`, as Spring Boot's clients expect them. */
export function serveHealth(app: FastifyInstance, health: Health): void {
  for (const path of ['/actuator/health', '/actuator/health/readiness']) {
    app.get(path, async (_request, reply) => {
      const up = await health.ready();
      return reply.code(up ? 200 : 503).send({ status: up ? 'UP' : 'DOWN' });
    });
  }
  app.get('/actuator/health/liveness', async () => ({ status: 'UP' }));
}
