import type { Schema } from "../api/client";
import { relative } from "./time";

/** That figures are old, and why: records wait to be counted, or there was nothing to count. Null while they are fresh. */
export function staleness({ status, lastUpdatedAt, waitingSince }: Schema["Freshness"], now: number): string | null {
  if (status !== "STALE") return null;
  return waitingSince || !lastUpdatedAt ? "Stale: counting is behind" : `Stale: last counted ${relative(lastUpdatedAt, now)}`;
}
