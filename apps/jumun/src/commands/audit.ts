import { connectAudit, type Finding, type Saga, type Story } from '../audit-client.ts';
import type { RunningOptions } from '../running.ts';
import { say, table } from './output.ts';

const PROGRESS_MS = 5_000;
/** Other than that of an audit that could not be made. */
const DIFFERS = 3;

/** `jumun audit`: has every order looked at now, and says what does not agree between the services. */
export async function audit(options: RunningOptions): Promise<void> {
  const client = await connectAudit(options);
  let saidAt = performance.now();
  const { differences, total, lastPass, standing } = await client.audit(({ pass, inFlight }) => {
    if (performance.now() - saidAt < PROGRESS_MS) return;
    saidAt = performance.now();
    process.stderr.write(`${pass.orders} orders looked at, ${inFlight} not at rest yet\n`);
  });
  if (total > 0) say(table(differences.map(findingLine)));
  if (total > differences.length) say(`  … and ${total - differences.length} more`);
  const found = total === 0 ? 'clean' : `${total} differences`;
  say(`${found}: ${lastPass.orders} orders were looked at in all services, ${standing} stand still`);
  if (total > 0) process.exitCode = DIFFERS;
}

/** `jumun audit --order N`: everything that all services know of one order, causes before effects. */
export async function story(orderId: string, options: RunningOptions): Promise<void> {
  if (!/^[1-9]\d{0,15}$/.test(orderId)) throw new Error(`--order ${orderId} is not the number of an order`);
  const client = await connectAudit(options);
  say(render(await client.story(Number(orderId))));
}

/** `jumun sagas`: the orders that stand still, what they wait for, and why. */
export async function sagas(options: RunningOptions): Promise<void> {
  const client = await connectAudit(options);
  const standing = await client.sagas();
  say(standing.length === 0 ? 'no order stands still' : table(standing.map(sagaLine)));
}

const findingLine = ({ subject, kind, detail, since }: Finding) => [subject, kind, detail, `since ${since}`];
const sagaLine = ({ orderId, step, why, since }: Saga) => [
  `order ${orderId}`,
  step,
  why ?? '',
  `since ${since}`,
];

function render({ orderId, silent, happened, rows, differences, standing }: Story): string {
  const lines = happened.map(({ at, service, what }) => [at.slice(11, 23), service, what]);
  return [
    `order ${orderId}, from ${happened[0]?.at ?? 'an unknown time'}`,
    table(lines),
    '',
    'what stands now',
    table(rows.map(({ service, table, row }) => [service, table, rowText(row)])),
    '',
    ...silent.map(service => `${service} does not answer`),
    differences.length === 0 ? 'nothing is known to differ' : table(differences.map(findingLine)),
    ...(standing.length > 0 ? [table(standing.map(sagaLine))] : []),
  ].join('\n');
}

/** A row without what it does not say. */
function rowText(row: Record<string, unknown>): string {
  return Object.entries(row)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join(' ');
}
