import type { Schema } from "../api/client";

const WORDS: Readonly<Record<string, string>> = {
  no_clicks: "no clicks",
  conversions_exceed_clicks: "more conversions than qualified clicks",
  bot_ratio_20_40: "20 to 40 % bots",
  bot_ratio_over_40: "more than 40 % bots",
  stale: "figures are old",
};

/** The words of a penalty's code. */
export const penaltyWords = (code: string): string => WORDS[code] ?? code;

/** How reliable figures are, out of 100: payable from 50 on. */
export function Confidence({ score, penalties }: { score: number; penalties: readonly Schema["PenaltyView"][] }) {
  const kind = score < 50 ? "bad" : score < 80 ? "warn" : "good";
  const reasons = penalties.map(({ code, points }) => `−${points} ${penaltyWords(code)}`).join(", ");
  return (
    <span className={`tag tag-${kind}`} title={reasons || "Nothing reduces it."}>
      {score}<span className="hidden"> of 100{reasons ? `: ${reasons}` : ""}</span>
    </span>
  );
}
