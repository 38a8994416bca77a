import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { beginCursors } from '../src/consumer.ts';
import { startLeases } from '../src/leases.ts';
import { leaveLog, readUnfinished } from '../src/read-log.ts';
import { OtherLogError, type Transport } from '../src/transport.ts';
import {
  type Cleanup,
  consume,
  createCleanup,
  log,
  type OpenedDatabase,
  openLog,
  openServiceDatabase,
  publish,
  steps,
  stepsOf,
} from './harness.ts';

let cleanup: Cleanup;
let service: OpenedDatabase;
let old: Transport;
let other: Transport;
beforeEach(async () => {
  cleanup = createCleanup();
  service = await openServiceDatabase(cleanup);
  ({ transport: old } = await openLog(cleanup));
  ({ transport: other } = await openLog(cleanup));
});
afterEach(() => cleanup.run());

describe('a service that has read one log', () => {
  it('goes on with it over any connection', async () => {
    await beginCursors(service.db, old, 'beginning');
    await expect(beginCursors(service.another(), { ...old }, 'beginning')).resolves.toBeUndefined();
  });

  it('does not read another, where its positions mean nothing', async () => {
    await publish(old, ...steps(7, 3));
    await publish(other, ...steps(8, 5));
    const reading = consume(cleanup, service.db, old);
    await eventually(async () => expect(await stepsOf(service.db, 7)).toEqual([1, 2, 3]));
    await reading.stop();

    await expect(beginCursors(service.db, other, 'beginning')).rejects.toThrow(OtherLogError);
    const refused = consume(cleanup, service.db, other);
    await eventually(() => expect(refused.healthy()).toBe(false));
    expect(await stepsOf(service.db, 8)).toEqual([]);
  });

  it('whose database is older than this check takes the log that is open for its own', async () => {
    await beginCursors(service.db, old, 'beginning');
    await service.db.query('DELETE FROM read_log');
    await beginCursors(service.db, old, 'beginning');
    await expect(beginCursors(service.db, other, 'beginning')).rejects.toThrow(OtherLogError);
  });

  it('begins at the beginning of another once it has left this one', async () => {
    await publish(old, ...steps(7, 3));
    await publish(other, ...steps(8, 2));
    const reading = consume(cleanup, service.db, old);
    await eventually(async () => expect(await stepsOf(service.db, 7)).toHaveLength(3));
    await reading.stop();
    await leaveLog(service.db);
    consume(cleanup, service.db, other);
    await eventually(async () => expect(await stepsOf(service.db, 8)).toEqual([1, 2]));
  });

  it('tells what it has not read, and whether it runs', async () => {
    await publish(old, ...steps(7, 3));
    expect(await readUnfinished(service.db, await old.heads())).toMatchObject({ running: false, unread: 3 });
    await beginCursors(service.db, old, 'now');
    expect(await readUnfinished(service.db, await old.heads())).toEqual({
      log: old.identity,
      running: false,
      unread: 0,
    });
    const leases = await startLeases({
      db: service.db,
      log,
      holder: '00000000-0000-4000-8000-000000000000',
      partitions: old.partitions,
      exclusive: false,
    });
    expect((await readUnfinished(service.db, await old.heads())).running).toBe(true);
    await leases.stop();
    expect((await readUnfinished(service.db, await old.heads())).running).toBe(false);
  });
});
