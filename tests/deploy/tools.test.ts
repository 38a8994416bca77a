import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KUBERNETES } from './go-modules.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Builds a file that says what it is made of, as Go's programs do; cannot have what FAILS names. */
const GO = `#!/bin/sh
echo "go $*" >>"$ASKED"
case $1 in
  version) cat "$3" ;;
  get)
    echo "go: $3: not to be had"
    case $3 in "$FAILS"*) exit 1 ;; esac
    version=\${3#*@}
    echo "$version" >version ;;
  build)
    while [ "$1" != -o ]; do shift; done
    mkdir -p "$(dirname "$2")"
    printf '%s: go1.26\\n\\tpath\\t%s\\n\\tmod\\tmodule\\t%s\\th1:=\\n\\tdep\\tother\\tv0.0.1\\th1:=\\n' "$2" "$3" "$(cat version)" >"$2"
    ;;
esac
`;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'jumun-tools-'));
  await writeFile(join(directory, 'go'), GO, { mode: 0o755 });
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const out = () => join(directory, 'out');

/** Runs the script with a Go that only pretends; gives what was got and built. */
async function tools(names: string[], fails = 'nothing') {
  await writeFile(join(directory, 'asked'), '');
  const { status, stdout, stderr } = spawnSync(join(root, 'deploy/tools.sh'), [out(), ...names], {
    encoding: 'utf8',
    env: { PATH: `${directory}:${process.env.PATH}`, ASKED: join(directory, 'asked'), FAILS: fails },
  });
  const asked = (await readFile(join(directory, 'asked'), 'utf8')).split('\n');
  return {
    status,
    printed: stdout + stderr,
    got: asked.flatMap(line => /^go get -tool (\S+)$/.exec(line)?.[1] ?? []),
  };
}

test('programs are built at their version, once', async () => {
  const first = await tools(['crane', 'kubeconform']);
  expect(first.status).toBe(0);
  expect(first.got).toEqual([
    expect.stringMatching(/^github\.com\/google\/go-containerregistry\/cmd\/crane@v\d/),
    expect.stringMatching(/^github\.com\/yannh\/kubeconform\/cmd\/kubeconform@v\d/),
  ]);
  expect((await readdir(out())).sort()).toEqual(['crane', 'kubeconform']);
  expect((await tools(['crane', 'kubeconform'])).got).toEqual([]);
});

test('one of another version or of another package is built anew', async () => {
  await tools(['crane']);
  const made = await readFile(join(out(), 'crane'), 'utf8');
  const [, version = ''] = /\tmod\tmodule\t(\S+)/.exec(made) ?? [];
  const others = [
    // Its version is that of another module in it only.
    made.replace(version, 'v0.0.2').replace('v0.0.1', version),
    made.replace('/cmd/crane', '/cmd/gcrane'),
    '',
  ];
  for (const other of others) {
    expect(other).not.toBe(made);
    await writeFile(join(out(), 'crane'), other);
    expect((await tools(['crane'])).got).toHaveLength(1);
    expect(await readFile(join(out(), 'crane'), 'utf8')).toBe(made);
  }
});

test('what cannot be built fails, and says why', async () => {
  const { status, printed } = await tools(['helm', 'crane'], 'helm.sh');
  expect(status).toBe(1);
  expect(printed).toMatch(/go: helm\.sh\/helm\S+: not to be had/);
  expect((await tools(['helmet'])).printed).toContain('tools: helmet is not a program that is known here');
  expect((await tools([])).status).toBe(2);
});

test.each([
  '.github/workflows/deploy.yaml',
  '.github/workflows/rollout.yaml',
  'deploy/aws/buildspec.yaml',
  'deploy/cluster/binaries.sh',
])('%s asks for programs that are known', async user => {
  const script = await readFile(join(root, 'deploy/tools.sh'), 'utf8');
  const known = [...script.matchAll(/^ {4}(\S+)\) echo \S+@v/gm)].map(([, name]) => name);
  const text = await readFile(join(root, user), 'utf8');
  const asked = [...text.matchAll(/tools\.sh"? "\$[\w/]+" ([a-z -]+)/g)].flatMap(([, names = '']) =>
    names.split(' '),
  );
  expect(asked.length).toBeGreaterThan(1);
  expect(known).toEqual(expect.arrayContaining(asked));
});

test('manifests are checked against the Kubernetes that the cluster here runs', async () => {
  const [, built] =
    /^kubernetes=(\S+)$/m.exec(await readFile(join(root, 'deploy/cluster/binaries.sh'), 'utf8')) ?? [];
  expect(KUBERNETES).toBe(`k8s.io/kubernetes@v${built}`);
});
