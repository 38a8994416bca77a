import type { LogRecord } from './message.ts';

/** The log read once more from its beginning, beside those who consume it. */
export interface Replay {
  /** The highest id of the orders that ended and of which some record was removed for that; 0 where there is none. */
  readonly prunedOrder: number;
  /**
   * Of orders of which anything happened before (ms since 1970) records may be missing, whether they ended or not; 0 where
   * none is.
   */
  readonly prunedBefore: number;
  /**
   * Reads the records between two positions of each partition, the second included, in batches. Records of other
   * types come with an empty payload.
   * @param seed has all of them come in a random order, which the same seed gives again
   * @throws PrunedError when records are missing of orders that have not ended
   */
  read(
    from: ReadonlyMap<number, number>,
    to: ReadonlyMap<number, number>,
    types: string[],
    seed?: number,
  ): AsyncIterable<LogRecord[]>;
  close(): Promise<void>;
}
