import { migratePostgresLog } from '@jumun/messaging/postgres';
import { createLogger, openDatabase } from '@jumun/service-kit';
import { databaseIn, defaultEnv, planStart, verifyingDatabases } from '../options.ts';
import { services } from '../parts.ts';
import { reach } from '../reach.ts';
import { say } from './output.ts';

/**
 * `jumun migrate`: brings the databases that were given up to date and starts nothing, so that a rollout can begin with
 * it. What takes away from the version that is still at work waits for `--contract`.
 */
export async function migrate(only: string | undefined, contract: boolean): Promise<void> {
  const plan = planStart({ only });
  const env = verifyingDatabases({ ...defaultEnv(plan), ...process.env });
  const chosen = services.filter(({ name }) => plan.names.includes(name));
  const given = chosen.filter(({ name }) => databaseIn(env, name));
  if (given.length === 0)
    throw new Error('no DATABASE_URL was given; the embedded default migrates when it starts');
  const tell = (name: string, applied: string[]) =>
    say(`${name}: ${applied.length > 0 ? applied.join(', ') : 'up to date'}`);
  if (env.EVENTS_URL && !env.KAFKA_BROKERS) {
    const log = createLogger('events', 'silent');
    const db = openDatabase({ url: env.EVENTS_URL, name: 'events', connections: 1, log });
    const migrating = migratePostgresLog(db, { contract }).finally(() => db.close());
    tell('events', await reach('the event log', migrating));
  }
  for (const { name, migrate } of given)
    tell(name, await reach(`the ${name} service`, migrate(env, { contract })));
}
