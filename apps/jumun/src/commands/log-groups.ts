import { kafkaSettings } from '@jumun/messaging/kafka';
import { createRetention } from '@jumun/messaging/postgres';
import { openDatabases } from '../operator.ts';
import { say } from './output.ts';
import { UsageError } from './usage-error.ts';

interface Options {
  data: string | undefined;
}

/**
 * `jumun log-groups`: shows who reads the event log and how far each is behind, and lets go one that does not exist
 * any more, since what it has not read stays in the log.
 */
export async function logGroups([action, name, ...rest]: string[], { data }: Options): Promise<void> {
  const known = (action === 'list' && name === undefined) || (action === 'forget' && name !== undefined);
  if (!known || rest.length > 0) throw new UsageError('log-groups takes list or forget NAME');

  if (kafkaSettings(process.env))
    throw new Error(
      "the event log is in Kafka, which keeps records for a time and waits for nobody: each service's group is shown by kafka-consumer-groups.sh --describe",
    );
  const { events, close } = await openDatabases(data);
  try {
    if (!events) throw new Error('the database of the event log was not given: EVENTS_URL');
    const retention = createRetention(events);
    const groups = await retention.groups();
    if (action === 'list') {
      say(['group', 'not yet read', 'reported at'].join('\t'));
      for (const { name, lag, reportedAt } of groups) say([name, lag, reportedAt.toISOString()].join('\t'));
      return;
    }
    if (!groups.some(group => group.name === name)) throw new Error(`there is no group ${name}`);
    if (!(await retention.forget(name as string)))
      throw new Error(`${name} has reported within the last minute: stop it first`);
    say(`${name} is forgotten: the log waits for it no longer`);
  } finally {
    await close();
  }
}
