import { useHandle } from "../app/context";
import type { Envelope, PreviewBody } from "../core/tester";
import { address } from "./address";
import { exchange, type Schema } from "./client";
import { useGet, type Reading } from "./use";
import { useAsked, type Asked } from "./useSettled";

/** All chain rules of the handle: it has at most 100. */
export const useRules = (): Reading<Schema["ListResponse_ChainRule"]> => useGet("/v2/handles/{handle}/chain/rules", { query: { limit: 100 } });

type Decisions = Readonly<Record<string, Envelope>>;
export type ChainDecisions = Omit<Asked<unknown>, "answer"> & { decisions: Decisions | undefined };

/** Decisions for sessions that may be invented, by rules that may be unsaved. Costs nothing. */
export function useDecisions(body: PreviewBody | null): ChainDecisions {
  const handle = useHandle();
  const { answer, ...rest } = useAsked<{ decisions: Decisions }>(address("/v2/handles/{handle}/chain/preview", { handle }), body);
  return { decisions: answer?.decisions, ...rest };
}

/** The same question to the public endpoints: one `prefetch` of all triggers and a `resolve` of each. */
export async function askPublic(handle: string, sessionId: string, triggers: readonly string[]): Promise<{ prefetch: Decisions; resolve: Decisions }> {
  const ask = async <T>(what: string, parts: object): Promise<T> =>
    (await exchange<T>({ verb: "post", address: `/v2/public/chain/${what}`, body: { handle, sessionId, ...parts }, open: true })).data;
  const { decisions } = await ask<{ decisions: Decisions }>("prefetch", { triggers });
  const each = await Promise.all(triggers.map(async (trigger) => [trigger, await ask<Envelope>("resolve", { trigger })] as const));
  return { prefetch: decisions, resolve: Object.fromEntries(each) };
}
