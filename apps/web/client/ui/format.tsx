import { useFormatter } from 'use-intl';
import { serverSettings } from '../app/settings.ts';

const { currency } = serverSettings;
/** How many minor units one of the currency has; the API counts in minor units. */
const minorUnits =
  10 **
  (new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 0);

/** An amount in minor units, as people write it. */
export function useMoney(): (amount: number) => string {
  const format = useFormatter();
  return amount => format.number(amount / minorUnits, { style: 'currency', currency });
}

export function Money({ amount }: { amount: number }) {
  const money = useMoney();
  return <>{money(amount)}</>;
}

/** An instant (RFC 3339), by the reader's clock. */
export function Time({ at, withDate = true }: { at: string; withDate?: boolean }) {
  const format = useFormatter();
  const time = format.dateTime(
    new Date(at),
    withDate
      ? { month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit', second: '2-digit' }
      : { hour: 'numeric', minute: '2-digit', second: '2-digit' },
  );
  return <time dateTime={at}>{time}</time>;
}
