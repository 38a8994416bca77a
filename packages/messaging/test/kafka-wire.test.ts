import { Ordered, PayApproved, ProductChanged } from '@jumun/contracts';
import { ConfigError } from '@jumun/service-kit';
import { describe, expect, it } from 'vitest';
import type { Message } from '../src/message.ts';
import { kafkaSettings } from '../src/transports/kafka/settings.ts';
import { fromRecord, partitionOf, toRecord } from '../src/transports/kafka/wire.ts';

const place = { topic: 't', partition: 3, offset: 41, timestamp: 1_600_000_000_000 };
const always = () => true;

interface Raw {
  key?: string | null;
  value?: string | Buffer | null;
  headers?: Record<string, string>;
}

/** A record as some other client wrote it. */
const raw = ({ key = null, value = null, headers = {} }: Raw) => ({
  key: key === null ? null : Buffer.from(key),
  value: value === null ? null : Buffer.from(value),
  headers: Object.entries(headers).map(([name, text]): [Buffer, Buffer] => [
    Buffer.from(name),
    Buffer.from(text),
  ]),
});
const read = (record: Raw, at = place) => fromRecord(raw(record), at, always);

describe('records on the topic', () => {
  const message: Message = {
    eventId: '01890a5d-ac96-774b-bcce-b302099a8057',
    key: '7',
    type: Ordered.type,
    payload: '{"eventType":"Ordered","timestamp":1,"id":7,"price":2}',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  };

  it('are written as spring-cloud-stream writes them', () => {
    const { key, value, headers } = toRecord(message);
    expect(key.toString()).toBe('7');
    expect(value.toString()).toBe(message.payload);
    expect([...headers].map(([name, text]) => [name.toString(), text.toString()])).toEqual([
      ['type', 'Ordered'],
      ['contentType', '"application/json"'],
      ['spring_json_header_types', '{"type":"java.lang.String","contentType":"java.lang.String"}'],
      ['eventId', message.eventId],
      ['traceparent', message.traceparent],
    ]);
    expect([...toRecord({ ...message, traceparent: null }).headers]).toHaveLength(4);
  });

  it('have a key that the database can keep, whatever it is', () => {
    const keyOf = (key: string) => read({ key, value: '{}', headers: { type: 'Ordered' } })?.key;
    expect(keyOf('a\0b')).toBe('a\ufffdb');
    expect(keyOf('"a\\u0000b\\ud800"')).toBe('a\ufffdb\ufffd');
    expect(keyOf('k'.repeat(5_000))).toBe('k'.repeat(500));
  });

  it('are read as they were written', () => {
    const { headers, ...rest } = toRecord(message);
    expect(fromRecord({ ...rest, headers: [...headers] }, place, always)).toEqual({
      ...message,
      partition: 3,
      position: 42,
    });
    expect(fromRecord({ ...rest, headers: [...headers] }, place, () => false)?.payload).toBe('');
  });

  it('have their type from the payload where no header tells it, and their key from the contract', () => {
    const value = (fields: object) => ({ value: JSON.stringify(fields) });
    expect(read(value({ eventType: 'Ordered', id: 5 }))).toMatchObject({ type: 'Ordered', key: '5' });
    expect(read(value({ eventType: 'OrderCanceled', id: 6 }))).toMatchObject({ key: '6' });
    expect(read(value({ eventType: PayApproved.type, id: 1, orderId: 8 }))).toMatchObject({ key: '8' });
    expect(read(value({ eventType: ProductChanged.type, id: 2 }))).toMatchObject({ key: 'product-2' });
    expect(read(value({ eventType: 'OfTheFuture', id: 2 }))).toMatchObject({ key: 'kafka-3-41' });
  });

  it('are read where the header mapper wrote header values as JSON', () => {
    const headers = { type: '"PayApproved"', eventId: `"${message.eventId}"` };
    expect(read({ key: '9', value: '{}', headers })).toMatchObject({
      type: 'PayApproved',
      eventId: message.eventId,
      key: '9',
    });
  });

  it('have an id by their place where they bring none, which is a UUIDv7 of their time', () => {
    const record = { key: '1', value: '{"eventType":"Ordered"}' };
    const { eventId = '' } = read(record) ?? {};
    expect(eventId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(eventId.replaceAll('-', '').slice(0, 12), 16)).toBe(place.timestamp);
    expect(read(record)?.eventId).toBe(eventId);
    expect(read({ ...record, headers: { eventId: '12' } })?.eventId).toBe(eventId);
    for (const other of [{ offset: 42 }, { partition: 4 }, { topic: 'u' }]) {
      expect(read(record, { ...place, ...other })?.eventId).not.toBe(eventId);
    }
    expect(read(record, { ...place, timestamp: -1 })?.eventId).toMatch(/^00000000-0000-7/);
  });

  it('are passed over where no type can be found: tombstones, garbage, JSON that is no object', () => {
    expect(read({ key: '1', headers: { type: 'Ordered' } })).toBeUndefined();
    for (const value of [
      '',
      '[1]',
      'null',
      '12',
      '"x"',
      '{',
      '{"eventType":7}',
      Buffer.from([0xff, 0, 0xfe]),
    ]) {
      expect(read({ value }), String(value)).toBeUndefined();
    }
  });

  it('hold nothing that PostgreSQL cannot keep', () => {
    const value = Buffer.concat([Buffer.from('{"a'), Buffer.from([0, 0xff])]);
    const record = read({ key: 'k\0', value, headers: { type: 'Or\0dered', traceparent: 'nonsense' } });
    expect(record).toMatchObject({
      key: 'k\ufffd',
      type: 'Or\ufffddered',
      payload: '{"a\ufffd\ufffd',
      traceparent: null,
    });
  });

  // The values of Kafka's own UtilsTest.testMurmur2, without their sign, as its partitioner takes them.
  it.each([
    ['21', -973_932_308],
    ['foobar', -790_332_482],
    ['a-little-bit-long-string', -985_981_536],
    ['a-little-bit-longer-string', -1_486_304_829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971],
    ['abc', 479_470_107],
  ])('go to the partition that Java chooses for %s', (key, hash) => {
    expect(partitionOf(key, 2 ** 31)).toBe(hash & 0x7fffffff);
    expect(partitionOf(key, 8)).toBe((hash & 0x7fffffff) % 8);
  });
});

describe('settings of Kafka', () => {
  const brokers = { KAFKA_BROKERS: 'a:9092,[::1]:9093' };

  it('are none without KAFKA_BROKERS, and have defaults', () => {
    expect(kafkaSettings({ KAFKA_PARTITIONS: '3' })).toBeUndefined();
    expect(kafkaSettings(brokers)).toEqual({
      brokers: [
        { host: 'a', port: 9092 },
        { host: '::1', port: 9093 },
      ],
      topic: 'capstoneorderteam',
      partitions: 8,
      replication: undefined,
      retentionDays: 90,
      compression: 'none',
      tls: undefined,
      sasl: undefined,
    });
  });

  it('name credentials', () => {
    const sasl = {
      KAFKA_SASL_MECHANISM: 'SCRAM-SHA-512',
      KAFKA_SASL_USERNAME: 'u',
      KAFKA_SASL_PASSWORD: 'p',
    };
    expect(kafkaSettings({ ...brokers, ...sasl, KAFKA_TLS: 'true' })).toMatchObject({
      tls: {},
      sasl: { mechanism: 'SCRAM-SHA-512', username: 'u', password: 'p' },
    });
  });

  it.each([
    [{ KAFKA_BROKERS: 'nowhere' }, /KAFKA_BROKERS/],
    [{ KAFKA_BROKERS: 'a:0' }, /KAFKA_BROKERS/],
    [{ KAFKA_PARTITIONS: '0' }, /KAFKA_PARTITIONS/],
    [{ KAFKA_COMPRESSION: 'best' }, /KAFKA_COMPRESSION/],
    [{ KAFKA_TLS_CA: 'ca.pem' }, /KAFKA_TLS_CA needs KAFKA_TLS/],
    [{ KAFKA_TLS: 'true', KAFKA_TLS_CA: 'no-such-file.pem' }, /KAFKA_TLS_CA cannot be read/],
    [{ KAFKA_TLS: 'true', KAFKA_TLS_CERT: 'package.json' }, /go together/],
    [{ KAFKA_SASL_MECHANISM: 'GSSAPI' }, /KAFKA_SASL_MECHANISM/],
    [{ KAFKA_SASL_MECHANISM: 'PLAIN' }, /needs KAFKA_SASL_USERNAME/],
    [{ KAFKA_SASL_USERNAME: 'u' }, /needs KAFKA_SASL_MECHANISM/],
  ])('are refused in one line where they cannot work: %o', (wrong, message) => {
    expect(() => kafkaSettings({ ...brokers, ...wrong })).toThrow(message);
    try {
      kafkaSettings({ ...brokers, ...wrong });
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      expect(String(error)).not.toMatch(/\n/);
    }
  });
});
