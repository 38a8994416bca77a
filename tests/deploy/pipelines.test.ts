import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string) => readFile(join(root, file), 'utf8');

test('both pipelines show the results that .ci/run leaves', async () => {
  const [, file] = /--outputFile\.junit="\$REPORTS\/([\w.]+)"/.exec(await read('.ci/run')) ?? [];
  expect(file).toBeTruthy();
  const { env, reports } = parse(await read('deploy/aws/buildspec.yaml'));
  expect(reports.tests).toEqual({
    files: [file],
    'base-directory': env.variables.REPORTS,
    'file-format': 'JUNITXML',
  });
  const { jobs } = parse(await read('.github/workflows/ci.yaml'));
  const steps: { run?: string; uses?: string; env?: { REPORTS: string }; with?: { path: string } }[] =
    jobs.checks.steps;
  const folder = steps.find(({ run }) => run === '.ci/run')?.env?.REPORTS;
  const uploaded = steps.find(({ uses }) => uses?.startsWith('actions/upload-artifact@'))?.with?.path;
  expect(uploaded).toBe(`${folder}/${file}`);
});

test('what CodeBuild keeps is made where nothing is built, too', async () => {
  const { phases, artifacts } = parse(await read('deploy/aws/buildspec.yaml'));
  const commands: string[] = Object.values<{ commands: string[] }>(phases).flatMap(phase => phase.commands);
  const always = commands.filter(command => !/\bif \[ -z /.test(command));
  // A file that is missing fails the build, after its image was rolled out.
  for (const file of artifacts.files)
    expect(
      always.some(command => command.includes(`>${file}`)),
      file,
    ).toBe(true);
});
