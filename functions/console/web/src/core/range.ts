import { addDays, dayOf, daysBetween, isDay, longDay, shortDay, type Day } from "./time";

/** What the range picker offers; the keys are those of the keyboard. */
export const PRESETS = [
  { id: "today", name: "Today", key: "d" },
  { id: "7d", name: "Last 7 days", key: "w" },
  { id: "30d", name: "Last 30 days", key: "t" },
  { id: "month", name: "Month to date", key: "m" },
  { id: "90d", name: "Last 90 days", key: "3" },
] as const;

export type PresetId = (typeof PRESETS)[number]["id"];

/** Days of a report, both included, and whether the period before is shown too. */
export type Range = { from: Day; to: Day; preset: PresetId | null; compare: boolean };

/** A report covers at most this many days. */
export const MAX_DAYS = 400;

const LENGTH: Record<PresetId, number | null> = { today: 1, "7d": 7, "30d": 30, "90d": 90, month: null };

function ofPreset(preset: PresetId, now: number): { from: Day; to: Day } {
  const to = dayOf(now);
  const length = LENGTH[preset];
  return { from: length ? addDays(to, 1 - length) : `${to.slice(0, 8)}01`, to };
}

/** The range an address names; the last 30 days when it names none or a wrong one. */
export function rangeOf(query: URLSearchParams, now: number): Range {
  const compare = query.get("compare") !== "off";
  const [from, to] = [query.get("from"), query.get("to")];
  if (isDay(from) && isDay(to) && from <= to && daysBetween(from, to) <= MAX_DAYS) return { from, to, preset: null, compare };
  const preset = PRESETS.find(({ id }) => id === query.get("range"))?.id ?? "30d";
  return { ...ofPreset(preset, now), preset, compare };
}

/** The range as parts of an address; the default one needs none. */
export function rangeQuery(range: Pick<Range, "from" | "to" | "preset" | "compare">): Record<string, string | null> {
  const { preset } = range;
  return {
    range: preset && preset !== "30d" ? preset : null,
    from: preset ? null : range.from,
    to: preset ? null : range.to,
    compare: range.compare ? null : "off",
  };
}

/** The period of equal length that ends the day before. */
export function before({ from, to }: Pick<Range, "from" | "to">): { from: Day; to: Day } {
  const days = daysBetween(from, to);
  return { from: addDays(from, -days), to: addDays(from, -1) };
}

/** Every day of the range, in order. */
export function days({ from, to }: Pick<Range, "from" | "to">): Day[] {
  return Array.from({ length: daysBetween(from, to) }, (_, index) => addDays(from, index));
}

/** The range in words. */
export function rangeName({ from, to, preset }: Range): string {
  if (preset) return PRESETS.find(({ id }) => id === preset)?.name ?? "";
  return from === to ? longDay(from) : `${shortDay(from)} – ${longDay(to).replace(/^\w+, /, "")}`;
}
