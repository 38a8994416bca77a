import { Ordered } from '@jumun/contracts';
import { type Database, Problem, type Tx } from '@jumun/service-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Aggregate, type Change, carryOut, type Outcome, stateOrThrow } from '../src/aggregate.ts';
import type { Traced } from '../src/consumer.ts';
import { createOutbox, readOutbox } from '../src/outbox.ts';
import { type Cleanup, createCleanup, openServiceDatabase, randomOrder } from './harness.ts';

/** A jar: what is put in counts up, what is taken out must be there, and looking at it changes nothing. */
interface Jar {
  id: number;
  pieces: number;
}
type Command = { kind: 'put' | 'take'; id: number; pieces: number } | { kind: 'look'; id: number };
type Event = { type: 'Put' | 'Taken' | 'Emptied'; id: number; pieces: number };

describe('carrying out commands on aggregates', () => {
  let cleanup: Cleanup;
  let db: Database;
  let saves: { changes: Change<number, Jar>[]; events: Event[] }[];
  let loads: number[][];

  beforeEach(async () => {
    cleanup = createCleanup();
    ({ db } = await openServiceDatabase(cleanup));
    await db.query('CREATE TABLE jar (id bigint PRIMARY KEY, pieces int NOT NULL)');
    cleanup.add(() => db.query('DROP TABLE jar'));
    saves = [];
    loads = [];
  });
  afterEach(() => cleanup.run());

  const jars: Aggregate<number, Command, Jar, Event> = {
    idOf: command => command.id,
    initial: { id: 0, pieces: 0 },
    decide(command, { pieces }) {
      const { kind, id } = command;
      if (kind === 'look') return [];
      if (kind === 'put') return [{ type: 'Put', id, pieces: command.pieces }];
      if (command.pieces > pieces) {
        return { rejected: 'out-of-stock', detail: 'Not so many.', extra: { left: pieces } };
      }
      const taken: Event = { type: 'Taken', id, pieces: command.pieces };
      return command.pieces === pieces ? [taken, { type: 'Emptied', id, pieces: 0 }] : [taken];
    },
    evolve({ pieces }, { type, id, pieces: by }) {
      return { id, pieces: type === 'Put' ? pieces + by : pieces - by };
    },
    async load(tx, commands) {
      const ids = [...new Set(commands.map(({ id }) => id))].sort((a, b) => a - b);
      loads.push(ids);
      const rows = await tx.query<{ id: number; pieces: number }>(
        'SELECT id, pieces FROM jar WHERE id = ANY($1) ORDER BY id FOR UPDATE',
        [ids],
      );
      return new Map(rows.map(row => [row.id, row]));
    },
    save(tx, changes, events) {
      saves.push({ changes, events });
      tx.send(
        `INSERT INTO jar SELECT * FROM unnest($1::bigint[], $2::int[])
         ON CONFLICT (id) DO UPDATE SET pieces = excluded.pieces`,
        [changes.map(({ id }) => id), changes.map(({ after }) => after.pieces)],
      );
    },
    publish: ({ type, id, pieces }) =>
      type === 'Emptied' ? undefined : { type: Ordered.type, key: String(id), fields: { did: type, pieces } },
  };

  const outbox = createOutbox(() => {});
  const traced = (...commands: Command[]): Traced<Command>[] =>
    commands.map((command, i) => ({ command, traceparent: `trace-${i}` }));
  const carry = (...commands: Command[]): Promise<Outcome<Jar>[]> =>
    db.transaction((tx: Tx) => carryOut(tx, outbox, jars, traced(...commands)));
  const stored = () => db.query('SELECT id, pieces FROM jar ORDER BY id');
  const published = async () =>
    (await readOutbox(db, 100)).map(({ key, payload, traceparent }) => {
      const { did, pieces } = JSON.parse(payload);
      return { key, did, pieces, traceparent };
    });

  it('answers each command in its place with the state that it left', async () => {
    const [a, b] = [randomOrder(), randomOrder()];
    expect(
      await carry(
        { kind: 'put', id: a, pieces: 5 },
        { kind: 'put', id: b, pieces: 1 },
        { kind: 'take', id: a, pieces: 2 },
      ),
    ).toEqual([
      { state: { id: a, pieces: 5 }, changed: true },
      { state: { id: b, pieces: 1 }, changed: true },
      { state: { id: a, pieces: 3 }, changed: true },
    ]);
  });

  it('lets a later command on the same aggregate see what an earlier one did, and only the earlier', async () => {
    const id = randomOrder();
    const outcomes = await carry(
      { kind: 'take', id, pieces: 1 },
      { kind: 'put', id, pieces: 1 },
      { kind: 'take', id, pieces: 1 },
      { kind: 'take', id, pieces: 1 },
    );
    expect(outcomes.map(outcome => 'rejected' in outcome)).toEqual([true, false, false, true]);
    expect(await stored()).toEqual([{ id, pieces: 0 }]);
  });

  it('does not let a rejection stop the others', async () => {
    const [a, b] = [randomOrder(), randomOrder()];
    const outcomes = await carry(
      { kind: 'take', id: a, pieces: 9 },
      { kind: 'put', id: b, pieces: 2 },
      { kind: 'take', id: b, pieces: 3 },
    );
    expect(outcomes).toEqual([
      { rejected: 'out-of-stock', detail: 'Not so many.', extra: { left: 0 } },
      { state: { id: b, pieces: 2 }, changed: true },
      { rejected: 'out-of-stock', detail: 'Not so many.', extra: { left: 2 } },
    ]);
    expect(await stored()).toEqual([{ id: b, pieces: 2 }]);
  });

  it('loads and saves once for all, each changed aggregate with what it was and what it is', async () => {
    const [a, b, c] = [1, 2, 3].map(i => i * 1_000 + (randomOrder() % 1_000)) as [number, number, number];
    await carry({ kind: 'put', id: a, pieces: 5 }, { kind: 'put', id: c, pieces: 1 });
    saves.length = 0;
    loads.length = 0;
    await carry(
      { kind: 'take', id: a, pieces: 1 },
      { kind: 'put', id: b, pieces: 1 },
      { kind: 'look', id: c },
      { kind: 'take', id: a, pieces: 1 },
    );
    expect(loads).toEqual([[a, b, c]]);
    expect(saves).toEqual([
      {
        changes: [
          { id: a, before: { id: a, pieces: 5 }, after: { id: a, pieces: 3 } },
          { id: b, before: jars.initial, after: { id: b, pieces: 1 } },
        ].sort((x, y) => (x.id === a ? -1 : y.id === a ? 1 : 0)),
        events: [
          { type: 'Taken', id: a, pieces: 1 },
          { type: 'Put', id: b, pieces: 1 },
          { type: 'Taken', id: a, pieces: 1 },
        ],
      },
    ]);
  });

  it('saves and publishes nothing when nothing happened', async () => {
    const id = randomOrder();
    const outcomes = await carry({ kind: 'look', id }, { kind: 'take', id, pieces: 1 });
    expect(outcomes[0]).toEqual({ state: jars.initial, changed: false });
    expect(saves).toEqual([]);
    expect(await readOutbox(db, 10)).toEqual([]);
  });

  it('leaves what happened in the outbox, in order and with the trace of each command, without what is its own affair', async () => {
    const [a, b] = [randomOrder(), randomOrder()];
    await carry(
      { kind: 'put', id: a, pieces: 2 },
      { kind: 'put', id: b, pieces: 7 },
      { kind: 'take', id: a, pieces: 2 },
      { kind: 'put', id: a, pieces: 4 },
    );
    expect(await published()).toEqual([
      { key: String(a), did: 'Put', pieces: 2, traceparent: 'trace-0' },
      { key: String(b), did: 'Put', pieces: 7, traceparent: 'trace-1' },
      { key: String(a), did: 'Taken', pieces: 2, traceparent: 'trace-2' },
      { key: String(a), did: 'Put', pieces: 4, traceparent: 'trace-3' },
    ]);
    expect(saves[0]?.events.map(({ type }) => type)).toEqual(['Put', 'Put', 'Taken', 'Emptied', 'Put']);
  });

  it('keeps neither state nor events when the transaction fails afterwards', async () => {
    const id = randomOrder();
    const failing = db.transaction(async tx => {
      await carryOut(tx, outbox, jars, traced({ kind: 'put', id, pieces: 1 }));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await stored()).toEqual([]);
    expect(await readOutbox(db, 10)).toEqual([]);
  });

  it('keeps count when many transactions change the same aggregate at once', async () => {
    const id = randomOrder();
    await carry({ kind: 'put', id, pieces: 1 });
    await Promise.all(Array.from({ length: 12 }, () => carry({ kind: 'put', id, pieces: 1 })));
    expect(await stored()).toEqual([{ id, pieces: 13 }]);
    expect(await published()).toHaveLength(13);
  });

  it('gives the state of an outcome, or throws its rejection as a problem', () => {
    expect(stateOrThrow({ state: 3, changed: true })).toBe(3);
    const refuse = () =>
      stateOrThrow({
        rejected: 'out-of-stock',
        detail: 'Not so many.',
        extra: { left: 2 },
      } as Outcome<number>);
    expect(refuse).toThrow(Problem);
    try {
      refuse();
    } catch (error) {
      expect(error).toMatchObject({ status: 409, detail: 'Not so many.', more: { extra: { left: 2 } } });
    }
  });
});
