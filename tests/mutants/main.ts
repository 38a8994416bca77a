import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Mutant, mutants } from './mutants.ts';
import { copyTree, plant } from './plant.ts';

/**
 * Plants one bug after another in copies of the working tree and runs the property that has to notice it. Ends with 1
 * where a bug is not noticed, cannot be planted, or where a property fails without one.
 *
 *   npm run test:mutants -- [--only text] [--report file] [--jobs n]
 */
const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    report: { type: 'string' },
    jobs: { type: 'string', default: '2' },
  },
});

const root = fileURLToPath(new URL('../../', import.meta.url));
const tests = { saga: 'tests/properties/saga.test.ts', histories: 'tests/properties/histories.slow.test.ts' };
/** So many random histories a bug is given to show itself, and so long a shorter one is looked for. */
const HISTORIES = { control: 5, mutant: 40 };
const SHRINK_MS = 30_000;

/** What a property has to say of a run; the two tests write it. */
interface Report {
  failed: boolean;
  numRuns: number;
  seed: number;
  shrunk: string[];
  /** What was thrown, and its message. */
  name: string;
  error: string;
}

interface Verdict {
  name: string;
  test: Mutant['caughtBy'];
  /** As it has to be: caught, or for the control not. */
  right: boolean;
  says: string;
  histories: number;
  seconds: number;
  shrunk: string;
}

/** @throws where the test does not come as far as its first history: that is no catch */
async function property(cwd: string, test: Mutant['caughtBy'], mutant: Mutant | undefined): Promise<Report> {
  const report = join(cwd, 'report.json');
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', tests[test]], {
    cwd,
    env: {
      ...process.env,
      SLOW: '1',
      SEED: '1',
      REPORT: report,
      HISTORIES: String(mutant ? HISTORIES.mutant : HISTORIES.control),
      SHRINK_MS: String(SHRINK_MS),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => {
      output += chunk;
    });
  }
  await new Promise(resolve => child.once('close', resolve));
  try {
    return JSON.parse(await readFile(report, 'utf8'));
  } catch {
    throw new Error(`does not run:\n${output}`);
  }
}

async function judge(mutant: Mutant | undefined, test: Mutant['caughtBy']): Promise<Verdict> {
  const begun = Date.now();
  const name = mutant?.name ?? 'no bug at all';
  const copy = await copyTree(root);
  try {
    if (mutant) await plant(copy.root, mutant.edits);
    const { failed, numRuns, shrunk, name: thrown, error } = await property(copy.root, test, mutant);
    // Only what was claimed and does not hold is a catch: not what takes too long, say.
    const caught = failed && ['AssertionError', 'Wrong'].includes(thrown);
    const says = failed ? (error.split('\n')[0] ?? '') : mutant ? 'SURVIVED' : 'holds';
    const right = mutant ? caught : !failed;
    return { name, test, right, says, histories: numRuns, seconds: since(begun), shrunk: shrunk.join(' → ') };
  } catch (error) {
    return { name, test, right: false, says: String(error), histories: 0, seconds: since(begun), shrunk: '' };
  } finally {
    await copy.remove();
  }
}

const since = (begun: number) => Math.round((Date.now() - begun) / 1_000);

const chosen = mutants.filter(({ name }) => name.includes(values.only));
const controls = values.only === '' ? (['saga', 'histories'] as const) : [];
const jobs: (() => Promise<Verdict>)[] = [
  ...controls.map(test => () => judge(undefined, test)),
  ...chosen.map(mutant => () => judge(mutant, mutant.caughtBy)),
];
const verdicts: Verdict[] = new Array(jobs.length);
let next = 0;
async function work(): Promise<void> {
  while (next < jobs.length) {
    const i = next++;
    const verdict = (await jobs[i]?.()) as Verdict;
    verdicts[i] = verdict;
    const { name, test, right, says, histories, seconds, shrunk } = verdict;
    const mark = right ? 'ok' : 'NOT OK';
    process.stdout.write(
      `\n${mark}: ${name}\n  ${test}, ${histories} histories, ${seconds} s: ${says}\n${shrunk ? `  ${shrunk}\n` : ''}`,
    );
  }
}
await Promise.all(Array.from({ length: Number(values.jobs) }, work));

const cell = (text: string) => text.replaceAll('|', '/').replaceAll('\n', ' ').slice(0, 400);
const table = verdicts.map(
  ({ name, test, says, histories, shrunk }) =>
    `| ${cell(name)} | ${test} | ${histories} | ${cell(says)} | ${cell(shrunk)} |`,
);
process.stdout.write(
  `\n| bug | property | histories | what it says | shrunk to |\n| --- | --- | --- | --- | --- |\n${table.join('\n')}\n`,
);
const failed = verdicts.filter(({ right }) => !right).length;
const passed = verdicts.length - failed;
process.stdout.write(`\n${passed} mutants as they have to be, ${failed} not\n`);
if (values.report) {
  const counts = {
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: 0,
    success: failed === 0,
    testResults: [
      {
        name: 'planted bugs',
        status: failed === 0 ? 'passed' : 'failed',
        assertionResults: verdicts.map(({ name, right, says }) => ({
          fullName: name,
          status: right ? 'passed' : 'failed',
          failureMessages: right ? [] : [says],
        })),
      },
    ],
  };
  await writeFile(values.report, JSON.stringify(counts));
}
process.exitCode = failed > 0 ? 1 : 0;
