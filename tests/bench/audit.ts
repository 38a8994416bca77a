import { parseArgs } from 'node:util';
import { fillShelves, placeOrders } from './load.ts';
import { type BenchedSystem, startBenched } from './system.ts';

/**
 * `npm run bench:audit`: the same load on two systems side by side, one of which audits itself. Rounds alternate, and
 * only one system is loaded at a time; what matters is the ratio of the medians.
 */
const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '5' }, rounds: { type: 'string', default: '7' } },
});
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
const products = Array.from({ length: 100 }, (_, i) => i + 1);
const say = (text: string) => process.stdout.write(`${text}\n`);
const median = (numbers: number[]) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? 0;

/** What the audit has taken so far, in seconds, and at how many orders it has looked. */
async function auditOf(system: BenchedSystem): Promise<{ seconds: number; orders: number }> {
  const text = await (await fetch(`${system.url('customercenter')}/metrics`)).text();
  const read = (name: string) => Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)`, 'm').exec(text)?.[1] ?? 0);
  return { seconds: read('jumun_audit_seconds_total'), orders: read('jumun_audit_orders_total') };
}

const systems = { on: await startBenched(), off: await startBenched({ AUDIT_SHARE: '0' }) };
try {
  const results: Record<'on' | 'off', number[]> = { on: [], off: [] };
  for (const system of Object.values(systems)) {
    await fillShelves(system, products);
    await placeOrders(system, { clients: 50, seconds: 3, products });
  }
  const before = await auditOf(systems.on);
  let loaded = 0;
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? (['on', 'off'] as const) : (['off', 'on'] as const);
    for (const name of order) {
      const began = performance.now();
      const { sagasPerSecond } = await placeOrders(systems[name], { clients: 50, seconds, products });
      results[name].push(sagasPerSecond);
      if (name === 'on') loaded += (performance.now() - began) / 1000;
    }
  }
  const after = await auditOf(systems.on);
  const [on, off] = [median(results.on), median(results.off)];
  say(`50 clients, medians of ${rounds} rounds of ${seconds} s`);
  say(`audit off  ${off.toFixed(0).padStart(6)} sagas/s`);
  say(`audit on   ${on.toFixed(0).padStart(6)} sagas/s, ${((on / off) * 100).toFixed(1)} % of it`);
  say(
    `it looked at ${after.orders - before.orders} orders in ${(after.seconds - before.seconds).toFixed(2)} s, ` +
      `beside ${loaded.toFixed(0)} s of load`,
  );
} finally {
  await systems.on.stop();
  await systems.off.stop();
}
