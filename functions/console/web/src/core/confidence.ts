import type { Schema } from "../api/client";
import { rate } from "./numbers";
import { instant } from "./time";

type Penalty = Schema["PenaltyView"];

/** The least confidence on which a commission should be paid without examining the figures. */
export const PAYABLE_FROM = 50;

export const isPayable = (score: number): boolean => score >= PAYABLE_FROM;

/** A part of the 100 points: those that are left (`code` is null), or those that a penalty took. */
export type Block = { code: string | null; points: number };

/** The 100 points as parts that add up to 100. Penalties that go beyond zero take only what is left. */
export function blocks(score: number, penalties: readonly Pick<Penalty, "code" | "points">[]): Block[] {
  let lost = 100 - score;
  const taken = penalties.map(({ code, points }): Block => {
    const counted = Math.min(points, lost);
    lost -= counted;
    return { code, points: counted };
  });
  const unnamed = lost > 0 ? [{ code: "other", points: lost }] : [];
  return [{ code: null, points: score }, ...taken, ...unnamed].filter(({ points }) => points > 0);
}

/** What was observed, in words. */
export function observation({ code, observed }: Pick<Penalty, "code" | "observed">): string {
  if (code.startsWith("bot_ratio")) return `${rate(observed)} of the clicks are bots`;
  if (typeof observed === "string" && /^\d{4}-\d\d-\d\dT/.test(observed)) return `last counted ${instant(observed, "UTC")} UTC`;
  return typeof observed === "number" ? `${observed} observed` : observed;
}

const ADVICE: Readonly<Record<string, string>> = {
  no_clicks: "Open the short link once, and check that the partner uses it.",
  conversions_exceed_clicks: "A click brings at most a few conversions: ask the partner for the orders, and look for a ctx that was used again.",
  bot_ratio_20_40: "Look at the referrers that bring bots, and watch them.",
  bot_ratio_over_40: "Ask the partner where this traffic comes from before you pay: look at its referrers, countries and hours.",
  stale: "Nothing was counted for an hour. If there should have been clicks, wait until counting has caught up: nothing is lost meanwhile.",
};

/** What to do about a penalty. */
export const advice = (code: string): string => ADVICE[code] ?? "Compare the figures with the export before you pay.";
