import { EVENT_TYPES, STATUSES, type Status } from "./deliveries";
import type { Schema } from "../api/client";

/** How the log of deliveries is filtered. */
export type Filter = {
  endpoint: string | null;
  status: Status | null;
  type: Schema["WebhookEventType"] | null;
  event: string | null;
  time: TimeId | null;
  since: string | null;
  until: string | null;
};

export const TIMES = [
  { id: "1h", name: "Last hour", ms: 3_600_000, step: 60_000 },
  { id: "24h", name: "Last 24 hours", ms: 86_400_000, step: 600_000 },
  { id: "7d", name: "Last 7 days", ms: 7 * 86_400_000, step: 3_600_000 },
] as const;
export type TimeId = (typeof TIMES)[number]["id"];

const one = <T extends string>(all: readonly T[], text: string | null): T | null => all.find((value) => value === text) ?? null;
const moment = (text: string | null): string | null => (text && !Number.isNaN(Date.parse(text)) ? new Date(text).toISOString() : null);

/** The filter that an address holds; what it does not know is left out. */
export function filterOf(query: URLSearchParams): Filter {
  return {
    endpoint: query.get("endpoint") || null,
    status: one(STATUSES.map(({ id }) => id), query.get("status")),
    type: one(EVENT_TYPES, query.get("type")),
    event: query.get("event") || null,
    time: one(TIMES.map(({ id }) => id), query.get("time")),
    since: moment(query.get("since")),
    until: moment(query.get("until")),
  };
}

export const NO_FILTER: Readonly<Record<keyof Filter, null>> = { endpoint: null, status: null, type: null, event: null, time: null, since: null, until: null };

/** The filter as the query of an address, with a question mark; empty without one. */
export function filterText(filter: Partial<Filter>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filter)) if (value) query.set(name, value);
  return query.size ? `?${query}` : "";
}

type Query = { limit: number; subscriptionId?: string; status?: Status; eventType?: Schema["WebhookEventType"]; eventId?: string; since?: string; until?: string };

/** The parameters of the list. A relative time begins at a whole step, so that the question stays the same for a while. */
export function listQuery(filter: Filter, now: number): Query {
  const { endpoint, status, type, event, time, until } = filter;
  const preset = TIMES.find(({ id }) => id === time);
  const since = preset ? new Date(Math.floor((now - preset.ms) / preset.step) * preset.step).toISOString() : filter.since;
  return {
    limit: 50,
    ...(endpoint ? { subscriptionId: endpoint } : {}),
    ...(status ? { status } : {}),
    ...(type ? { eventType: type } : {}),
    ...(event ? { eventId: event } : {}),
    ...(since ? { since } : {}),
    ...(until ? { until } : {}),
  };
}
