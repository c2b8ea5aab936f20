/** A UTC day, such as `2026-11-22`. */
export type Day = string;

const DAY_MS = 86_400_000;

export const dayOf = (at: number): Day => new Date(at).toISOString().slice(0, 10);
export const addDays = (day: Day, days: number): Day => dayOf(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS);
/** The number of days from `from` up to and including `to`. */
export const daysBetween = (from: Day, to: Day): number =>
  Math.round((Date.parse(`${to}T00:00:00Z`) - Date.parse(`${from}T00:00:00Z`)) / DAY_MS) + 1;

/** Whether the text is a day of the calendar. */
export function isDay(text: string | null | undefined): text is Day {
  if (!text || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const at = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(at) && dayOf(at) === text;
}

const shortDays = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });
const weekdays = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", timeZone: "UTC" });
const longDays = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

/** `14 Nov`. */
export const shortDay = (day: Day): string => shortDays.format(Date.parse(`${day}T00:00:00Z`));
/** `Sat 14`. */
export const weekday = (day: Day): string => weekdays.format(Date.parse(`${day}T00:00:00Z`));
/** `Sat, 14 Nov 2026`. */
export const longDay = (day: Day): string => longDays.format(Date.parse(`${day}T00:00:00Z`));

/** An instant in a time zone, such as `14 Nov 2026, 10:03:34`. */
export function instant(at: string | number, timeZone: string): string {
  const options: Intl.DateTimeFormatOptions = { dateStyle: "medium", timeStyle: "medium", timeZone };
  return new Intl.DateTimeFormat("en-GB", options).format(typeof at === "number" ? at : Date.parse(at));
}

/** An instant of the last months in a time zone, such as `14 Nov, 10:03:34`. */
export const shortInstant = (at: string, timeZone: string): string =>
  new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone }).format(Date.parse(at));

/** The time of day in a time zone, such as `10:03:34`. */
export const clock = (at: number, timeZone: string): string =>
  new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone }).format(at);

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 365 * DAY_MS],
  ["month", 30 * DAY_MS],
  ["day", DAY_MS],
  ["hour", 3_600_000],
  ["minute", 60_000],
];
const relatives = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });

/** `5 min. ago`, `yesterday`, `in 2 days`. */
export function relative(at: string, now: number): string {
  const distance = Date.parse(at) - now;
  const [unit, size] = UNITS.find(([, ms]) => Math.abs(distance) >= ms) ?? [];
  return unit && size ? relatives.format(Math.trunc(distance / size), unit) : "just now";
}

/** The offset of a zone at an instant, in minutes; positive in the east. */
function offset(at: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
  }).formatToParts(at);
  const of = (type: string): number => Number(parts.find((part) => part.type === type)?.value);
  return Math.round((Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second")) - at) / 60_000);
}

/** The text for a `datetime-local` field, in a zone; empty for none. */
export function toLocal(at: string | null | undefined, timeZone: string): string {
  if (!at) return "";
  const ms = Date.parse(at);
  return new Date(ms + offset(ms, timeZone) * 60_000).toISOString().slice(0, 16);
}

/**
 * The instant that a `datetime-local` field names in a zone; null when it is empty. A time that a change of clocks skips is moved on.
 * While the field shows the stored instant, it names that: to the second, and in the hour that clocks repeat.
 */
export function fromLocal(text: string, timeZone: string, stored?: string | null): string | null {
  if (!text) return null;
  if (stored && text === toLocal(stored, timeZone)) return stored;
  const wall = Date.parse(`${text.length === 16 ? `${text}:00` : text}Z`);
  if (Number.isNaN(wall)) return null;
  const guess = wall - offset(wall, timeZone) * 60_000;
  return new Date(wall - offset(guess, timeZone) * 60_000).toISOString();
}
