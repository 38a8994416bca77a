import { type OrderStatus, orderStatuses } from '@jumun/contracts/status';

/** What the desk's orders are filtered by, as it stands in the address. */
export interface Filters {
  customer?: number;
  status?: OrderStatus;
  product?: number;
  /** Days, by the reader's clock: from the first to the last. */
  from?: string;
  to?: string;
  q?: string;
}

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const count = (value: unknown) => {
  const number = Number(value);
  return value !== '' && value !== undefined && Number.isSafeInteger(number) && number >= 0
    ? number
    : undefined;
};
const day = (value: unknown) =>
  typeof value === 'string' && DAY.test(value) && !Number.isNaN(Date.parse(value)) ? value : undefined;

/** Takes from an address what is a filter; the rest does not count. */
export function readFilters(search: Record<string, unknown>): Filters {
  const filters = {
    customer: count(search.customer),
    status: orderStatuses.find(status => status === search.status),
    product: count(search.product) || undefined,
    from: day(search.from),
    to: day(search.to),
    q: search.q === undefined || search.q === '' ? undefined : String(search.q).slice(0, 100),
  };
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined));
}

/** What the search of the view is asked for. The last day is whole. */
export function queryOf({ customer, status, product, from, to, q }: Filters) {
  return {
    ...(customer !== undefined && { customerId: customer }),
    ...(status && { status }),
    ...(product !== undefined && { itemcd: product }),
    ...(from && { from: startOf(from, 0) }),
    ...(to && { to: startOf(to, 1) }),
    ...(q && { q }),
  };
}

function startOf(day: string, daysLater: number): string {
  const date = new Date(`${day}T00:00:00`);
  date.setDate(date.getDate() + daysLater);
  return date.toISOString();
}

/** Where the same can be had as a file. */
export function exportUrl(filters: Filters): string {
  const query = new URLSearchParams(
    Object.entries(queryOf(filters)).map(([name, value]): [string, string] => [name, String(value)]),
  );
  return `/desk/api/customercenter/myPages/search/find.csv?${query}`;
}
