import type { Transport } from './transport.ts';

/** What a log has of each partition; to be asked for after a cursor is known, which may have gone on meanwhile. */
export interface Extent {
  /** partition → its last position. */
  heads: ReadonlyMap<number, number>;
  /** partition → the position up to which records may be missing. */
  pruned: ReadonlyMap<number, number>;
}

export async function readExtent(transport: Transport): Promise<Extent> {
  const [heads, pruned] = await Promise.all([transport.heads(), transport.pruned()]);
  return { heads, pruned };
}

/** Why a service that has read up to a position cannot go on from there; undefined where it can. */
export function whyLost(partition: number, position: number, { heads, pruned }: Extent): string | undefined {
  const missing = pruned.get(partition) ?? 0;
  if (position < missing) return `partition ${partition} was pruned up to ${missing}; read up to ${position}`;
  if (position > (heads.get(partition) ?? 0))
    return `partition ${partition} of the log ends before ${position}, up to which it was read`;
  return undefined;
}

/** The partitions in which a service cannot go on from its cursors: partition → why. */
export function findLost(cursors: Iterable<[number, number]>, extent: Extent): Map<number, string> {
  const lost = new Map<number, string>();
  for (const [partition, position] of cursors) {
    const why = whyLost(partition, position, extent);
    if (why) lost.set(partition, why);
  }
  return lost;
}
