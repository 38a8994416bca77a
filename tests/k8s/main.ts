import { setPriority } from 'node:os';
import { parseArgs } from 'node:util';
import { proofs } from './proofs.ts';

/**
 * Shows on the cluster of `npm run k8s:up` what docs/kubernetes.md says of it. Started within the cluster's network, since
 * it calls Services as pods do; docs/kubernetes.md has the command. Exit code 1 where something does not hold.
 *
 *   npm run k8s:test -- [--only rollout,drain]
 */
const { values } = parseArgs({ options: { only: { type: 'string' } } });
const chosen = values.only?.split(',') ?? Object.keys(proofs);
// Clients stand for other machines. Here the nodes' pods have thirty times the weight of a process (deploy/cluster/up.sh):
// one that waits for seconds behind them takes up connections that were closed meanwhile.
setPriority(-15);
let passed = 0;
let failed = 0;
for (const name of chosen) {
  const proof = proofs[name];
  if (!proof) throw new Error(`there is no proof ${name}; there are ${Object.keys(proofs).join(', ')}`);
  const begun = performance.now();
  process.stdout.write(`\n== ${name}\n`);
  try {
    await proof(line => process.stdout.write(`${line}\n`));
    passed++;
    process.stdout.write(`holds, after ${Math.round((performance.now() - begun) / 1_000)} s\n`);
  } catch (error) {
    failed++;
    process.stdout.write(`DOES NOT HOLD: ${error instanceof Error ? error.stack : error}\n`);
  }
}
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exit(failed === 0 ? 0 : 1);
