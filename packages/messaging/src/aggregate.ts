import { type Decision, isRejection, type Rejection } from '@jumun/contracts';
import { Problem, type Tx } from '@jumun/service-kit';
import type { Traced } from './consumer.ts';
import type { Outgoing } from './message.ts';
import type { Outbox } from './outbox.ts';

/** An aggregate's pure decisions, and where its states are kept. */
export interface Aggregate<Id, Command, State, Event> {
  idOf(command: Command): Id;
  initial: State;
  decide(command: Command, state: State): Decision<Event>;
  evolve(state: State, event: Event): State;
  /** Locks, in order, and loads the states that the commands are about. */
  load(tx: Tx, commands: Command[]): Promise<Map<Id, State>>;
  /**
   * Writes the states that changed, and what else the events ask for.
   * @param traces the `traceparent` of each aggregate's last command that had an effect
   */
  save(tx: Tx, changes: Change<Id, State>[], events: Event[], traces: ReadonlyMap<Id, string | null>): void;
  /** The event as others see it, or nothing where it is the aggregate's own affair. */
  publish(event: Event): Omit<Outgoing, 'traceparent'> | undefined;
}

export interface Change<Id, State> {
  id: Id;
  before: State;
  after: State;
}

/** What became of one command. */
export type Outcome<State> = { state: State; changed: boolean } | Rejection;

/**
 * Carries out commands in order in one transaction: load, decide, evolve, save, and leave in the outbox what
 * happened. Commands on the same aggregate see what the earlier ones did.
 */
export async function carryOut<Id, Command, State, Event>(
  tx: Tx,
  outbox: Outbox,
  aggregate: Aggregate<Id, Command, State, Event>,
  commands: Traced<Command>[],
): Promise<Outcome<State>[]> {
  const loaded = await aggregate.load(
    tx,
    commands.map(({ command }) => command),
  );
  const states = new Map(loaded);
  const events: Event[] = [];
  const outgoing: Outgoing[] = [];
  const traces = new Map<Id, string | null>();
  const outcomes = commands.map(({ command, traceparent }): Outcome<State> => {
    const id = aggregate.idOf(command);
    const state = states.get(id) ?? aggregate.initial;
    const decision = aggregate.decide(command, state);
    if (isRejection(decision)) return decision;
    const next = decision.reduce(aggregate.evolve, state);
    states.set(id, next);
    events.push(...decision);
    if (decision.length > 0) traces.set(id, traceparent);
    for (const event of decision) {
      const published = aggregate.publish(event);
      if (published) outgoing.push({ ...published, traceparent });
    }
    return { state: next, changed: decision.length > 0 };
  });
  const changes: Change<Id, State>[] = [];
  for (const [id, after] of states) {
    const before = loaded.get(id) ?? aggregate.initial;
    if (before !== after) changes.push({ id, before, after });
  }
  if (events.length > 0) aggregate.save(tx, changes, events, traces);
  outbox.append(tx, outgoing);
  return outcomes;
}

/** The state after a command. @throws Problem where it was rejected */
export function stateOrThrow<State>(outcome: Outcome<State>): State {
  if (isRejection(outcome)) {
    throw new Problem(outcome.rejected, outcome.detail, outcome.extra ? { extra: outcome.extra } : {});
  }
  return outcome.state;
}
