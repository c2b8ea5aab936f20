import { useQuery } from "@tanstack/react-query";
import { useHandle } from "../app/context";
import type { Envelope, PreviewBody } from "../core/tester";
import { address, exchange, type Request, type Schema } from "./client";
import { problemOf, type Problem } from "./problem";
import { useGet, type Reading } from "./use";
import { useSettled } from "./usePreview";

/** All chain rules of the handle: it has at most 100. */
export const useRules = (): Reading<Schema["ListResponse_ChainRule"]> => useGet("/v2/handles/{handle}/chain/rules", { query: { limit: 100 } });

type Decisions = Readonly<Record<string, Envelope>>;
export type ChainDecisions = { decisions: Decisions | undefined; problem: Problem | null; busy: boolean; request: Request };

/** Decisions for sessions that may be invented, by rules that may be unsaved: one request once typing and moving pause. Costs nothing. */
export function useDecisions(body: PreviewBody | null): ChainDecisions {
  const handle = useHandle();
  const settled = useSettled(body);
  const request: Request = { verb: "post", address: address("/v2/handles/{handle}/chain/preview", { handle }), body: settled };
  const result = useQuery({
    queryKey: ["chain-preview", handle, JSON.stringify(settled)],
    queryFn: async ({ signal }) => (await exchange<{ decisions: Decisions }>(request, signal)).data.decisions,
    placeholderData: (previous) => previous,
    retry: false,
    enabled: settled !== null,
  });
  return { decisions: settled ? result.data : undefined, problem: result.error ? problemOf(result.error) : null, busy: result.isFetching, request };
}

/** The same question to the public endpoints: one `prefetch` of all triggers and a `resolve` of each. */
export async function askPublic(handle: string, sessionId: string, triggers: readonly string[]): Promise<{ prefetch: Decisions; resolve: Decisions }> {
  const ask = async <T>(what: string, parts: object): Promise<T> =>
    (await exchange<T>({ verb: "post", address: `/v2/public/chain/${what}`, body: { handle, sessionId, ...parts }, open: true })).data;
  const { decisions } = await ask<{ decisions: Decisions }>("prefetch", { triggers });
  const each = await Promise.all(triggers.map(async (trigger) => [trigger, await ask<Envelope>("resolve", { trigger })] as const));
  return { prefetch: decisions, resolve: Object.fromEntries(each) };
}
