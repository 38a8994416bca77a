import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CUSTOM, download } from '../deploy/go-modules.ts';
import {
  auditClean,
  dryRun,
  helmTest,
  kubectl,
  kubectlAll,
  type Pod,
  podsOf,
  read,
  settledPods,
  until,
  upgrade,
  urlOf,
} from './cluster.ts';
import { expectAll, expectAnswered, expectKept, startWriters, summary, type Written } from './writers.ts';

/** Shows one thing on the running cluster; gives what was seen, or throws. */
export type Proof = (say: (line: string) => void) => Promise<void>;

const CLIENTS = 50;

function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what);
}

// biome-ignore lint/suspicious/noExplicitAny: what an answer has is said where it is read
async function ask(base: string, method: string, path: string, body?: object): Promise<any> {
  const answer = await fetch(`${base}${path}`, {
    method,
    headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  assert(answer.ok, `${method} ${path} was answered ${answer.status}: ${text}`);
  return text ? JSON.parse(text) : undefined;
}

/** A product with stock for all, which order has heard of. */
async function stock(gateway: string): Promise<number> {
  const { itemcd } = await ask(gateway, 'POST', '/products', {
    itemcd: Date.now() % 1_000_000_000,
    totalQuantity: 1_000_000,
    price: 1_000,
    name: 'milk',
  });
  await until(() => ask(gateway, 'POST', '/orders', { itemcd, orderQty: 1, customerId: 1 }), 60);
  return itemcd;
}

/** What clients were told while something was done to the cluster, and that it all holds. */
async function whileWriting(say: (line: string) => void, act: () => Promise<void>): Promise<Written> {
  const gateway = await urlOf('gateway');
  const itemcd = await stock(gateway);
  const writers = startWriters({ url: gateway, clients: CLIENTS, itemcd });
  let written: Written;
  try {
    await until(async () => assert(writers.confirmed() > CLIENTS, 'no orders yet'), 60);
    await act();
  } finally {
    written = await writers.stop();
    say(summary(written));
  }
  await expectKept(gateway, written);
  say(`all ${written.orders.size} confirmed orders are there; the audit: ${await auditClean()}`);
  return written;
}

const installs: Proof = async say => {
  const { items } = await read('pods', '--selector', 'app.kubernetes.io/name=jumun');
  const { metadata } = JSON.parse(await kubectlAll('get', 'namespace', 'jumun', '--output', 'json'));
  const level = metadata.labels['pod-security.kubernetes.io/enforce'];
  assert(level === 'restricted', `pods are held to ${level}`);
  const nodes = new Set(items.map((pod: { spec: { nodeName: string } }) => pod.spec.nodeName));
  say(`${items.length} pods on ${nodes.size} nodes, at the Pod Security level ${level}`);
  for (const line of (await helmTest()).split('\n').filter(line => /^\/|Phase/.test(line))) say(line);
};

const takesAnOrder: Proof = async say => {
  const gateway = await urlOf('gateway');
  const itemcd = await stock(gateway);
  const { id } = await ask(gateway, 'POST', '/orders', { itemcd, orderQty: 2, customerId: 7 });
  const status = async () => (await ask(gateway, 'GET', `/myPages/${id}`)).status;
  await until(async () => assert((await status()) === 'deliveryPrepared', 'not prepared yet'), 60);
  await ask(gateway, 'DELETE', `/orders/${id}`);
  await until(async () => assert((await status()) === 'orderCanceled', 'not canceled yet'), 60);
  say(`order ${id} was placed, prepared and canceled; the audit: ${await auditClean()}`);
};

/** In the order in which they are replaced: any will do, since two versions work side by side. */
const PARTS = ['product', 'pay', 'order', 'delivery', 'notice', 'customercenter', 'web', 'gateway'];

/** Looks again and again for as long as something goes on; gives what it comes to. */
async function during<T>(work: Promise<T>, everyMs: number, look: () => Promise<void>): Promise<T> {
  let goesOn = true;
  const ended = work.finally(() => {
    goesOn = false;
  });
  while (goesOn) {
    await look();
    await delay(everyMs);
  }
  return ended;
}

/** Watches a rollout; gives how many versions of order were ready at once. */
async function versionsDuring(rollout: Promise<unknown>): Promise<number> {
  let most = 0;
  await during(rollout, 2_000, async () => {
    const ready = (await podsOf('order')).filter(pod => pod.ready);
    most = Math.max(most, new Set(ready.map(({ image }) => image)).size);
  });
  await settledPods();
  return most;
}

async function assertVersion(version: string): Promise<void> {
  for (const part of PARTS)
    for (const { name, image } of await podsOf(part))
      assert(image.endsWith(`:${version}`), `${name} is of ${image}`);
}

const rollsOut: Proof = async say => {
  let most = 0;
  const written = await whileWriting(say, async () => {
    for (let n = 1; n <= PARTS.length; n++) {
      const next = PARTS.slice(0, n).map(part => `parts.${part}.version.tag=2`);
      most = Math.max(most, await versionsDuring(upgrade(...next)));
    }
    await assertVersion('2');
  });
  expectAll(written);
  assert(most === 2, 'both versions were never ready at once');
  say('part by part, each by its own migration first; both versions of order served at once');
  await upgrade();
  await settledPods();
};

const rollsBack: Proof = async say => {
  await upgrade('image.tag=2');
  await settledPods();
  const written = await whileWriting(say, async () => {
    await versionsDuring(upgrade('image.tag=1'));
    await assertVersion('1');
  });
  // Twice as many processes as before on the same two cores: some may be told to ask again.
  expectAnswered(written);
  say('all parts at once, and back: the first version starts on the database that the next has added to');
};

const takesSettings: Proof = async say => {
  const names = async (part: string) =>
    (await podsOf(part))
      .map(({ name }) => name)
      .sort()
      .join();
  const before = { notice: await names('notice'), pay: await names('pay') };
  await upgrade('parts.notice.settings.NOTICE_RETENTION_DAYS=30');
  await settledPods();
  assert((await names('notice')) !== before.notice, 'notice was not rolled');
  assert((await names('pay')) === before.pay, 'pay was rolled, whose settings are the same');
  const set = await kubectl('exec', 'deploy/notice', '--', 'printenv', 'NOTICE_RETENTION_DAYS');
  assert(set === '30', `NOTICE_RETENTION_DAYS is ${set}`);
  say('a setting of notice in its ConfigMap rolled notice and no other part');

  const token = Buffer.from(randomUUID()).toString('base64');
  await kubectl(
    'patch',
    'secret',
    'service-token',
    '--patch',
    JSON.stringify({ data: { SERVICE_TOKEN: token } }),
  );
  await upgrade();
  await settledPods();
  assert((await names('pay')) !== before.pay, 'pay was not rolled');
  say(`another credential in the Secret rolled all parts; the audit: ${await auditClean()}`);
};

async function onePod(part: string): Promise<Pod> {
  const [pod] = await podsOf(part);
  assert(pod !== undefined, `there is no pod of ${part}`);
  return pod;
}

async function restarted({ name, restarts }: Pod, part: string): Promise<number> {
  const begun = performance.now();
  await until(async () => {
    const pod = (await podsOf(part)).find(it => it.name === name);
    assert(pod !== undefined && pod.restarts > restarts && pod.ready, `${name} was not restarted`);
  });
  return Math.round((performance.now() - begun) / 1_000);
}

const heals: Proof = async say => {
  const pod = await onePod('order');
  await kubectl('exec', pod.name, '--', 'rm', '/tmp/healthy');
  say(`its file was removed: ${pod.name} was restarted and ready after ${await restarted(pod, 'order')} s`);

  const hanging = await onePod('product');
  // The debugger of Node listens within the pod alone; through it the event loop is told never to turn again.
  await kubectl(
    'exec',
    hanging.name,
    '--',
    'node',
    '--eval',
    `
    process.kill(1, 'SIGUSR1');
    const attach = async () => {
      const [{ webSocketDebuggerUrl }] = await (await fetch('http://127.0.0.1:9229/json/list')).json();
      const socket = new WebSocket(webSocketDebuggerUrl);
      socket.onopen = () => {
        socket.send(JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression: 'for (;;);' } }));
        setTimeout(() => process.exit(), 500);
      };
    };
    const tries = setInterval(() => attach().then(() => clearInterval(tries), () => {}), 100);
  `,
  );
  say(
    `its event loop was blocked: ${hanging.name} was restarted and ready after ${await restarted(hanging, 'product')} s`,
  );
  const { items } = await read(
    'events',
    '--field-selector',
    `involvedObject.name=${hanging.name},reason=Unhealthy`,
  );
  const said = items
    .map(({ message }: { message: string }) => message)
    .find((it: string) => it.startsWith('Liveness'));
  assert(said !== undefined, 'no liveness probe has failed');
  say(`kubelet: ${said.trim().split('\n')[0]}`);
};

const archives: Proof = async say => {
  await kubectl('delete', 'job', 'archive-now', '--ignore-not-found');
  await kubectl('create', 'job', 'archive-now', '--from=cronjob/order-archive');
  await kubectl('wait', '--for=condition=complete', 'job/archive-now', '--timeout=120s');
  say((await kubectl('logs', 'job/archive-now')).split('\n').at(-1) ?? '');
  for (const { name, node } of await podsOf('order')) {
    const there = await kubectl('exec', name, '--', 'ls', '/mnt/aws');
    assert(/orders-\d{4}-\d\d-\d\d\.csv/.test(there), `${name} sees no archive: ${there}`);
    say(`${name} on ${node} sees ${there.split('\n').length} files in /mnt/aws`);
  }
  await kubectl('delete', 'job', 'archive-now');
};

const guards: Proof = async say => {
  // Policies are kept on node0.
  const at = async (part: string) => {
    const pod = (await podsOf(part)).find(({ node }) => node === 'node0');
    assert(pod !== undefined, `no pod of ${part} is on node0`);
    return pod;
  };
  const reaches = async (from: string, to: string) => {
    const { ip } = await at(to);
    const script = `fetch('http://${ip}:8080/actuator/health/liveness', { signal: AbortSignal.timeout(3000) })
      .then(() => console.log('yes'), () => console.log('no'))`;
    return (await kubectl('exec', (await at(from)).name, '--', 'node', '--eval', script)) === 'yes';
  };
  for (const [from, to, may] of [
    ['order', 'pay', true],
    ['order', 'product', true],
    ['gateway', 'notice', true],
    ['notice', 'pay', false],
    ['product', 'order', false],
    ['delivery', 'customercenter', false],
  ] as const) {
    const does = await reaches(from, to);
    assert(does === may, `${from} ${does ? 'reaches' : 'does not reach'} ${to}`);
    say(`${from} ${does ? 'reaches' : 'cannot reach'} ${to}`);
  }
};

/** Has a node emptied and taken into use again while clients write. */
async function drainWhileWriting(say: (line: string) => void, node: string): Promise<Written> {
  return whileWriting(say, async () => {
    try {
      await kubectlAll('drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--timeout=240s');
      const { items } = await read('pods', '--field-selector', `spec.nodeName=${node}`);
      assert(items.length === 0, `${node} still has pods`);
      await settledPods();
    } finally {
      await kubectlAll('uncordon', node);
    }
  });
}

const drains: Proof = async say => {
  const nodeOf = async (name: string): Promise<string> => (await read('pod', name)).spec.nodeName;
  const [database, log] = [await nodeOf('jumun-postgresql-0'), await nodeOf('jumun-kafka-0')];
  const other = database === 'node0' ? 'node1' : 'node0';
  say(`${other}, on which PostgreSQL is not${log === other ? ', but Kafka is' : ''}:`);
  expectAll(await drainWhileWriting(say, other));

  say(`${database}, with the only pod of PostgreSQL:`);
  // While it moves, orders are refused or their outcome is not known yet; none that was confirmed is lost.
  expectAnswered(await drainWhileWriting(say, database));
};

const scales: Proof = async say => {
  await upgrade('parts.order.autoscale.enabled=true');
  const url = await urlOf('order');
  const replicas = async () => (await read('deployment', 'order')).status.replicas ?? 0;
  await until(async () => assert((await replicas()) === 1, 'order has more than one pod at rest'), 300);
  await stock(await urlOf('gateway'));
  say('at rest: 1 pod of order');
  const seen: string[] = [];
  const begun = performance.now();
  // Once in a while siege does not end by itself; told to, it still sums up.
  const siege = promisify(execFile)('timeout', [
    ...['--signal=INT', '--kill-after=10', '90'],
    ...['siege', '-c50', '-t60S', '--no-parser', `${url}/orders`],
  ]).catch((ended: { stdout: string; stderr: string }) => ended);
  let last = 0;
  const look = async () => {
    const { status } = await read('deployment', 'order');
    if (status.replicas !== last)
      seen.push(
        `${Math.round((performance.now() - begun) / 1_000)} s: ${status.replicas} pods, ${status.readyReplicas} ready`,
      );
    last = status.replicas;
  };
  const { stdout, stderr } = await during(siege, 1_000, look);
  const table = `${stdout}${stderr}`.split('\n').filter(line => /^\s*["A-Z].*[:\d]/.test(line));
  for (const line of table) say(line.trim());
  for (const line of seen) say(line);
  assert(last > 1, 'it was not scaled out');
  assert(
    table.some(line => /availability\D+100\.00/i.test(line)),
    'not all hits were answered',
  );
  const stopped = performance.now();
  await until(async () => assert((await replicas()) === 1, 'not back yet'), 420);
  say(`back at 1 pod ${Math.round((performance.now() - stopped) / 1_000)} s after the siege`);
  await upgrade();
  await settledPods();
};

/** What runs on Kubernetes and is not here is there by its definitions: they are held against what the chart makes of it. */
const isTaken: Proof = async say => {
  for (const [module, path] of Object.entries(CUSTOM)) {
    const there = join(await download(module), path);
    const definitions = await kubectlAll('apply', '--server-side', '--filename', there);
    say(`${module}: ${definitions.split('\n').length} kinds`);
  }
  await kubectlAll('wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s');
  await kubectlAll('create', 'namespace', 'everything');
  try {
    await kubectlAll('label', 'namespace', 'everything', 'pod-security.kubernetes.io/enforce=restricted');
    const said = await dryRun('everything', join(import.meta.dirname, '../deploy/everything.yaml'));
    const count = new Map<string, number>();
    for (const line of said.split('\n')) {
      const [kind = ''] = line.split('/');
      count.set(kind, (count.get(kind) ?? 0) + 1);
    }
    for (const [kind, n] of count) say(`${n} ${kind}`);
  } finally {
    await kubectlAll('delete', 'namespace', 'everything');
  }
};

/** In this order, since each leaves the cluster as it was. */
export const proofs: Record<string, Proof> = {
  install: installs,
  order: takesAnOrder,
  policies: guards,
  archive: archives,
  settings: takesSettings,
  healing: heals,
  rollout: rollsOut,
  rollback: rollsBack,
  drain: drains,
  autoscale: scales,
  everything: isTaken,
};
