import { randomInt } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { whyNoKafka } from '../kafka/kafka.ts';
import { createCleanup } from '../support/cleanup.ts';
import { temporaryDirectory } from '../support/global-setup.ts';
import { settle } from './checks.ts';
import { SERVICE_TOKEN, startCluster } from './cluster.ts';
import { faultsOf, type Poison } from './faults.ts';
import { startLoad } from './load.ts';
import type { TransportName } from './log.ts';
import { type Run, reportOf, table } from './report.ts';
import { storm } from './storm.ts';

/**
 * Runs the system as separate processes, two of each service, under load and faults, and judges it when all faults have
 * ended. Exit code 1 where something does not hold, 2 where it could not be tried.
 *
 *   npm run chaos -- [--minutes n] [--seed n] [--transport kafka|postgres] [--settle seconds] [--report file]
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    transport: { type: 'string' },
    settle: { type: 'string', default: '60' },
    report: { type: 'string' },
  },
});
const say = (line: string) => void process.stdout.write(`${line}\n`);
const minutes = Number(values.minutes);
const seed = Number(values.seed);
const transport = await chosenTransport(values.transport);
/** From so many minutes on faults last longer. */
const LONG_MINUTES = 5;

/** Kafka, unless something else is asked for, or it cannot be had. */
async function chosenTransport(wanted: string | undefined): Promise<TransportName> {
  if (wanted === 'postgres') return wanted;
  if (wanted !== undefined && wanted !== 'kafka') throw new Error(`--transport ${wanted}: kafka or postgres`);
  const reason = await whyNoKafka();
  if (reason === undefined) return 'kafka';
  if (wanted === 'kafka') throw new Error(reason);
  say(`SKIPPED Kafka, the log is in PostgreSQL: ${reason}`);
  return 'postgres';
}

const cleanup = createCleanup();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void cleanup.run().finally(() => process.exit(2)));
}

async function run(folder: string): Promise<Run> {
  const begun = performance.now();
  const cluster = await startCluster(folder, transport, cleanup);
  await cluster.ready();
  say(
    `${cluster.replicas.length} replicas are ready after ${Math.round((performance.now() - begun) / 1_000)} s`,
  );
  const load = await startLoad({ url: cluster.url, token: SERVICE_TOKEN });
  const poison: Poison = new Set();
  const faults = faultsOf(cluster, poison);
  for (const { name, impossible } of faults) if (impossible) say(`SKIPPED ${name}: ${impossible}`);
  const form = minutes >= LONG_MINUTES ? 'long' : 'short';
  const counts = await storm({ faults, seed, form, ms: minutes * 60_000, say });
  say('the faults have ended');
  const settling = performance.now();
  await load.stop();
  const withinMs = Number(values.settle) * 1_000;
  const settled = await settle(cluster, load, poison, withinMs);
  if (settled.ms !== undefined) settled.ms = performance.now() - settling;
  const ownEnds = cluster.ownEnds().length;
  return { seed, transport, minutes, faults, counts, entries: load.entries, settled, ownEnds };
}

say(`chaos: seed ${seed}, the log in ${transport}, ${minutes} minutes`);
const folder = await temporaryDirectory();
let failure: string | undefined;
try {
  const done = await run(folder);
  say(`\n${table(done)}\n`);
  const { violations } = done.settled;
  if (violations.length > 0) {
    failure = violations.join('\n');
    process.exitCode = 1;
  }
} catch (error) {
  failure = `could not be tried: ${(error as Error).stack}`;
  say(failure);
  process.exitCode = 2;
} finally {
  await cleanup.run();
}
if (failure === undefined) await rm(folder, { recursive: true, force: true, maxRetries: 10 });
else say(`again with --seed ${seed}; the logs are in ${folder}/logs`);
if (values.report) {
  const name = `chaos, seed ${seed}, the log in ${transport}`;
  await writeFile(values.report, JSON.stringify(reportOf([{ name, failure }])));
}
