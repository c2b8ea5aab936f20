import type { Schema } from "../api/client";
import { count, change, share } from "./numbers";
import { before, days } from "./range";
import { shortDay, type Day } from "./time";

export type Totals = Schema["Totals"];
type Report = Pick<Schema["Analytics"], "from" | "to" | "rows">;
export type Point = { day: Day; people: number; bots: number; conversions: number; before: number | null; incomplete: boolean };

/** The days of a report with their figures; days without any are zero. `previous` is laid over day by day. */
export function points(report: Report, previous: Report | undefined, today: Day): Point[] {
  const byDay = new Map(report.rows.map((row) => [row.key, row]));
  const byDayBefore = new Map(previous?.rows.map((row) => [row.key, row]));
  const daysBefore = days(before(report));
  return days(report).map((day, index) => {
    const row = byDay.get(day);
    const earlier = byDayBefore.get(daysBefore[index] ?? "");
    return {
      day,
      people: row?.qualifiedClicks ?? 0,
      bots: row?.botClicks ?? 0,
      conversions: row?.conversions ?? 0,
      before: previous ? (earlier?.qualifiedClicks ?? 0) : null,
      incomplete: day === today,
    };
  });
}

/** A series in one sentence: how long, how many, how it changed, and its best day. */
export function seriesSummary(series: readonly Point[], totals: Totals, previous: Totals | undefined): string {
  const best = series.reduce<Point | null>((top, point) => (point.people > (top?.people ?? 0) ? point : top), null);
  const moved = previous && change(totals.qualifiedClicks, previous.qualifiedClicks);
  const parts = [
    `${series.length === 1 ? "1 day" : `${series.length} days`}`,
    `${count(totals.qualifiedClicks)} clicks of people${moved ? ` (${moved.spoken})` : ""}`,
    `${count(totals.botClicks)} of bots (${share(totals.botClicks, totals.clicks)} of all)`,
  ];
  if (best) parts.push(`most on ${shortDay(best.day)} with ${count(best.people)}`);
  return `${parts.join(", ")}.`;
}

/** Conversions over qualified clicks; null without any. */
export const conversionRate = ({ conversions, qualifiedClicks }: Totals): number | null => (qualifiedClicks ? conversions / qualifiedClicks : null);
