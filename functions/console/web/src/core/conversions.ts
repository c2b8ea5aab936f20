import type { Schema } from "../api/client";
import { sums } from "./money";
import type { Decimal } from "./decimal";
import { notCredited } from "./why";

export type Conversion = Schema["ConversionDetail"];

const STATES = ["counted", "waiting", "uncredited", "test"] as const;

/** How a list of conversions is filtered; the parameters of the API. */
export type Filter = {
  campaignId: string | null;
  slug: string | null;
  trust: "claimed" | "confirmed" | null;
  /** `counted`, `waiting` for counting, `uncredited` although its click named a campaign, or `test`; null for all. */
  state: (typeof STATES)[number] | null;
  idempotencyKey: string | null;
};

type Query = { limit: number; from?: string; to?: string; campaignId?: string; slug?: string; trust?: "claimed" | "confirmed"; test?: boolean; counted?: boolean; credited?: boolean; idempotencyKey?: string };

/** The parameters of a filtered list. An order key is looked up by itself: it has one conversion, on whatever day. */
export function listQuery({ campaignId, slug, trust, state, idempotencyKey }: Partial<Filter>, { from, to }: { from: string; to: string }): Query {
  if (idempotencyKey) return { limit: 50, idempotencyKey };
  return {
    limit: 50, from, to,
    ...(campaignId ? { campaignId } : {}),
    ...(slug ? { slug } : {}),
    ...(trust ? { trust } : {}),
    ...(state ? OF_STATE[state] : {}),
  };
}

const OF_STATE: Record<(typeof STATES)[number], Partial<Query>> = {
  counted: { counted: true },
  waiting: { counted: false, test: false },
  uncredited: { credited: false, test: false },
  test: { test: true },
};

const one = <T extends string>(all: readonly T[], text: string | null): T | null => all.find((value) => value === text) ?? null;

/** The filter that an address holds. */
export function filterOf(query: URLSearchParams): Filter {
  return {
    campaignId: query.get("campaign"),
    slug: query.get("slug"),
    trust: one(["claimed", "confirmed"], query.get("trust")),
    state: one(STATES, query.get("state")),
    idempotencyKey: query.get("key"),
  };
}

export type State = { name: string; tag: string; text: string };

/** How a conversion counts, in one word with its reason. */
export function stateOf({ test, counted, notCredited: reason, bot }: Pick<Conversion, "test" | "counted" | "notCredited" | "bot">): State {
  if (test) return { name: "Test", tag: "tag-accent", text: "In no figure." };
  if (!counted) return { name: "Waiting", tag: "", text: "Accepted; reports count it within a minute." };
  if (reason) return { name: "Not credited", tag: "tag-warn", text: `Counts for its link alone: ${notCredited(reason)}.` };
  if (bot) return { name: "Bot click", tag: "tag-warn", text: "Its click was classified as a bot's." };
  return { name: "Counted", tag: "tag-good", text: "Reports include it." };
}

export type Foot = { value: Map<string, Decimal>; adjusted: Map<string, Decimal>; net: Map<string, Decimal>; tests: number };

/** The sums of a list by currency; tests count in none. */
export function foot(items: readonly Conversion[]): Foot {
  const real = items.filter(({ test }) => !test);
  const of = (name: "value" | "adjusted" | "netValue") => sums(real.map((item) => ({ amount: item[name], currency: item.currency })));
  return { value: of("value"), adjusted: of("adjusted"), net: of("netValue"), tests: items.length - real.length };
}
