import type { Schema } from "../api/client";

export type Link = Schema["LinkView"];
export type LinkStatus = "live" | "scheduled" | "expired" | "disabled" | "capped";

export const STATUSES: readonly { id: LinkStatus; name: string; tag: string }[] = [
  { id: "live", name: "Live", tag: "tag-good" },
  { id: "scheduled", name: "Scheduled", tag: "tag-accent" },
  { id: "expired", name: "Expired", tag: "tag-warn" },
  { id: "capped", name: "Capped", tag: "tag-warn" },
  { id: "disabled", name: "Disabled", tag: "" },
];

/** What a visitor meets, by the link's own settings; whether its clicks are used up only the API knows. */
export function statusOf(link: Pick<Link, "enabled" | "scheduledStartAt" | "scheduledEndAt" | "expiresAt">, now: number): LinkStatus {
  const passed = (at: string | null | undefined): boolean => at != null && Date.parse(at) <= now;
  if (link.enabled === false) return "disabled";
  if (passed(link.scheduledEndAt) || passed(link.expiresAt)) return "expired";
  if (link.scheduledStartAt && !passed(link.scheduledStartAt)) return "scheduled";
  return "live";
}

/** The address without its scheme, for people. */
export const bare = (address: string): string => address.replace(/^https?:\/\//, "");

/** The slug the API accepts. */
export const SLUG = /^[A-Za-z0-9_-]{4,24}$/;

// Without characters that are mistaken for each other.
const LETTERS = "abcdefghijkmnpqrstuvwxyz23456789";

/** A slug of seven letters that is probably free. */
export function randomSlug(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(7)), (byte) => LETTERS[byte % LETTERS.length]).join("");
}
