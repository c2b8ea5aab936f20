import type { Schema } from "../api/client";
import { count, plural } from "./numbers";
import { longDay, type Day } from "./time";

export type Used = { day: Day; writes: number; today: boolean };

/** The day of `20260401`. */
const dayOf = (text: string): Day => `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}`;

/** The writes of each local day, the oldest first; the last one is not over. */
export const usedDays = (days: Schema["Usage"]["days"]): Used[] =>
  (days ?? []).map(({ writesDay, writes }, index, all) => ({ day: dayOf(writesDay), writes, today: index === all.length - 1 }));

/** The writes of some days in one sentence. */
export function usageSummary(days: readonly Used[], limit: number): string {
  const sum = days.reduce((total, { writes }) => total + writes, 0);
  const most = days.reduce<Used | null>((top, day) => (day.writes > (top?.writes ?? 0) ? day : top), null);
  const full = days.filter(({ writes }) => writes >= limit).length;
  const parts = [`${plural(sum, "write")} in ${plural(days.length, "day")}`];
  if (most) parts.push(`most on ${longDay(most.day)} with ${count(most.writes)}`);
  parts.push(full ? `today's limit of ${count(limit)} was reached on ${plural(full, "day")}` : `never ${count(limit)}, the limit of a day`);
  return `${parts.join("; ")}.`;
}
