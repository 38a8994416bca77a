import { createHash } from 'node:crypto';
import { type EventContract, eventContracts, type FieldsOf } from '@jumun/contracts';
import { Compile, type Validator } from 'typebox/compile';
import { v7 as uuid } from 'uuid';

/** An event on its way: what the outbox holds and the log carries. */
export interface Message {
  eventId: string;
  /** The order's id, or `product-<id>`: what must stay in order has one key. */
  key: string;
  type: string;
  /** The flat JSON of the wire: `eventType`, `timestamp` (ms) and the contract's fields. */
  payload: string;
  traceparent: string | null;
}

/** The order that a message is about, by its key. */
export function orderIdOf(key: string): number | undefined {
  return /^\d{1,16}$/.test(key) ? Number(key) : undefined;
}

/** A message at its place in the log. */
export interface LogRecord extends Message {
  partition: number;
  position: number;
}

/** An event as a handler sees it: its contract's fields beside what the log knows of it. */
export type Received<C> = FieldsOf<C> & {
  eventType: string;
  eventId: string;
  /** When it was published, in ms since 1970. */
  timestamp: number;
  traceparent: string | null;
};

/** An event decided by an aggregate, before it has an id and a time. */
export interface Outgoing {
  type: string;
  key: string;
  fields: object;
  traceparent: string | null;
}

/** An event's id, made from its name: the same event is told again under the same id. Begins with the time, as all do. */
export function idFor(name: string, msecs: number): string {
  const random = createHash('sha256').update(name).digest();
  return uuid({ msecs, random: random.subarray(0, 16), seq: random.readUInt32BE(16) });
}

/** Gives an event its id and its form on the wire. */
export function toMessage({ type, key, fields, traceparent }: Outgoing, now: number): Message {
  return {
    eventId: uuid({ msecs: now }),
    key,
    type,
    payload: JSON.stringify({ eventType: type, timestamp: now, ...fields }),
    traceparent,
  };
}

/** A message that does not keep its contract; trying again will not help, but a repaired program may. */
export class MalformedMessageError extends Error {
  override name = 'MalformedMessageError';
}

const validators = new Map<string, Validator>(
  eventContracts.map(contract => [contract.type, Compile(contract.schema)]),
);

/**
 * Reads a message against its contract. Unknown fields are left alone.
 * @throws MalformedMessageError naming the first field that is wrong
 */
export function decode<C extends EventContract>(record: LogRecord): Received<C> {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(record.payload);
  } catch {
    throw new MalformedMessageError(`${record.type} is not JSON`);
  }
  const validator = validators.get(record.type);
  if (validator && !validator.Check(value)) {
    const [error] = validator.Errors(value);
    throw new MalformedMessageError(
      `${record.type}${error?.instancePath ?? ''} ${error?.message ?? 'is invalid'}`,
    );
  }
  const timestamp = typeof value.timestamp === 'number' ? value.timestamp : 0;
  const { eventId, traceparent, type } = record;
  return { ...value, eventType: type, eventId, traceparent, timestamp } as Received<C>;
}
