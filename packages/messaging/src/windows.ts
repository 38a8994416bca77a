import type { LogRecord } from './message.ts';

/** Positions that are read at once, of one partition. */
const BLOCK = 2_500;
/** Blocks whose records are in memory together; so many are shuffled into each other. */
const WINDOW = 8;

/** Some positions of a partition, the last one included. */
export interface Block {
  partition: number;
  after: number;
  upTo: number;
}

/**
 * Reads a log between two positions of each partition in windows that fit into memory.
 * @param seed has all records come in a random order, which the same seed gives again
 */
export async function* readInWindows(
  from: ReadonlyMap<number, number>,
  to: ReadonlyMap<number, number>,
  readBlock: (block: Block) => Promise<LogRecord[]>,
  seed?: number,
): AsyncIterable<LogRecord[]> {
  const blocks = blocksBetween(from, to);
  const random = seed === undefined ? undefined : mulberry32(seed);
  if (random) shuffle(blocks, random);
  for (let at = 0; at < blocks.length; at += WINDOW) {
    const records: LogRecord[] = [];
    for (const block of blocks.slice(at, at + WINDOW)) records.push(...(await readBlock(block)));
    if (random) shuffle(records, random);
    yield records;
  }
}

function blocksBetween(from: ReadonlyMap<number, number>, to: ReadonlyMap<number, number>): Block[] {
  const blocks: Block[] = [];
  for (const [partition, end] of to) {
    for (let after = from.get(partition) ?? 0; after < end; after += BLOCK) {
      blocks.push({ partition, after, upTo: Math.min(after + BLOCK, end) });
    }
  }
  return blocks;
}

/** Fisher and Yates' shuffle, in place. */
function shuffle<T>(items: T[], random: () => number): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [items[i], items[j]] = [items[j] as T, items[i] as T];
  }
}

/** Numbers from 0 to 1 that the seed determines (mulberry32, by Tommy Ettinger). */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
