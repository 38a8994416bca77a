import { store, useStored } from './stored.ts';

/** What the server tells every page. */
interface ServerSettings {
  /** Whether the desk opens here. */
  desk: boolean;
  /** ISO 4217. */
  currency: string;
}

const told = document.querySelector<HTMLMetaElement>('meta[name="jumun"]')?.content ?? '{}';
export const serverSettings: ServerSettings = { desk: true, currency: 'KRW', ...JSON.parse(told) };

const CUSTOMER = 'jumun.customer';
/** The customers to choose from, until customers have an identity of their own. */
export const customers = [1, 2, 3, 4, 5] as const;

/** Who orders in this browser. */
export function useCustomer(): number {
  return useStored<number>(CUSTOMER, customers[0]);
}
export const chooseCustomer = (id: number): void => store(CUSTOMER, id);

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];
const THEME = 'jumun.theme';

export function useTheme(): Theme {
  return useStored<Theme>(THEME, 'system');
}
export function chooseTheme(theme: Theme): void {
  store(THEME, theme);
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}
