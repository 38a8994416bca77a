import { randomUUID } from 'node:crypto';
import { eventContracts, type ServiceName, services } from '@jumun/contracts';
import type { LogRecord, Transport } from '@jumun/messaging';
import { kafkaSettings, openKafkaTransport } from '@jumun/messaging/kafka';
import { createLogger } from '@jumun/service-kit';
import { Admin } from '@platformatic/kafka';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Json, ordered, payIdOf, prepared, stock } from '../e2e/steps.ts';
import { type Cleanup, createCleanup } from '../support/cleanup.ts';
import { eventually } from '../support/eventually.ts';
import { type System, startSystem } from '../support/system.ts';
import { type LegacyService, startLegacyService, whyNoSpring } from './legacy.ts';

const kafka = inject('kafka');
const missing = kafka.skipped ?? (await whyNoSpring());
if (missing) process.stdout.write(`SKIPPED: a service of the first implementation. ${missing}\n`);

/** What each service keeps of orders: what no repeat may change. */
const kept: Record<ServiceName, string[]> = {
  order: ['orders', 'intent', 'catalogue'],
  product: ['product', 'stock_line', 'stock_movement'],
  pay: ['pay', 'refund', 'sandbox_charge'],
  delivery: ['delivery'],
  notice: ['(SELECT id, order_id, kind, text FROM notice)'],
  customercenter: ['my_page'],
};

describe.skipIf(missing)('a service of the first implementation', { timeout: 180_000 }, () => {
  const topic = `capstoneorderteam-${randomUUID()}`;
  const group = `legacy-${randomUUID()}`;
  const brokers = kafka.env?.KAFKA_BROKERS ?? '';
  let cleanup: Cleanup;
  let log: Transport;
  let system: System;
  let legacy: LegacyService;
  let running: readonly ServiceName[] = services;

  const open = () => {
    const settings = kafkaSettings({ ...kafka.env, KAFKA_TOPIC: topic });
    if (!settings) throw new Error('Kafka is not set');
    return openKafkaTransport(settings, createLogger('events', 'silent'));
  };

  beforeAll(async () => {
    cleanup = createCleanup();
    log = await open();
    cleanup.add(() => log.close());
    system = await startSystem({ without: ['gateway'], carry: () => log });
    cleanup.add(() => system.close());
    legacy = await startLegacyService({ brokers, topic, group });
    cleanup.add(() => legacy.stop());
  }, 300_000);
  afterAll(() => cleanup.run());

  /** All records of the log, as a transport reads them. */
  async function recordsOf(transport: Transport): Promise<LogRecord[]> {
    const heads = await transport.heads();
    const positions = new Map([...heads.keys()].map(partition => [partition, 0]));
    const records: LogRecord[] = [];
    await eventually(async () => {
      const types = [...eventContracts.map(contract => contract.type), 'CouponIssued'];
      const reading = await transport.read(positions, types, 1_000);
      records.push(...reading.records);
      for (const [partition, position] of reading.upTo) positions.set(partition, position);
      expect(positions).toEqual(heads);
    });
    return records;
  }

  /** Waits until every service that runs has read all that there is, and has nothing more to say of it. */
  async function rest(): Promise<void> {
    await eventually(async () => {
      const heads = await log.heads();
      for (const name of running) {
        const cursors = await system.sql<{ partition: number; position: string }>(
          name,
          'SELECT partition, position FROM consumer_cursor',
        );
        expect(new Map(cursors.map(row => [row.partition, Number(row.position)]))).toEqual(heads);
        expect(await system.sql(name, 'SELECT event_id FROM outbox')).toEqual([]);
      }
      expect(await log.heads()).toEqual(heads);
    }, 60_000);
  }

  /** Waits until it has read all of these records, whatever they meant to it. */
  async function legacyRead(records: LogRecord[]): Promise<void> {
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: brokers.split(',') });
    try {
      await eventually(async () => {
        const [known] = await admin.listConsumerGroupOffsets({ groups: [group] });
        const offsets = known?.topics.find(({ name }) => name === topic)?.partitions ?? [];
        const committed = new Map(
          offsets.map(({ partitionIndex, committedOffset }) => [partitionIndex, Number(committedOffset)]),
        );
        for (const { partition, position } of records)
          expect(committed.get(partition) ?? 0).toBeGreaterThanOrEqual(position);
      });
    } finally {
      await admin.close();
    }
  }

  /** All that the services keep of orders. */
  async function state(): Promise<unknown> {
    const tables = services.flatMap(name => kept[name].map(table => [name, table] as const));
    return Promise.all(
      tables.map(async ([name, table]) => {
        const rows = await system.sql(name, `SELECT t::text AS row FROM ${table} t ORDER BY 1`);
        return [table, rows.map(({ row }) => row)];
      }),
    );
  }

  /** The types of the records of an order, sorted. */
  const saidOf = async (orderId: number) =>
    (await recordsOf(log))
      .filter(({ key }) => key === String(orderId))
      .map(({ type }) => type)
      .sort();

  /** The kinds of what the customer was told of an order, sorted. */
  async function noticesOf(orderId: number): Promise<string[]> {
    const told = 'SELECT kind FROM notice WHERE order_id = $1 ORDER BY kind';
    return (await system.sql<{ kind: string }>('notice', told, [orderId])).map(({ kind }) => kind);
  }

  const find = (part: ServiceName, path: string) => system.call<Json>(part, 'GET', path);

  it('hears of our payments, with all their fields, and of nothing else', async () => {
    await stock(system, { itemcd: 1, totalQuantity: 10, price: 2000, name: '우유 🥛' });
    const wish = { itemcd: 1, orderQty: 2, customerId: 7, address: '서울' };
    const { body: placed } = await system.call<Json>('order', 'POST', '/orders', wish);
    await prepared(system, placed.id);
    await system.call('order', 'DELETE', `/orders/${placed.id}`);
    await rest();

    const records = await recordsOf(log);
    await legacyRead(records);
    const own = records.filter(({ key }) => key === String(placed.id));
    expect(own.map(({ type }) => type).sort()).toEqual([
      'DeliveryCanceled',
      'DeliveryPrepared',
      'DeliveryRequested',
      'OrderCanceled',
      'Ordered',
      'PayApproved',
      'PayCanceled',
    ]);
    const approved = own.find(({ type }) => type === 'PayApproved');
    const paid = { ...wish, orderId: placed.id, item: '우유 🥛', price: 4000, status: 'approved' };
    expect(await legacy.heard()).toEqual([
      {
        event: { eventType: 'PayApproved', timestamp: expect.any(Number), id: expect.any(Number), ...paid },
        headers: expect.objectContaining({
          type: 'PayApproved',
          contentType: 'application/json',
          eventId: approved?.eventId,
          kafka_receivedMessageKey: String(placed.id),
        }),
      },
    ]);
  });

  it('is heard by us though it sends neither key nor id: both are found, and stay the same', async () => {
    const said = {
      ...{ eventType: 'PayApproved', timestamp: Date.now(), id: 1, orderId: 2_000_001, price: 100 },
      ...{ itemcd: 404, item: null, orderQty: 1, status: 'approved', customerId: null, address: null },
    };
    await legacy.send(said);
    await rest();
    const [record] = (await recordsOf(log)).filter(({ payload }) => payload.includes('2000001'));
    expect(record).toMatchObject({ key: '2000001', type: 'PayApproved', traceparent: null });
    expect(record?.eventId).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(JSON.parse(record?.payload ?? '')).toEqual(said);

    const other = await open();
    try {
      expect(await recordsOf(other)).toContainEqual(record);
    } finally {
      await other.close();
    }
  });

  it('takes the place of order and pay: what it says is done once, however often it says it', async () => {
    await stock(system, { itemcd: 2, totalQuantity: 10 });
    const sale = { price: 4000, itemcd: 2, item: 'milk', orderQty: 2, customerId: 7, address: 'Seoul' };
    const orderId = 2_000_002;
    const say = async () => {
      const paid = { id: 9, orderId, status: 'approved', ...sale };
      await legacy.send({ eventType: 'PayApproved', timestamp: 1_800_000_000_000, ...paid });
      const order = { id: orderId, status: 'ordered', ...sale };
      await legacy.send({ eventType: 'Ordered', timestamp: 1_800_000_000_000, ...order });
    };
    await say();
    await rest();
    const product = await find('product', '/products/2');
    expect(product.body).toMatchObject({ totalQuantity: 8, availableQuantity: 8 });
    const parcels = 'SELECT product_name, qtyp, address FROM delivery WHERE order_id = $1';
    expect(await system.sql('delivery', parcels, [orderId])).toEqual([
      { product_name: 'milk', qtyp: 2, address: 'Seoul' },
    ]);
    const view = await find('customercenter', `/myPages/${orderId}`);
    expect(view.body).toMatchObject({ status: 'deliveryPrepared', deliveryStatus: 'deliveryRequested' });
    expect(await noticesOf(orderId)).toEqual(['DeliveryPrepared', 'Ordered']);
    const once = ['DeliveryPrepared', 'DeliveryRequested', 'Ordered', 'PayApproved'];
    expect(await saidOf(orderId)).toEqual(once);

    const before = await state();
    await say();
    await rest();
    expect(await saidOf(orderId)).toEqual([...once, 'Ordered', 'PayApproved'].sort());
    expect(await state()).toEqual(before);
  });

  it('disturbs nobody with an event that we do not know, or with fields that we do not know', async () => {
    const before = await state();
    await legacy.send({ eventType: 'CouponIssued', timestamp: Date.now(), id: 1, orderId: 2_000_003 });
    await rest();
    expect(await state()).toEqual(before);

    await legacy.send({
      ...{ eventType: 'DeliveryPrepared', timestamp: Date.now(), id: null, orderId: 2_000_003, itemcd: 2 },
      ...{ orderQty: 1, giftWrap: { ribbon: 'red' }, couponIds: [1, 2] },
    });
    await rest();
    expect(await saidOf(2_000_003)).toEqual(['CouponIssued', 'DeliveryPrepared', 'DeliveryRequested']);
    for (const name of services)
      expect(await system.sql(name, 'SELECT type, reason FROM dead_letter')).toEqual([]);
  });

  it('passes over an event that it cannot read, and we keep it for an operator', async () => {
    const epoch = await log.fence('test');
    const traceparent = null;
    const key = '2000004';
    const facts = { id: 4, orderId: 2_000_004, price: 100, itemcd: 2, orderQty: 1 };
    const approved = JSON.stringify({ eventType: 'PayApproved', timestamp: Date.now(), ...facts });
    await log.append('test', epoch, [
      { eventId: randomUUID(), key, type: 'PayApproved', payload: 'not JSON', traceparent },
      { eventId: randomUUID(), key, type: 'PayApproved', payload: approved, traceparent },
    ]);
    await eventually(async () => {
      const orderIds = (await legacy.heard()).map(({ event }) => event.orderId);
      expect(orderIds.filter(orderId => orderId === 2_000_004)).toHaveLength(1);
    });
    for (const name of ['product', 'customercenter'] as const) {
      await eventually(async () =>
        expect(
          await system.sql(name, 'SELECT state, reason FROM dead_letter WHERE key = $1 ORDER BY id', [key]),
        ).toEqual([
          { state: 'parked', reason: expect.stringContaining('PayApproved is not JSON') },
          { state: 'waiting', reason: 'waits behind an earlier event of its key' },
        ]),
      );
    }
  });

  it('takes the place of delivery: an order of ours comes to its end by what it says', async () => {
    await system.stop('delivery');
    running = services.filter(name => name !== 'delivery');
    await stock(system, { itemcd: 3, totalQuantity: 10, price: 2000 });
    const orderId = await ordered(system, { itemcd: 3 });
    await eventually(async () =>
      expect((await find('order', `/orders/${orderId}`)).body.status).toBe('deliveryPrepared'),
    );
    const facts = { id: 5, orderId, productName: null, qtyp: 1, price: 2000, address: null };
    const timestamp = Date.now();
    const say = async () => {
      for (const [eventType, status] of [
        ['DeliveryRequested', 'deliveryRequested'],
        ['DeliveryStarted', 'deliverystarted'],
        ['DeliveryCompleted', 'deliverycompleted'],
      ] as const)
        await legacy.send({ eventType, timestamp, ...facts, status });
    };
    await say();
    await rest();
    expect((await find('order', `/orders/${orderId}`)).body.status).toBe('deliverycompleted');
    const view = await find('customercenter', `/myPages/${orderId}`);
    expect(view.body).toMatchObject({ status: 'deliverycompleted', deliveryStatus: 'deliverycompleted' });
    const told = ['DeliveryCompleted', 'DeliveryPrepared', 'DeliveryStarted', 'Ordered'];
    expect(await noticesOf(orderId)).toEqual(told);
    const payId = await payIdOf(system, orderId);
    expect((await system.call('pay', 'DELETE', `/pays/${payId}`)).status).toBe(409);

    const before = await state();
    await say();
    await rest();
    expect(await state()).toEqual(before);
  });
});
