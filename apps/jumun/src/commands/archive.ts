import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fromHere } from '../options.ts';
import { type RunningOptions, urlOf } from '../running.ts';
import { say } from './output.ts';
import { UsageError } from './usage-error.ts';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 7;
const MOST_DAYS = 3_660;
/** What nobody has written to for so long is left by a run that was killed. */
const LEFT_MS = DAY_MS;

/**
 * `jumun archive`: writes the orders of each day (UTC) that has ended into a file of its own, for the last days of which
 * there is none yet. A file is there whole or not at all, so that this can be run again at any time, by several at once.
 */
export async function archive(
  words: string[],
  days: string | undefined,
  options: RunningOptions,
): Promise<void> {
  const [directory, ...rest] = words;
  if (!directory || rest.length > 0) throw new UsageError('archive takes one directory');
  const count = days === undefined ? DEFAULT_DAYS : Number(days);
  if (!Number.isInteger(count) || count < 1 || count > MOST_DAYS)
    throw new Error(`--days ${days} is not a number from 1 to ${MOST_DAYS}`);

  const to = fromHere(directory);
  await mkdir(to, { recursive: true });
  const there = new Set(await readdir(to));
  await removeLeft(to, there);
  const missing = endedDays(Date.now(), count).filter(day => !there.has(fileOf(day)));
  for (const day of missing)
    say(`${fileOf(day)}: ${await write(day, to, urlOf('customercenter', options))} bytes`);
  if (missing.length === 0) say(`the last ${count} days are there`);
}

const fileOf = (day: string) => `orders-${day}.csv`;

/** The last days that have ended, the oldest first, as 2026-01-31. */
export function endedDays(now: number, count: number): string[] {
  const today = Math.floor(now / DAY_MS);
  return Array.from({ length: count }, (_, i) =>
    new Date((today - count + i) * DAY_MS).toISOString().slice(0, 10),
  );
}

/** While a file is written it has a name of its own: in containers all processes have the same number. */
const partOf = (day: string) => `.${fileOf(day)}.${randomUUID()}`;

/** Files are written by others, too, on the same volume: only what is old is taken away. */
async function removeLeft(directory: string, names: Iterable<string>): Promise<void> {
  for (const name of names) {
    if (!/^\.orders-[\d-]+\.csv\./.test(name)) continue;
    const path = join(directory, name);
    // Whoever writes it may have given it its name by now.
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > LEFT_MS) await rm(path, { force: true });
  }
}

async function write(day: string, directory: string, base: string): Promise<number> {
  const from = Date.parse(`${day}T00:00:00Z`);
  const range = new URLSearchParams({
    from: new Date(from).toISOString(),
    to: new Date(from + DAY_MS).toISOString(),
  });
  const response = await fetch(`${base}/myPages/search/find.csv?${range}`).catch(error => {
    throw new Error(`customercenter does not answer at ${base}`, { cause: error });
  });
  if (!response.ok || !response.body)
    throw new Error(`customercenter answered ${response.status} for ${day}`);
  const part = join(directory, partOf(day));
  try {
    const file = createWriteStream(part, { flags: 'wx', flush: true });
    await pipeline(Readable.fromWeb(response.body), file);
    await rename(part, join(directory, fileOf(day)));
    return file.bytesWritten;
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}
