import { discardLetter, findLetter, listLetters, replayLetter } from '@jumun/messaging';
import { createLogger, type Database, openDatabase } from '@jumun/service-kit';
import { openEmbedded } from './embedded.ts';
import { dataDirectory } from './options.ts';
import { services } from './parts.ts';

interface Options {
  data: string | undefined;
  reason: string | undefined;
}

const say = (text: string) => process.stdout.write(`${text}\n`);

/** `jumun dead-letters`: looks at what could not be handled, has it tried again, or gives it up. */
export async function deadLetters([action, name]: string[], { data, reason }: Options): Promise<void> {
  const given = services.some(({ name }) => process.env[`${name.toUpperCase()}__DATABASE_URL`]);
  const embedded = given
    ? undefined
    : await openEmbedded(
        dataDirectory(data),
        services.map(service => service.name),
      );
  const env = { ...embedded?.env, ...process.env };
  const log = createLogger('jumun', 'silent');
  const databases = new Map<string, Database>();
  for (const service of services) {
    const url = env[`${service.name.toUpperCase()}__DATABASE_URL`];
    if (url)
      databases.set(service.name, openDatabase({ url, name: 'jumun-dead-letters', connections: 1, log }));
  }
  try {
    if (action === 'list') return await list(databases);
    const [service = '', number = ''] = (name ?? '').split('/');
    const db = databases.get(service);
    const id = Number(number);
    if (!db || !Number.isSafeInteger(id) || id < 1)
      throw new Error(`name a dead letter as list shows it, e.g. order/1`);
    if (action === 'show') return await show(db, id, name ?? '');
    if (action === 'replay')
      return report(await replayLetter(db, id), `${name} is tried again, and its successors after it`, name);
    if (action === 'discard') {
      if (!reason) throw new Error('discard needs --reason TEXT');
      return report(
        await discardLetter(db, id, reason),
        `${name} is given up, and its successors go on`,
        name,
      );
    }
    throw new Error('usage: jumun dead-letters list | show ID | replay ID | discard ID --reason TEXT');
  } finally {
    for (const db of databases.values()) await db.close();
    await embedded?.release();
  }
}

async function list(databases: Map<string, Database>): Promise<void> {
  let count = 0;
  for (const [service, db] of databases) {
    for (const letter of await listLetters(db)) {
      if (count++ === 0) say(['id', 'state', 'event', 'key', 'attempts', 'reason'].join('\t'));
      say(
        [
          `${service}/${letter.id}`,
          letter.state,
          letter.type,
          letter.key,
          letter.attempts,
          letter.reason,
        ].join('\t'),
      );
    }
  }
  if (count === 0) say('no dead letters');
}

async function show(db: Database, id: number, name: string): Promise<void> {
  const letter = await findLetter(db, id);
  if (!letter) throw new Error(`there is no dead letter ${name}`);
  const { stack, payload, ...rest } = letter;
  for (const [key, value] of Object.entries(rest))
    say(`${key.padEnd(14)} ${value instanceof Date ? value.toISOString() : value}`);
  say(`payload        ${payload}`);
  if (stack) say(stack);
}

function report(done: boolean, text: string, name: string | undefined): void {
  if (!done) throw new Error(`${name} is not a dead letter at the head of its key that failed`);
  say(text);
}
