import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { helm } from './chart.ts';
import { fileOf, ofCustom, ofOpenApi, standalone } from './schemas.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const schemas = join(root, '.k8s/schemas');

/** With the folder of HELM in front, where the other programs may be too. */
const env = {
  ...process.env,
  PATH: (isAbsolute(helm) ? dirname(helm) + delimiter : '') + process.env.PATH,
};
const runs = (program: string, ...args: string[]) =>
  run(program, args, { env }).then(
    () => true,
    () => false,
  );
const made = await readFile(join(schemas, 'made')).then(
  () => true,
  () => false,
);
const needed: [program: string, there: boolean][] = [
  ['helm', await runs('helm', 'version')],
  ['kubeconform', await runs('kubeconform', '-v')],
  ['actionlint', await runs('actionlint', '-version')],
  ['go', made || (await runs('go', 'version'))],
];
const absent = needed.filter(([, there]) => !there).map(([program]) => program);
const missing = absent.length > 0 ? `not on the PATH: ${absent.join(', ')}` : undefined;
if (missing) process.stdout.write(`SKIPPED: deploy/validate.sh. ${missing}\n`);

const TEN_MINUTES_MS = 600_000;

describe.skipIf(missing)(`deploy/validate.sh${missing ? ` (skipped: ${missing})` : ''}`, () => {
  let work: string;
  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), 'jumun-test-'));
  });
  afterAll(() => rm(work, { recursive: true, force: true }));

  const validate = (folder: string) =>
    run(join(folder, 'deploy/validate.sh'), { env, maxBuffer: 64 * 1024 * 1024 }).then(
      ({ stdout }) => ({ code: 0, output: stdout }),
      (error: { code: number; stdout: string; stderr: string }) => ({
        code: error.code,
        output: error.stdout + error.stderr,
      }),
    );

  test(
    'finds nothing',
    async () => {
      const { code, output } = await validate(root);
      expect(output).toContain('== all of it holds');
      expect(code).toBe(0);
      // What could not be checked is seen in the output of the run.
      process.stdout.write(output.replace(/^(?!SKIPPED|Summary|==).*\n/gm, ''));
    },
    TEN_MINUTES_MS,
  );

  // In a copy, which has what was made by the test before.
  test('finds what was planted', async () => {
    for (const part of ['deploy', '.github', '.ci', '.k8s/schemas', 'tests/deploy', 'package.json'])
      await cp(join(root, part), join(work, part), { recursive: true });
    const plant = async (file: string, from: string | RegExp, to: string) => {
      const path = join(work, file);
      const text = await readFile(path, 'utf8');
      expect(text.replace(from, to)).not.toBe(text);
      await writeFile(path, text.replace(from, to));
    };
    await plant('deploy/helm/jumun/templates/deployment.yaml', 'maxSurge: 1', 'maxSurges: 1');
    await plant('deploy/helm/jumun/templates/mesh.yaml', 'perTryTimeout: 5s', 'perTryTimeouts: 5s');
    await plant('deploy/helm/jumun/templates/autoscale.yaml', 'minReplicaCount: {{', 'minReplicaCount: x{{');
    await plant('deploy/helm/jumun/values-dev.yaml', 'LOG_LEVEL: debug', 'LOG_LEVEL: 1');
    await plant('.github/workflows/ci.yaml', /runs-on:/, 'run-on:');
    await writeFile(join(work, 'deploy/broken.sh'), '#!/bin/sh\nif true; then\n');
    const { code, output } = await validate(work);
    expect(code).toBe(1);
    expect(output).toMatch(/Deployment order is invalid.*\n?.*maxSurges/);
    expect(output).toMatch(/VirtualService order is invalid.*\n?.*perTryTimeouts/);
    expect(output).toMatch(/ScaledObject pay is invalid/);
    expect(output).toMatch(
      /FAILED: helm template deploy\/helm\/jumun -f deploy\/helm\/jumun\/values-dev\.yaml/,
    );
    expect(output).toMatch(/ci\.yaml:\d+:\d+: .*run-on/);
    expect(output).toMatch(/FAILED: sh -n deploy\/broken\.sh/);
  });
});

test('schemas have no references, and take no key that they do not know', () => {
  const gvk = { group: 'shop', version: 'v1', kind: 'Cart' };
  const definitions = {
    Cart: {
      'x-kubernetes-group-version-kind': [gvk],
      type: 'object',
      description: 'A cart',
      required: ['spec'],
      properties: {
        apiVersion: { type: 'string' },
        spec: { $ref: '#/definitions/Spec' },
      },
    },
    Spec: {
      type: 'object',
      properties: {
        size: { $ref: '#/definitions/io.k8s.apimachinery.pkg.api.resource.Quantity' },
        labels: { type: 'object', additionalProperties: { type: 'string', format: 'byte' } },
        within: { type: 'array', items: { $ref: '#/definitions/Spec' } },
        default: { type: 'integer', minimum: 0, exclusiveMinimum: true },
      },
    },
  };
  const spec = {
    type: 'object',
    additionalProperties: false,
    properties: {
      size: { type: ['string', 'number'] },
      labels: { type: 'object', additionalProperties: { type: 'string' } },
      within: { type: 'array', items: {} },
      default: { type: 'integer', minimum: 0, exclusiveMinimum: 0 },
    },
  };
  const cart = {
    type: 'object',
    required: ['spec'],
    additionalProperties: false,
    properties: { apiVersion: { type: 'string' }, spec },
  };
  expect([...ofOpenApi(definitions)]).toEqual([['cart-shop-v1.json', cart]]);
  expect(fileOf('', 'v1', 'Pod')).toBe('pod-v1-v1.json');
  expect(() => standalone({ $ref: '#/definitions/Other' }, definitions)).toThrow('no definition Other');
});

test('a custom resource has what its definition says of the versions that are served', () => {
  const meta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
  const definitions = { [meta]: { type: 'object', properties: { name: { type: 'string' } } } };
  const openAPIV3Schema = {
    type: 'object',
    properties: {
      metadata: { type: 'object' },
      spec: {
        type: 'object',
        properties: {
          port: { 'x-kubernetes-int-or-string': true },
          note: { type: 'string', nullable: true },
          free: { type: 'object', properties: {}, 'x-kubernetes-preserve-unknown-fields': true },
        },
      },
    },
  };
  const version = (name: string, served: boolean) => ({ name, served, schema: { openAPIV3Schema } });
  const made = ofCustom(
    {
      kind: 'CustomResourceDefinition',
      spec: {
        group: 'shop.example.com',
        names: { kind: 'Cart' },
        versions: [version('v1', true), version('v1alpha1', false)],
      },
    },
    definitions,
  );
  expect([...made.keys()]).toEqual(['cart-shop.example.com-v1.json']);
  expect(made.get('cart-shop.example.com-v1.json')).toEqual({
    type: 'object',
    additionalProperties: false,
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object', additionalProperties: false, properties: { name: { type: 'string' } } },
      spec: {
        type: 'object',
        additionalProperties: false,
        properties: {
          port: { type: ['string', 'integer'] },
          note: { type: ['string', 'null'] },
          free: { type: 'object', properties: {} },
        },
      },
    },
  });
});
