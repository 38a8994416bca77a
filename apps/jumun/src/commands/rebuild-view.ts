import { type Rebuilt, rebuildView } from '@jumun/customercenter/rebuild';
import { openTransportReplay, type Replay } from '@jumun/messaging';
import { kafkaSettings, openKafkaTransport } from '@jumun/messaging/kafka';
import { openReplay } from '@jumun/messaging/postgres';
import { createLogger, type Database } from '@jumun/service-kit';
import { openDatabases } from '../operator.ts';
import { say } from './output.ts';
import { UsageError } from './usage-error.ts';

interface Options {
  data: string | undefined;
  shuffle: string | undefined;
}

const PROGRESS_MS = 2_000;

/** `jumun rebuild-view`: builds customercenter's view anew from the event log and tells how it differs from the old. */
export async function rebuild(words: string[], { data, shuffle }: Options): Promise<void> {
  if (words.length > 0) throw new UsageError(`rebuild-view takes no ${words[0]}`);
  const seed = shuffle === undefined ? undefined : parseSeed(shuffle);

  const { services, events, close } = await openDatabases(data);
  try {
    const view = services.get('customercenter');
    if (!view) throw new Error('the database of customercenter was not given: CUSTOMERCENTER__DATABASE_URL');
    const replay = await openLog(events);
    try {
      const begun = performance.now();
      const progress = nowAndThen(PROGRESS_MS);
      const rebuilt = await rebuildView(view, replay, {
        seed,
        onFolded: (records, of) => progress(`folded ${count(records)} of ${count(of)} records`),
        onCompared: orders => progress(`compared ${count(orders)} orders`),
      });
      report(rebuilt, (performance.now() - begun) / 1_000);
    } finally {
      await replay.close();
    }
  } finally {
    await close();
  }
}

/** The log that is read: in Kafka (KAFKA_BROKERS), or in its database. */
async function openLog(events: Database | undefined): Promise<Replay> {
  const kafka = kafkaSettings(process.env);
  if (kafka) return openTransportReplay(await openKafkaTransport(kafka, createLogger('jumun', 'silent')));
  if (!events) throw new Error('the event log was not given: KAFKA_BROKERS, or its database in EVENTS_URL');
  return openReplay(events);
}

function parseSeed(text: string): number {
  const seed = Number(text);
  if (!/^\d+$/.test(text) || seed >= 2 ** 32)
    throw new Error('--shuffle takes a number from 0 to 4294967295');
  return seed;
}

/** Says a line unless one was said just before. */
function nowAndThen(everyMs: number): (line: string) => void {
  let saidAt = Number.NEGATIVE_INFINITY;
  return line => {
    if (performance.now() - saidAt < everyMs) return;
    saidAt = performance.now();
    say(line);
  };
}

function report({ orders, records, carried, setAside, differences, sample }: Rebuilt, seconds: number): void {
  say(`the new view is in place: ${count(records)} records in ${seconds.toFixed(1)} s`);
  if (carried > 0)
    say(
      `${count(carried)} orders may miss events in the log, which are too old for it: built on the rows that they had`,
    );
  if (setAside > 0)
    say(`${count(setAside)} events stand in dead letters, in neither view: they come when they are replayed`);
  say(`${count(orders)} orders compared, differences: ${differences}`);
  for (const { orderId, old, next } of sample) say(`order ${orderId}: ${describe(old, next)}`);
  if (sample.length < differences) say('…');
}

/** The fields that differ, each as it was and as it is. */
function describe(old: Record<string, unknown> | null, next: Record<string, unknown> | null): string {
  if (!old) return 'was missing in the old view';
  if (!next) return 'no event in the log tells of it: not in the new view';
  const show = (value: unknown) => JSON.stringify(value);
  return Object.keys(next)
    .filter(field => show(old[field]) !== show(next[field]))
    .map(field => `${field} was ${show(old[field])} and is ${show(next[field])}`)
    .join(', ');
}

const count = (n: number) => n.toLocaleString('en');
