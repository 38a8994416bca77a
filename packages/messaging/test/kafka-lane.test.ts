import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type Connection, metadataV12 } from '@platformatic/kafka';
import { expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { createCluster } from '../src/transports/kafka/cluster.ts';
import { kafkaSettings } from '../src/transports/kafka/settings.ts';
import { log } from './harness.ts';

it('leaves no connection behind where several requests fail on one', async () => {
  const open = new Set<Socket>();
  let accepted = 0;
  const silent = createServer(socket => {
    accepted++;
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
    socket.resume();
  });
  await new Promise<void>(listening => silent.listen(0, '127.0.0.1', listening));
  const broker = { host: '127.0.0.1', port: (silent.address() as AddressInfo).port };
  const settings = kafkaSettings({ KAFKA_BROKERS: `127.0.0.1:${broker.port}` });
  if (!settings) throw new Error('there are no settings of Kafka');
  const cluster = createCluster(settings, log);
  try {
    const lane = cluster.lane(300);
    const ask = () =>
      lane
        .request(broker, (connection: Connection) => metadataV12.api.async(connection, ['t'], false, false))
        .then(
          () => 'answered',
          () => 'failed',
        );
    const first = ask();
    const second = ask();
    // Asks again at once, before the second has heard of the end of the connection.
    const third = first.then(ask);
    expect(await Promise.all([first, second])).toEqual(['failed', 'failed']);
    const fourth = ask();
    expect(await Promise.all([third, fourth])).toEqual(['failed', 'failed']);
    expect(accepted).toBe(2);
    cluster.close();
    await eventually(() => expect(open.size).toBe(0));
  } finally {
    cluster.close();
    for (const socket of open) socket.destroy();
    silent.close();
  }
});
