/** The Go modules out of which Kubernetes' own words for its resources come. */
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The one that deploy/cluster/binaries.sh builds. */
export const KUBERNETES = 'k8s.io/kubernetes@v1.33.4';
/** Modules with custom resource definitions, and the folder or file where they are. */
export const CUSTOM: Record<string, string> = {
  'istio.io/api@v1.32.0': 'kubernetes/customresourcedefinitions.gen.yaml',
  'sigs.k8s.io/gateway-api@v1.6.3': 'config/crd/standard',
  'github.com/kedacore/keda/v2@v2.21.0': 'config/crd/bases',
  'github.com/prometheus-operator/prometheus-operator@v0.85.0': 'example/prometheus-operator-crd',
};

/** Where Go has unpacked a module. */
export async function download(module: string): Promise<string> {
  // Outside of any module of ours: ours are none of Go's.
  const told = await run('go', ['mod', 'download', '-json', module], { cwd: tmpdir() }).catch(
    (error: { stdout?: string; message: string }) => ({ stdout: error.stdout || '', message: error.message }),
  );
  const { Dir, Error: refused } = JSON.parse(told.stdout || '{}') as { Dir?: string; Error?: string };
  if (!Dir) throw new Error(refused ?? ('message' in told ? told.message : 'no folder was given'));
  return Dir;
}
