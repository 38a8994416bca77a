/** Hexadecimal digits of a file's name in pg_wal, in three groups: timeline, and segment in two halves. */
const DIGITS = 8;
const HALF = 0x1_0000_0000n;

/**
 * Names of the files in `pg_wal` that hold the log from one place up to (and without) another.
 * @param from  @param to places as PostgreSQL writes them, such as `0/3000028`
 * @param segmentBytes the server's wal_segment_size
 */
export function walFiles(timeline: number, from: string, to: string, segmentBytes: number): string[] {
  const size = BigInt(segmentBytes);
  const perHalf = HALF / size;
  const hex = (value: bigint) => value.toString(16).toUpperCase().padStart(DIGITS, '0');
  const names: string[] = [];
  for (let segment = parseLsn(from) / size; segment <= (parseLsn(to) - 1n) / size; segment++)
    names.push(hex(BigInt(timeline)) + hex(segment / perHalf) + hex(segment % perHalf));
  return names;
}

function parseLsn(text: string): bigint {
  const [high = '', low = ''] = text.split('/');
  return BigInt(`0x${high}`) * HALF + BigInt(`0x${low}`);
}
