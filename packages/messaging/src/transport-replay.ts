import { eventContracts } from '@jumun/contracts';
import { UnavailableError } from '@jumun/service-kit';
import type { LogRecord } from './message.ts';
import type { Replay } from './replay.ts';
import { PrunedError, type Transport } from './transport.ts';
import { type Block, readInWindows } from './windows.ts';

const DAY_MS = 86_400_000;
/** Records at the beginning of a partition of which the time is looked at. */
const FIRST = 250;
/** Records that are asked for at once. */
const PORTION = 2_500;

/**
 * Replays any log. Nobody can be kept from removing records meanwhile: then the replay fails, and can be made again.
 * @param transport stays open, and is closed with the replay
 */
export async function openTransportReplay(transport: Transport): Promise<Replay> {
  const pruned = await transport.pruned();

  async function readBlock({ partition, after, upTo }: Block, types: string[]): Promise<LogRecord[]> {
    const found: LogRecord[] = [];
    for (let at = after; at < upTo; ) {
      const reading = await transport.read(new Map([[partition, at]]), types, PORTION);
      const next = reading.upTo.get(partition);
      if (next === undefined) throw new UnavailableError(`partition ${partition} gives nothing behind ${at}`);
      found.push(...reading.records.filter(({ position }) => position <= upTo));
      at = next;
    }
    return found;
  }

  return {
    prunedOrder: 0,
    prunedBefore: await beginningOf(transport, pruned),
    async *read(from, to, types, seed) {
      for (const [partition, end] of to) {
        const missing = pruned.get(partition) ?? 0;
        if (end < missing)
          throw new PrunedError(`partition ${partition} was pruned up to ${missing}; read up to ${end}`);
      }
      const begin = new Map([...to.keys()].map(p => [p, from.get(p) ?? pruned.get(p) ?? 0]));
      yield* readInWindows(begin, to, block => readBlock(block, types), seed);
    },
    close: () => transport.close(),
  };
}

/**
 * Before when (ms since 1970) something may have happened that the log does not have any more; 0 where it is whole.
 * What is gone was appended before the first records that are left. A publisher may have been away from the log for
 * hours when it appended them, and so what is gone can be younger than they are: hence a day more.
 */
async function beginningOf(transport: Transport, pruned: ReadonlyMap<number, number>): Promise<number> {
  const types = eventContracts.map(({ type }) => type);
  let latest = 0;
  for (const [partition, position] of pruned) {
    if (position === 0) continue;
    const { records } = await transport.read(new Map([[partition, position]]), types, FIRST);
    const times = records.map(({ payload }) => timeOf(payload));
    latest = Math.max(latest, ...(times.length > 0 ? times : [Date.now()]));
  }
  return latest === 0 ? 0 : latest + DAY_MS;
}

function timeOf(payload: string): number {
  try {
    return Number(JSON.parse(payload).timestamp) || 0;
  } catch {
    return 0;
  }
}
