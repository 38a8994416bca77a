import { leaveLog, readUnfinished } from '@jumun/messaging';
import { openPostgresTransport } from '@jumun/messaging/postgres';
import { openDatabases } from '../operator.ts';
import { say } from './output.ts';
import { UsageError } from './usage-error.ts';

/**
 * `jumun change-log`: lets services that have handled all of their event log in PostgreSQL begin at the beginning of
 * another, which they are then started with (KAFKA_BROKERS). What waits in their outboxes goes there.
 * @throws Error when a service runs or has events to handle; then nothing was changed
 */
export async function changeLog(words: string[], data: string | undefined): Promise<void> {
  if (words.length > 0) throw new UsageError(`change-log takes no ${words[0]}`);
  const { services, events, close } = await openDatabases(data);
  try {
    if (!events) throw new Error('the database of the log that is to be left was not given: EVENTS_URL');
    const { heads, identity } = await openPostgresTransport(events);
    const ends = await heads();
    for (const [name, db] of services) {
      const { log, running, unread } = await readUnfinished(db, ends);
      if (log !== null && log !== identity) {
        throw new Error(`${name} reads ${log}, and this is ${identity}: start it with the log that it reads`);
      }
      if (running) throw new Error(`${name} is running: stop it first`);
      if (unread > 0) throw new Error(`${name} has ${unread} events to handle: start it, and let it finish`);
    }
    for (const [name, db] of services) {
      await leaveLog(db);
      say(`${name} begins with the log that it is started with next`);
    }
  } finally {
    await close();
  }
}
