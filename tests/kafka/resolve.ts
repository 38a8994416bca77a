import { whyNoKafka } from './kafka.ts';

/** Gets what Kafka needs to run, so that no test waits for it; a jar that is not what it was is an error. */
try {
  const missing = await whyNoKafka();
  process.stdout.write(missing ? `SKIPPED: the tests with Kafka. ${missing}\n` : 'Kafka can be started\n');
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
