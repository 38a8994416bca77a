import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { openPlace, type Place } from '../../apps/jumun/test/jumun.ts';
import { seed } from './seed.ts';

/**
 * `npm run schemathesis`: starts a system of its own and tests each service against its OpenAPI document with all
 * of schemathesis' checks. What is not a default of those checks stands, with its reason, in schemathesis.toml and
 * hooks.py. Fails where one of the six fails; where Python cannot bring schemathesis along, it says so and passes.
 */
const VERSION = '4.32.5';
/** Products are changed at random, prices too, so they come last: until then what the others refer to holds. */
const ORDER = ['order', 'pay', 'notice', 'customercenter', 'delivery', 'product'];
/**
 * The checks that are left out, since what they claim is not so here. What is for the services alone does not exist for
 * others: without the credential they get 404, and not 401. hooks.py checks that instead; no other header is required.
 */
const NOT_SO = ['ignored_auth', 'missing_required_header'];
/** There a DELETE cancels, and what was canceled stays to be read with its status; there is no other DELETE. */
const NOT_SO_IN: Record<string, string[]> = { order: ['use_after_free'], pay: ['use_after_free'] };
const SERVICE_TOKEN = 'a-token-for-tests-only';

const { values: options } = parseArgs({
  options: {
    /** What is generated follows from it. */
    seed: { type: 'string', default: '1' },
    /** How many cases are generated for each operation, beside those that cover its document. */
    'max-examples': { type: 'string', default: '30' },
    /** Only some services, with commas. */
    only: { type: 'string', default: ORDER.join(',') },
    /** A file that gets the counts as JSON, in the manner of vitest's report. */
    report: { type: 'string' },
  },
});
const root = resolve(import.meta.dirname, '../..');
const chosen = ORDER.filter(name => options.only.split(',').includes(name));

/** Runs a command; gives its exit code, or undefined where there is no such command. */
function run(command: string, args: string[], cwd = root): Promise<number | undefined> {
  const env = { ...process.env, SERVICE_TOKEN, SCHEMATHESIS_HOOKS: join(import.meta.dirname, 'hooks.py') };
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] });
  return new Promise(ended => {
    child.once('error', () => ended(undefined));
    child.once('exit', code => ended(code ?? 1));
  });
}

/** The command of schemathesis, installed where npm installs; undefined where that cannot be. */
async function install(): Promise<string | undefined> {
  const folder = join(root, `node_modules/.cache/schemathesis-${VERSION}`);
  const st = join(folder, 'bin/st');
  if ((await run(st, ['--version'])) === 0) return st;
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `schemathesis==${VERSION}`];
  const installed =
    (await run('python3', ['-m', 'venv', '--clear', folder])) === 0 &&
    (await run(join(folder, 'bin/python'), pip)) === 0;
  return installed ? st : undefined;
}

/** Whether a service serves the document that is committed, and keeps to it. */
async function check(st: string, place: Place, service: string): Promise<boolean> {
  process.stdout.write(`\n== ${service}\n`);
  const url = `${place.url(service)}/openapi.json`;
  const served = `${JSON.stringify(await (await fetch(url)).json(), null, 2)}\n`;
  if (served !== (await readFile(join(root, `docs/openapi/${service}.json`), 'utf8'))) {
    process.stdout.write(`docs/openapi/${service}.json is not what the service serves: npm run docs\n`);
    return false;
  }
  const config = join(import.meta.dirname, 'schemathesis.toml');
  const limits = ['--seed', options.seed, '--max-examples', options['max-examples']];
  const without = ['--exclude-checks', [...NOT_SO, ...(NOT_SO_IN[service] ?? [])].join(',')];
  // An answer that goes on for as long as the client wants has no end to check; tests/e2e/live.test.ts follows it.
  const endless = ['--exclude-operation-id', 'followMyPages'];
  // Where it leaves its reports and its database of examples.
  const args = ['--config-file', config, 'run', url, '--checks', 'all', ...endless, ...without, ...limits];
  const code = await run(st, args, place.root);
  return code === 0;
}

/** Which of the services fail; where the system itself does, all. */
async function checkAll(st: string): Promise<string[]> {
  const failed: string[] = [];
  const place = await openPlace();
  try {
    await place.start([], { env: { SERVICE_TOKEN } }).ready();
    await seed(place);
    process.stdout.write(`seed ${options.seed}\n`);
    for (const service of chosen) if (!(await check(st, place, service))) failed.push(service);
    return failed;
  } catch (error) {
    process.stdout.write(`${(error as Error).stack}\n`);
    return chosen;
  } finally {
    await place.clean();
  }
}

const st = await install();
const failed = st === undefined ? [] : await checkAll(st);
const skipped = st === undefined ? chosen : [];
if (st === undefined)
  process.stdout.write(`SKIPPED: schemathesis ${VERSION} is not to be had here (it needs Python and pip)\n`);

const passed = chosen.length - failed.length - skipped.length;
const counts = { numPassedTests: passed, numFailedTests: failed.length, numPendingTests: skipped.length };
process.stdout.write(`\ndocuments: ${passed} passed, ${failed.length} failed, ${skipped.length} skipped\n`);
if (options.report)
  await writeFile(options.report, JSON.stringify({ ...counts, success: failed.length === 0 }));
if (failed.length > 0) process.exitCode = 1;
