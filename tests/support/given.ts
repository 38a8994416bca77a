import { type Decision, isRejection, type ProblemSlug, type ServiceName } from '@jumun/contracts';
import { createOutbox, type Outbox, readOutbox } from '@jumun/messaging';
import { createLogger, type Database, migrate, openDatabase } from '@jumun/service-kit';
import { expect } from 'vitest';
import { freshDatabase } from './database.ts';

/** What an aggregate is made of: its state before anything happened, and its two pure functions. */
export interface Decider<State, Command, Event> {
  initial: State;
  decide(command: Command, state: State): Decision<Event>;
  evolve(state: State, event: Event): State;
}

/** What is claimed of one command. Each claim fails the test where it does not hold. */
export interface Claims<State, Event> {
  /** Exactly these events follow, in this order. */
  thenEvents(...events: Event[]): Claims<State, Event>;
  /** Nothing happens: it was done before, or means nothing here. */
  thenNothing(): Claims<State, Event>;
  /** It is refused for this reason; `extra` are the members that the problem has beside its detail. */
  thenRejected(slug: ProblemSlug, extra?: Record<string, unknown>): Claims<State, Event>;
  /** The state is this afterwards. */
  thenState(state: State): Claims<State, Event>;
}

export interface Past<State, Command, Event> {
  when(command: Command): Claims<State, Event>;
}

/**
 * Begins a specification of an aggregate: `given(decider)(past).when(command).thenEvents(…)`. The past is a list of
 * events, which are folded, or the state itself.
 */
export function given<State extends object, Command, Event>(decider: Decider<State, Command, Event>) {
  return (past: readonly Event[] | State): Past<State, Command, Event> => {
    const before = Array.isArray(past)
      ? (past as Event[]).reduce(decider.evolve, decider.initial)
      : (past as State);
    return { when: command => claims(decider, before, decider.decide(command, before)) };
  };
}

function claims<State, Command, Event>(
  { evolve }: Decider<State, Command, Event>,
  before: State,
  decision: Decision<Event>,
): Claims<State, Event> {
  const self: Claims<State, Event> = {
    thenEvents(...events) {
      expect(decision).toEqual(events);
      return self;
    },
    thenNothing: () => self.thenEvents(),
    thenRejected(slug, extra) {
      if (!isRejection(decision)) throw new Error(`not rejected: ${JSON.stringify(decision)}`);
      expect(decision.rejected).toBe(slug);
      expect(decision.extra).toEqual(extra);
      expect(decision.detail).toMatch(/\w.*\.$/);
      return self;
    },
    thenState(state) {
      expect(isRejection(decision) ? before : decision.reduce(evolve, before)).toEqual(state);
      return self;
    },
  };
  return self;
}

/** A service's own database with its tables and nothing in them. */
export interface ServiceDatabase {
  db: Database;
  outbox: Outbox;
  /** What waits in the outbox, in order. */
  published(): Promise<{ key: string; type: string; fields: Record<string, unknown> }[]>;
  close(): Promise<void>;
}

export async function givenDatabase(service: ServiceName): Promise<ServiceDatabase> {
  const database = await freshDatabase(service);
  const log = createLogger(service, 'silent');
  const db = openDatabase({ url: database.url, name: `${service}-test`, connections: 8, log });
  await migrate(db, [
    new URL('../../packages/messaging/migrations/', import.meta.url),
    new URL(`../../services/${service}/migrations/`, import.meta.url),
  ]);
  return {
    db,
    outbox: createOutbox(() => {}),
    async published() {
      const messages = await readOutbox(db, 100_000);
      return messages.map(({ key, type, payload }) => ({ key, type, fields: JSON.parse(payload) }));
    },
    async close() {
      await db.close();
      await database.drop();
    },
  };
}
