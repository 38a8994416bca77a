import {
  type Accounts,
  AccountsItem,
  accountsCall,
  type HandlingAnswer,
  HandlingItem,
  type HeldEvent,
  handlingCall,
  historyCall,
  type OwnerName,
  type Progress,
  progressCall,
  type ServiceName,
  type Standstill,
  StandstillItem,
  type States,
  type StoryAnswer,
  StoryItem,
  standstillCall,
  statesCall,
  storyCall,
} from '@jumun/contracts';
import { type Database, type Http, serveBatch } from '@jumun/service-kit';
import Type from 'typebox';
import { type DeadLetterSummary, pageLetters } from './dead-letters.ts';
import { readCursors } from './inbox.ts';
import { findLost, readExtent } from './lost.ts';
import type { Transport } from './transport.ts';

/** Letters that are told of at once, the oldest. */
const HELD = { limit: 1_000, offset: 0 };

/** What a service knows of its orders, for the auditor. */
export interface Evidence {
  /** Its account of some orders, in the order of their ids. */
  accounts(range: AccountsItem): Promise<Accounts[ServiceName][]>;
  /** From when on (ms since 1970) it has an account of every order; from the beginning if not said. */
  keptSince?(): Promise<number>;
  /** Orders that do not get on here, those that have stood still for longest first. */
  standstills?(ages: StandstillItem): Promise<Standstill[]>;
  /** All that it knows of some orders, in the order of their ids, where it publishes events of them. */
  states?(range: AccountsItem): Promise<States[OwnerName][]>;
  /** Its part in the story of one order. */
  story(orderId: number): Promise<StoryAnswer>;
}

/** Answers the auditor: what the service knows of its orders, and how far it has come with its events. */
export function serveEvidence(http: Http, db: Database, transport: Transport, evidence: Evidence): void {
  serveBatch(http, accountsCall(), AccountsItem, async range => ({
    accounts: await evidence.accounts(range),
    keptSince: (await evidence.keptSince?.()) ?? 0,
    held: range.ids ? await heldOrders(db, range.ids) : [],
  }));
  const { states } = evidence;
  if (states) serveBatch(http, statesCall(), AccountsItem, async range => ({ states: await states(range) }));
  serveBatch(http, standstillCall, StandstillItem, async ages => ({
    standing: (await evidence.standstills?.(ages)) ?? [],
  }));
  serveBatch(http, storyCall, StoryItem, ({ orderId }) => evidence.story(orderId));
  serveBatch(http, progressCall, Type.Object({}), () => readProgress(db, transport));
  serveBatch(http, historyCall, StoryItem, async ({ orderId }) => ({
    events: await transport.history(String(orderId)),
  }));
  serveBatch(http, handlingCall, HandlingItem, item => readHandling(db, item));
}

async function heldOrders(db: Database, orderIds: number[]): Promise<number[]> {
  const rows = await db.query<{ key: string }>(
    `SELECT DISTINCT key FROM dead_letter WHERE key = ANY($1) AND state <> 'discarded'`,
    [orderIds.map(String)],
  );
  return rows.map(({ key }) => Number(key));
}

/** How far a service has come with its events, and whether it can go on from there. */
export async function readProgress(db: Database, transport: Transport): Promise<Progress> {
  // The outbox first: what it did not hold then is in the log as its heads are read.
  const [outbox] = await db.query<{ oldest: number | null; last: number }>(
    'SELECT (SELECT min(id) FROM outbox) AS oldest, last_value AS last FROM outbox_id_seq',
  );
  const cursors = await readCursors(db);
  const extent = await readExtent(transport);
  return {
    outboxOldest: outbox?.oldest ?? null,
    outboxLast: outbox?.last ?? 0,
    cursors: Object.fromEntries(cursors),
    heads: Object.fromEntries(extent.heads),
    held: (await pageLetters(db, {}, HELD)).items.map(toHeld),
    lost: Object.fromEntries(findLost(cursors, extent)),
  };
}

async function readHandling(db: Database, { orderId, eventIds }: HandlingItem): Promise<HandlingAnswer> {
  const key = String(orderId);
  const [handled, waiting, letters] = await Promise.all([
    db.query<{ eventId: string; at: number }>(
      `SELECT event_id AS "eventId", (extract(epoch FROM handled_at) * 1000)::float8 AS at
       FROM inbox WHERE event_id = ANY($1)`,
      [eventIds],
    ),
    db.query<{ type: string; at: number }>(
      'SELECT type, (extract(epoch FROM created_at) * 1000)::float8 AS at FROM outbox WHERE key = $1 ORDER BY id',
      [key],
    ),
    pageLetters(db, { key }, HELD),
  ]);
  return { handled, waiting, held: letters.items.map(toHeld) };
}

const toHeld = ({ id, key, type, state, attempts, reason, failedAt }: DeadLetterSummary): HeldEvent => ({
  id,
  key,
  type,
  state,
  attempts,
  reason,
  since: failedAt.getTime(),
});
