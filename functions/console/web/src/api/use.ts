import { keepPreviousData, QueryClient, useMutation, useQuery, useQueryClient, type UseMutationResult } from "@tanstack/react-query";
import { useHandle } from "../app/context";
import { address } from "./address";
import { takeArrived } from "./ahead";
import { exchange, received, type Answer, type InPath, type PathFor, type Query, type Received, type Request } from "./client";
import { Problem, problemOf } from "./problem";

/** One cache for all pages. What changes is asked for again when a page is shown; a failed read is tried twice more if that may help. */
export const cache = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: true,
      retry: (tries, error) => tries < 2 && error instanceof Problem && error.temporary,
      retryDelay: (tries) => 400 * 2 ** tries,
    },
  },
});

/** Keeps the reads that were answered while the code of the console was on its way, so that the page is shown with them at once. */
export function keepArrived(): void {
  for (const { path, address: at, ...answer } of takeArrived()) cache.setQueryData([path, at], received(answer));
}

/** A read: its data, what went wrong, when it was read, and the very request. */
export type Reading<T> = {
  data: T | undefined;
  problem: Problem | null;
  loading: boolean;
  /** Whether the data belongs to the parameters before, while those of now are on their way. */
  outdated: boolean;
  at: number;
  etag: string | null;
  request: Request;
  again: () => void;
};

export type GetOptions<P extends PathFor<"get">> = {
  path?: Omit<InPath<P>, "handle">;
  query?: Query<P>;
  /** Ask only if true. */
  when?: boolean;
  /** Milliseconds between polls, while the tab is visible. */
  every?: number;
  /** Ends the polling once it holds for what was read. */
  until?: (data: Answer<P>) => boolean;
};

/** Reads a path of the API; the handle is that of the page. */
export function useGet<P extends PathFor<"get">>(path: P, options: GetOptions<P> = {}): Reading<Answer<P>> {
  const handle = useHandle();
  const request: Request = { verb: "get", address: address(path, { handle, ...options.path }, options.query) };
  const result = useQuery<Received<Answer<P>>>({
    queryKey: [path, request.address],
    queryFn: ({ signal }) => exchange<Answer<P>>(request, signal),
    enabled: options.when ?? true,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data && options.until?.(state.data.data) ? false : (options.every ?? false)),
  });
  return {
    data: result.data?.data,
    problem: result.error ? problemOf(result.error) : null,
    loading: result.isLoading,
    outdated: result.isPlaceholderData,
    at: result.dataUpdatedAt,
    etag: result.data?.etag ?? null,
    request,
    again: () => void result.refetch(),
  };
}

/** Changes something; afterwards everything that is shown is read again. */
export function useChange<Input, Output>(change: (input: Input) => Promise<Output>): UseMutationResult<Output, Problem, Input> {
  const client = useQueryClient();
  return useMutation<Output, Problem, Input>({
    mutationFn: (input) => change(input).catch((thrown: unknown) => Promise.reject(problemOf(thrown))),
    onSettled: () => client.invalidateQueries(),
  });
}
