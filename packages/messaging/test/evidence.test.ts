import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../tests/support/eventually.ts';
import { readProgress } from '../src/evidence.ts';
import {
  type Cleanup,
  consume,
  createCleanup,
  openLog,
  openServiceDatabase,
  publish,
  randomOrder,
  steps,
  stepsOf,
} from './harness.ts';

describe('the progress of a service', () => {
  let cleanup: Cleanup;
  beforeEach(() => {
    cleanup = createCleanup();
  });
  afterEach(() => cleanup.run());

  it('says nothing of events that are missing when it reads on while it is asked', async () => {
    const { transport } = await openLog(cleanup);
    const { db } = await openServiceDatabase(cleanup);
    const order = randomOrder();
    consume(cleanup, db, transport);
    const { lost, cursors, heads } = await readProgress(db, {
      ...transport,
      async heads() {
        const heads = await transport.heads();
        await publish(transport, ...steps(order, 3));
        await eventually(async () => expect(await stepsOf(db, order)).toHaveLength(3));
        return heads;
      },
    });
    expect(lost).toEqual({});
    expect(Object.keys(heads)).toHaveLength(transport.partitions);
    expect(Object.values(cursors).every(position => position === 0)).toBe(true);
  });
});
