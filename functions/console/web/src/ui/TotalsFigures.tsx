import type { Schema } from "../api/client";
import { byCurrency, money, shortMoney } from "../core/money";
import { count, rate, shortCount } from "../core/numbers";
import { conversionRate } from "../core/series";
import { Figure, Figures } from "./Figure";

type Totals = Schema["Totals"];

/** Qualified clicks, conversions, revenue by currency and the rate between them, with how they changed. */
export function TotalsFigures({ now, before }: { now: Totals; before: Totals | undefined }) {
  const currencies = byCurrency(now.revenueByCurrency);
  // The report's own currency first: amounts of different currencies cannot be compared.
  const main = currencies.find(([currency]) => currency === now.currency) ?? currencies[0];
  const others = currencies.filter(([currency]) => currency !== main?.[0]);
  const [rateNow, rateBefore] = [conversionRate(now), before && conversionRate(before)];
  const revenueBefore = before && main ? Number(before.revenueByCurrency[main[0]] ?? 0) : undefined;
  return (
    <Figures>
      <Figure
        label="Qualified clicks" value={shortCount(now.qualifiedClicks)} exact={count(now.qualifiedClicks)}
        now={now.qualifiedClicks} before={before?.qualifiedClicks} note={`${count(now.botClicks)} of ${count(now.clicks)} were bots`}
      />
      <Figure
        label="Conversions" value={shortCount(now.conversions)} exact={count(now.conversions)}
        now={now.conversions} before={before?.conversions}
      />
      <Figure
        label="Revenue"
        value={main ? shortMoney(main[1], main[0]) : "–"}
        {...(main ? { exact: money(main[1], main[0]), now: Number(main[1]) } : {})}
        before={revenueBefore}
        note={others.length ? `and ${others.map(([currency, amount]) => money(amount, currency)).join(", ")}` : null}
      />
      <Figure
        label="Conversion rate" value={rate(rateNow)} {...(rateNow !== null ? { now: rateNow } : {})} before={rateBefore ?? undefined}
        note={rateNow === null ? "no qualified clicks" : `${count(now.conversions)} of ${count(now.qualifiedClicks)}`}
      />
    </Figures>
  );
}
