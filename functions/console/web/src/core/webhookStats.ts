import type { Schema } from "../api/client";
import { duration } from "./deliveries";
import { count, plural } from "./numbers";
import { addDays, dayOf } from "./time";

export type Hour = Schema["HourOfStats"];

const HOURS = 24;

/** The days that hold the last 24 hours. */
export const lastDays = (now: number): { from: string; to: string } => ({ from: addDays(dayOf(now), -1), to: dayOf(now) });

/** The last 24 hours of the rows, this one last. */
export const lastHours = (rows: readonly Hour[]): Hour[] => rows.slice(-HOURS);

/** An hour as a bar: the shares of the highest one that were delivered and that failed. */
export type StripBar = { hour: string; delivered: number; failed: number; title: string };

export const clockHour = (hour: string): string => `${hour.slice(11, 13)}:00`;

/** The hours as bars between 0 and 1; all of a strip have the same scale. */
export function bars(hours: readonly Hour[]): StripBar[] {
  const most = Math.max(1, ...hours.map(({ delivered, failed }) => Math.max(delivered, failed)));
  return hours.map(({ hour, delivered, failed }) => ({
    hour, delivered: delivered / most, failed: failed / most, title: `${clockHour(hour)} UTC: ${count(delivered)} delivered, ${count(failed)} failed`,
  }));
}

/** A line over the hours, in pieces: hours without attempts interrupt it. Points are between 0 and 1 in both directions. */
export function line(hours: readonly Hour[], of: (hour: Hour) => number | null | undefined, most: number): [number, number][][] {
  const pieces: [number, number][][] = [[]];
  hours.forEach((hour, index) => {
    const value = of(hour);
    if (value == null) pieces.push([]);
    else pieces.at(-1)?.push([(index + 0.5) / hours.length, 1 - value / most]);
  });
  return pieces.filter((piece) => piece.length > 0);
}

/** The slowest p95, which is the top of the scale; null without attempts. */
export const slowest = (hours: readonly Hour[]): number | null => {
  const known = hours.flatMap(({ p95Ms }) => (p95Ms == null ? [] : [p95Ms]));
  return known.length ? Math.max(1, ...known) : null;
};

/** The hours in one sentence. */
export function summary(hours: readonly Hour[]): string {
  const sum = (of: (hour: Hour) => number): number => hours.reduce((total, hour) => total + of(hour), 0);
  const [delivered, failed] = [sum((hour) => hour.delivered), sum((hour) => hour.failed)];
  if (!delivered && !failed) return "Nothing ended in the last 24 hours.";
  const worst = hours.reduce((found, hour) => (hour.failed > found.failed ? hour : found));
  const slow = hours.reduce<Hour | null>((found, hour) => (hour.p95Ms != null && hour.p95Ms > (found?.p95Ms ?? -1) ? hour : found), null);
  const failures = failed ? `, ${count(failed)} failed, most in the hour from ${clockHour(worst.hour)} UTC` : ", none failed";
  const pace = slow?.p95Ms != null ? ` In the slowest hour, from ${clockHour(slow.hour)}, 95 % of the attempts took at most ${duration(slow.p95Ms)}.` : "";
  return `${plural(delivered, "delivery", "deliveries")} arrived in 24 hours${failures}.${pace}`;
}
