import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { createOutbox, readOutbox } from '../src/outbox.ts';
import {
  type Cleanup,
  createCleanup,
  effects,
  openLog,
  openServiceDatabase,
  outgoing,
  randomOrder,
} from './harness.ts';

/** Longer than a lease holds. */
const STANDSTILL_MS = 12_000;
const kafka = inject('kafka');

describe.each([
  ['postgres', undefined],
  ['kafka', kafka.skipped],
] as const)('a process that stands still for longer than its leases, over %s', (log, skipped) => {
  let cleanup: Cleanup;
  beforeEach(() => {
    cleanup = createCleanup();
  });
  afterEach(() => cleanup.run());

  it.skipIf(skipped)(
    `does no harm when it goes on in the middle of its work${skipped ? `: ${skipped}` : ''}`,
    {
      timeout: 240_000,
    },
    async () => {
      const { db, url } = await openServiceDatabase(cleanup);
      const settings =
        log === 'kafka'
          ? { ...kafka.env, KAFKA_TOPIC: `t-${randomOrder()}`, KAFKA_PARTITIONS: '4' }
          : { EVENTS_URL: (await openLog(cleanup)).url };
      const replicas = [await startReplica(cleanup, { DATABASE_URL: url, ...settings })];
      replicas.push(await startReplica(cleanup, { DATABASE_URL: url, ...settings }));

      const outbox = createOutbox(() => {});
      const orders = Array.from({ length: 12 }, randomOrder);
      let step = 0;
      let over = false;
      const publishing = (async () => {
        while (!over) {
          step++;
          await db.transaction(async tx =>
            outbox.append(
              tx,
              orders.map(order => outgoing(order, step)),
            ),
          );
          await sleep(50);
        }
      })();
      try {
        for (const replica of replicas) {
          await sleep(500);
          const before = step;
          replica.kill('SIGSTOP');
          await sleep(STANDSTILL_MS);
          // The other one has taken over what this one did.
          await eventually(async () => {
            const done = await effects(db);
            expect(new Set(done.filter(({ step }) => step > before).map(({ order }) => order)).size).toBe(
              orders.length,
            );
          }, 40_000);
          replica.kill('SIGCONT');
        }
      } finally {
        over = true;
        await publishing;
      }
      await eventually(async () => {
        expect(await readOutbox(db, 10)).toEqual([]);
        expect(await effects(db)).toHaveLength(orders.length * step);
      }, 60_000);
      const wanted = Array.from({ length: step }, (_, i) => i + 1);
      const done = await effects(db);
      for (const order of orders) {
        expect(done.filter(effect => effect.order === order).map(effect => effect.step)).toEqual(wanted);
      }
      expect(new Set(done.map(({ by }) => by)).size, 'processes that had a part in it').toBe(2);
      expect(replicas.map(({ exitCode }) => exitCode)).toEqual([null, null]);
    },
  );
});

async function startReplica(cleanup: Cleanup, env: Record<string, string>): Promise<ChildProcess> {
  const file = fileURLToPath(new URL('./replica.ts', import.meta.url));
  const replica = spawn(process.execPath, ['--import', 'tsx', file], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanup.add(async () => {
    const ended = once(replica, 'exit');
    if (replica.kill('SIGKILL')) await ended;
  });
  await once(replica.stdout as NonNullable<typeof replica.stdout>, 'data');
  return replica;
}
