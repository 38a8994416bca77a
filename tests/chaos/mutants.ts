import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mutants } from '../mutants/mutants.ts';
import { copyTree, plant } from '../mutants/plant.ts';
import { reportOf, type Verdict } from './report.ts';

/**
 * Plants bugs, one after the other, in copies of the working tree and has chaos find each. Ends with 1 where one is not
 * noticed.
 *
 *   npm run chaos:mutants -- [--only text] [--minutes n] [--seed n] [--transport kafka|postgres] [--report file]
 */
const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    minutes: { type: 'string', default: '0.5' },
    seed: { type: 'string', default: '4' },
    transport: { type: 'string' },
    report: { type: 'string' },
  },
});

const root = fileURLToPath(new URL('../../', import.meta.url));
/** What only shows when something dies or comes again. */
const planted = [
  "a consumer's cursor moves before the effects",
  'events are published after the commit and not in it',
  'an event that comes again is handled again',
];
/** What is wrong stays wrong: it need not be waited for as long as for what may become right. */
const SETTLE_S = 25;
/** What does not hold; that something could not be looked at is no catch. */
const VIOLATION = /^VIOLATION (?!cannot be looked at)/;

/** Gives what was found, or why that is no catch. */
async function chaos(cwd: string): Promise<{ caught: boolean; says: string }> {
  const { minutes, seed, transport } = values;
  const options = ['--minutes', minutes, '--seed', seed, '--settle', String(SETTLE_S)];
  if (transport) options.push('--transport', transport);
  const child = spawn(process.execPath, ['--import', 'tsx', 'tests/chaos/main.ts', ...options], {
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => child.kill(signal));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', chunk => {
    output += chunk;
  });
  const code = await new Promise(resolve => child.once('close', resolve));
  const violations = output.split('\n').filter(line => VIOLATION.test(line));
  if (code === 1 && violations.length > 0) {
    return {
      caught: true,
      says: violations.map(line => line.replace(VIOLATION, '').slice(0, 240)).join('\n  '),
    };
  }
  return { caught: false, says: code === 0 ? 'SURVIVED' : `could not be tried:\n${output}` };
}

const verdicts: Verdict[] = [];
for (const name of planted.filter(name => name.includes(values.only))) {
  const mutant = mutants.find(mutant => mutant.name === name);
  if (!mutant) throw new Error(`there is no bug named ${name}`);
  const copy = await copyTree(root);
  try {
    await plant(copy.root, mutant.edits);
    const { caught, says } = await chaos(copy.root);
    process.stdout.write(`${caught ? 'caught' : 'NOT CAUGHT'}: ${name}\n  ${says}\n\n`);
    verdicts.push({ name: `chaos notices: ${name}`, failure: caught ? undefined : says });
  } finally {
    await copy.remove();
  }
}
const survived = verdicts.filter(({ failure }) => failure !== undefined).length;
process.stdout.write(`${verdicts.length - survived} planted bugs were noticed, ${survived} not\n`);
if (values.report) await writeFile(values.report, JSON.stringify(reportOf(verdicts)));
process.exitCode = survived > 0 || verdicts.length === 0 ? 1 : 0;
