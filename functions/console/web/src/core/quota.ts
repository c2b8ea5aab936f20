export type Quota = { used: number; limit: number; left: number; resetsAt: string; low: boolean };

/** What is left of a day's writes; low from a tenth on, and always with one or none. */
export function quota(usage: { limits: { writesPerDay: number }; usage: { writesToday: number }; resetsAt: string }): Quota {
  const [limit, used] = [usage.limits.writesPerDay, usage.usage.writesToday];
  const left = Math.max(0, limit - used);
  return { used, limit, left, resetsAt: usage.resetsAt, low: left <= Math.max(1, limit / 10) };
}
