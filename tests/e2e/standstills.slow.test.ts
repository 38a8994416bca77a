import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { type System, startSystem } from '../support/system.ts';
import { audited } from './audited.ts';
import { asService, type Json, order, ordered, orderedAndPrepared, stock } from './steps.ts';

describe('an order that stands still', () => {
  let system: System;
  beforeAll(async () => {
    system = await startSystem({ env: { SAGA_STANDSTILL_MS: '500', CARRIER_STANDSTILL_MS: '60000' } });
    await stock(system, { itemcd: 1, totalQuantity: 100, price: 2_000 });
  });
  afterAll(() => system.close());

  const asOperator = (path: string) => system.call<Json>('customercenter', 'GET', path, undefined, asService);
  const sagas = async (): Promise<Json[]> => (await asOperator('/audit/sagas')).body.sagas;
  const metric = async (pattern: RegExp) => {
    const response = await fetch(`${system.url('customercenter')}/metrics`);
    return pattern.exec(await response.text())?.[1];
  };

  it('is shown with what it waits for and why, until it goes on', async () => {
    await system.stop('product');
    const orderId = await ordered(system, { itemcd: 1, price: 2_000 });
    await eventually(async () =>
      expect(await sagas()).toContainEqual({
        orderId,
        step: 'product: take the pieces',
        why: 'product does not answer',
        since: expect.stringMatching(/^\d{4}-.*Z$/),
      }),
    );
    await eventually(async () =>
      expect((await system.call<Json>('customercenter', 'GET', '/audit')).body).toMatchObject({
        standing: 1,
        unreachable: expect.stringContaining('product'),
      }),
    );
    expect(await metric(/jumun_audit_unreachable\{[^}]*\} (\d)/)).toBe('1');
    expect(await metric(/jumun_sagas_standing\{step="product: take the pieces",[^}]*\} (\d+)/)).toBe('1');

    await system.start('product');
    await eventually(async () => expect(await sagas()).toEqual([]));
    expect(await audited(system)).toMatchObject({ status: 'clean', standing: 0, unreachable: null });
    expect(await metric(/jumun_audit_unreachable\{[^}]*\} (\d)/)).toBe('0');
    expect(await metric(/jumun_audit_age_seconds\{[^}]*\} ([\d.]+)/)).toMatch(/^\d/);
  });

  it('is shown where the outcome of its payment is not known', async () => {
    await system.stop('pay');
    expect((await order(system, { itemcd: 1 }, 'a-key')).status).toBe(503);
    await eventually(async () =>
      expect(await sagas()).toContainEqual(
        expect.objectContaining({ step: 'pay: outcome of the charge', why: 'pay does not answer' }),
      ),
    );
    await system.start('pay');
    await eventually(async () => expect(await sagas()).toEqual([]));
    expect((await order(system, { itemcd: 1 }, 'a-key')).status).toBe(201);
  });

  it('does not stand still while a carrier has it', async () => {
    await orderedAndPrepared(system, { itemcd: 1 });
    expect(await sagas()).toEqual([]);
  });

  it('has a story that only the operator reads', async () => {
    const { orderId } = await orderedAndPrepared(system, { itemcd: 1 });
    await audited(system);
    const path = `/audit/orders/${orderId}`;
    expect((await system.call('customercenter', 'GET', path)).status).toBe(404);
    const { body } = await asOperator(path);
    const what = body.happened.map((one: Json) => `${one.service}: ${one.what.split(' (')[0]}`);
    const inOrder = [
      'pay: provider captured 2000',
      'pay: published PayApproved',
      'order: published Ordered',
      'product: published DeliveryPrepared',
      'delivery: published DeliveryRequested',
      'customercenter: handled DeliveryRequested',
    ];
    expect(what.filter((one: string) => inOrder.includes(one))).toEqual(inOrder);
    expect(what).toContain('notice: notice Ordered sent');
    expect(body.rows.map((one: Json) => `${one.service} ${one.table}`)).toEqual(
      expect.arrayContaining([
        'order orders',
        'product stock_line',
        'pay pay',
        'delivery delivery',
        'customercenter my_page',
      ]),
    );
    expect(body).toMatchObject({ orderId, differences: [], standing: [] });
    expect((await asOperator('/audit/orders/4711')).status).toBe(404);
  });
});
