import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '../support/eventually.ts';

const run = promisify(execFile);

/** Where `npm run k8s:up` keeps what it has built and started. */
export const place = process.env.K8S_DIR ?? join(import.meta.dirname, '../../.k8s');
export const NAMESPACE = 'jumun';
export const chart = join(import.meta.dirname, '../../deploy/helm/jumun');

const env = {
  ...process.env,
  PATH: `${join(place, 'bin')}:${process.env.PATH}`,
  KUBECONFIG: join(place, 'run/admin.conf'),
};

/** Runs a program that has to succeed; gives what it prints. */
async function succeed(command: string, args: string[]): Promise<string> {
  const { stdout } = await run(command, args, { env, maxBuffer: 64 * 1024 * 1024 });
  return stdout.trim();
}

/** `kubectl` in jumun's namespace. */
export const kubectl = (...args: string[]) => succeed('kubectl', ['--namespace', NAMESPACE, ...args]);

/** The same for every namespace and for what is in none. */
export const kubectlAll = (...args: string[]) => succeed('kubectl', args);

// biome-ignore lint/suspicious/noExplicitAny: what is read of a resource is said where it is read
export const read = async (...args: string[]): Promise<any> =>
  JSON.parse(await kubectl('get', ...args, '--output', 'json'));

/** Installs, or upgrades to these settings beside those of values-local.yaml; waits until all of it is ready. */
export const upgrade = (...settings: string[]) =>
  succeed('helm', [
    ...['upgrade', '--install', 'jumun', chart, '--namespace', NAMESPACE, '--wait', '--timeout', '5m'],
    ...['--reset-values', '--values', join(import.meta.dirname, 'values-local.yaml')],
    ...settings.flatMap(setting => [/=(true|false)$/.test(setting) ? '--set' : '--set-string', setting]),
  ]);

/** Has the server look at what the chart makes of these values, admission and all, and keep nothing; gives what it says. */
export async function dryRun(namespace: string, values: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dry-run-'));
  try {
    const file = join(folder, 'rendered.yaml');
    // A test's pod is looked at only where its ServiceAccount is there.
    const of = ['--namespace', namespace, '--values', values, '--skip-tests'];
    await writeFile(file, await succeed('helm', ['template', 'jumun', chart, ...of]));
    const kept = ['--dry-run=server', '--validate=strict', '--namespace', namespace];
    return await kubectlAll('apply', ...kept, '--filename', file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

export const helmTest = () => succeed('helm', ['test', 'jumun', '--namespace', NAMESPACE, '--logs']);

/** Where a Service is reached from within the cluster. */
export async function urlOf(service: string): Promise<string> {
  const { spec } = await read('service', service);
  return `http://${spec.clusterIP}:8080`;
}

export interface Pod {
  name: string;
  image: string;
  node: string;
  ready: boolean;
  leaving: boolean;
  restarts: number;
  ip: string;
}

/** The pods of a part, those that are leaving too. */
export async function podsOf(part: string): Promise<Pod[]> {
  const { items } = await read('pods', '--selector', `app.kubernetes.io/component=${part}`);
  // biome-ignore lint/suspicious/noExplicitAny: as Kubernetes describes a pod
  return items.map(({ metadata, spec, status }: any) => ({
    name: metadata.name,
    image: spec.containers[0].image,
    node: spec.nodeName,
    ready: status.containerStatuses?.[0]?.ready === true,
    leaving: metadata.deletionTimestamp !== undefined,
    restarts: status.containerStatuses?.[0]?.restartCount ?? 0,
    ip: status.podIP,
  }));
}

/** Waits until a condition holds, which may take minutes here. */
export const until = (check: () => void | Promise<void>, seconds = 240) => eventually(check, seconds * 1_000);

/** All pods, of jumun and its data, are ready, and none is leaving. */
export async function settledPods(): Promise<void> {
  await until(async () => {
    const { items } = await read('pods');
    for (const { metadata, status } of items) {
      if (status.phase === 'Succeeded') continue;
      const ready = status.containerStatuses?.every((it: { ready: boolean }) => it.ready);
      if (metadata.deletionTimestamp || !ready) throw new Error(`${metadata.name} is not ready`);
    }
  });
}

/** Runs jumun's command in a pod of customercenter. */
export const jumun = (...args: string[]) =>
  kubectl('exec', 'deploy/customercenter', '--', 'node', 'apps/jumun/src/main.ts', ...args);

/** A whole pass of the auditor, which has to find no difference; gives what it says. */
export async function auditClean(): Promise<string> {
  let said = '';
  await until(async () => {
    // Fails where something differs.
    said = await jumun('audit');
  });
  return said;
}
