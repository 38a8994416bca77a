import { mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { live } from '../../apps/jumun/src/lifetime.ts';
import { all } from '../support/all.ts';
import { isFree } from '../support/ports.ts';
import { startCluster } from './cluster.ts';
import { kafkaJava } from './kafka.ts';

/**
 * `npm run dev:kafka`: a cluster for whoever works on jumun, at the same place and with the same data each time. The
 * cursors in the services' databases say how far they have read in it, so it has to last as long as those do.
 */
const root = resolve(import.meta.dirname, '../..');
const say = (text: string) => process.stdout.write(`${text}\n`);

try {
  const { values } = parseArgs({
    options: { brokers: { type: 'string' }, port: { type: 'string' }, data: { type: 'string' } },
  });
  const directory =
    values.data === undefined
      ? join(root, '.jumun-kafka')
      : resolve(process.env.INIT_CWD ?? process.cwd(), values.data);
  const brokers = await brokersIn(directory, values.brokers);
  const port = portOf(values.port);

  await live(async lifetime => {
    const java = await kafkaJava();
    const ports = Array.from({ length: brokers * 3 }, (_, i) => port + i);
    for (const taken of ports)
      if (!(await isFree(taken))) throw new Error(`port ${taken} is in use; choose others with --port N`);
    await mkdir(directory, { recursive: true });
    const { nodes, env } = await startCluster({ java, directory, brokers, ports });
    lifetime.onStop(async () => void (await all(nodes.map(node => node.stop()))));
    say(`Kafka runs with ${brokers} broker${brokers > 1 ? 's' : ''}; its data is in ${directory}`);
    say(`Use it with:  KAFKA_BROKERS=${env.KAFKA_BROKERS} npm start`);
    say('Ctrl-C stops it.');
  });
} catch (error) {
  process.stderr.write(`dev:kafka: ${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
}

/** The number of brokers: as many as the data is of, or as asked for. */
async function brokersIn(directory: string, asked: string | undefined): Promise<number> {
  const there = await readdir(directory).catch(() => []);
  const held = there.filter(name => /^\d+$/.test(name)).length;
  const wanted = asked === undefined ? held || 1 : Number(asked);
  if (wanted !== 1 && wanted !== 3) throw new Error(`--brokers ${asked} is neither 1 nor 3`);
  if (held && held !== wanted)
    throw new Error(`${directory} was made with --brokers ${held}; choose another folder with --data DIR`);
  return wanted;
}

/** The first of the ports: those for clients, then as many for the brokers and for the controllers among themselves. */
function portOf(option = '9092'): number {
  const port = Number(option);
  if (Number.isInteger(port) && port >= 1024 && port <= 65_500) return port;
  throw new Error(`--port ${option} is not a number from 1024 to 65500`);
}
