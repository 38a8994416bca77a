import { services } from '@jumun/contracts';
import {
  discardLetter,
  findLetter,
  type HandledLetter,
  listSuccessors,
  pageLetters,
  replayLetter,
  replayParked,
} from '@jumun/messaging';
import type { Database } from '@jumun/service-kit';
import { openDatabases } from '../operator.ts';
import { say } from './output.ts';
import { UsageError } from './usage-error.ts';

export interface Options {
  data?: string | undefined;
  reason?: string | undefined;
  successors?: boolean | undefined;
  discarded?: boolean | undefined;
}

type Databases = Map<string, Database>;

const USAGE =
  'dead-letters takes list [SERVICE], show ID, replay ID, replay all [SERVICE] or discard ID --reason TEXT';
const PAGE = 1_000;

/** `jumun dead-letters`: looks at what could not be handled, has it tried again, or gives it up. */
export async function deadLetters(words: string[], options: Options): Promise<void> {
  // What is wrong with the command is said before a database is started for it.
  const act = parse(words, options);
  const { services: databases, close } = await openDatabases(options.data);
  try {
    await act(databases);
  } finally {
    await close();
  }
}

function parse([action, name, ...rest]: string[], options: Options): (databases: Databases) => Promise<void> {
  const forAll = action === 'list' || (action === 'replay' && name === 'all');
  const service = action === 'list' ? name : rest.shift();
  if (rest.length > 0 || (service !== undefined && !forAll)) throw new UsageError(USAGE);
  if (service !== undefined && !isService(service)) throw new Error(`there is no service ${service}`);

  if (action === 'list') return databases => list(only(databases, service), options.discarded === true);
  if (action === 'show') return one(name, show);
  if (action === 'replay')
    return name === 'all' ? databases => replayAll(only(databases, service)) : one(name, replay);
  if (action !== 'discard') throw new UsageError(USAGE);
  const reason = options.reason?.trim();
  if (!reason) throw new Error('discard needs --reason TEXT');
  return one(name, (db, id, name) => discard(db, id, name, reason, options.successors === true));
}

const isService = (name: string) => services.some(known => known === name);

/** The databases of one service, or of all. */
function only(databases: Databases, service: string | undefined): Databases {
  return service === undefined ? databases : new Map([[service, databaseOf(databases, service)]]);
}

function databaseOf(databases: Databases, service: string): Database {
  const db = databases.get(service);
  if (!db) throw new Error(`the database of ${service} was not given`);
  return db;
}

/** What is to be done with the one letter that is named as list shows it. */
function one(name = '', act: (db: Database, id: number, name: string) => Promise<void>) {
  const [service = '', number = '', ...rest] = name.split('/');
  if (!isService(service) || !/^[1-9]\d{0,14}$/.test(number) || rest.length > 0)
    throw new Error('name a dead letter as list shows it, e.g. order/1');
  return (databases: Databases) => act(databaseOf(databases, service), Number(number), name);
}

async function list(databases: Databases, discarded: boolean): Promise<void> {
  const state = discarded ? 'discarded' : undefined;
  let count = 0;
  for (const [service, db] of databases) {
    for (let offset = 0; ; offset += PAGE) {
      const { items } = await pageLetters(db, { state }, { limit: PAGE, offset });
      for (const { id, state, type, key, attempts, reason, discardedAt } of items) {
        if (count++ === 0)
          say(
            ['id', 'state', 'event', 'key', 'attempts', ...(discarded ? ['discarded'] : []), 'reason'].join(
              '\t',
            ),
          );
        const at = discarded ? [discardedAt?.toISOString()] : [];
        say([`${service}/${id}`, state, type, key, attempts, ...at, reason?.split('\n')[0]].join('\t'));
      }
      if (items.length < PAGE) break;
    }
  }
  if (count === 0) say(discarded ? 'no discarded dead letters' : 'no dead letters');
}

async function show(db: Database, id: number, name: string): Promise<void> {
  const letter = await findLetter(db, id);
  if (!letter) throw new Error(`there is no dead letter ${name}`);
  const { stack, payload, ...rest } = letter;
  for (const [key, value] of Object.entries(rest))
    say(`${key.padEnd(14)} ${value instanceof Date ? value.toISOString() : value}`);
  const service = name.split('/')[0];
  const successors = (await listSuccessors(db, letter)).map(it => `${service}/${it.id} (${it.type})`);
  say(`successors     ${successors.join(', ') || 'none'}`);
  say(`payload        ${payload}`);
  if (stack) say(stack);
}

async function replay(db: Database, id: number, name: string): Promise<void> {
  if (!(await replayLetter(db, id))) throw notNow(name);
  say(`${name} is tried again, and its successors after it`);
}

async function replayAll(databases: Databases): Promise<void> {
  let count = 0;
  for (const [service, db] of databases) {
    for (const { id } of await replayParked(db)) {
      say(`${service}/${id} is tried again, and its successors after it`);
      count++;
    }
  }
  if (count === 0) say('no dead letters are parked');
}

async function discard(
  db: Database,
  id: number,
  name: string,
  reason: string,
  withSuccessors: boolean,
): Promise<void> {
  const letters: HandledLetter[] = await discardLetter(db, id, reason, { successors: withSuccessors });
  if (letters.length === 0) throw notNow(name);
  const service = name.split('/')[0];
  if (!withSuccessors) say(`${name} is given up, and its successors go on`);
  else for (const letter of letters) say(`${service}/${letter.id} is given up`);
}

const notNow = (name: string) =>
  new Error(`${name} is not a dead letter that failed; those that wait go on with the one before them`);
