import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { alerts, filledIn, folder, promqlOf, readDashboards } from './monitoring.ts';

const run = promisify(execFile);
/** PROMTOOL, or the one on the PATH (Debian: apt-get install prometheus). */
const promtool = process.env.PROMTOOL || 'promtool';
const there = await run(promtool, ['--version']).then(
  () => true,
  () => false,
);
const missing = there ? undefined : `${promtool} cannot be run (Debian: apt-get install prometheus)`;
if (missing) process.stdout.write(`SKIPPED: the tests of alerts and dashboards by promtool. ${missing}\n`);
const skipped = missing ? ` (skipped: ${missing})` : '';

const source = fileURLToPath(folder);
let work: string;
beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'jumun-test-'));
});
afterAll(() => rm(work, { recursive: true, force: true }));

/** Runs it in the folder of the rules; what it says when it fails is the failure. */
const check = (...args: string[]) =>
  run(promtool, args, { cwd: source }).then(
    ({ stdout, stderr }) => stdout + stderr,
    (error: { stdout?: string; stderr?: string; message: string }) => {
      throw new Error(`${error.message}\n${error.stdout}${error.stderr}`);
    },
  );

test.skipIf(missing)(`the rules are valid${skipped}`, async () => {
  expect(await check('check', 'rules', fileURLToPath(alerts))).toContain('SUCCESS');
});

// Three days of samples for the slowest of them.
test.skipIf(missing)(
  `each alert fires when it must, and stays silent when it must not${skipped}`,
  async () => {
    expect(await check('test', 'rules', 'alerts.test.yaml')).toContain('SUCCESS');
  },
  300_000,
);

test.skipIf(missing)(`Prometheus takes its configuration${skipped}`, async () => {
  const text = await readFile(new URL('prometheus.yaml', folder), 'utf8');
  // Debian builds it without Kubernetes. A target of another kind is in its place, and all else is checked as it is.
  const elsewhere = text.replace(
    /kubernetes_sd_configs:\n\s+- role: pod\n/,
    'static_configs:\n      - targets: [localhost:8080]\n',
  );
  expect(elsewhere).not.toBe(text);
  await writeFile(join(work, 'prometheus.yaml'), elsewhere);
  await cp(alerts, join(work, 'alerts.yaml'));
  expect(await check('check', 'config', join(work, 'prometheus.yaml'))).toContain('1 rule files found');
});

test.skipIf(missing)(`what the dashboards ask is PromQL${skipped}`, async () => {
  const rules = (await readDashboards())
    .flatMap(({ dashboard }) => promqlOf(dashboard))
    .map((expr, i) => ({ record: `dashboards:${i}`, expr: filledIn(expr) }));
  expect(rules.length).toBeGreaterThan(30);
  const file = join(work, 'dashboards.yaml');
  // JSON is YAML too.
  await writeFile(file, JSON.stringify({ groups: [{ name: 'dashboards', rules }] }));
  expect(await check('check', 'rules', file)).toContain(`${rules.length} rules found`);
});
