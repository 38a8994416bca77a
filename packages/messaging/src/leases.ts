import { type Database, isDue, type Logger } from '@jumun/service-kit';
import { type Loop, startLoop } from './loop.ts';

const LEASE_MS = 10_000;
const RENEW_MS = 2_000;
const CLAIM_LOCK = 7_216_002;
const RELAY = 'relay';
const partitionName = (partition: number) => `partition/${partition}`;

/**
 * What this replica of a service may do for all: relay the outbox, and consume some partitions. Leases only spare
 * double work; that nothing is done twice is kept by the log's epochs and the consumer's cursors. So leases may end early
 * when the database's clock is set; each replica counts its own by its monotonic clock.
 */
export interface Leases {
  isRelay(): boolean;
  /** The partitions to consume now. */
  partitions(): number[];
  stop(): Promise<void>;
}

export interface LeasesOptions {
  db: Database;
  log: Logger;
  /** This process, for this service. */
  holder: string;
  partitions: number;
  /** Whether nobody else can be at work (the data directory is locked), so that old leases mean nothing. */
  exclusive: boolean;
}

/** Claims a fair share of the leases and renews it; gives back what is too much when another replica joins. */
export async function startLeases({
  db,
  log,
  holder,
  partitions,
  exclusive,
}: LeasesOptions): Promise<Leases> {
  const names = [RELAY, ...Array.from({ length: partitions }, (_, i) => partitionName(i))];
  let held = new Set<string>();
  let heldUntil = 0;

  async function renew(): Promise<void> {
    const asked = performance.now();
    const mine = await db.transaction(async tx => {
      await tx.query('SELECT pg_advisory_xact_lock($1)', [CLAIM_LOCK]);
      await tx.query(`DELETE FROM lease WHERE ${isDue('held_until', LEASE_MS)}`);
      await tx.query(
        `INSERT INTO lease (name, holder, held_until)
         VALUES ('member/' || $1::text, $1::uuid, now() + $2::float8 * interval '1 ms')
         ON CONFLICT (name) DO UPDATE SET held_until = excluded.held_until`,
        [holder, LEASE_MS],
      );
      await tx.query(
        `UPDATE lease SET held_until = now() + $2::float8 * interval '1 ms' WHERE holder = $1::uuid`,
        [holder, LEASE_MS],
      );
      const rows = await tx.query<{ name: string; mine: boolean }>(
        'SELECT name, holder = $1::uuid AS mine FROM lease ORDER BY name',
        [holder],
      );
      const members = rows.filter(row => row.name.startsWith('member/')).length;
      const share = Math.ceil(partitions / members);
      const taken = new Set(rows.map(row => row.name));
      const mine = rows.filter(row => row.mine && names.includes(row.name)).map(row => row.name);
      const consumed = mine.filter(name => name !== RELAY);
      const surplus = consumed.slice(share);
      const wanted = names
        .filter(name => name !== RELAY && !taken.has(name))
        .slice(0, Math.max(0, share - consumed.length));
      if (!taken.has(RELAY)) wanted.push(RELAY);
      if (surplus.length > 0) await tx.query('DELETE FROM lease WHERE name = ANY($1)', [surplus]);
      if (wanted.length > 0) {
        await tx.query(
          `INSERT INTO lease (name, holder, held_until)
           SELECT name, $2::uuid, now() + $3::float8 * interval '1 ms' FROM unnest($1::text[]) AS n(name)`,
          [wanted, holder, LEASE_MS],
        );
      }
      return new Set([...mine.filter(name => !surplus.includes(name)), ...wanted]);
    });
    held = mine;
    heldUntil = asked + LEASE_MS;
  }

  if (exclusive) await db.query('DELETE FROM lease');
  await renew();
  const loop: Loop = startLoop({
    name: 'leases',
    log,
    idleMs: RENEW_MS,
    async round() {
      if (performance.now() + LEASE_MS - RENEW_MS >= heldUntil) await renew();
      return false;
    },
  });
  const current = () => performance.now() < heldUntil;

  return {
    isRelay: () => current() && held.has(RELAY),
    partitions: () =>
      current()
        ? Array.from({ length: partitions }, (_, i) => i).filter(i => held.has(partitionName(i)))
        : [],
    async stop() {
      await loop.stop();
      held = new Set();
      await db.query('DELETE FROM lease WHERE holder = $1::uuid', [holder]).catch(() => undefined);
    },
  };
}
