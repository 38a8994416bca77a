import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

/** Writes down what it is asked, and fails at what FAILS names. */
const HELM = `#!/bin/sh
echo "$*" >>"$ASKED"
case " $FAILS " in *" $1 "*) exit 1 ;; esac
[ "$1" != status ] || [ -z "$STATUS" ] || printf 'NAME: jumun\\nSTATUS: %s\\nREVISION: 9\\n' "$STATUS"
[ "$1" != list ] || [ -z "$SERVES" ] || echo "jumun shop $SERVES 2026-01-01 deployed jumun-1.0.0 1.0.0"
`;
const SMOKE = `#!/bin/sh
echo "smoke $*" >>"$ASKED"
case " $FAILS " in *" smoke "*) exit 1 ;; esac
`;
const DIGEST = `sha256:${'0'.repeat(64)}`;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'jumun-rollout-'));
  await copyFile(
    fileURLToPath(new URL('../../deploy/rollout.sh', import.meta.url)),
    join(directory, 'rollout.sh'),
  );
  await mkdir(join(directory, 'bin'));
  await writeFile(join(directory, 'bin', 'helm'), HELM, { mode: 0o755 });
  await mkdir(join(directory, 'helm/jumun'), { recursive: true });
  await writeFile(join(directory, 'helm/jumun/values-prod.yaml'), '');
  await writeFile(join(directory, 'smoke.sh'), SMOKE, { mode: 0o755 });
  await writeFile(join(directory, 'asked'), '');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

/** Runs the script with a Helm that serves a revision and fails at some commands; gives what it asked for. */
async function rollOut(serves: string, fails = '', env: Record<string, string> = {}) {
  const { status, stdout, stderr } = spawnSync('sh', [join(directory, 'rollout.sh')], {
    encoding: 'utf8',
    env: {
      PATH: `${directory}/bin:${process.env.PATH}`,
      ASKED: join(directory, 'asked'),
      SERVES: serves,
      STATUS: serves && 'deployed',
      FAILS: fails,
      IMAGE: 'registry.example/jumun',
      DIGEST,
      VERSION: 'v2',
      NAMESPACE: 'shop',
      GATEWAY_URL: 'http://gateway.example',
      ...env,
    },
  });
  const asked = (await readFile(join(directory, 'asked'), 'utf8')).trim().split('\n');
  return { status, printed: stdout + stderr, asked, commands: asked.map(line => line.split(' ')[0]) };
}

test('it upgrades to the digest, tests, and stays', async () => {
  const { status, printed, asked, commands } = await rollOut('7');
  expect(printed).toContain('v2 is there and holds');
  expect(commands).toEqual(['list', 'upgrade', 'test', 'smoke']);
  for (const part of [
    `image.digest=${DIGEST}`,
    'migrations.contract=false',
    '--rollback-on-failure',
    '--wait',
  ])
    expect(asked[1]).toContain(part);
  expect(asked[3]).toBe('smoke http://gateway.example');
  expect(status).toBe(0);
});

test("the environment's values are over those of the chart's profile, if one is named", async () => {
  const upgrade = async (env: Record<string, string>) => (await rollOut('7', '', env)).asked.at(-3) ?? '';
  const values = (line: string) => [...line.matchAll(/--values (\S+)/g)].map(([, file]) => file);
  const [profile, own] = values(await upgrade({ PROFILE: 'prod', HELM_VALUES: 'keda: {enabled: false}' }));
  expect(profile).toBe(join(directory, 'helm/jumun/values-prod.yaml'));
  expect(own).toBeDefined();
  expect(values(await upgrade({}))).toHaveLength(1);
});

test.each(['test', 'smoke'])(
  'where %s fails it goes back to the revision that served, and fails',
  async step => {
    const { status, printed, asked } = await rollOut('7', step);
    expect(asked.at(-1)).toMatch(/^rollback jumun 7 --namespace shop --wait/);
    expect(printed).toContain('revision 7 serves again');
    expect(status).toBe(1);
  },
);

test('an upgrade that does not become ready is left to Helm, which goes back by itself', async () => {
  const { status, printed, commands } = await rollOut('7', 'upgrade');
  expect(commands).toEqual(['list', 'upgrade', 'status']);
  expect(printed).toContain('what was before it serves');
  expect(status).toBe(1);
  expect((await rollOut('', 'upgrade status')).printed).toContain('nothing is there, as before');
});

test.each([
  ['7', { STATUS: 'failed' }, 'the release is failed'],
  ['7', { STATUS: 'pending-upgrade' }, 'the release is pending-upgrade'],
  ['7', { STATUS: '' }, 'the release is gone'],
  ['', { STATUS: 'failed' }, 'the release is failed'],
])('where %j served and Helm left %o, it is said aloud', async (serves, env, said) => {
  const { status, printed } = await rollOut(serves, 'upgrade', env);
  expect(printed).toContain(`${said}: a person has to look at shop`);
  expect(status).toBe(1);
});

test('what was never there before is not gone back from', async () => {
  const { status, printed, commands } = await rollOut('', 'smoke');
  expect(commands).toEqual(['list', 'upgrade', 'test', 'smoke']);
  expect(printed).toContain('nothing was there before');
  expect(status).toBe(1);
});

test('a rollback that fails is said aloud', async () => {
  const { status, printed } = await rollOut('7', 'smoke rollback');
  expect(printed).toContain('a person has to look at shop');
  expect(status).toBe(1);
});

test.each([
  { DIGEST: 'v2' },
  { DIGEST: '' },
  { NAMESPACE: '' },
  { PROFILE: 'production' },
  { HELM_VALUES: 'keda:\n  enabled: true\ningress: {}\nkeda:\n  authentication: kafka' },
])('without %o nothing is touched', async env => {
  const { status, asked } = await rollOut('7', '', env);
  expect(asked).toEqual(['']);
  expect(status).toBe(2);
});

test('where Helm cannot say what serves, nothing is touched', async () => {
  const { status, commands } = await rollOut('7', 'list');
  expect(commands).toEqual(['list']);
  expect(status).toBe(1);
});
