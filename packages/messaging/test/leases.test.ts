import { randomUUID } from 'node:crypto';
import type { Database } from '@jumun/service-kit';
import { it as base, describe, expect, vi } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { type Leases, startLeases } from '../src/leases.ts';
import { type Cleanup, createCleanup, log, openServiceDatabase } from './harness.ts';

const PARTITIONS = 8;
const all = Array.from({ length: PARTITIONS }, (_, i) => i);

interface Given {
  db: Database;
  /** Starts a replica. */
  join(options?: { exclusive?: boolean; holder?: string }): Promise<Leases>;
  cleanup: Cleanup;
}

const it = base.extend<Given>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest wants a pattern here
  async cleanup({}, use) {
    const cleanup = createCleanup();
    await use(cleanup);
    await cleanup.run();
  },
  async db({ cleanup }, use) {
    await use((await openServiceDatabase(cleanup)).db);
  },
  async join({ db, cleanup }, use) {
    await use(async ({ exclusive = false, holder = randomUUID() } = {}) => {
      const leases = await startLeases({ db, log, holder, partitions: PARTITIONS, exclusive });
      cleanup.add(() => leases.stop());
      return leases;
    });
  },
});

// At the same time, since they are waiting most of theirs.
describe.concurrent('leases', () => {
  const shares = (replicas: Leases[]) => replicas.map(replica => replica.partitions().length);
  const held = (replicas: Leases[]) =>
    replicas.flatMap(replica => replica.partitions()).sort((a, b) => a - b);

  it('gives a replica that is alone everything at once', async ({ join }) => {
    const alone = await join();
    expect(alone.partitions()).toEqual(all);
    expect(alone.isRelay()).toBe(true);
  });

  it('has each partition held by one, in equal shares, and one relay, once others have joined', async ({
    join,
  }) => {
    const first = await join();
    const replicas = [first, await join(), await join()];
    expect(held(replicas), 'nothing is held twice at first').toEqual(all);
    await eventually(() => {
      expect(held(replicas)).toEqual(all);
      expect(Math.max(...shares(replicas))).toBeLessThanOrEqual(3);
    });
    expect(replicas.map(replica => replica.isRelay())).toEqual([true, false, false]);
  });

  it('shares out among replicas that start at the same moment', async ({ join }) => {
    const replicas = await Promise.all([join(), join()]);
    expect(new Set(held(replicas)).size).toBe(held(replicas).length);
    await eventually(() => expect(shares(replicas)).toEqual([4, 4]));
    expect(replicas.filter(replica => replica.isRelay())).toHaveLength(1);
  });

  it('leaves everything to the others when one stops', async ({ join }) => {
    const first = await join();
    const second = await join();
    await first.stop();
    expect(first.partitions()).toEqual([]);
    expect(first.isRelay()).toBe(false);
    await eventually(() => expect(second.partitions()).toEqual(all));
    expect(second.isRelay()).toBe(true);
  });

  it('lets others take over from one that died, when its leases have run out and not before', async ({
    db,
    join,
  }) => {
    const dead = randomUUID();
    await db.query(
      `INSERT INTO lease SELECT name, $1::uuid, now() + interval '1 min'
       FROM unnest($2::text[]) AS n(name)`,
      [dead, ['relay', `member/${dead}`, ...all.map(partition => `partition/${partition}`)]],
    );
    const replica = await join();
    expect(replica.partitions()).toEqual([]);
    expect(replica.isRelay()).toBe(false);
    await db.query(`UPDATE lease SET held_until = now() - interval '1 ms' WHERE holder = $1`, [dead]);
    await eventually(() => expect(replica.partitions()).toEqual(all));
    expect(replica.isRelay()).toBe(true);
  });

  it('does not wait for a lease that is longer than any: the clock was set back since it was given', async ({
    db,
    join,
  }) => {
    await db.query(
      `INSERT INTO lease VALUES ('relay', $1, now() + interval '1 h'), ('partition/0', $1, now() + interval '1 h')`,
      [randomUUID()],
    );
    const replica = await join();
    expect(replica.partitions()).toEqual(all);
    expect(replica.isRelay()).toBe(true);
  });

  it('does not wait for leases of the dead when nobody else can be at work', async ({ db, join }) => {
    await db.query(
      `INSERT INTO lease VALUES ('relay', $1, now() + interval '1 h'), ('partition/0', $1, now() + interval '1 h')`,
      [randomUUID()],
    );
    const replica = await join({ exclusive: true });
    expect(replica.partitions()).toEqual(all);
    expect(replica.isRelay()).toBe(true);
  });

  it('is renewed for as long as the replica lives', async ({ db, join }) => {
    const holder = randomUUID();
    const replica = await join({ holder });
    const until = async () =>
      (
        await db.query<{ until: number }>(
          'SELECT extract(epoch FROM min(held_until))::float8 AS until FROM lease',
        )
      )[0]?.until ?? 0;
    const before = await until();
    await eventually(async () => expect(await until()).toBeGreaterThan(before + 1));
    expect(replica.partitions()).toEqual(all);
  });
});

describe('a lease', () => {
  it('is not believed any longer than it was given, when the database cannot be asked', async ({
    db,
    join,
    cleanup,
  }) => {
    const replica = await join();
    await db.query('ALTER TABLE lease RENAME TO lease_away');
    const realNow = performance.now();
    const clock = vi.spyOn(performance, 'now').mockReturnValue(realNow + 10_001);
    cleanup.add(() => clock.mockRestore());
    expect(replica.partitions()).toEqual([]);
    expect(replica.isRelay()).toBe(false);
    clock.mockRestore();
    await db.query('ALTER TABLE lease_away RENAME TO lease');
  });
});
