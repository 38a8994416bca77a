import { open, unlink } from 'node:fs/promises';
import { join } from 'node:path';

const BLOCK_BYTES = 8192;
const BLOCKS = 1000;

/** Bare fdatasyncs of one block each, on the disk of a folder, for so many ms: how many a second, and the median in ms. */
export async function syncDisk(folder: string, ms: number): Promise<{ perSecond: number; p50: number }> {
  const path = join(folder, 'sync.bin');
  const file = await open(path, 'w');
  const block = Buffer.alloc(BLOCK_BYTES, 1);
  const times: number[] = [];
  try {
    for (let i = 0; i < BLOCKS; i++) await file.write(block, 0, BLOCK_BYTES, i * BLOCK_BYTES);
    await file.sync();
    const begun = performance.now();
    for (let i = 0; performance.now() - begun < ms; i++) {
      const start = performance.now();
      await file.write(block, 0, BLOCK_BYTES, (i % BLOCKS) * BLOCK_BYTES);
      await file.datasync();
      times.push(performance.now() - start);
    }
  } finally {
    await file.close();
    await unlink(path);
  }
  times.sort((a, b) => a - b);
  return { perSecond: (times.length / ms) * 1000, p50: times[times.length >> 1] ?? 0 };
}
