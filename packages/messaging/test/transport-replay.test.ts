import { Ordered } from '@jumun/contracts';
import type { Database } from '@jumun/service-kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toMessage } from '../src/message.ts';
import { PrunedError, type Transport } from '../src/transport.ts';
import { openTransportReplay } from '../src/transport-replay.ts';
import { type Cleanup, createCleanup, openLog, outgoing, publish } from './harness.ts';

const DAY_MS = 86_400_000;
const cleanup: Cleanup = createCleanup();
let transport: Transport;
let db: Database;
let placed: string[];

beforeAll(async () => {
  ({ transport, db } = await openLog(cleanup));
  const messages = Array.from({ length: 40 }, (_, i) => toMessage(outgoing(1 + (i % 9), i), 1_000 + i));
  placed = messages.map(({ eventId }) => eventId);
  await publish(transport, ...messages);
});
afterAll(() => cleanup.run());

const none = new Map<number, number>();
async function replayed(seed?: number, to?: Map<number, number>): Promise<string[]> {
  const replay = await openTransportReplay({ ...transport, close: async () => undefined });
  const found: string[] = [];
  for await (const batch of replay.read(none, to ?? (await transport.heads()), [Ordered.type], seed))
    found.push(...batch.map(({ eventId }) => eventId));
  return found;
}

describe('a replay of any log', () => {
  it('gives all that is in it, in an order that a seed determines', async () => {
    const replay = await openTransportReplay(transport);
    expect([replay.prunedOrder, replay.prunedBefore]).toEqual([0, 0]);
    const straight = await replayed();
    expect(straight.toSorted()).toEqual(placed.toSorted());
    expect(await replayed(3)).toEqual(await replayed(3));
    expect(await replayed(3)).not.toEqual(straight);
    expect((await replayed(3)).toSorted()).toEqual(placed.toSorted());
  });

  it('gives nothing behind the positions that were asked for', async () => {
    const [[partition = 0] = []] = [...(await transport.heads())].filter(([, head]) => head > 2);
    expect(await replayed(undefined, new Map([[partition, 2]]))).toHaveLength(2);
  });

  it('begins where the log does, and says before when something may be missing: with a day for who was late', async () => {
    const heads = await transport.heads();
    const [[partition = 0, head = 0] = []] = [...heads].filter(([, head]) => head > 2);
    await db.query('DELETE FROM log WHERE partition = $1 AND position <= 2', [partition]);
    await db.query('UPDATE log_pruned SET position = 2 WHERE partition = $1', [partition]);
    const [last] = await db.query<{ payload: string }>(
      'SELECT payload FROM log WHERE partition = $1 ORDER BY position DESC LIMIT 1',
      [partition],
    );
    const replay = await openTransportReplay(transport);
    expect(replay.prunedBefore).toBe(JSON.parse(last?.payload ?? '').timestamp + DAY_MS);
    expect(await replayed()).toHaveLength(placed.length - 2);
    // Who has not come so far has to be re-seeded first.
    await expect(replayed(undefined, new Map([[partition, 1]]))).rejects.toThrow(PrunedError);
    await db.query('DELETE FROM log WHERE partition = $1', [partition]);
    await db.query('UPDATE log_pruned SET position = $2 WHERE partition = $1', [partition, head]);
    const before = Date.now();
    expect((await openTransportReplay(transport)).prunedBefore).toBeGreaterThanOrEqual(before + DAY_MS);
  });
});
