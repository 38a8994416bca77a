import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { services as names } from '@jumun/contracts';
import type { ServiceSurroundings } from '@jumun/messaging';
import { kafkaSettings } from '@jumun/messaging/kafka';
import { ConfigError, databaseConfig } from '@jumun/service-kit';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { fronts, services } from '../../apps/jumun/src/parts.ts';
import {
  type Container,
  chart,
  everything,
  helm,
  type PodSpec,
  type Rendered,
  render,
  selects,
} from './chart.ts';
import { alerts } from './monitoring.ts';

const there = await promisify(execFile)(helm, ['version']).then(
  () => true,
  () => false,
);
const missing = there ? undefined : `${helm} cannot be run`;
if (missing) process.stdout.write(`SKIPPED: the tests of the chart. ${missing}\n`);
const skipped = missing ? ` (skipped: ${missing})` : '';

const parts = [...names, 'web', 'gateway'].sort();
const dev = join(chart, 'values-dev.yaml');
const prod = join(chart, 'values-prod.yaml');
const site = join(chart, 'values-site.yaml');

/** With the chart's own values, and with all that it can make. */
let plain: Rendered;
let all: Rendered;
beforeAll(async () => {
  if (missing) return;
  plain = await render();
  all = await render('--values', everything);
});

/** The settings that whoever is given such an environment asks for. */
async function asked(read: (env: NodeJS.ProcessEnv) => unknown, given = {}): Promise<Set<string>> {
  const found = new Set<string>();
  const env = new Proxy<NodeJS.ProcessEnv>(given, {
    get(target, name) {
      // A setting for one service alone (ORDER__X) is asked for beside X.
      if (typeof name === 'string' && !name.includes('__')) found.add(name);
      return Reflect.get(target, name) as string | undefined;
    },
  });
  // An empty environment lets nothing start, so that it ends there.
  await expect(Promise.resolve(env).then(read)).rejects.toBeInstanceOf(ConfigError);
  return found;
}

/** What each part can be told, as its own schema in the code has it. */
async function known(): Promise<Map<string, Set<string>>> {
  const found = new Map<string, Set<string>>();
  for (const service of services)
    found.set(service.name, await asked(env => service.migrate(env, { contract: false })));
  for (const front of fronts)
    found.set(front.name, await asked(env => front.start({ env } as ServiceSurroundings)));
  return found;
}

/** `order → pay` for each call of the system: by the addresses that parts ask for, and by what jobs are told. */
async function calls(): Promise<string[]> {
  const between = [...(await known())].flatMap(([caller, settings]) =>
    parts.filter(part => settings.has(`${part.toUpperCase()}_URL`)).map(called => `${caller} → ${called}`),
  );
  return [...between, 'archive → customercenter', 'test → gateway'].sort();
}

const component = 'app.kubernetes.io/component';

describe.skipIf(missing)(`the chart${skipped}`, () => {
  test('every pod is one that the level `restricted` takes, with a root that nobody writes to', () => {
    const pods = all.pods();
    expect(pods.map(({ from }) => from).sort()).toEqual(
      [
        ...parts.map(part => `Deployment ${part}`),
        ...names.flatMap(name => [`Job migrate-${name}`, `Job migrate-${name}-contract`]),
        'CronJob order-archive',
        'Pod test-door',
      ].sort(),
    );
    for (const { from, spec } of pods) {
      expect(violations(spec), from).toEqual([]);
      expect(spec.automountServiceAccountToken, from).toBe(false);
      // Otherwise ORDER_PORT and others of that kind are among the settings.
      expect(spec.enableServiceLinks, from).toBe(false);
      for (const { resources, securityContext } of containersOf(spec)) {
        expect(securityContext?.readOnlyRootFilesystem, from).toBe(true);
        expect(Object.keys(resources?.requests ?? {}).sort(), from).toEqual(['cpu', 'memory']);
        expect(resources?.limits?.memory, from).toBeTruthy();
      }
    }
    for (const account of all.manifests.filter(({ kind }) => kind === 'ServiceAccount'))
      expect(account).toMatchObject({ automountServiceAccountToken: false });
  });

  test('what is against `restricted` is found', () => {
    const [pod] = plain.pods();
    const spec = structuredClone(pod?.spec as PodSpec);
    expect(violations({ ...spec, hostNetwork: true })).toEqual(['hostNetwork']);
    expect(violations({ ...spec, securityContext: {} })).toEqual(['seccompProfile', 'runAsNonRoot']);
    expect(violations({ ...spec, volumes: [{ name: 'x', hostPath: { path: '/' } }] })).toEqual(['hostPath']);
    const [container] = spec.containers as [Container];
    expect(violations({ ...spec, initContainers: [{ name: 'x', image: 'x' }] })).toEqual([
      'allowPrivilegeEscalation',
      'capabilities',
    ]);
    container.securityContext = { ...container.securityContext, runAsUser: 0, privileged: true };
    expect(violations(spec)).toEqual(['privileged', 'runAsUser']);
  });

  test('a part listens on 8080, and its Service leads to its pods and to no others', () => {
    expect(all.names('Service')).toEqual(parts);
    for (const name of parts) {
      const { spec } = all.one('Deployment', name);
      const [container] = spec.template.spec.containers;
      expect(container?.ports).toEqual([{ name: 'http', containerPort: 8080 }]);
      expect(container?.args).toEqual(['start', '--only', name]);
      const service = all.one('Service', name).spec;
      expect(service.ports).toMatchObject([{ port: 8080, targetPort: 'http' }]);
      const led = { matchLabels: service.selector };
      const reached = all.pods().filter(({ metadata }) => selects(led, metadata.labels));
      expect(reached.map(({ from }) => from)).toEqual([`Deployment ${name}`]);
      expect(spec.selector).toEqual(led);
      expect(all.one('PodDisruptionBudget', name).spec.selector).toEqual(led);
    }
  });

  test('no two manifests are the same resource', () => {
    for (const rendered of [plain, all]) {
      const ids = rendered.manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
      expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
    }
  });

  test('nobody reaches anybody but by a call that is in the code', async () => {
    const expected = await calls();
    expect(expected).toContain('customercenter → customercenter');
    const policies = all.all('NetworkPolicy');
    const denied = policies.filter(({ spec }) =>
      all.pods().every(({ metadata }) => selects(spec.podSelector, metadata.labels)),
    );
    expect(denied.map(({ metadata }) => metadata.name)).toEqual(['jumun-default-deny']);
    expect(denied[0]?.spec.policyTypes).toEqual(['Ingress', 'Egress']);
    expect(denied[0]?.spec.ingress).toBeUndefined();

    const allowed: { in: string[]; out: string[] } = { in: [], out: [] };
    for (const { metadata, spec } of policies) {
      const own = spec.podSelector.matchLabels[component];
      if (own === undefined) continue;
      expect(metadata.name).toBe(own);
      expect(spec.policyTypes).toEqual(['Ingress', 'Egress']);
      for (const { ports, from = [] } of spec.ingress ?? [])
        for (const { podSelector } of from)
          if (ports.some(({ port }) => port === 8080) && podSelector)
            allowed.in.push(`${podSelector.matchLabels[component]} → ${own}`);
      for (const { to = [] } of spec.egress ?? [])
        for (const { podSelector } of to)
          if (podSelector) allowed.out.push(`${own} → ${podSelector.matchLabels[component]}`);
    }
    expect(allowed.in.sort()).toEqual(expected);
    expect(allowed.out.sort()).toEqual(expected);
    // Each pod is one that a policy is about.
    const about = new Set(policies.map(({ spec }) => spec.podSelector.matchLabels[component]));
    for (const { from, metadata } of all.pods()) expect(about, from).toContain(metadata.labels?.[component]);
  });

  test('without clients and without monitoring nobody else comes in', async () => {
    const closed = await render('--set-json', 'networkPolicies.clients=[],networkPolicies.monitoring=[]');
    const rules = closed
      .all('NetworkPolicy')
      .flatMap(({ metadata, spec }) => (spec.ingress ?? []).map(rule => ({ name: metadata.name, ...rule })));
    expect(rules.map(({ name }) => name).sort()).toEqual(parts);
    for (const { name, from = [] } of rules) {
      expect(from.length, name).toBeGreaterThan(0);
      for (const peer of from) expect(Object.keys(peer), name).toEqual(['podSelector']);
    }
  });

  test('who needs PostgreSQL and Kafka reaches them, and nobody else does', async () => {
    const reaching = (rendered: Rendered, port: number) =>
      rendered
        .all('NetworkPolicy')
        .filter(({ spec }) => spec.egress?.some(({ ports }) => ports.some(one => one.port === port)))
        .map(({ metadata }) => metadata.name)
        .sort();
    const stores = [...names, 'migrate'].sort();
    expect(reaching(plain, 5432)).toEqual(stores);
    expect(reaching(plain, 9092)).toEqual(stores);
    expect(reaching(all, 9093)).toEqual(stores);
    expect(reaching(await render('--set', 'kafka.brokers='), 9092)).toEqual([]);
  });

  test('the mesh lets the same calls through, and the way in to the gateway', async () => {
    const allowing = all.all('AuthorizationPolicy').filter(({ spec }) => spec.action === 'ALLOW');
    const through = allowing.flatMap(({ spec }) =>
      spec.rules.flatMap(({ from }) =>
        from.flatMap(({ source }) =>
          source.principals.map(
            principal =>
              `${principal.replace('cluster.local/ns/shop/sa/', '')} → ${spec.selector.matchLabels[component]}`,
          ),
        ),
      ),
    );
    expect(through.sort()).toEqual(
      [...(await calls()), 'cluster.local/ns/istio-ingress/sa/istio-ingress → gateway'].sort(),
    );
    // A principal is the account that the pod has.
    for (const { from, metadata, spec } of all.pods())
      if (!from.startsWith('Job')) expect(spec.serviceAccountName, from).toBe(metadata.labels?.[component]);
    expect(all.names('AuthorizationPolicy').filter(name => name.startsWith('no-'))).toHaveLength(2);
    // A sidecar that does not reach its control plane keeps its pod from starting.
    const { spec } = all.one('NetworkPolicy', 'jumun-default-deny');
    expect(spec.egress?.flatMap(({ ports }) => ports.map(({ port }) => port))).toContain(15012);
    const without = plain.one('NetworkPolicy', 'jumun-default-deny').spec;
    expect(without.egress?.flatMap(({ ports }) => ports.map(({ port }) => port))).not.toContain(15012);
  });

  test('metrics are read from the part, and in a mesh from its sidecar, which asks for no certificate', async () => {
    const readers = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } };
    const portsFor = (rendered: Rendered, part: string) =>
      (rendered.one('NetworkPolicy', part).spec.ingress ?? [])
        .filter(({ from = [] }) => from.some(peer => JSON.stringify(peer) === JSON.stringify(readers)))
        .flatMap(({ ports }) => ports.map(({ port }) => port));
    const annotated = (rendered: Rendered, part: string) =>
      Object.entries(rendered.one('Deployment', part).spec.template.metadata.annotations ?? {}).filter(
        ([name]) => name.startsWith('prometheus.'),
      );
    const own = {
      'prometheus.io/scrape': 'true',
      'prometheus.io/port': '8080',
      'prometheus.io/path': '/metrics',
    };
    const merged = { ...own, 'prometheus.istio.io/merge-metrics': 'true' };
    const podMonitor = ['--set', 'monitoring.scrape=false,monitoring.podMonitor=true'];
    const monitored = await render(...podMonitor);
    const meshed = await render(...podMonitor, '--set', 'mesh.enabled=true');
    for (const part of parts) {
      expect(portsFor(plain, part)).toEqual([8080]);
      expect(portsFor(all, part)).toEqual([15020]);
      expect(Object.fromEntries(annotated(plain, part))).toEqual(own);
      expect(Object.fromEntries(annotated(all, part))).toEqual(merged);
      expect(annotated(monitored, part)).toEqual([]);
      // Without them the sidecar would not know of the part's.
      expect(Object.fromEntries(annotated(meshed, part))).toEqual(merged);
    }
    const [outside] = monitored.one('PodMonitor', 'jumun').spec.podMetricsEndpoints;
    expect(outside).toMatchObject({ port: 'http', path: '/metrics' });
    expect(JSON.stringify(outside)).not.toContain('15020');
    const [inside] = meshed.one('PodMonitor', 'jumun').spec.podMetricsEndpoints;
    expect(inside).toMatchObject({ port: 'http', path: '/stats/prometheus' });
    expect(inside?.relabelings).toContainEqual({
      sourceLabels: ['__address__'],
      regex: '(.+):8080',
      replacement: '$1:15020',
      targetLabel: '__address__',
    });
  });

  test('on its way in an answer may last: of a file nobody knows how long it is', () => {
    const { rules } = all.one('HTTPRoute', 'jumun').spec;
    expect(rules.map(({ timeouts }) => timeouts)).toEqual([{ request: '0s' }]);
  });

  test('a sidecar ends when what it is beside has ended, and not before', () => {
    for (const { from, metadata } of all.pods()) {
      const { 'sidecar.istio.io/nativeSidecar': own, 'sidecar.istio.io/inject': injected } =
        metadata.annotations ?? {};
      expect([own, injected], from).toEqual(
        from.startsWith('Job') ? [undefined, 'false'] : ['true', undefined],
      );
    }
    expect(JSON.stringify(plain.manifests)).not.toContain('nativeSidecar');
  });

  test('what a test of the release makes is gone after it', () => {
    const made = plain.manifests.filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'] === 'test');
    expect(made.map(({ kind }) => kind).sort()).toEqual(['Pod', 'ServiceAccount']);
    for (const { metadata } of made)
      expect(metadata.annotations?.['helm.sh/hook-delete-policy']).toContain('hook-succeeded');
  });

  test('the mesh asks again only what changes nothing', () => {
    const routes = all.all('VirtualService').flatMap(({ spec }) => spec.http);
    expect(all.names('VirtualService')).toEqual(parts);
    for (const { match, retries } of routes) {
      if (retries.attempts === 0) continue;
      expect(match).toEqual([{ method: { regex: 'GET|HEAD' } }]);
    }
    // Every route says it, because without a word Istio tries twice more.
    expect(routes.every(({ retries }) => retries !== undefined)).toBe(true);
    const last = all.one('VirtualService', 'order').spec.http.at(-1);
    expect(last?.match).toBeUndefined();
    expect(last?.retries.attempts).toBe(0);
  });

  test('every setting is one that a part knows', async () => {
    const own = await known();
    const ofKafka = new Set<string>();
    const env = new Proxy<NodeJS.ProcessEnv>(
      { KAFKA_BROKERS: 'kafka:9092' },
      {
        get(target, name) {
          ofKafka.add(String(name));
          return Reflect.get(target, name) as string | undefined;
        },
      },
    );
    kafkaSettings(env);
    const every = new Set([
      ...[...own.values()].flatMap(one => [...one]),
      ...ofKafka,
      'HEALTHY_FILE',
      'DATABASE_CA',
    ]);
    for (const rendered of [plain, all]) {
      const settings = rendered.settings();
      expect([...settings.keys()].sort()).toEqual(parts);
      for (const [part, given] of settings) {
        const strange = Object.keys(given).filter(
          name => !every.has(name) && !(name.startsWith('OTEL_') && rendered === all),
        );
        expect(strange, part).toEqual([]);
        // What it has to be told without a default, but secrets, is there.
        for (const name of own.get(part) ?? [])
          if (name.endsWith('_URL') && name !== 'DATABASE_URL') expect(given[name], part).toMatch(/^http:/);
      }
    }
    expect(plain.settings().get('order')).toMatchObject({ KAFKA_BROKERS: 'kafka:9092', ALLOW_OPEN: '1' });
    expect(all.settings().get('pay')?.LEGACY_ORDER).toBe('true');
    expect(all.settings().get('order')).toMatchObject({
      KAFKA_TLS: 'true',
      KAFKA_TLS_CA: '/etc/kafka/ca.crt',
    });
    expect(all.settings().get('order')?.LEGACY_ORDER).toBeUndefined();
  });

  test('whoever opens a database or the log has the certificate of its authority, and not its key', () => {
    const file = 'DATABASE_CA';
    for (const { from, metadata, spec } of all.pods()) {
      const part = metadata.labels?.[component] ?? '';
      const opens = names.includes(part as (typeof names)[number]) || part === 'migrate';
      const given = (spec.volumes ?? []).flatMap(({ name, ...source }) =>
        'secret' in source ? [[name, source.secret]] : [],
      );
      const only = (secretName: string) => ({ secretName, items: [{ key: 'ca.crt', path: 'ca.crt' }] });
      expect(Object.fromEntries(given), from).toEqual({
        ...(opens && { 'postgresql-ca': only('postgresql-ca') }),
        ...(opens && part !== 'migrate' && { 'kafka-ca': only('kafka-ca') }),
      });
      const mounted = { name: 'postgresql-ca', mountPath: '/etc/postgresql', readOnly: true };
      const [container] = spec.containers;
      if (opens) expect(container?.volumeMounts, from).toContainEqual(mounted);
      const told =
        container?.env?.find(({ name }) => name === file)?.value ?? all.settings().get(part)?.[file];
      expect(told, from).toBe(opens ? `${mounted.mountPath}/ca.crt` : undefined);
    }
    expect(JSON.stringify(plain.manifests)).not.toMatch(/DATABASE_CA|postgresql-ca|kafka-ca/);
  });

  test('a changed setting rolls the pods concerned, and no others', async () => {
    const changed = async (...options: string[]) => {
      const other = await render(...options);
      return parts.filter(name => {
        const [before, after] = [plain, other].map(
          one => one.one('Deployment', name).spec.template.metadata.annotations?.['checksum/settings'],
        );
        expect(after).toMatch(/^[0-9a-f]{64}$/);
        return before !== after;
      });
    };
    expect(await changed()).toEqual([]);
    expect(await changed('--set-string', 'parts.pay.settings.LEGACY_ORDER=true')).toEqual(['pay']);
    expect(await changed('--set-string', 'settings.LOG_LEVEL=warn')).toEqual(parts);
    expect(await changed('--set', 'kafka.brokers=other:9092')).toEqual(parts);
    expect(await changed('--set', 'parts.order.autoscale.max=5')).toEqual([]);
  });

  test('secrets come from Secrets, each service with its own database', async () => {
    const secretsOf = (rendered: Rendered, part: string) =>
      Object.fromEntries(
        (rendered.one('Deployment', part).spec.template.spec.containers[0]?.env ?? []).map(
          ({ name, valueFrom }) => [name, valueFrom?.secretKeyRef?.name],
        ),
      );
    const onPostgres = await render('--set', 'kafka.brokers=');
    for (const name of names) {
      expect(secretsOf(plain, name)).toEqual({
        SERVICE_TOKEN: 'service-token',
        // By its whole name, so that an operator's command in the pod knows whose it is.
        [`${name.toUpperCase()}__DATABASE_URL`]: `${name}-database`,
      });
      expect(secretsOf(onPostgres, name)).toMatchObject({ EVENTS_URL: 'events-database' });
    }
    for (const name of ['web', 'gateway'])
      expect(secretsOf(plain, name)).toEqual({ SERVICE_TOKEN: 'service-token' });
    expect([...(onPostgres.settings().get('order')?.KAFKA_BROKERS ?? '')]).toEqual([]);
    expect(secretsOf(all, 'order').SERVICE_TOKEN).toBe('jumun-token');
    expect(plain.names('Secret')).toEqual(['service-token']);
    expect(all.names('Secret')).toEqual([]);
  });

  test('a part has the Secrets that it needs and no others, and is rolled when one of them changes', async () => {
    const given = (rendered: Rendered, part: string) => {
      const { spec, metadata } = rendered.one('Deployment', part).spec.template;
      const [{ env = [], envFrom = [] } = {}] = spec.containers;
      const volumes = (spec.volumes ?? []) as { secret?: { secretName: string } }[];
      const secrets = [
        ...env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
        ...envFrom.map(({ secretRef }) => secretRef?.name),
        ...volumes.map(({ secret }) => secret?.secretName),
      ].filter(name => name !== undefined);
      return { secrets: secrets.sort(), checksum: metadata.annotations?.['checksum/secrets'] };
    };
    const onPostgres = await render('--values', everything, '--set', 'kafka.brokers=,keda.enabled=false');
    for (const part of parts) {
      const own = names.includes(part as (typeof names)[number]);
      const data = ['kafka-access', 'kafka-ca', 'postgresql-ca', `${part}-database`];
      for (const [rendered, expected] of [
        [all, own ? ['jumun-token', ...data] : ['jumun-token']],
        [onPostgres, own ? ['jumun-token', ...data, 'events-database'] : ['jumun-token']],
      ] as const) {
        const { secrets, checksum } = given(rendered, part);
        expect(secrets, part).toEqual(expected.toSorted());
        // Of what each of them has, which is nothing where no cluster is asked.
        expect(checksum, part).toBe(sha256(JSON.stringify(expected.map(() => null))));
      }
    }
  });

  test('the credential that an installation makes is the one that its pods know', async () => {
    // Otherwise the first upgrade would roll them all.
    const { data } = plain.manifests.find(({ kind }) => kind === 'Secret') ?? {};
    const { annotations } = plain.one('Deployment', 'gateway').spec.template.metadata;
    expect(Buffer.from(data?.SERVICE_TOKEN ?? '', 'base64').toString()).toMatch(/^\w{48}$/);
    expect(annotations?.['checksum/secrets']).toBe(sha256(JSON.stringify([data?.SERVICE_TOKEN])));
  });

  test('order is scaled from 1 to 10 at 20 % of a processor', () => {
    expect(plain.names('HorizontalPodAutoscaler')).toEqual(['order']);
    expect(plain.one('HorizontalPodAutoscaler', 'order').spec).toMatchObject({
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'order' },
      minReplicas: 1,
      maxReplicas: 10,
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 20 } },
        },
      ],
    });
    // An upgrade would otherwise set back what was scaled.
    expect(plain.one('Deployment', 'order').spec.replicas).toBeUndefined();
    for (const name of parts.filter(part => part !== 'order'))
      expect(plain.one('Deployment', name).spec.replicas).toBe(2);
  });

  test('KEDA scales the handlers of events by the lag of their own groups', () => {
    expect(all.names('ScaledObject')).toEqual(['customercenter', 'delivery', 'notice', 'pay', 'product']);
    for (const { metadata, spec } of all.all('ScaledObject')) {
      expect(spec.triggers).toMatchObject([
        { type: 'kafka', metadata: { consumerGroup: metadata.name, topic: 'capstoneorderteam' } },
      ]);
      expect(all.one('Deployment', metadata.name).spec.replicas).toBeUndefined();
    }
    expect(plain.names('ScaledObject')).toEqual([]);
  });

  test('a pod goes only when another is ready, and is asked as was agreed', () => {
    for (const { metadata, spec } of all.all('Deployment')) {
      expect(spec.strategy.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 });
      const [container] = spec.template.spec.containers;
      const asksHttp = { httpGet: { path: '/actuator/health/liveness', port: 'http' } };
      expect(container?.livenessProbe).toMatchObject(
        metadata.name === 'pay' ? asksHttp : { exec: { command: ['cat', '/tmp/healthy'] } },
      );
      // A busy node is late for longer than a moment, and its pods are not to be killed for it.
      const { timeoutSeconds = 1, periodSeconds = 10, failureThreshold = 3 } = container?.livenessProbe ?? {};
      expect(timeoutSeconds).toBeGreaterThanOrEqual(5);
      expect(periodSeconds * failureThreshold).toBeGreaterThanOrEqual(15);
      expect(all.settings().get(metadata.name)?.HEALTHY_FILE).toBe('/tmp/healthy');
      expect(container?.readinessProbe).toMatchObject({
        httpGet: { path: '/actuator/health/readiness', port: 'http' },
      });
    }
  });

  test('an upgrade migrates first, each service with the credential of its database alone', async () => {
    expect(plain.names('Job')).toEqual(names.map(name => `migrate-${name}`).sort());
    for (const { metadata, spec } of plain.all('Job')) {
      const service = metadata.name.slice('migrate-'.length);
      expect(metadata.annotations?.['helm.sh/hook']).toBe('pre-upgrade');
      // Hooks are not the release's: one that failed would outlive it.
      expect(spec.ttlSecondsAfterFinished).toBeGreaterThan(0);
      const [container] = spec.template.spec.containers;
      expect(container?.args).toEqual(['migrate', '--only', service]);
      expect(container?.envFrom).toBeUndefined();
      const secrets = (container?.env ?? []).flatMap(({ valueFrom }) => valueFrom?.secretKeyRef?.name ?? []);
      expect(secrets.sort()).toEqual([`${service}-database`, 'service-token'].sort());
      // What it is told is what the new pods will be told.
      const told = Object.fromEntries(
        (container?.env ?? []).flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
      );
      expect(told).toEqual(plain.settings().get(service));
    }
    expect((await render('--set', 'migrations.enabled=false')).names('Job')).toEqual([]);
  });

  test('what takes away comes after the rollout, and only when asked for', () => {
    const contracts = all.all('Job').filter(({ metadata }) => metadata.name.endsWith('-contract'));
    expect(contracts).toHaveLength(names.length);
    for (const { metadata, spec } of contracts) {
      expect(metadata.annotations?.['helm.sh/hook']).toBe('post-upgrade');
      expect(spec.template.spec.containers[0]?.args?.at(-1)).toBe('--contract');
    }
    expect(plain.all('Job').some(({ spec }) => JSON.stringify(spec).includes('--contract'))).toBe(false);
  });

  test('the archive is on a volume that several can mount, and order sees it', async () => {
    const { spec } = all.one('PersistentVolumeClaim', 'order-archive');
    expect(spec).toMatchObject({ accessModes: ['ReadWriteMany'], storageClassName: 'aws-efs' });
    const job = all.one('CronJob', 'order-archive').spec.jobTemplate.spec;
    const [container] = job.template.spec.containers;
    expect(container?.args?.slice(0, 2)).toEqual(['archive', '/mnt/aws']);
    // Until one has ended there is no next one.
    expect(job.activeDeadlineSeconds).toBeLessThan(86_400);
    expect(JSON.stringify(all.one('Deployment', 'order'))).toContain('"mountPath":"/mnt/aws"');
    expect(JSON.stringify(all.one('Deployment', 'pay'))).not.toContain('/mnt/aws');
    const own = await render('--set', 'archive.enabled=true');
    expect(own.one('PersistentVolumeClaim', 'order-archive').spec.storageClassName).toBeUndefined();
    const taken = await render('--set', 'archive.enabled=true,archive.existingClaim=theirs');
    expect(taken.names('PersistentVolumeClaim')).toEqual([]);
    expect(JSON.stringify(taken.one('CronJob', 'order-archive'))).toContain('"claimName":"theirs"');
  });

  test('a digest decides over a tag, and the version of the chart where there is neither', async () => {
    const images = (rendered: Rendered) => [
      ...new Set(rendered.pods().flatMap(({ spec }) => containersOf(spec).map(({ image }) => image))),
    ];
    const { appVersion } = parse(await readFile(join(chart, 'Chart.yaml'), 'utf8')) as { appVersion: string };
    expect(images(plain)).toEqual([`jumun:${appVersion}`]);
    expect(images(await render('--set', 'image.tag=2.0.0'))).toEqual(['jumun:2.0.0']);
    // One that is no label as it stands.
    const long = await render('--set', `image.tag=_${'1'.repeat(61)}-${'2'.repeat(40)}`);
    for (const { from, metadata } of long.pods())
      expect(metadata.labels?.['app.kubernetes.io/version'], from).toBe('1'.repeat(61));
    expect(images(all)).toEqual([`registry.example.com/jumun@sha256:${'1'.padStart(64, '0')}`]);
  });

  test('a part is of a version of its own where it is rolled out alone, and its migration with it', async () => {
    const alone = await render('--set', 'image.tag=1.0.0,parts.pay.version.tag=2.0.0');
    const next = alone.pods().filter(({ spec }) => containersOf(spec)[0]?.image === 'jumun:2.0.0');
    expect(next.map(({ from }) => from).sort()).toEqual(['Deployment pay', 'Job migrate-pay']);
  });

  test('alerts and dashboards are those of the files', async () => {
    const { spec } = all.one('PrometheusRule', 'jumun');
    expect(spec).toEqual(parse(await readFile(alerts, 'utf8')));
    const folder = join(chart, 'files/dashboards');
    const boards = all.manifests.filter(({ metadata }) => metadata.labels?.grafana_dashboard);
    const data = Object.assign({}, ...boards.map(board => board.data)) as Record<string, string>;
    expect(Object.keys(data).sort()).toEqual((await readdir(folder)).sort());
    for (const [file, text] of Object.entries(data))
      expect(text).toBe(await readFile(join(folder, file), 'utf8'));
  });

  test('an Ingress has the certificate that is there, or one that an issuer makes, or none', async () => {
    const certificate = async (...values: string[]) => {
      const on = await render('--set', ['ingress.enabled=true', ...values].join());
      return on.one('Ingress', 'jumun').spec.tls?.map(({ secretName }) => secretName);
    };
    expect(await certificate()).toBeUndefined();
    expect(await certificate('ingress.issuer=letsencrypt')).toEqual(['jumun-tls']);
    expect(await certificate('ingress.tlsSecret=wildcard')).toEqual(['wildcard']);
  });

  test('the values for development have one of each, and those for production scale', async () => {
    const small = await render('--values', dev);
    expect(small.all('Deployment').map(({ spec }) => spec.replicas)).toEqual(parts.map(() => 1));
    expect(small.names('HorizontalPodAutoscaler')).toEqual([]);
    const large = await render('--values', prod, '--values', site);
    expect(large.names('HorizontalPodAutoscaler')).toEqual(['gateway', 'order']);
    expect(large.one('HorizontalPodAutoscaler', 'order').spec.minReplicas).toBe(3);
    expect(large.names('ScaledObject')).toHaveLength(5);
    expect(large.one('Ingress', 'jumun').spec.tls).toEqual([
      { hosts: ['shop.example.com'], secretName: 'jumun-tls' },
    ]);
    expect(large.one('Deployment', 'web').spec.replicas).toBe(2);
  });

  test.each([
    ['values.yaml', []],
    ['values-prod.yaml', ['--values', prod, '--values', site]],
  ])('PostgreSQL of %s takes the connections of all that the autoscaling allows', async (file, options) => {
    const rendered = await render(...options);
    const scalers = [...rendered.all('HorizontalPodAutoscaler'), ...rendered.all('ScaledObject')];
    const most = (name: string) => {
      const scaler = scalers.find(({ metadata }) => metadata.name === name)?.spec;
      if (!scaler) return rendered.one('Deployment', name).spec.replicas ?? 0;
      return 'maxReplicas' in scaler ? scaler.maxReplicas : scaler.maxReplicaCount;
    };
    // In a rollout one more of each starts, and one still ends.
    const processes = names.reduce((sum, name) => sum + most(name) + 2, 0);
    const { postgresql } = parse(await readFile(join(chart, '../jumun-data', file), 'utf8'));
    const { replicas, perReplica } = postgresql.connections;
    expect(names.length * replicas).toBeGreaterThanOrEqual(processes);
    expect(databaseConfig.DATABASE_CONNECTIONS).toMatchObject({ default: perReplica });
  });

  const refused: [values: string[], message: RegExp][] = [
    [['parts.order.autoscale.min=11'], /parts\.order\.autoscale: min \(11\) is above max \(10\)/],
    [
      ['defaults.resources.requests.cpu=null', 'parts.order.resources.requests.cpu=null'],
      /order has autoscale\.enabled and no resources\.requests\.cpu/,
    ],
    [['keda.enabled=true', 'kafka.brokers='], /keda\.enabled without kafka\.brokers/],
    [['keda.enabled=true', 'kafka.secret=kafka-access'], /KEDA would not be let in/],
    [['keda.enabled=true', 'kafka.caSecret=kafka-ca'], /KEDA would not be let in/],
    [['keda.enabled=true', 'keda.min=9'], /keda: min \(9\) is above max \(8\)/],
    [['keda.enabled=true', 'parts.pay.autoscale.enabled=true'], /pay is in keda\.parts and has autoscale/],
    [['keda.enabled=true', 'parts.notice=null'], /keda\.parts: notice is not among parts/],
    [['keda.parts={web}'], /at '\/keda\/parts\/0': value must be one of 'order'/],
    [
      ['kafka.brokers=a:9093'],
      /kafka\.port: a:9093 is another port than 9092, and the policies let no part to it/,
    ],
    [
      ['ingress.enabled=true', 'httpRoute.enabled=true', 'httpRoute.parentRefs[0].name=public'],
      /ingress\.enabled and httpRoute\.enabled/,
    ],
    [['httpRoute.enabled=true'], /httpRoute\.enabled without httpRoute\.parentRefs/],
    [['httpRoute.parentRefs[0].nam=public'], /at '\/httpRoute\/parentRefs\/0'/],
    [['stop.graceSeconds=35'], /stop\.graceSeconds: customercenter may take 35000 ms to stop/],
    [['settings.DRAIN_MS=86400000'], /at '\/settings\/DRAIN_MS': got number, want string/],
    [['parts.pay.settings.LEGACY_ORDER=true'], /at '\/parts\/pay\/settings\/LEGACY_ORDER': got boolean/],
    [['settings.log-level=info'], /'log-level' does not match pattern/],
    [['settings.SERVICE_TOKEN=0123456789abcdef0123456789abcdef_'], /SERVICE_TOKEN is a secret/],
    [['parts.order.settings.KAFKA_SASL_PASSWORD=x'], /KAFKA_SASL_PASSWORD is a secret/],
    [['parts.orders.replicas=1'], /at '\/parts': additional properties 'orders' not allowed/],
    [['parts.order.replica=1'], /at '\/parts\/order': additional properties 'replica' not allowed/],
    [['replicas=3'], /additional properties 'replicas' not allowed/],
    [['image.digest=sha256:12'], /at '\/image\/digest': 'sha256:12' does not match pattern/],
    [['image.repository='], /at '\/image\/repository'/],
    [['defaults.liveness=tcp'], /at '\/defaults\/liveness': value must be one of 'file', 'http'/],
    [['defaults.replicas=two'], /at '\/defaults\/replicas': got string, want integer/],
    [['defaults.resources.limits.memory=much'], /at '\/defaults\/resources\/limits\/memory'/],
    [['databases.secret=database'], /at '\/databases\/secret': 'database' does not match pattern/],
    [['kafka.brokers=kafka'], /at '\/kafka\/brokers': 'kafka' does not match pattern/],
    [['archive.schedule=daily'], /at '\/archive\/schedule': 'daily' does not match pattern/],
    [['networkPolicies.dns=null'], /at '\/networkPolicies': missing property 'dns'/],
    [
      ['networkPolicies.clients[0]=10.0.0.0/8'],
      /at '\/networkPolicies\/clients\/0': got string, want object/,
    ],
    [['mesh.enabled=true', 'mesh.controlPlane=null'], /at '\/mesh': missing property 'controlPlane'/],
    [['mesh.ingressPrincipal=ingress'], /at '\/mesh\/ingressPrincipal'/],
    [['monitoring.rule=true'], /at '\/monitoring': additional properties 'rule' not allowed/],
  ];
  test.each(refused)('%j is refused', async (values, message) => {
    await expect(render(...values.flatMap(value => ['--set', value]))).rejects.toThrow(message);
  });

  test('a stop that takes longer than a pod is given is refused, for a part by its own settings', async () => {
    await expect(render('--set-string', 'parts.pay.settings.DRAIN_MS=30000')).rejects.toThrow(
      /stop\.graceSeconds: pay may take 45000 ms to stop/,
    );
    await render('--set-string', 'parts.pay.settings.DRAIN_MS=30000', '--set', 'stop.graceSeconds=50');
  });
});

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const containersOf = ({ initContainers = [], containers }: PodSpec) => [...initContainers, ...containers];

/** What the Pod Security level `restricted` has against a pod, for Linux. */
function violations(spec: PodSpec): string[] {
  const found: string[] = [];
  for (const word of ['hostNetwork', 'hostPID', 'hostIPC'] as const) if (spec[word]) found.push(word);
  const kinds = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim'];
  for (const { name: _, ...source } of spec.volumes ?? [])
    for (const kind of Object.keys(source))
      if (![...kinds, 'projected', 'secret'].includes(kind)) found.push(kind);
  const { securityContext: pod = {} } = spec;
  if (pod.sysctls?.length) found.push('sysctls');
  for (const { securityContext: own = {}, ports = [] } of containersOf(spec)) {
    const { type } = own.seccompProfile ?? pod.seccompProfile ?? {};
    if (own.privileged) found.push('privileged');
    if (own.procMount && own.procMount !== 'Default') found.push('procMount');
    if (ports.some(({ hostPort }) => hostPort)) found.push('hostPort');
    if (own.allowPrivilegeEscalation !== false) found.push('allowPrivilegeEscalation');
    if (type !== 'RuntimeDefault' && type !== 'Localhost') found.push('seccompProfile');
    if (!(own.runAsNonRoot ?? pod.runAsNonRoot)) found.push('runAsNonRoot');
    if ((own.runAsUser ?? pod.runAsUser) === 0) found.push('runAsUser');
    const { drop = [], add = [] } = own.capabilities ?? {};
    if (!drop.includes('ALL') || add.some(one => one !== 'NET_BIND_SERVICE')) found.push('capabilities');
  }
  return found;
}
