import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from '@jumun/service-kit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { planOf } from '../../../tests/support/explain.ts';
import { givenDatabase, type ServiceDatabase } from '../../../tests/support/given.ts';
import {
  auditedUpTo,
  claimRefunds,
  claimVoids,
  countRefunds,
  execute,
  findPay,
  listFailedRefunds,
  oweVoidRefund,
  pagePays,
  readPays,
  retryRefund,
  type StoreCommand,
  saveRefunds,
  settleRefund,
  unauditedPays,
  voidsChecked,
} from '../src/store.ts';

let it: ServiceDatabase;
beforeAll(async () => {
  it = await givenDatabase('pay');
});
afterAll(() => it.close());

const traced = (commands: StoreCommand[]) => commands.map(command => ({ command, traceparent: null }));
const run = (...commands: StoreCommand[]) =>
  it.db.transaction(tx => execute(tx, it.outbox, traced(commands)));
const termsOf = (orderId: number) => ({
  orderId,
  price: 6000,
  itemcd: 2,
  item: 'milk',
  orderQty: 3,
  customerId: 11,
  address: 'Seoul',
});
function record(orderId: number, paymentKey: string, declined: string | null = null): StoreCommand {
  return { type: 'record', orderId, paymentKey, terms: termsOf(orderId), declined };
}
const voidIt = (orderId: number, paymentKey: string): StoreCommand => ({
  type: 'void',
  orderId,
  paymentKey,
  unlessCaptured: false,
});
const refundsOf = (orderId: number) =>
  it.db.query('SELECT payment_key AS key, amount, state FROM refund WHERE order_id = $1 ORDER BY amount', [
    orderId,
  ]);
const eventsOf = async (orderId: number) =>
  (await it.published()).filter(({ key }) => key === String(orderId)).map(({ type }) => type);

describe('a payment', () => {
  test('is kept as it was made, and told of', async () => {
    const key = randomUUID();
    await run(record(1, key));
    const fields = { id: 1, status: 'approved', ...termsOf(1) };
    expect(await findPay(it.db, 1)).toEqual(fields);
    expect((await pagePays(it.db, { limit: 10, offset: 0, order: [] })).items).toEqual([fields]);
    expect(await readPays(it.db, [1, 99])).toEqual([
      { kind: 'payment', ...fields, paymentKey: key, reason: null, delivered: false },
      { kind: 'none' },
    ]);
    expect(await eventsOf(1)).toEqual(['PayApproved']);
  });

  test('is made once by many at once', async () => {
    const key = randomUUID();
    await Promise.all(Array.from({ length: 5 }, () => run(record(2, key))));
    expect(await eventsOf(2)).toEqual(['PayApproved']);
  });

  test('that was declined is told to nobody', async () => {
    await run(record(3, randomUUID(), 'card declined'));
    expect(await readPays(it.db, [3])).toMatchObject([{ status: 'declined', reason: 'card declined' }]);
    expect(await eventsOf(3)).toEqual([]);
  });

  test('is owed back once, however often and by whomever it is canceled', async () => {
    const key = randomUUID();
    await run(record(4, key));
    const cancel: StoreCommand = { type: 'cancel', orderId: 4, reason: null };
    const orderCanceled: StoreCommand = { type: 'orderCanceled', orderId: 4, reason: 'out of stock' };
    await Promise.all([run(cancel, cancel), run(orderCanceled), run(voidIt(4, key))]);
    expect(await refundsOf(4)).toEqual([{ key, amount: 6000, state: 'due' }]);
    expect(await eventsOf(4)).toEqual(['PayApproved', 'PayCanceled']);
  });

  test('that was delivered stands, unless its order was canceled', async () => {
    await run(record(5, randomUUID()));
    await run({ type: 'delivered', orderId: 5 });
    expect(await run({ type: 'cancel', orderId: 5, reason: null })).toMatchObject([
      { rejected: 'delivery-completed' },
    ]);
    await run({ type: 'orderCanceled', orderId: 5, reason: null });
    expect(await refundsOf(5)).toHaveLength(1);
  });

  test('under a second key is owed back; the first stands', async () => {
    const second = randomUUID();
    await run(record(6, randomUUID()));
    await run(record(6, second));
    await run(record(6, second));
    expect(await refundsOf(6)).toEqual([{ key: second, amount: 6000, state: 'due' }]);
    expect(await readPays(it.db, [6])).toMatchObject([{ status: 'approved' }]);
  });
});

describe('a void', () => {
  test('is kept, and a charge that comes after it is owed back', async () => {
    const key = randomUUID();
    await run(voidIt(20, key));
    await run(voidIt(20, key));
    expect(await readPays(it.db, [20])).toEqual([{ kind: 'voided', paymentKey: key }]);
    await run(record(20, key));
    await run(record(20, key));
    await oweVoidRefund(it.db, { paymentKey: key, orderId: 20, amount: 6000, traceparent: null });
    expect(await refundsOf(20)).toEqual([{ key, amount: 6000, state: 'due' }]);
    expect(await eventsOf(20)).toEqual([]);
  });

  test('and what is owed keep the trace of what led to them', async () => {
    const [paid, key] = [randomUUID(), randomUUID()];
    const inTrace = (traceparent: string, command: StoreCommand) =>
      it.db.transaction(tx => execute(tx, it.outbox, [{ command, traceparent }]));
    const traceOf = async (table: 'pay' | 'refund', order: number) =>
      (await it.db.query(`SELECT traceparent FROM ${table} WHERE order_id = $1`, [order]))[0]?.traceparent;
    await inTrace('t-pay', record(81, paid));
    await inTrace('t-cancel', { type: 'cancel', orderId: 81, reason: null });
    await inTrace('t-void', voidIt(82, key));
    await inTrace('t-late', record(82, key));
    expect(await traceOf('pay', 81)).toBe('t-pay');
    expect(await traceOf('refund', 81)).toBe('t-cancel');
    expect(await traceOf('pay', 82)).toBe('t-void');
    expect(await traceOf('refund', 82)).toBe('t-late');
  });

  test('and a charge that are under way at once do not both stand', async () => {
    const key = randomUUID();
    let voidDecided = () => {};
    const decided = new Promise<void>(resolve => {
      voidDecided = resolve;
    });
    const voiding = it.db.transaction(async tx => {
      await execute(tx, it.outbox, traced([voidIt(21, key)]));
      voidDecided();
      // Time for the charge to be decided, if it does not wait for this to be committed.
      await delay(200);
    });
    await decided;
    await Promise.all([voiding, run(record(21, key))]);
    expect(await readPays(it.db, [21])).toEqual([{ kind: 'voided', paymentKey: key }]);
    expect(await eventsOf(21)).toEqual([]);
    expect(await refundsOf(21)).toEqual([{ key, amount: 6000, state: 'due' }]);
  });

  test('has the provider asked again a few times, then no more', async () => {
    await run(voidIt(22, randomUUID()));
    let asked = 0;
    for (let round = 0; round < 10; round++) {
      await it.db.query('UPDATE pay SET check_at = now() WHERE order_id = 22');
      const due = (await claimVoids(it.db, 60_000, 100)).map(({ orderId }) => orderId);
      asked += due.filter(orderId => orderId === 22).length;
      await voidsChecked(it.db, due);
    }
    expect(asked).toBe(4);
  });

  test('has the provider asked again after a check that could not be made', async () => {
    await run(voidIt(23, randomUUID()));
    for (let round = 0; round < 10; round++) {
      await it.db.query('UPDATE pay SET check_at = now() WHERE order_id = 23');
      const due = (await claimVoids(it.db, 60_000, 100)).map(({ orderId }) => orderId);
      expect(due).toContain(23);
    }
  });
});

describe('a refund', () => {
  const due = async (orderId: number): Promise<string> => {
    const key = randomUUID();
    await run(record(orderId, key), { type: 'cancel', orderId, reason: null });
    return key;
  };

  test('is taken by one worker at a time and made once', async () => {
    const key = await due(40);
    const claims = await Promise.all([claimRefunds(it.db, 60_000, 100), claimRefunds(it.db, 60_000, 100)]);
    expect(claims.flat().filter(({ paymentKey }) => paymentKey === key)).toHaveLength(1);
    const done = { paymentKey: key, state: 'done', reason: null, retryInMs: 0 } as const;
    await saveRefunds(it.db, [done]);
    await saveRefunds(it.db, [{ ...done, state: 'due' }]);
    expect(await refundsOf(40)).toMatchObject([{ state: 'done' }]);
  });

  test('that fails for good waits for a person, who has it tried again or settles it', async () => {
    const key = await due(41);
    const [payment] = await readPays(it.db, [41]);
    const payId = payment?.kind === 'payment' ? payment.id : 0;
    const { failed } = await countRefunds(it.db);
    await saveRefunds(it.db, [
      { paymentKey: key, state: 'failed', reason: 'the account is closed', retryInMs: 0 },
    ]);
    expect((await countRefunds(it.db)).failed).toBe(failed + 1);
    const failures = await listFailedRefunds(it.db);
    expect(failures).toMatchObject([
      { orderId: 41, payId, amount: 6000, exception: 'the account is closed' },
    ]);
    const id = failures[0]?.id ?? 0;
    expect(await retryRefund(it.db, id)).toBe(true);
    expect(await retryRefund(it.db, id)).toBe(false);
    expect(await settleRefund(it.db, id)).toBe(false);
    await saveRefunds(it.db, [{ paymentKey: key, state: 'failed', reason: null, retryInMs: 0 }]);
    expect(await settleRefund(it.db, id)).toBe(true);
    expect(await refundsOf(41)).toMatchObject([{ state: 'done' }]);
  });
});

test('payments are held against their orders once, and only where money was kept', async () => {
  await it.db.query('UPDATE pay_audit SET audited_id = (SELECT max(id) FROM pay)');
  await run(record(60, randomUUID()), record(61, randomUUID(), 'card declined'));
  await it.db.query(`UPDATE pay SET created_at = now() - interval '1 h' WHERE order_id IN (60, 61)`);
  const unaudited = await unauditedPays(it.db, 300_000, 100);
  expect(unaudited).toMatchObject([{ orderId: 60 }]);
  await auditedUpTo(it.db, unaudited.at(-1)?.id ?? 0);
  await auditedUpTo(it.db, 1);
  expect(await unauditedPays(it.db, 300_000, 100)).toEqual([]);
});

test('a payment is not passed over because one that was made after it looks older: the clock was set back', async () => {
  await it.db.query('UPDATE pay_audit SET audited_id = (SELECT max(id) FROM pay)');
  await run(record(62, randomUUID()), record(63, randomUUID()), record(64, randomUUID()));
  const made = (orderId: number, ago: string) =>
    it.db.query('UPDATE pay SET created_at = now() - $2::interval WHERE order_id = $1', [orderId, ago]);
  const unaudited = async () => (await unauditedPays(it.db, 300_000, 100)).map(({ orderId }) => orderId);
  await made(62, '-1 h');
  await made(63, '1 min');
  await made(64, '10 min');
  expect(await unaudited(), 'what is from the future is old enough').toEqual([62]);
  await made(63, '6 min');
  expect(await unaudited()).toEqual([62, 63, 64]);
});

describe('what a clock that was set back since put off', () => {
  test('a refund is due, by its index, and one that waits its time is not', async () => {
    const [stuck, waiting] = [randomUUID(), randomUUID()];
    await oweVoidRefund(it.db, { paymentKey: stuck, orderId: 70, amount: 1, traceparent: null });
    await oweVoidRefund(it.db, { paymentKey: waiting, orderId: 71, amount: 1, traceparent: null });
    const next = (key: string, wait: string) =>
      it.db.query('UPDATE refund SET next_attempt_at = now() + $2::interval WHERE payment_key = $1', [
        key,
        wait,
      ]);
    await next(stuck, '1 h');
    await next(waiting, '60 s');
    const due = (await claimRefunds(it.db, 15_000, 1_000)).map(({ orderId }) => orderId);
    expect(due).toContain(70);
    expect(due).not.toContain(71);
    await it.db.query(
      `INSERT INTO refund (payment_key, order_id, amount, state, next_attempt_at)
       SELECT gen_random_uuid(), n, 1, 'due', now() + interval '1 min' FROM generate_series(1000001, 1005000) AS n`,
    );
    await it.db.query('ANALYZE refund');
    expect(await planOf(it.db, db => claimRefunds(db as Database, 15_000, 200))).toMatch(/refund_due/);
    await it.db.query('DELETE FROM refund WHERE order_id > 1000000');
  });

  test('a void is checked, and one that waits its time is not', async () => {
    await run(voidIt(72, randomUUID()), voidIt(73, randomUUID()));
    await it.db.query(`UPDATE pay SET check_at = now() + interval '1 h' WHERE order_id = 72`);
    await it.db.query(`UPDATE pay SET check_at = now() + interval '10 min' WHERE order_id = 73`);
    const due = (await claimVoids(it.db, 30_000, 1_000)).map(({ orderId }) => orderId);
    expect(due).toContain(72);
    expect(due).not.toContain(73);
  });
});
