import type { LogRecord, Message } from './message.ts';

/**
 * An append-only log of partitions. Messages of one key share a partition; within it positions grow by one and
 * follow the order in which appends became durable.
 */
export interface Transport {
  readonly partitions: number;
  /** Makes the caller the only one who may append for a publisher; earlier epochs are refused from now on. */
  fence(publisher: string): Promise<number>;
  /**
   * Appends in the given order; durable when it resolves. At least once: after an error it may or may not be there.
   * @throws FencedError when another relay took over
   */
  append(publisher: string, epoch: number, messages: Message[]): Promise<void>;
  /**
   * The next records of some partitions, at most `limit` from each, in order.
   * Records of other types come with an empty payload.
   * @param positions partition → the last position that was read
   */
  read(positions: ReadonlyMap<number, number>, types: string[], limit: number): Promise<LogRecord[]>;
  /** partition → its last position. */
  heads(): Promise<Map<number, number>>;
  /** Calls back with the types of what was appended in this process: a hint, never the only way to learn of it. */
  onAppend(listener: (types: ReadonlySet<string>) => void): () => void;
  close(): Promise<void>;
}

/** Another replica has taken over what this one was doing. */
export class FencedError extends Error {
  override name = 'FencedError';
}

/** Records that were never read are gone from the log. Needs an operator: skipping would lose events. */
export class PrunedError extends Error {
  override name = 'PrunedError';
}
