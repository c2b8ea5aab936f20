import type { Schema } from "../api/client";
import { hourName } from "./clicks";
import { count, plural } from "./numbers";
import { days } from "./range";
import { addDays, type Day } from "./time";

/** One hour of a day in UTC. `future` hours have not begun. */
export type Hour = { key: string; day: Day; hour: number; people: number; bots: number; conversions: number; future: boolean };

/** A report by hour covers at most this many days. */
export const MAX_HOUR_DAYS = 7;
export const HOURS: readonly number[] = Array.from({ length: 24 }, (_, hour) => hour);

/** The last days of a range that a report by hour can cover. */
export function hourDays({ from, to }: { from: Day; to: Day }): { from: Day; to: Day } {
  const first = addDays(to, 1 - MAX_HOUR_DAYS);
  return { from: from > first ? from : first, to };
}

export const hourKey = (day: Day, hour: number): string => `${day}T${String(hour).padStart(2, "0")}`;

/** Every hour of the days with its figures; hours without any are zero. */
export function hours(range: { from: Day; to: Day }, rows: readonly Schema["ReportRow"][], now: number): Hour[] {
  const byHour = new Map(rows.map((row) => [row.key, row]));
  return days(range).flatMap((day) =>
    HOURS.map((hour): Hour => {
      const key = hourKey(day, hour);
      const row = byHour.get(key);
      const future = Date.parse(`${key}:00:00Z`) > now;
      return { key, day, hour, people: row?.qualifiedClicks ?? 0, bots: row?.botClicks ?? 0, conversions: row?.conversions ?? 0, future };
    }),
  );
}

/** What an hour brought, in a sentence. */
export const hourText = ({ key, people, bots, conversions }: Hour): string =>
  `${hourName(key)}: ${plural(people, "click", "clicks")} of people, ${plural(bots, "bot")}, ${plural(conversions, "conversion")}`;

/** The hours in one sentence: how many, the busiest, and how many had none. */
export function hoursSummary(all: readonly Hour[]): string {
  const past = all.filter(({ future }) => !future);
  const people = past.reduce((sum, hour) => sum + hour.people, 0);
  const best = past.reduce<Hour | null>((top, hour) => (hour.people > (top?.people ?? 0) ? hour : top), null);
  const quiet = past.filter((hour) => hour.people === 0).length;
  const parts = [`${plural(all.length / 24, "day")}, ${count(people)} clicks of people`];
  if (best) parts.push(`most on ${hourName(best.key)} with ${count(best.people)}`);
  if (quiet) parts.push(`none in ${count(quiet)} of ${plural(past.length, "hour")}`);
  return `${parts.join("; ")}.`;
}
