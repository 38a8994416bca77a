import type { LoggedEvent } from '@jumun/contracts';
import { columns, createBatcher, type Database, type MigrateOptions, migrate } from '@jumun/service-kit';
import type { LogRecord, Message } from '../message.ts';
import { FencedError, PrunedError, type Transport } from '../transport.ts';
import { createRetention, reportGroup } from './postgres-retention.ts';

export { openReplay } from './postgres-replay.ts';
export { createRetention };

interface Append {
  publisher: string;
  epoch: number;
  messages: Message[];
}

/** FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), 32 bits: spreads keys over partitions. */
function hash(key: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) h = Math.imul(h ^ key.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/**
 * The last position of each partition that has records here.
 * @throws PrunedError where one is missing: this log gives out its positions without gaps
 */
function lastOf(records: LogRecord[], positions: ReadonlyMap<number, number>): Map<number, number> {
  const last = new Map<number, number>();
  for (const { partition, position } of records) {
    const before = last.get(partition) ?? positions.get(partition) ?? 0;
    if (position !== before + 1) {
      throw new PrunedError(`partition ${partition} was pruned up to ${position - 1}; read up to ${before}`);
    }
    last.set(partition, position);
  }
  return last;
}

/** Brings the events database up to date; see `migrate`. */
export function migratePostgresLog(db: Database, options: MigrateOptions): Promise<string[]> {
  return migrate(db, [new URL('postgres-migrations/', import.meta.url)], options);
}

/**
 * The log in a PostgreSQL database of its own. Appends of all publishers in this process that wait go in one commit.
 * @param db the events database; it is migrated and from then on belongs to the transport
 */
export async function openPostgresTransport(db: Database): Promise<Transport> {
  await migratePostgresLog(db, { contract: false });
  const [count] = await db.query<{ partitions: number }>(
    'SELECT count(*)::int AS partitions FROM log_partition',
  );
  const partitions = count?.partitions ?? 0;
  const [log] = await db.query<{ identity: string }>('SELECT identity FROM log_identity');
  const identity = `postgres:${log?.identity}`;
  const listeners = new Set<(types: ReadonlySet<string>) => void>();

  async function appendAll(appends: Append[]): Promise<('appended' | 'fenced')[]> {
    const outcomes = await db.transaction(async tx => {
      // Publishers first, then partitions, each in order: two processes that append at once cannot deadlock.
      const publishers = await tx.query<{ name: string; epoch: number }>(
        'SELECT name, epoch FROM log_publisher WHERE name = ANY($1) ORDER BY name FOR UPDATE',
        [appends.map(append => append.publisher)],
      );
      const epochs = new Map(publishers.map(({ name, epoch }) => [name, epoch]));
      const verdicts = appends.map(({ publisher, epoch }) => epochs.get(publisher) === epoch);
      const messages = appends.filter((_, i) => verdicts[i]).flatMap(append => append.messages);
      if (messages.length > 0) await insert(messages);
      return verdicts.map(valid => (valid ? 'appended' : 'fenced') as 'appended' | 'fenced');

      async function insert(messages: Message[]) {
        const places = messages.map(message => hash(message.key) % partitions);
        const heads = await tx.query<{ partition: number; position: number }>(
          'SELECT partition, position FROM log_partition WHERE partition = ANY($1) ORDER BY partition FOR UPDATE',
          [[...new Set(places)]],
        );
        const next = new Map(heads.map(({ partition, position }) => [partition, position]));
        const positions = places.map(partition => {
          const position = (next.get(partition) ?? 0) + 1;
          next.set(partition, position);
          return position;
        });
        tx.send(
          `WITH heads AS (
             UPDATE log_partition l SET position = n.position
             FROM unnest($8::int[], $9::bigint[]) AS n(partition, position) WHERE l.partition = n.partition
           )
           INSERT INTO log (partition, position, event_id, key, type, payload, traceparent)
           SELECT * FROM unnest($1::int[], $2::bigint[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[])`,
          [
            places,
            positions,
            ...columns(messages, 'eventId', 'key', 'type', 'payload', 'traceparent'),
            [...next.keys()],
            [...next.values()],
          ],
        );
      }
    });
    const types = new Set(appends.flatMap(append => append.messages.map(message => message.type)));
    for (const listener of listeners) listener(types);
    return outcomes;
  }

  const appender = createBatcher({ run: appendAll, maxBatch: 16, maxWaiting: 1_000, concurrency: 1 });

  return {
    partitions,
    identity,
    retention: createRetention(db),
    async fence(publisher) {
      const [row] = await db.query<{ epoch: number }>(
        `INSERT INTO log_publisher (name, epoch) VALUES ($1, 1)
         ON CONFLICT (name) DO UPDATE SET epoch = log_publisher.epoch + 1 RETURNING epoch`,
        [publisher],
      );
      return row?.epoch ?? 0;
    },
    async append(publisher, epoch, messages) {
      const outcome = await appender.submit({ publisher, epoch, messages });
      if (outcome === 'fenced') throw new FencedError(`another relay of ${publisher} took over`);
    },
    async read(positions, types, limit) {
      const records = await db.query<LogRecord & Record<string, unknown>>(
        `SELECT l.partition, l.position, l.event_id AS "eventId", l.key, l.type, l.traceparent,
                CASE WHEN l.type = ANY($3) THEN l.payload ELSE '' END AS payload
         FROM unnest($1::int[], $2::bigint[]) AS c(partition, position)
         CROSS JOIN LATERAL (
           SELECT * FROM log WHERE log.partition = c.partition AND log.position > c.position
           ORDER BY log.position LIMIT $4
         ) l
         ORDER BY l.partition, l.position`,
        [[...positions.keys()], [...positions.values()], types, limit],
      );
      return { records, upTo: lastOf(records, positions) };
    },
    async heads() {
      const rows = await db.query<{ partition: number; position: number }>(
        'SELECT partition, position FROM log_partition',
      );
      return new Map(rows.map(({ partition, position }) => [partition, position]));
    },
    async pruned() {
      const rows = await db.query<{ partition: number; position: number }>(
        'SELECT partition, position FROM log_pruned',
      );
      return new Map(rows.map(({ partition, position }) => [partition, position]));
    },
    report: (group, positions) => reportGroup(db, group, positions),
    history(key) {
      return db.query<LoggedEvent & Record<string, unknown>>(
        `SELECT event_id AS "eventId", position, type, payload, traceparent,
                (extract(epoch FROM appended_at) * 1000)::float8 AS "appendedAt"
         FROM log WHERE partition = $1 AND key = $2 ORDER BY position`,
        [hash(key) % partitions, key],
      );
    },
    onAppend(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      await appender.idle();
      await db.close();
    },
  };
}
