import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import type { TableQuery } from '../ui/table.tsx';

export interface PagesOptions<T> {
  queryKey: readonly unknown[];
  size: number;
  /** Reads a page: what comes after an id, or the first one. */
  read(range: { size: number; after?: number }, signal: AbortSignal): Promise<T[]>;
  refetchInterval?: number | false;
}

/** Pages of a search, one after the other (`/<collection>/search/find`). */
export function usePages<T extends { id: number }>({
  queryKey,
  size,
  read,
  refetchInterval = false,
}: PagesOptions<T>): TableQuery<T> {
  const pages = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) =>
      read(pageParam === undefined ? { size } : { size, after: pageParam }, signal),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: page => (page.length === size ? page.at(-1)?.id : undefined),
    placeholderData: keepPreviousData,
    refetchInterval,
  });
  return {
    rows: pages.data?.pages.flat(),
    error: pages.error,
    hasMore: pages.hasNextPage,
    isFetchingMore: pages.isFetchingNextPage,
    more: () => void pages.fetchNextPage(),
    retry: () => void pages.refetch(),
  };
}
