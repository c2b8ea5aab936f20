import type { Delivery } from "./deliveries";

export type ReplayStatus = "EXHAUSTED" | "CANCELLED" | "DELIVERED";

/** What to replay: the events of a time whose newest delivery to an endpoint ended in one of these states. */
export type Choice = { since: string; until: string; endpoint: string | null; status: ReplayStatus | null };

/** Events that one call replays at most; each call is one write. */
export const A_CALL = 100;

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** The moment in an id: its ULID begins with it. */
export function momentOf(id: string): number {
  let ms = 0;
  for (const letter of id.slice(id.indexOf("_") + 1).slice(0, 10)) ms = ms * 32 + ALPHABET.indexOf(letter);
  return ms;
}

/** How many events would be sent again. */
export type Count = {
  /** Events with their endpoint: what a replay makes deliveries of. */
  events: number;
  byEndpoint: ReadonlyMap<string, number>;
  /** Those of endpoints that are disabled or deleted, which a replay leaves out. */
  leftOut: ReadonlyMap<string, number>;
  /** The calls it takes, at least: a call reads so many matching deliveries. */
  calls: number;
};

/** Counts what a replay would send, from the log since the beginning of the range, newest first, page by page. */
export class Counter {
  private readonly newest = new Map<string, { status: Delivery["status"]; endpoint: string }>();
  private readonly matching = new Set<string>();
  private deliveries = 0;
  private readonly statuses: readonly string[];
  private readonly until: number;
  looked = 0;

  constructor({ until, status }: Pick<Choice, "until" | "status">) {
    this.statuses = status ? [status] : ["EXHAUSTED", "CANCELLED"];
    this.until = Date.parse(until);
  }

  add(page: readonly Pick<Delivery, "deliveryId" | "eventId" | "subscriptionId" | "status">[]): void {
    for (const { deliveryId, eventId, subscriptionId, status } of page) {
      const key = `${eventId} ${subscriptionId}`;
      if (!this.newest.has(key)) this.newest.set(key, { status, endpoint: subscriptionId });
      if (!this.statuses.includes(status) || momentOf(deliveryId) > this.until) continue;
      this.matching.add(key);
      this.deliveries += 1;
    }
    this.looked += page.length;
  }

  /** The count among the endpoints that receive events now. */
  count(active: ReadonlySet<string>): Count {
    const [byEndpoint, leftOut] = [new Map<string, number>(), new Map<string, number>()];
    for (const key of this.matching) {
      const newest = this.newest.get(key);
      if (!newest || !this.statuses.includes(newest.status)) continue;
      const into = active.has(newest.endpoint) ? byEndpoint : leftOut;
      into.set(newest.endpoint, (into.get(newest.endpoint) ?? 0) + 1);
    }
    const events = [...byEndpoint.values()].reduce((sum, value) => sum + value, 0);
    return { events, byEndpoint, leftOut, calls: Math.max(1, Math.ceil(this.deliveries / A_CALL)) };
  }
}
