import { instant } from "./time";

export type Quota = { used: number; limit: number; left: number; resetsAt: string; low: boolean };

/** What is left of a day's writes; low from a tenth on, and always with one or none. */
export function quota(usage: { limits: { writesPerDay: number }; usage: { writesToday: number }; resetsAt: string }): Quota {
  const [limit, used] = [usage.limits.writesPerDay, usage.usage.writesToday];
  const left = Math.max(0, limit - used);
  return { used, limit, left, resetsAt: usage.resetsAt, low: left <= Math.max(1, limit / 10) };
}

const MINUTE_MS = 60_000;

/** When the same request may succeed: a short wait in seconds, a long one, such as for the day's writes, as the time in a zone. */
export function retryText(at: number, seconds: number, timeZone: string): string {
  if (seconds <= 120) return `Try again in ${seconds} s.`;
  // Seconds are rounded up on the way, and midnight is a whole minute.
  return `Try again from ${instant(Math.round(at / MINUTE_MS) * MINUTE_MS, timeZone)} on (${timeZone}).`;
}
