import type { Query, Schema } from "../api/client";
import { addDays, dayOf, isDay, longDay, type Day } from "./time";

export type Click = Schema["ClickRow"];
type ClicksQuery = Query<"/v2/handles/{handle}/clicks">;

export const VERDICTS = [{ id: "human", name: "People" }, { id: "bot", name: "Bots" }] as const;
export type Verdict = (typeof VERDICTS)[number]["id"];

/** How a list of clicks is filtered. */
export type ClickFilter = {
  slug: string | null;
  campaignId: string | null;
  verdict: Verdict | null;
  /** One hour in UTC, such as `2026-11-22T13`, in place of the days. */
  hour: string | null;
  /** Clicks up to this instant, in place of the days. */
  at: string | null;
};

const isHour = (text: string | null): text is string => text !== null && /T([01]\d|2[0-3])$/.test(text) && isDay(text.slice(0, 10));

/** The filter that an address holds; what is not a moment is left out. */
export function clickFilter(query: URLSearchParams): ClickFilter {
  const [hour, at] = [query.get("hour"), query.get("at")];
  return {
    slug: query.get("slug"),
    campaignId: query.get("campaign"),
    verdict: VERDICTS.find(({ id }) => id === query.get("verdict"))?.id ?? null,
    hour: isHour(hour) ? hour : null,
    at: at !== null && !Number.isNaN(Date.parse(at)) ? new Date(at).toISOString() : null,
  };
}

/** From when to when a list goes: an hour, up to an instant, or the days of the range. */
function span({ hour, at }: Pick<ClickFilter, "hour" | "at">, { from, to }: { from: Day; to: Day }): Pick<NonNullable<ClicksQuery>, "since" | "until"> {
  if (hour) return { since: `${hour}:00:00.000Z`, until: `${hour}:59:59.999Z` };
  if (at) return { until: at };
  return { since: `${from}T00:00:00.000Z`, until: `${to}T23:59:59.999Z` };
}

/** The parameters of a filtered list. */
export function clicksQuery(filter: ClickFilter, range: { from: Day; to: Day }): NonNullable<ClicksQuery> {
  const { slug, campaignId, verdict } = filter;
  return {
    limit: 50,
    ...span(filter, range),
    ...(slug ? { slug } : {}),
    ...(campaignId ? { campaignId } : {}),
    ...(verdict ? { verdict } : {}),
  };
}

/** An hour in words: `Sat, 14 Nov 2026, 13:00 to 14:00 UTC`. */
export function hourName(hour: string): string {
  const start = Number(hour.slice(11));
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${longDay(hour.slice(0, 10))}, ${two(start)}:00 to ${two(start + 1)}:00 UTC`;
}

export type DecidedBy = { kind: "destination" } | { kind: "link"; number: number } | { kind: "handle"; ruleId: string };

/** The rule that a click's label names: `r0` is the first of its link, `p:summer` one of the handle. */
export function decidedByRule(label: string | null | undefined): DecidedBy {
  if (label?.startsWith("p:")) return { kind: "handle", ruleId: label.slice(2) };
  const index = /^r(\d+)$/.exec(label ?? "")?.[1];
  return index === undefined ? { kind: "destination" } : { kind: "link", number: Number(index) + 1 };
}

/** The rule in two words. */
export function ruleWords(label: string | null | undefined): string {
  const by = decidedByRule(label);
  return by.kind === "destination" ? "Destination" : by.kind === "link" ? `Rule ${by.number}` : `Handle rule ${by.ruleId}`;
}

/** The parts of an address that lead to one click: the list begins with it, and it is open. */
export const toClick = ({ slug, clickId, clickedAt }: Pick<Click, "slug" | "clickId" | "clickedAt">): string =>
  new URLSearchParams({ slug, at: clickedAt, click: clickId }).toString();

/** The days on which conversions of a click are looked for: that of the click and the thirty after it, up to today. */
export function daysAfter({ clickedAt }: Pick<Click, "clickedAt">, now: number): { from: Day; to: Day } {
  const from = dayOf(Date.parse(clickedAt));
  const [last, today] = [addDays(from, 30), dayOf(now)];
  return { from, to: last < today ? last : today };
}
