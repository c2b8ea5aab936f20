import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useHandle } from "../app/context";
import type { LinkBody } from "../core/linkBody";
import type { Decision, Visit } from "../core/preview";
import { address, exchange, type Request } from "./client";
import { problemOf, type Problem } from "./problem";

const PAUSE_MS = 250;

/** The value once it has not changed for a moment. */
export function useSettled<T>(value: T): T {
  const text = JSON.stringify(value);
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return JSON.parse(settled) as T;
}

export type Previews = { decisions: Decision[] | undefined; problem: Problem | null; busy: boolean; request: Request };

/** Where visitors would go: of the stored link, or of a draft that is nowhere stored. Costs nothing. */
export function usePreview(slug: string, visits: readonly Visit[], draft: LinkBody | null, when = true): Previews {
  const handle = useHandle();
  const body = useSettled(draft ? { draft, visits } : { visits });
  const request: Request = { verb: "post", address: address("/v2/handles/{handle}/links/{slug}/route-preview", { handle, slug }), body };
  const result = useQuery({
    queryKey: ["route-preview", request.address, JSON.stringify(body)],
    queryFn: async ({ signal }) => (await exchange<{ results: Decision[] }>(request, signal)).data.results,
    placeholderData: (previous) => previous,
    retry: false,
    enabled: when,
  });
  return { decisions: result.data, problem: result.error ? problemOf(result.error) : null, busy: result.isFetching, request };
}
