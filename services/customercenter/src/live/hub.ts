import type { MyPageResource } from '@jumun/contracts';
import type { Changes } from '../store.ts';

/** More changes than this at once are not told one by one: who follows has to load anew. */
const MOST_CHANGES = 2_000;
/** Who has missed more transactions than this loads anew as well: to look for what they changed would cost too much. */
const FAR_TRANSACTIONS = 200_000;

/** Who follows the view, or one customer's part of it. */
export interface Follower {
  customerId: number | undefined;
  /** The id of the last thing that it was told, on this connection or one before. */
  lastId: string | undefined;
  /** First of all: whether all changes since `lastId` follow. Later on, with false: whatever it knows may be old. */
  hello(id: string, resumed: boolean): void;
  page(page: MyPageResource): void;
  /** All before has been told. */
  beat(id: string): void;
}

export interface Hub {
  follow(follower: Follower): void;
  leave(follower: Follower): void;
  /** Tells what has changed since the round before. */
  round(): Promise<void>;
  /** Tells everybody that they are still told. */
  beat(): void;
  count(): number;
}

/** Reads what has changed since a position; see `changesSince` in store.ts. */
export type ReadChanges = (
  position: string | undefined,
  customerId: number | undefined,
  limit: number,
) => Promise<Changes>;

/**
 * Tells everybody who follows the view what changes in it, by one read a round for all of them. Rounds must not overlap.
 */
export function createHub(read: ReadChanges): Hub {
  const followers = new Set<Follower>();
  const newcomers = new Set<Follower>();
  /** Where the view stood at the last round; not known while nobody follows. */
  let last: Changes | undefined;
  /** Whether there was a round since the beat before: while the database is away, nobody is told that all is well. */
  let isFresh = false;

  /** @returns where the view stands now */
  async function tellChanges(): Promise<Changes> {
    const changes = await read(last?.position, undefined, MOST_CHANGES);
    const gap = (last && last.epoch !== changes.epoch) || changes.pages.length > MOST_CHANGES;
    last = changes;
    isFresh = true;
    const id = idOf(changes);
    for (const follower of followers) {
      if (gap) {
        follower.hello(id, false);
        continue;
      }
      const its = changes.pages.filter(
        ({ customerId }) => follower.customerId === undefined || customerId === follower.customerId,
      );
      for (const page of its) follower.page(page);
      if (its.length > 0) follower.beat(id);
    }
    return changes;
  }

  /** Tells a newcomer what it has missed. From `now` on it is told with the others; some of it twice. */
  async function welcome(newcomer: Follower, now: Changes): Promise<void> {
    const position = knownPosition(newcomer.lastId, now);
    if (position === undefined) return newcomer.hello(idOf(now), false);
    const missed = await read(position, newcomer.customerId, MOST_CHANGES);
    if (missed.pages.length > MOST_CHANGES || missed.epoch !== now.epoch)
      return newcomer.hello(idOf(now), false);
    // Until all of it is told, what it was told last still holds.
    newcomer.hello(newcomer.lastId ?? '', true);
    for (const page of missed.pages) newcomer.page(page);
    newcomer.beat(idOf(missed));
  }

  return {
    follow: follower => void newcomers.add(follower),
    leave(follower) {
      followers.delete(follower);
      newcomers.delete(follower);
    },
    count: () => followers.size + newcomers.size,
    beat() {
      if (last && isFresh) for (const follower of followers) follower.beat(idOf(last));
      isFresh = false;
    },
    async round() {
      if (followers.size + newcomers.size === 0) {
        last = undefined;
        return;
      }
      const now = await tellChanges();
      for (const newcomer of [...newcomers]) {
        await welcome(newcomer, now);
        // It may have left meanwhile.
        if (newcomers.delete(newcomer)) followers.add(newcomer);
      }
    },
  };
}

const idOf = ({ epoch, position }: Changes) => `${epoch}/${position}`;

/** The position in an id, where it is one of this view, of not too long ago. Ids come from strangers. */
function knownPosition(id: string | undefined, now: Changes): string | undefined {
  const [epoch, position = '', ...more] = id?.split('/') ?? [];
  if (epoch !== now.epoch || more.length > 0) return undefined;
  const then = parseSnapshot(position);
  const here = parseSnapshot(now.position);
  const isNear = then && here && then.max <= here.max && here.max - then.min <= FAR_TRANSACTIONS;
  return isNear ? position : undefined;
}

/** Reads `xmin:xmax:xip,xip` (PostgreSQL's manual, 9.28); nothing where PostgreSQL would refuse it. */
function parseSnapshot(text: string): { min: number; max: number } | undefined {
  if (!/^\d{1,15}:\d{1,15}:(\d{1,15}(,\d{1,15})*)?$/.test(text)) return undefined;
  const [min = 0, max = 0] = text.split(':').map(Number);
  const open = text.split(':')[2]?.split(',').filter(Boolean).map(Number) ?? [];
  const inOrder = open.every((xid, i) => xid >= min && xid < max && xid > (open[i - 1] ?? 0));
  return min > 0 && min <= max && inOrder ? { min, max } : undefined;
}
