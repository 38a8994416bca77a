import { createHash } from 'node:crypto';
import { eventContracts } from '@jumun/contracts';
import { type KafkaRecord, murmur2 } from '@platformatic/kafka';
import type { LogRecord, Message } from '../../message.ts';

/**
 * The form that events have on the topic: that of spring-cloud-stream, whose services read ours and whose events we
 * read. docs/adr/0020-kafka-transport.md says why each part is as it is.
 */

const CONTENT_TYPE = '"application/json"';
/** Without it Spring takes the header `type` for bytes, finds no handler for them, and drops the event. */
const JSON_TYPES = '{"type":"java.lang.String","contentType":"java.lang.String"}';

/** PostgreSQL has keys in an index, which takes no more than 2,700 bytes. Longer keys are told apart by so much of them. */
const LONGEST_KEY = 500;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The partition that Java's clients choose for a key too. */
export function partitionOf(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions;
}

/** A message as the value, key and headers of a record. */
export function toRecord({ key, type, eventId, payload, traceparent }: Message): {
  key: Buffer;
  value: Buffer;
  headers: Map<Buffer, Buffer>;
} {
  const headers = [
    ['type', type],
    ['contentType', CONTENT_TYPE],
    ['spring_json_header_types', JSON_TYPES],
    ['eventId', eventId],
    ...(traceparent ? [['traceparent', traceparent]] : []),
  ];
  return {
    key: Buffer.from(key),
    value: Buffer.from(payload),
    headers: new Map(headers.map(([name = '', value = '']) => [Buffer.from(name), Buffer.from(value)])),
  };
}

/** Where a record is, and when it was appended (ms since 1970). */
export interface Place {
  topic: string;
  partition: number;
  offset: number;
  timestamp: number;
}

/**
 * Reads a record, of whatever client; none where no type of event can be found in it.
 * @param wanted tells the types whose payload is asked for; others have an empty one
 */
export function fromRecord(
  { key, value, headers }: Pick<KafkaRecord, 'key' | 'value' | 'headers'>,
  place: Place,
  wanted: (type: string) => boolean,
): LogRecord | undefined {
  if (!value) return undefined;
  const header = (name: string) =>
    unquote(text(headers.findLast(([found]) => found?.toString() === name)?.[1]));
  let parsed: Record<string, unknown> | undefined;
  const fields = () => {
    parsed ??= parse(value);
    return parsed;
  };
  const type = header('type') || stringOf(fields().eventType);
  if (!type) return undefined;
  const eventId = header('eventId');
  const traceparent = header('traceparent');
  return {
    eventId: UUID.test(eventId) ? eventId.toLowerCase() : idOf(place),
    key:
      unquote(text(key)).slice(0, LONGEST_KEY) ||
      keyOf(type, fields()) ||
      `kafka-${place.partition}-${place.offset}`,
    type,
    payload: wanted(type) ? text(value) : '',
    traceparent: TRACEPARENT.test(traceparent) ? traceparent : null,
    partition: place.partition,
    position: place.offset + 1,
  };
}

/** Text that PostgreSQL can keep, whatever the bytes are. */
const text = (bytes: Buffer | null | undefined): string => (bytes ? storable(bytes.toString()) : '');

const storable = (value: string): string => value.replaceAll('\0', '\ufffd');

/** Spring writes some header values as JSON. */
function unquote(value: string): string {
  if (!/^".*"$/s.test(value)) return value;
  try {
    // What was escaped comes to light here: as bytes it is text for certain.
    return text(Buffer.from(JSON.parse(value)));
  } catch {
    return value;
  }
}

function parse(value: Buffer): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(value.toString());
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

const stringOf = (value: unknown): string => (typeof value === 'string' ? storable(value) : '');

/** The types whose own id is the order's. */
const OF_ORDER = new Set(
  eventContracts.filter(({ publisher }) => publisher === 'order').map(({ type }) => type as string),
);

/** The key of an event that was written without one. */
function keyOf(type: string, fields: Record<string, unknown>): string {
  const { id, orderId } = fields;
  const own = OF_ORDER.has(type) ? id : orderId;
  if (type === 'ProductChanged') return isId(id) ? `product-${id}` : '';
  return isId(own) ? String(own) : '';
}

const isId = (value: unknown): boolean =>
  Number.isSafeInteger(value) || (typeof value === 'string' && /^\d{1,16}$/.test(value));

/** The id of an event that has none: the same whenever this record is read, and by its time a UUIDv7. */
function idOf({ topic, partition, offset, timestamp }: Place): string {
  const time = Math.max(0, timestamp).toString(16).padStart(12, '0').slice(-12);
  const hash = createHash('sha256')
    .update(JSON.stringify([topic, partition, offset]))
    .digest('hex');
  const variant = (8 + (Number.parseInt(hash.slice(3, 4), 16) & 3)).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hash.slice(0, 3)}-${variant}${hash.slice(4, 7)}-${hash.slice(7, 19)}`;
}
