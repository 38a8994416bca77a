import {
  eventContracts,
  type HandlingAnswer,
  type LoggedEvent,
  type ServiceName,
  type StoryAnswer,
} from '@jumun/contracts';

/** One thing that happened to an order. */
export interface Moment {
  /** In ms since 1970. */
  at: number;
  service: ServiceName;
  what: string;
  /** What an event said. */
  payload?: Record<string, unknown>;
}

export interface Evidences {
  stories: Partial<Record<ServiceName, StoryAnswer>>;
  events: LoggedEvent[];
  handling: Partial<Record<ServiceName, HandlingAnswer>>;
}

const publisherOf = new Map<string, ServiceName>(
  eventContracts.map(({ type, publisher }) => [type, publisher]),
);

/** What comes first among things of the same moment: a row, then what is said of it, then what is made of that. */
const rank = { row: 0, published: 1, handled: 2 };

/**
 * What happened to an order in all services, causes before effects. The clocks of the services may differ, so the log
 * has the last word: events keep its order, and none is handled before it was published.
 */
export function tellStory({ stories, events, handling }: Evidences): Moment[] {
  const moments: (Moment & { rank: number })[] = [];
  const published = new Map<string, number>();
  let last = 0;
  for (const { eventId, type, payload, appendedAt, position } of events) {
    const fields = parse(payload);
    const said = typeof fields.timestamp === 'number' ? fields.timestamp : appendedAt;
    last = Math.max(last, said);
    published.set(eventId, last);
    moments.push({
      at: last,
      service: publisherOf.get(type) ?? 'order',
      what: `published ${type} (in the log at ${position} after ${Math.max(0, Math.round(appendedAt - said))} ms)`,
      payload: fields,
      rank: rank.published,
    });
  }
  const typeOf = new Map(events.map(({ eventId, type }) => [eventId, type]));
  for (const [service, { handled, waiting, held }] of Object.entries(handling) as [
    ServiceName,
    HandlingAnswer,
  ][]) {
    for (const { eventId, at } of handled) {
      const after = Math.max(at, published.get(eventId) ?? 0);
      moments.push({ at: after, service, what: `handled ${typeOf.get(eventId)}`, rank: rank.handled });
    }
    for (const { type, at } of waiting)
      moments.push({ at, service, what: `published ${type} (not in the log yet)`, rank: rank.published });
    for (const { type, state, attempts, reason, since } of held) {
      const what = `set ${type} aside (${state}, ${attempts} attempts): ${reason}`;
      moments.push({ at: since, service, what, rank: rank.handled });
    }
  }
  for (const [service, { happened }] of Object.entries(stories) as [ServiceName, StoryAnswer][]) {
    for (const moment of happened) moments.push({ service, ...moment, rank: rank.row });
  }
  return moments
    .sort((a, b) => Math.floor(a.at) - Math.floor(b.at) || a.rank - b.rank)
    .map(({ rank: _, ...moment }) => moment);
}

function parse(payload: string): Record<string, unknown> {
  try {
    return JSON.parse(payload);
  } catch {
    return { unreadable: payload };
  }
}
