import type { MyPageResource } from '@jumun/contracts';
import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { followView, type LiveState } from './stream.ts';

/** How often a page asks while nothing is told to it. */
const POLL_MS = 2_000;

/** Puts an order's state in the place of an older one; of two that are as old, the one that came later. */
export function newer(known: MyPageResource | undefined, page: MyPageResource): MyPageResource {
  return known && known.updatedAt > page.updatedAt ? known : page;
}

/**
 * Keeps what is shown of orders current while the component is there. Each state that arrives is put into the cache under
 * `['myPages', id]`; lists, and what else changes with an order, are asked for again.
 * @param customerId whose orders; all if not said
 * @param follow keys of what is to be asked for again whenever an order has changed
 * @returns how it is kept current, and the interval (ms) at which queries have to poll meanwhile, or false
 */
export function useLive({ customerId, follow }: { customerId?: number; follow: readonly string[] }): {
  state: LiveState;
  refetchInterval: number | false;
} {
  const queries = useQueryClient();
  const [state, setState] = useState<LiveState>('connecting');
  const followed = follow.join();

  useEffect(() => {
    const keys = followed.split(',');
    let due: ReturnType<typeof setTimeout> | undefined;
    /** Many changes at once are one reason to ask again. */
    function refresh(): void {
      due ??= setTimeout(() => {
        due = undefined;
        for (const key of keys) void queries.invalidateQueries({ queryKey: [key] });
      }, 150);
    }
    const url = customerId === undefined ? '/myPages/events' : `/myPages/events?customerId=${customerId}`;
    const end = followView(url, {
      onState: setState,
      onGap: () => void queries.invalidateQueries(),
      onPage(page) {
        queries.setQueryData<MyPageResource>(['myPages', page.id], known => newer(known, page));
        refresh();
      },
    });
    return () => {
      clearTimeout(due);
      end();
    };
  }, [queries, customerId, followed]);

  return { state, refetchInterval: state === 'polling' ? POLL_MS : false };
}
