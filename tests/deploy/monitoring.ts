import { readdir, readFile } from 'node:fs/promises';
import { parse } from 'yaml';

/** deploy/monitoring, with a slash at its end. */
export const folder = new URL('../../deploy/monitoring/', import.meta.url);
/** What the chart brings along: the rules and the dashboards. */
const charted = new URL('../../deploy/helm/jumun/files/', import.meta.url);
export const alerts = new URL('alerts.yaml', charted);

export interface Rule {
  record?: string;
  alert?: string;
  expr: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

export interface Panel {
  title: string;
  targets: { datasource: { type: string; uid: string }; expr?: string; query?: string }[];
  gridPos: { x: number; y: number; w: number; h: number };
}

export interface Dashboard {
  id?: number;
  uid: string;
  title: string;
  panels: Panel[];
  templating: { list: { name: string; type: string; query?: unknown }[] };
}

/** The recording rules and alerts of alerts.yaml. */
export async function readRules(): Promise<Rule[]> {
  const { groups } = parse(await readFile(alerts, 'utf8')) as {
    groups: { rules: Rule[] }[];
  };
  return groups.flatMap(({ rules }) => rules);
}

/** The dashboards, with the name of each file. */
export async function readDashboards(): Promise<{ file: string; dashboard: Dashboard }[]> {
  const dashboards = new URL('dashboards/', charted);
  return Promise.all(
    (await readdir(dashboards)).map(async file => ({
      file,
      dashboard: JSON.parse(await readFile(new URL(file, dashboards), 'utf8')) as Dashboard,
    })),
  );
}

/** A dashboard's PromQL: of its panels and of its variables. */
export function promqlOf({ panels, templating }: Dashboard): string[] {
  const asked = panels
    .flatMap(({ targets }) => targets)
    .filter(({ datasource }) => datasource.type === 'prometheus')
    .map(({ expr }) => expr ?? '');
  const chosen = templating.list.flatMap(({ type, query }) => {
    const text = typeof query === 'object' && query && 'query' in query ? String(query.query) : '';
    const [, selector] = /^label_values\((.+), \w+\)$/.exec(text) ?? [];
    return type === 'query' && selector ? [selector] : [];
  });
  return [...asked, ...chosen];
}

/** A dashboard's expression as Prometheus gets it, with some value in the place of each variable. */
export function filledIn(expr: string): string {
  return expr
    .replaceAll('$__rate_interval', '1m')
    .replaceAll('$__range', '1h')
    .replaceAll(/\$(namespace|service)\b/g, 'order');
}
