import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { services } from '@jumun/contracts';
import { discardLetter, findLetter, listLetters, replayLetter } from '@jumun/messaging';
import { createLogger, type Database, openDatabase } from '@jumun/service-kit';
import { openEmbedded } from './embedded.ts';
import { dataDirectory } from './options.ts';

interface Options {
  data: string | undefined;
  reason: string | undefined;
}

const USAGE = 'usage: jumun dead-letters list | show ID | replay ID | discard ID --reason TEXT';

const say = (text: string) => process.stdout.write(`${text}\n`);

/** A dead letter's name, as list shows it. */
interface LetterName {
  service: string;
  id: number;
}

/** `jumun dead-letters`: looks at what could not be handled, has it tried again, or gives it up. */
export async function deadLetters([action, name, ...rest]: string[], options: Options): Promise<void> {
  // What is wrong with the command is said before a database is started for it.
  if (!['list', 'show', 'replay', 'discard'].includes(action ?? '') || rest.length > 0)
    throw new Error(USAGE);
  const reason = options.reason?.trim() ?? '';
  if (action === 'discard' && !reason) throw new Error('discard needs --reason TEXT');
  const letter = action === 'list' ? undefined : parseName(name);

  const { databases, close } = await openDatabases(options.data);
  try {
    if (!letter) return await list(databases);
    const db = databases.get(letter.service);
    if (!db) throw new Error(`the database of ${letter.service} was not given`);
    const { id } = letter;
    if (action === 'show') return await show(db, id, `${name}`);
    if (action === 'replay')
      return report(await replayLetter(db, id), `${name} is tried again, and its successors after it`, name);
    report(await discardLetter(db, id, reason), `${name} is given up, and its successors go on`, name);
  } finally {
    await close();
  }
}

function parseName(name: string | undefined): LetterName {
  const [service = '', number = '', ...rest] = (name ?? '').split('/');
  if (!services.some(known => known === service) || !/^[1-9]\d{0,14}$/.test(number) || rest.length > 0)
    throw new Error('name a dead letter as list shows it, e.g. order/1');
  return { service, id: Number(number) };
}

/** The databases that were given, or those of the data directory, of all services. */
async function openDatabases(data: string | undefined) {
  const urlIn = (env: NodeJS.ProcessEnv, name: string) => env[`${name.toUpperCase()}__DATABASE_URL`];
  const given = services.some(name => urlIn(process.env, name));
  const dataDir = dataDirectory(data);
  // Only a start makes one: looking into a directory that was mistyped must not.
  if (!given && !existsSync(join(dataDir, 'jumun.json')))
    throw new Error(`${dataDir} is not a jumun data directory; name it with --data`);
  const embedded = given ? undefined : await openEmbedded({ dataDir, services, run: [] });
  const log = createLogger('jumun', 'silent');
  const databases = new Map<string, Database>();
  for (const name of services) {
    const url = urlIn({ ...embedded?.env, ...process.env }, name);
    if (url) databases.set(name, openDatabase({ url, name: 'jumun-dead-letters', connections: 1, log }));
  }
  return {
    databases,
    async close() {
      for (const db of databases.values()) await db.close();
      await embedded?.release();
    },
  };
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
          letter.reason?.split('\n')[0],
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
  if (!done)
    throw new Error(
      `${name} is not a dead letter that failed; those that wait go on with the one before them`,
    );
  say(text);
}
