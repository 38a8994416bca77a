import { readFile, stat } from 'node:fs/promises';
import { services } from '@jumun/contracts';
import { createMetrics } from '@jumun/service-kit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { eventually } from '../support/eventually.ts';
import { type System, startSystem } from '../support/system.ts';
import { filledIn, folder, promqlOf, type Rule, readDashboards, readRules } from './monitoring.ts';

/** What a running system shows on /metrics: each series, and the labels that its samples have. */
const shown = new Map<string, Set<string>>();
let system: System | undefined;
let rules: Rule[];
let alerts: Rule[];
let dashboards: Awaited<ReturnType<typeof readDashboards>>;

const parts: string[] = [...services, 'gateway', 'web'];
/** Labels that the scrape adds, not the part. */
const OF_THE_SCRAPE = ['namespace', 'pod', 'part', 'instance', 'job'];

function note(text: string): void {
  for (const line of text.split('\n')) {
    // A series that has nothing to count yet still has its type.
    const [, declared, type] = /^# TYPE (\S+) (\S+)/.exec(line) ?? [];
    if (declared) {
      const names =
        type === 'histogram' ? ['_bucket', '_sum', '_count'].map(end => declared + end) : [declared];
      for (const name of names) if (!shown.has(name)) shown.set(name, new Set());
    }
    const [, name = '', labels = ''] = /^(\w+)\{(.*)\} \S+$/.exec(line) ?? [];
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) shown.get(name)?.add(label);
  }
}

beforeAll(async () => {
  rules = await readRules();
  alerts = rules.filter(({ alert }) => alert);
  dashboards = await readDashboards();
  const running = await startSystem();
  system = running;
  await running.call('gateway', 'POST', '/products', { itemcd: 2, totalQuantity: 10 });
  const order = { itemcd: 2, orderQty: 1, price: 2_000, customerId: 7, address: 'Seoul' };
  expect((await running.call('gateway', 'POST', '/orders', order)).status).toBe(201);
  const texts = await eventually(async () => {
    const all = await Promise.all(
      [...services, 'gateway' as const].map(async part =>
        (await fetch(`${running.url(part)}/metrics`)).text(),
      ),
    );
    // The audit's first pass has begun, so its series have samples.
    expect(all.join('\n')).toMatch(/^jumun_audit_age_seconds\{/m);
    return all;
  });
  for (const text of texts) note(text);
  // The process's own series, which each part shows where it has a process of its own.
  note(await createMetrics('order', true).registry.metrics());
});
afterAll(() => system?.close());

/** Each expression, and where it stands. */
const expressions = () => [
  ...rules.map(({ alert, record, expr }) => ({ where: String(alert ?? record), expr })),
  ...dashboards.flatMap(({ file, dashboard }) =>
    promqlOf(dashboard).map(expr => ({ where: file, expr: filledIn(expr) })),
  ),
];

test('what is recorded, alerted on and drawn is what the parts show, or what is recorded', () => {
  const recorded = new Set(rules.map(({ record }) => record));
  const used = expressions().flatMap(({ where, expr }) =>
    [...expr.matchAll(/\b(?:jumun|nodejs|process)[_:][\w:]+/g)].map(([name]) => ({ where, name })),
  );
  expect(used.length).toBeGreaterThan(60);
  expect(used.filter(({ name }) => !(name.includes(':') ? recorded : shown).has(name))).toEqual([]);
  expect(new Set(used.map(({ name }) => name)).has('jumun_http_request_duration_seconds_bucket')).toBe(true);
});

test('labels that are asked for are there, and so is each part', () => {
  for (const { where, expr } of expressions()) {
    for (const [, name = '', selector = ''] of expr.matchAll(
      /\b((?:jumun|nodejs|process)_\w+)\{([^}]*)\}/g,
    )) {
      const labels = shown.get(name);
      for (const [, label = '', , value = ''] of selector.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)) {
        if (OF_THE_SCRAPE.includes(label)) continue;
        // Without a sample (no refusal, no dead letter) its labels are not known.
        if (labels?.size && name !== 'jumun_dead_letters')
          expect(labels, `${where}: ${name}`).toContain(label);
        if (label === 'service') for (const part of value.split('|')) expect(parts, where).toContain(part);
      }
    }
  }
});

test('each alert says how bad it is, what it is about, and where its runbook is', async () => {
  const runbooks = new URL('../../docs/runbooks.md', import.meta.url);
  const text = await readFile(runbooks, 'utf8');
  const sections = new Map(
    text
      .split(/^## /m)
      .slice(1)
      .map(section => {
        const heading = section.slice(0, section.indexOf('\n'));
        return [heading.toLowerCase().replaceAll(' ', '-'), section] as const;
      }),
  );
  for (const { alert, labels, annotations = {} } of alerts) {
    expect(['page', 'ticket', 'none'], alert).toContain(labels?.severity);
    expect(annotations.summary, alert).toBeTruthy();
    // Of whether something is at all, there is no more or less.
    if (alert !== 'JumunAuditMissing' && alert !== 'JumunAuditUnreachable')
      expect(annotations.description, alert).toMatch(/\{\{ \$value/);
    const [, anchor = ''] = /^docs\/runbooks\.md#([a-z-]+)$/.exec(annotations.runbook ?? '') ?? [];
    expect(sections.get(anchor), `${alert}: ${annotations.runbook}`).toContain(`\`${alert}\``);
  }
  const names = alerts.map(({ alert }) => alert);
  expect(new Set(names).size).toBe(names.length);
  // The other way round: a section is about alerts that there are.
  for (const [anchor, section] of sections) {
    const told = [...section.matchAll(/`(Jumun\w+)`/g)].map(([, name]) => name);
    expect(told, anchor).not.toEqual([]);
    expect(names).toEqual(expect.arrayContaining(told));
  }
  for (const [, anchor = ''] of text.matchAll(/\]\(#([\w-]+)\)/g))
    expect([...sections.keys()]).toContain(anchor);
  for (const [, file = ''] of text.matchAll(/\]\(([^)#]+)(#[^)]*)?\)/g))
    await expect(stat(new URL(file, runbooks)), file).resolves.toBeTruthy();
});

test('each alert is tried by alerts.test.yaml, where it fires and where it does not', async () => {
  const { tests } = parse(await readFile(new URL('alerts.test.yaml', folder), 'utf8')) as {
    tests: {
      input_series: unknown[];
      alert_rule_test?: { alertname: string; exp_alerts: { exp_labels: Record<string, string> }[] }[];
    }[];
  };
  const tried = tests.flatMap(({ alert_rule_test = [], input_series }) =>
    alert_rule_test.map(one => ({ ...one, input: JSON.stringify(input_series) })),
  );
  for (const { alert } of alerts) {
    const own = tried.filter(({ alertname }) => alertname === alert);
    expect(own.some(({ exp_alerts }) => exp_alerts.length > 0)).toBe(true);
    // Silent at another time, or in another namespace at the same. The watchdog never is.
    const silent = own.some(
      ({ exp_alerts, input }) =>
        exp_alerts.length === 0 ||
        (input.includes('namespace=\\"fine\\"') && !JSON.stringify(exp_alerts).includes('"fine"')),
    );
    expect([alert, silent]).toEqual([alert, alert !== 'JumunWatchdog']);
  }
});

test('dashboards are told apart, fit their grid, and name no source of their own', () => {
  const uids = dashboards.map(({ dashboard }) => dashboard.uid);
  expect(uids.sort()).toEqual(['jumun-events', 'jumun-logs', 'jumun-overview', 'jumun-service']);
  for (const { file, dashboard } of dashboards) {
    expect(file).toBe(`${dashboard.uid}.json`);
    expect(dashboard.id).toBeUndefined();
    const sources = dashboard.templating.list
      .filter(({ type }) => type === 'datasource')
      .map(({ name }) => name);
    for (const { title, targets, gridPos } of dashboard.panels) {
      for (const { datasource, expr, query } of targets) {
        expect(expr ?? query, `${file}: ${title}`).toBeTruthy();
        expect(sources, `${file}: ${title}`).toContain(datasource.uid.slice(2, -1));
      }
      expect(gridPos.x + gridPos.w, `${file}: ${title}`).toBeLessThanOrEqual(24);
    }
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size, `${file}: panels lie on each other`).toBe(cells.length);
  }
});

test('the other files are YAML, and the sources point at each other', async () => {
  for (const name of ['prometheus', 'loki', 'tempo', 'otel-collector', 'grafana/dashboards'])
    expect(parse(await readFile(new URL(`${name}.yaml`, folder), 'utf8'))).toBeTypeOf('object');
  const { datasources } = parse(await readFile(new URL('grafana/datasources.yaml', folder), 'utf8')) as {
    datasources: { uid: string; jsonData: object }[];
  };
  const uids = datasources.map(({ uid }) => uid);
  const pointed = [...JSON.stringify(datasources).matchAll(/"datasourceUid":"([^"]+)"/g)].map(
    ([, uid]) => uid,
  );
  expect(pointed).toHaveLength(2);
  expect(uids).toEqual(expect.arrayContaining(pointed));
});
