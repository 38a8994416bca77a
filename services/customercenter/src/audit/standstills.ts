import type { Progress, ServiceName, Standstill } from '@jumun/contracts';
import type { AllProgress } from './horizon.ts';
import type { Finding } from './store.ts';

/** More need not be shown one by one. */
const MAX_SHOWN = 300;
const MAX_REASON = 200;

/** Which service's events have to arrive where before an order gets on. */
const route: Record<string, { publishers: ServiceName[]; reader: ServiceName }> = {
  'product: take the pieces': { publishers: ['order', 'pay'], reader: 'product' },
};

function unread(progress: Progress | undefined): number {
  return Object.entries(progress?.heads ?? {}).reduce(
    (sum, [partition, head]) => sum + head - (progress?.cursors[Number(partition)] ?? 0),
    0,
  );
}

/** The services that stand still as a whole: the log does not have what they have to read next. */
export function standingServices(progress: Partial<AllProgress>): Finding[] {
  return Object.entries(progress).flatMap(([service, { lost = {} }]) => {
    const [why] = Object.values(lost);
    if (why === undefined) return [];
    return [{ subject: `service ${service}`, kind: 'saga', detail: `has to be re-seeded: ${why}` }];
  });
}

/**
 * Adds to each order that stands still why it does, and adds those that an event which was set aside holds up.
 * @param progress of the services that answered
 * @returns those that have stood still for longest, at most 300
 */
export function explain(standing: Standstill[], progress: Partial<AllProgress>): Standstill[] {
  const services = Object.entries(progress) as [ServiceName, Progress][];
  const held = services.flatMap(([service, { held }]) =>
    held
      .filter(({ state, key }) => state !== 'waiting' && Number.isInteger(Number(key)))
      .map(({ key, type, state, attempts, reason, since }) => ({
        orderId: Number(key),
        step: `${service}: handle ${type}`,
        why: `${state} after ${attempts} attempts: ${reason?.slice(0, MAX_REASON) ?? 'no reason is known'}`,
        since,
      })),
  );
  const explained = standing.map(entry => ({ ...entry, why: entry.why ?? whyOf(entry) }));
  return [...held, ...explained].sort((a, b) => a.since - b.since).slice(0, MAX_SHOWN);

  function whyOf({ orderId, step }: Standstill): string {
    const own = held.find(letter => letter.orderId === orderId);
    if (own) return `${own.step} is ${own.why}`;
    if (step.startsWith('carrier')) return 'nobody has reported it';
    const { publishers = [], reader = 'pay' } = route[step] ?? {};
    const away = [...publishers, reader].find(name => !progress[name]);
    if (away) return `${away} does not answer`;
    const late = publishers.find(name => (progress[name]?.outboxOldest ?? null) !== null);
    if (late) return `${late} has events that are not in the log yet`;
    const behind = publishers.length > 0 ? unread(progress[reader]) : 0;
    const lost = Object.values(progress[reader]?.lost ?? {})[0];
    if (lost) return `${reader} stands still until it is re-seeded: ${lost}`;
    if (behind > 0) return `${reader} is ${behind} events behind`;
    return 'nothing is known to be in its way';
  }
}
