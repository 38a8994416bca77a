import { randomUUID } from 'node:crypto';
import { Ordered } from '@jumun/contracts';
import { createLogger, openDatabase } from '@jumun/service-kit';
import { on, startConsumer } from '../src/consumer.ts';
import { startLeases } from '../src/leases.ts';
import { startRelay } from '../src/relay.ts';
import { kafkaSettings, openKafkaTransport } from '../src/transports/kafka.ts';
import { openPostgresTransport } from '../src/transports/postgres.ts';

/**
 * One of several processes of a service, until it is killed: relays its outbox, and takes note of its own events.
 * From the environment: DATABASE_URL, and EVENTS_URL or the settings of Kafka.
 */
const { DATABASE_URL: url = '', EVENTS_URL: events = '' } = process.env;
const log = createLogger('replica', 'silent');
const db = openDatabase({ url, name: 'replica', connections: 6, log });
const settings = kafkaSettings(process.env);
const transport = settings
  ? await openKafkaTransport(settings, log)
  : await openPostgresTransport(openDatabase({ url: events, name: 'replica', connections: 6, log }));
const { partitions } = transport;
const leases = await startLeases({ db, log, holder: randomUUID(), partitions, exclusive: false });
const relay = startRelay({ publisher: 'order', db, transport, isLeader: leases.isRelay, log });
const consumer = startConsumer({
  name: 'order',
  db,
  transport,
  subscriptions: [on(Ordered, ({ id, price }) => ({ order: id, step: price }))],
  execute: (tx, commands) =>
    tx.query(
      `INSERT INTO effect ("order", step, by)
       SELECT o, s, $3 FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS u(o, s, place) ORDER BY place`,
      [
        commands.map(({ command }) => command.order),
        commands.map(({ command }) => command.step),
        String(process.pid),
      ],
    ),
  partitions: leases.partitions,
  from: 'beginning',
  log,
});
transport.onAppend(() => consumer.wake());
setInterval(relay.wake, 20);
process.stdout.write('ready\n');
