import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';

const run = promisify(execFile);

/** HELM, or the one on the PATH. */
export const helm = process.env.HELM || 'helm';
export const chart = fileURLToPath(new URL('../../deploy/helm/jumun', import.meta.url));
export const everything = fileURLToPath(new URL('everything.yaml', import.meta.url));

export interface Selector {
  matchLabels: Record<string, string>;
}

export interface Container {
  name: string;
  image: string;
  args?: string[];
  ports?: { name: string; containerPort: number; hostPort?: number }[];
  env?: {
    name: string;
    value?: string;
    valueFrom?: { secretKeyRef?: { name: string; key: string } };
  }[];
  envFrom?: { configMapRef?: { name: string }; secretRef?: { name: string } }[];
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean }[];
  securityContext?: {
    privileged?: boolean;
    allowPrivilegeEscalation?: boolean;
    readOnlyRootFilesystem?: boolean;
    runAsUser?: number;
    runAsNonRoot?: boolean;
    procMount?: string;
    seccompProfile?: { type: string };
    capabilities?: { drop?: string[]; add?: string[] };
  };
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
  livenessProbe?: { timeoutSeconds?: number; periodSeconds?: number; failureThreshold?: number };
  readinessProbe?: object;
  startupProbe?: object;
}

export interface PodSpec {
  serviceAccountName?: string;
  automountServiceAccountToken?: boolean;
  enableServiceLinks?: boolean;
  hostNetwork?: boolean;
  hostPID?: boolean;
  hostIPC?: boolean;
  securityContext?: {
    runAsUser?: number;
    runAsNonRoot?: boolean;
    seccompProfile?: { type: string };
    sysctls?: unknown[];
  };
  initContainers?: Container[];
  containers: Container[];
  volumes?: ({ name: string } & Record<string, unknown>)[];
}

export interface Metadata {
  name: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

interface Template {
  metadata: Metadata;
  spec: PodSpec;
}

export interface Peer {
  podSelector?: Selector;
  namespaceSelector?: object;
  ipBlock?: object;
}

/** What a kind's spec has in it, as far as a test asks. */
interface Specs {
  Deployment: {
    replicas?: number;
    strategy: { rollingUpdate: { maxUnavailable: number; maxSurge: number } };
    selector: Selector;
    template: Template;
  };
  Job: { ttlSecondsAfterFinished?: number; template: Template };
  CronJob: { jobTemplate: { spec: { activeDeadlineSeconds?: number; template: Template } } };
  Pod: PodSpec;
  Service: { selector: Record<string, string>; ports: { port: number; targetPort: string }[] };
  PodDisruptionBudget: { selector: Selector };
  NetworkPolicy: {
    podSelector: Selector;
    policyTypes: string[];
    ingress?: { ports: { port: number }[]; from?: Peer[] }[];
    egress?: { ports: { port: number }[]; to?: Peer[] }[];
  };
  AuthorizationPolicy: {
    selector: Selector;
    action: string;
    rules: { from: { source: { principals: string[] } }[] }[];
  };
  Ingress: { tls?: { hosts: string[]; secretName: string }[] };
  HTTPRoute: { rules: { timeouts: { request: string } }[] };
  VirtualService: {
    http: {
      match?: { method?: { exact?: string; regex?: string }; uri?: { prefix: string } }[];
      retries: { attempts: number };
    }[];
  };
  HorizontalPodAutoscaler: { minReplicas: number; maxReplicas: number; metrics: object[] };
  ScaledObject: { minReplicaCount: number; maxReplicaCount: number; triggers: { metadata: object }[] };
  PersistentVolumeClaim: { accessModes: string[]; storageClassName?: string };
  PrometheusRule: object;
  PodMonitor: { podMetricsEndpoints: { port: string; path: string; relabelings: object[] }[] };
}

/** One manifest. */
export interface Manifest<S = unknown> {
  apiVersion: string;
  kind: string;
  metadata: Metadata;
  spec: S;
  data?: Record<string, string>;
}

/** What the chart makes. */
export class Rendered {
  readonly manifests: Manifest[];

  constructor(text: string) {
    this.manifests = parseAllDocuments(text)
      .map(document => {
        const [error] = document.errors;
        if (error) throw error;
        return document.toJS() as Manifest | null;
      })
      .filter(manifest => manifest !== null);
  }

  all<K extends keyof Specs>(kind: K): Manifest<Specs[K]>[] {
    return this.manifests.filter(manifest => manifest.kind === kind) as Manifest<Specs[K]>[];
  }

  one<K extends keyof Specs>(kind: K, name: string): Manifest<Specs[K]> {
    const [found] = this.all(kind).filter(({ metadata }) => metadata.name === name);
    if (!found) throw new Error(`there is no ${kind} ${name}`);
    return found;
  }

  names(kind: string): string[] {
    return this.manifests
      .filter(manifest => manifest.kind === kind)
      .map(({ metadata }) => metadata.name)
      .sort();
  }

  /** What each part is told by its ConfigMap. */
  settings(): Map<string, Record<string, string>> {
    return new Map(
      this.manifests
        .filter(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.endsWith('-settings'))
        .map(({ metadata, data = {} }) => [metadata.name.slice(0, -'-settings'.length), data]),
    );
  }

  /** Every pod that can come of it, with what makes it: `Deployment order`. */
  pods(): { from: string; metadata: Metadata; spec: PodSpec }[] {
    const of = (kind: string, metadata: Metadata, template: Template) => ({
      ...template,
      from: `${kind} ${metadata.name}`,
    });
    return [
      ...this.all('Deployment').map(({ metadata, spec }) => of('Deployment', metadata, spec.template)),
      ...this.all('Job').map(({ metadata, spec }) => of('Job', metadata, spec.template)),
      ...this.all('CronJob').map(({ metadata, spec }) =>
        of('CronJob', metadata, spec.jobTemplate.spec.template),
      ),
      ...this.all('Pod').map(({ metadata, spec }) => of('Pod', metadata, { metadata, spec })),
    ];
  }
}

/**
 * Renders the chart as a release `jumun` in the namespace `shop`.
 * @throws Error with what helm says
 */
export async function render(...options: string[]): Promise<Rendered> {
  const args = ['template', 'jumun', chart, '--namespace', 'shop', ...options];
  const { stdout } = await run(helm, args, { maxBuffer: 64 * 1024 * 1024 });
  return new Rendered(stdout);
}

/** Whether all that a selector asks for is there. */
export const selects = ({ matchLabels }: Selector, labels: Record<string, string> = {}): boolean =>
  Object.entries(matchLabels).every(([name, value]) => labels[name] === value);
