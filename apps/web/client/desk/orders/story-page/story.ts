import type { paths } from '../../../api/schema/customercenter.ts';

/** What is known of one order in all services. */
export type Story = paths['/audit/orders/{id}']['get']['responses'][200]['content']['application/json'];
export type Moment = Story['happened'][number];
/** What the services keep of it now. */
export type Row = Story['rows'][number];

/** What kind of thing happened. */
export type Happening =
  | {
      kind: 'published';
      event: string /** ms until it was in the log; null while it is not. */;
      ms: number | null;
    }
  | { kind: 'handled'; event: string }
  | { kind: 'setAside'; event: string; state: string; attempts: number; reason: string }
  | { kind: 'captured' | 'givenBack'; amount: number }
  | { kind: 'noticeSent'; notice: string }
  | { kind: 'intentOpened' | 'orderEstablished' | 'paymentRecorded' | 'refundDue' | 'deliveryOpened' }
  | { kind: 'other'; text: string };

export type Step = Happening & {
  /** RFC 3339. */
  at: string;
  service: string;
  /** ms since the moment before it; 0 for the first. */
  after: number;
  payload?: Record<string, unknown>;
};

/** A step of the order with the services that have taken note of it since: what is said once is shown once. */
export type Entry = Step & { /** Its place in the story. */ id: number; heardBy: Step[] };

const plain: Record<string, Happening> = {
  'intent opened': { kind: 'intentOpened' },
  'order established': { kind: 'orderEstablished' },
  'payment recorded': { kind: 'paymentRecorded' },
  'refund due': { kind: 'refundDue' },
  'delivery opened': { kind: 'deliveryOpened' },
};
const PUBLISHED = /^published (\w+) \((?:in the log at \d+ after (\d+) ms|not in the log yet)\)$/;
const HANDLED = /^handled (\w+)$/;
const SET_ASIDE = /^set (\w+) aside \((\w+), (\d+) attempts\): (.*)$/s;
const MOVED = /^provider (captured|gave) (\d+)( back)?$/;
const NOTICE = /^notice (\w+) sent$/;

/** What a moment of the story says, for those who show it; what is not known stands as it was said. */
export function read(what: string): Happening {
  const known = plain[what];
  if (known) return known;
  const published = PUBLISHED.exec(what);
  if (published) {
    const [, event = '', ms] = published;
    return { kind: 'published', event, ms: ms === undefined ? null : Number(ms) };
  }
  const handled = HANDLED.exec(what);
  if (handled) return { kind: 'handled', event: handled[1] ?? '' };
  const aside = SET_ASIDE.exec(what);
  if (aside) {
    const [, event = '', state = '', attempts, reason = ''] = aside;
    return { kind: 'setAside', event, state, attempts: Number(attempts), reason };
  }
  const moved = MOVED.exec(what);
  if (moved) return { kind: moved[1] === 'captured' ? 'captured' : 'givenBack', amount: Number(moved[2]) };
  const notice = NOTICE.exec(what);
  if (notice) return { kind: 'noticeSent', notice: notice[1] ?? '' };
  return { kind: 'other', text: what };
}

/**
 * The story as a timeline: in the order in which it was told (causes before effects), each event with those that handled it
 * in the place where it was published. Events of the same name are told apart by their order: a service handles them in turn.
 */
export function timelineOf(happened: readonly Moment[]): Entry[] {
  const entries: Entry[] = [];
  let before: number | undefined;
  for (const { at, service, what, payload } of happened) {
    const time = Date.parse(at);
    const step: Step = {
      ...read(what),
      at,
      service,
      after: Math.max(0, time - (before ?? time)),
      ...(payload && { payload }),
    };
    const cause = step.kind === 'handled' ? causeOf(entries, step.event, service) : undefined;
    if (cause) cause.heardBy.push(step);
    else {
      entries.push({ ...step, id: entries.length, heardBy: [] });
      before = time;
    }
  }
  return entries;
}

/** The first event of that name that the service has not handled yet. */
function causeOf(entries: Entry[], event: string, service: string): Entry | undefined {
  return entries.find(
    entry =>
      entry.kind === 'published' &&
      entry.event === event &&
      !entry.heardBy.some(heard => heard.service === service),
  );
}
