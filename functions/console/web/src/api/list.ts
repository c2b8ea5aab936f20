import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useHandle } from "../app/context";
import { address } from "./address";
import { exchange, type Answer, type PathFor, type Request } from "./client";
import { problemOf } from "./problem";
import type { GetOptions, Reading } from "./use";

/** The paths that answer pages of items. */
export type ListPath = { [P in PathFor<"get">]: Answer<P> extends { items: unknown[]; nextCursor?: string | null } ? P : never }[PathFor<"get">];
export type Item<P extends ListPath> = Answer<P> extends { items: (infer T)[] } ? T : never;

/** A list that is read page by page. */
export type Listing<T> = Omit<Reading<T[]>, "etag"> & { etag: null; more: (() => void) | null; loadingMore: boolean };

type Page<T> = { items: T[]; nextCursor?: string | null };

/** Reads a list of the API from its first page on; `more` reads the next one, and is null at the end. */
export function useList<P extends ListPath>(path: P, options: GetOptions<P> = {}): Listing<Item<P>> {
  const handle = useHandle();
  const at = (cursor: string | null): string => address(path, { handle, ...options.path }, { ...options.query, cursor });
  const first = at(null);
  const result = useInfiniteQuery({
    queryKey: [path, "pages", first],
    queryFn: async ({ pageParam, signal }) => (await exchange<Page<Item<P>>>({ verb: "get", address: at(pageParam) }, signal)).data,
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor ?? null,
    placeholderData: (previous) => previous,
    enabled: options.when ?? true,
    // A poll reads every page that is shown again: only the first one stays live.
    refetchInterval: ({ state }) => {
      const [first, ...others] = state.data?.pages ?? [];
      return others.length || (first && options.until?.(first as Answer<P>)) ? false : (options.every ?? false);
    },
  });
  const request: Request = { verb: "get", address: first };
  // The same list until another page arrives, so that its rows are not drawn again.
  const items = useMemo(() => result.data?.pages.flatMap((page) => page.items), [result.data]);
  return {
    data: items,
    problem: result.error ? problemOf(result.error) : null,
    loading: result.isLoading,
    outdated: result.isPlaceholderData,
    at: result.dataUpdatedAt,
    etag: null,
    request,
    again: () => void result.refetch(),
    more: result.hasNextPage ? () => void result.fetchNextPage() : null,
    loadingMore: result.isFetchingNextPage,
  };
}
