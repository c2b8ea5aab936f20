import type { Schema } from "../api/client";

type Plan = Schema["Plan"];
type Feature = Schema["Feature"];

/** The plans from the least to the greatest; each has all that the ones before have. */
export const PLANS: readonly { id: Plan; name: string; writes: number }[] = [
  { id: "FREE", name: "Free", writes: 2 },
  { id: "PRO", name: "Pro", writes: 10 },
  { id: "ENTERPRISE", name: "Enterprise", writes: 500 },
];

/** What plans include besides their writes, and from which on. */
export const FEATURES: readonly { id: Feature; name: string; text: string; from: Plan }[] = [
  { id: "growth_tools", name: "Access tokens", text: "Programs act for a handle: confirmed conversions, links from scripts.", from: "PRO" },
  { id: "exports", name: "Exports", text: "Clicks, conversions and days as files, and payout statements.", from: "PRO" },
];

/** Whether a plan includes what another plan brings. */
export const includes = (plan: Plan, from: Plan): boolean => PLANS.findIndex(({ id }) => id === plan) >= PLANS.findIndex(({ id }) => id === from);

/** The zones that browsers know, with the one of this account and UTC. */
export function zones(current: string): string[] {
  const known = typeof Intl.supportedValuesOf === "function" ? Intl.supportedValuesOf("timeZone") : [];
  return [...new Set(["UTC", current, ...known])];
}

/** A zone with its present distance from UTC, such as `Europe/Berlin (GMT+1)`. */
export function zoneName(timeZone: string, now: number): string {
  try {
    const part = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "shortOffset" }).formatToParts(now).find(({ type }) => type === "timeZoneName");
    return part ? `${timeZone} (${part.value})` : timeZone;
  } catch {
    return timeZone;
  }
}

/** Whether the browser knows a zone. */
export function isZone(timeZone: string): boolean {
  try {
    return timeZone !== "" && Boolean(new Intl.DateTimeFormat("en", { timeZone }));
  } catch {
    return false;
  }
}
