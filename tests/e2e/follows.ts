import type { ProductChanged } from '@jumun/contracts';
import { decode, type LogRecord } from '@jumun/messaging';
import { expect } from 'vitest';
import { subscriptions } from '../../services/customercenter/src/subscriptions.ts';
import { emptyPage, evolve, type MyPage } from '../../services/customercenter/src/view.ts';
import type { Databases } from './invariants.ts';

/** Events without those that come again under their id. */
export function distinct(events: LogRecord[]): LogRecord[] {
  const seen = new Set<string>();
  return events.filter(({ eventId }) => !seen.has(eventId) && seen.add(eventId));
}

/** No service has said the same of an order twice. */
/** @param repeats what was made to come again under a new id, as `key type` */
export function eachIsSaidOnce(events: LogRecord[], repeats: ReadonlySet<string>): void {
  const said = events
    .filter(({ type }) => type !== 'ProductChanged')
    .map(({ key, type }) => `${key} ${type}`)
    .filter(name => !repeats.has(name));
  const seen = new Set<string>();
  expect(
    said.filter(name => seen.has(name) || !seen.add(name)),
    'events that were said twice',
  ).toEqual([]);
}

/** The order service's catalogue is what the product service last said. */
export async function catalogueFollows(system: Databases, events: LogRecord[]): Promise<void> {
  const last = new Map<number, unknown>();
  for (const event of events.filter(({ type }) => type === 'ProductChanged')) {
    const { id, name = null, price = null } = decode<typeof ProductChanged>(event);
    last.set(id, { id, name, price });
  }
  const catalogue = await system.sql<{ id: number }>('order', 'SELECT id, name, price FROM catalogue');
  expect(new Map(catalogue.map(entry => [entry.id, entry])), "order's catalogue").toEqual(last);
}

/** The view is the fold of the events, in any order: here in that of the random ends of their ids. */
export async function viewFollows(system: Databases, events: LogRecord[]): Promise<void> {
  const end = ({ eventId }: LogRecord) => eventId.slice(-12);
  const pages = new Map<number, MyPage>();
  for (const event of events.toSorted((a, b) => (end(a) < end(b) ? -1 : 1))) {
    const change = subscriptions.find(({ type }) => type === event.type)?.toCommand(decode(event));
    if (!change) continue;
    pages.set(change.orderId, evolve(pages.get(change.orderId) ?? emptyPage(change.orderId), change));
  }
  const view = await system.sql<MyPage>(
    'customercenter',
    `SELECT order_id AS "orderId", shown, status, item, quantity, price, itemcd, customer_id AS "customerId",
            delivery_status AS "deliveryStatus", delivery_id AS "deliveryId", pay_status AS "payStatus", reason,
            updated_at AS "updatedAt", timeline FROM my_page`,
  );
  expect(new Map(view.map(page => [page.orderId, page])), 'the view').toEqual(pages);
}
