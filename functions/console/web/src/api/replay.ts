import { A_CALL, Counter, momentOf, type Choice } from "../core/replay";
import { address } from "./address";
import { call, exchange, type Request } from "./client";
import type { Schema } from "./client";

type Page = { items: Schema["DeliveryView"][]; nextCursor?: string | null };

const listRequest = (handle: string, { since, endpoint }: Choice, cursor: string | null): Request => ({
  verb: "get",
  // To the present, not only to the end of the range: what was sent again since is not sent once more.
  address: address("/v2/handles/{handle}/deliveries", { handle }, { limit: A_CALL, since, subscriptionId: endpoint, cursor }),
});

/** Reads the log of the range page by page, and counts what a replay would send. Throws what a page was refused for, or that it was stopped. */
export async function countReplay(handle: string, choice: Choice, progress: (looked: number) => void, signal: AbortSignal): Promise<Counter> {
  const counter = new Counter(choice);
  let cursor: string | null = null;
  do {
    const page: Page = (await exchange<Page>(listRequest(handle, choice, cursor), signal)).data;
    counter.add(page.items);
    progress(counter.looked);
    cursor = page.nextCursor ?? null;
  } while (cursor);
  return counter;
}

/** The body of one call. */
export const replayBody = ({ since, until, endpoint, status }: Choice, cursor: string | null) => ({
  since, until, ...(endpoint ? { subscriptionId: endpoint } : {}), ...(status ? { status } : {}), ...(cursor ? { cursor } : {}),
});

/** How far a replay is; `since` is the moment of its first new delivery. */
export type Progress = { sent: number; cursor: string | null; since: string | null };

/**
 * Replays the range from a cursor on, call by call; says after each how far it is, and asks whether to go on. What a call has sent stays
 * sent: the events of a call that is repeated have a newer delivery by then and are passed over.
 */
export async function replayRange(handle: string, choice: Choice, from: Progress, progress: (now: Progress) => void, isStopped: () => boolean): Promise<void> {
  let now = from;
  do {
    const { data } = await call("post", "/v2/handles/{handle}/deliveries/replay", { path: { handle }, body: replayBody(choice, now.cursor) });
    const first = Math.min(...data.items.map(({ deliveryId }) => momentOf(deliveryId)));
    const since = now.since ?? (data.items.length ? new Date(first).toISOString() : null);
    now = { sent: now.sent + data.items.length, cursor: data.nextCursor ?? null, since };
    progress(now);
  } while (now.cursor && !isStopped());
}
