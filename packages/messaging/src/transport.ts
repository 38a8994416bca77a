import type { LoggedEvent } from '@jumun/contracts';
import type { LogRecord, Message } from './message.ts';

/**
 * An append-only log of partitions. Messages of one key share a partition; within it positions grow, and follow the
 * order in which appends became durable. There may be positions that hold no record.
 */
export interface Transport {
  readonly partitions: number;
  /** Which log this is: positions of one mean nothing in another. */
  readonly identity: string;
  /** Makes the caller the only one who may append for a publisher; earlier epochs are refused from now on. */
  fence(publisher: string): Promise<number>;
  /**
   * Appends in the given order; durable when it resolves. It is never waited for without end: a log that does not
   * answer is an error within a minute. At least once: after an error it may or may not be there.
   * @throws FencedError when another relay took over
   */
  append(publisher: string, epoch: number, messages: Message[]): Promise<void>;
  /**
   * The next records of some partitions, at most `limit` from each, in order.
   * Records of other types come with an empty payload.
   * @param positions partition → the last position that was read
   * @throws PrunedError when records behind one of the positions are gone from the log
   */
  read(positions: ReadonlyMap<number, number>, types: string[], limit: number): Promise<Reading>;
  /** partition → its last position. */
  heads(): Promise<Map<number, number>>;
  /** partition → the position up to which records may be missing; 0 where none is. */
  pruned(): Promise<Map<number, number>>;
  /**
   * Writes down how far a group has read, for those who watch it.
   * @param positions partition → the last position whose effects are durable
   */
  report(group: string, positions: ReadonlyMap<number, number>): Promise<void>;
  /** What the log has of one key, in order. Reads all of a partition: for one look, not for work. */
  history(key: string): Promise<LoggedEvent[]>;
  /** Calls back with the types of what was appended: a hint, never the only way to learn of it. */
  onAppend(listener: (types: ReadonlySet<string>) => void): () => void;
  close(): Promise<void>;
  /** Where records do not stay for ever and jumun itself removes them. */
  readonly retention?: LogRetention;
}

/** What a look at the log gave. */
export interface Reading {
  /** In order within each partition. */
  records: LogRecord[];
  /** partition → the position up to which it was read, where it was: the last record's, or one behind it that holds none. */
  upTo: ReadonlyMap<number, number>;
}

/**
 * How a log is kept from growing for ever: only what every group of consumers has read is removed. A group exists from
 * its first report on; what it has not read stays.
 */
export interface LogRetention {
  /** The groups that are known, by name. */
  groups(): Promise<LogGroup[]>;
  /** Lets a group go that does not exist any more. Gives whether it was known and has been silent for a minute. */
  forget(group: string): Promise<boolean>;
  /** How old the oldest record is that is still there, in seconds. */
  oldestSeconds(): Promise<number>;
  /** The next records after a position that are older than `days` and that every group has read; at most `limit`. */
  expired(partition: number, after: number, days: number, limit: number): Promise<ExpiredRecord[]>;
  /**
   * Removes records, and marks that some are missing up to the last of them. Nothing is removed while somebody
   * replays the log, or where a group has not read that far after all.
   * @param lastOrder the highest id of the orders that they tell of; 0 for none
   * @returns how many were removed
   */
  remove(partition: number, positions: number[], lastOrder: number): Promise<number>;
  /** Forgets what the log's database keeps of sessions of long ago; gives how many. */
  forgetSessions(): Promise<number>;
}

export interface LogGroup {
  name: string;
  /** Records that it has not read. */
  lag: number;
  /** When it last said how far it is. */
  reportedAt: Date;
}

export interface ExpiredRecord {
  position: number;
  key: string;
}

/** Another replica has taken over what this one was doing. */
export class FencedError extends Error {
  override name = 'FencedError';
}

/** The cursors are of another log than the one that was opened. Needs an operator: reading on would skip or repeat. */
export class OtherLogError extends Error {
  override name = 'OtherLogError';
}

/** Records that were never read are gone from the log. Needs an operator: skipping would lose events. */
export class PrunedError extends Error {
  override name = 'PrunedError';
}
