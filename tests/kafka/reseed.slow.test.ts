import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { services } from '@jumun/contracts';
import type { Transport } from '@jumun/messaging';
import { kafkaSettings, openKafkaTransport } from '@jumun/messaging/kafka';
import { createLogger } from '@jumun/service-kit';
import { Admin } from '@platformatic/kafka';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { SERVICE_TOKEN, type System, startSystem } from '../support/system.ts';

const kafka = inject('kafka');

describe.skipIf(!kafka.env)(
  `over Kafka${kafka.skipped ? `, which is not here: ${kafka.skipped}` : ''}`,
  () => {
    let system: System;
    let transport: Transport;
    let env: Record<string, string>;

    beforeAll(async () => {
      env = { ...kafka.env, KAFKA_TOPIC: `t-${randomUUID()}`, KAFKA_PARTITIONS: '4' };
      const settings = kafkaSettings(env);
      if (!settings) throw new Error('there are no settings of Kafka');
      transport = await openKafkaTransport(settings, createLogger('test', 'silent'));
      system = await startSystem({ carry: () => transport });
      await system.call('product', 'POST', '/products', { itemcd: 1, name: 'milk', totalQuantity: 1_000 });
      for (let i = 0; i < 12; i++) await place();
      await system.call('order', 'DELETE', `/orders/${await place()}`);
      await settled();
    });
    afterAll(async () => {
      await system?.close();
      await transport?.close();
    });

    const place = () =>
      eventually(async () => {
        const body = { itemcd: 1, orderQty: 1, price: 1_000, customerId: 7, address: 'Seoul' };
        const { status, body: order } = await system.call<{ id: number }>('order', 'POST', '/orders', body);
        expect(status).toBe(201);
        return order.id;
      });

    const settled = () =>
      eventually(async () => {
        const before = [...(await transport.heads())];
        for (const name of services) {
          expect(await system.sql(name, 'SELECT FROM outbox')).toEqual([]);
          const cursors = await system.sql<{ partition: number; position: string }>(
            name,
            'SELECT partition, position FROM consumer_cursor ORDER BY partition',
          );
          expect(cursors.map(({ partition, position }) => [partition, Number(position)])).toEqual(before);
        }
        expect([...(await transport.heads())]).toEqual(before);
      }, 60_000);

    /** The records of all partitions so far are deleted, as those that are too old are. */
    async function lose(): Promise<void> {
      const admin = new Admin({ clientId: 'test', bootstrapBrokers: String(env.KAFKA_BROKERS).split(',') });
      const partitions = [...(await transport.heads())].map(([partition, head]) => ({
        partition,
        offset: BigInt(head),
      }));
      try {
        await admin.deleteRecords({ topics: [{ name: String(env.KAFKA_TOPIC), partitions }] });
      } finally {
        await admin.close();
      }
    }

    /** `npm run jumun -- …` on this system. */
    async function jumun(...args: string[]): Promise<{ code: number | null; out: string; err: string }> {
      const main = new URL('../../apps/jumun/src/main.ts', import.meta.url).pathname;
      const urls = services.map(name => [`${name.toUpperCase()}_URL`, system.url(name)]);
      const databases = services.map(name => [`${name.toUpperCase()}__DATABASE_URL`, system.database(name)]);
      const child = spawn(process.execPath, ['--import', 'tsx', main, ...args], {
        env: {
          PATH: process.env.PATH,
          SERVICE_TOKEN,
          ...env,
          ...Object.fromEntries([...urls, ...databases]),
        },
      });
      let [out, err] = ['', ''];
      child.stdout.on('data', chunk => {
        out += chunk;
      });
      child.stderr.on('data', chunk => {
        err += chunk;
      });
      const code = await new Promise<number | null>(resolve => child.on('close', resolve));
      return { code, out, err };
    }

    /** The view, but for when each row was written. */
    const rows = async () =>
      (
        await system.sql<{ order_id: string; changed: unknown }>(
          'customercenter',
          'SELECT * FROM my_page ORDER BY order_id',
        )
      ).map(({ changed, ...row }) => row);

    it('the view is rebuilt from the topic, and put right', async () => {
      const right = await rows();
      await system.sql('customercenter', 'UPDATE my_page SET price = 5 WHERE order_id = $1', [
        right[0]?.order_id,
      ]);
      const { code, out, err } = await jumun('rebuild-view', '--shuffle', '7');
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(/^13 orders compared, differences: 1$/m);
      expect(await rows()).toEqual(right);
    });

    it('rows of which records are gone are carried over, and what comes is added to them', async () => {
      await lose();
      const open = await place();
      await settled();
      const right = await rows();
      const { code, out, err } = await jumun('rebuild-view');
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(/^14 orders may miss events in the log, which are too old for it/m);
      expect(out).toMatch(/^14 orders compared, differences: 0$/m);
      expect(await rows()).toEqual(right);
      expect(right.map(row => Number(row.order_id))).toContain(open);
    });

    it('a view that was lost with the records is re-seeded, and goes on by itself', async () => {
      const timeless = async () =>
        (await rows()).map(({ timeline, updated_at: _, ordered_at, ...row }: Record<string, unknown>) => ({
          ...row,
          timeline: Object.keys(timeline as object).sort(),
        }));
      const right = await timeless();
      await system.stop('customercenter');
      await system.sql('customercenter', 'TRUNCATE my_page, inbox');
      await system.sql('customercenter', 'UPDATE consumer_cursor SET position = 0');
      await lose();
      await system.start('customercenter');
      await eventually(async () => {
        const metrics = await fetch(`${system.url('customercenter')}/metrics`).then(answer => answer.text());
        expect(metrics).toMatch(/^jumun_consumer_pruned\{partition="\d",service="customercenter"\} 1$/m);
      });
      const { code, out, err } = await jumun('reseed', 'customercenter');
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(/^partition 3 goes on behind \d+$/m);
      await settled();
      expect(await timeless()).toEqual(right);
      const id = await place();
      await settled();
      expect((await system.call('customercenter', 'GET', `/myPages/${id}`)).body.status).toBe(
        'deliveryPrepared',
      );
    });

    it('groups are shown by Kafka itself, and the other commands do as ever', async () => {
      const groups = await jumun('log-groups', 'list');
      expect(groups.code).toBe(1);
      expect(groups.err).toContain('kafka-consumer-groups.sh --describe');
      expect((await jumun('dead-letters', 'list')).out).toBe('no dead letters\n');
      const { code, out } = await jumun('audit');
      expect({ code, out }).toMatchObject({ code: 0, out: expect.stringMatching(/^clean: /m) });
    });
  },
);
