import type { PageEntry, Read } from "../app/pages";
import { apiOrigin } from "../auth/config";
import { send } from "../auth/session";
import { rangeOf } from "../core/range";
import { address } from "./address";
import { answered, type Answered } from "./problem";

/** What the frame reads of a handle, whatever the page. */
const FRAME: readonly Read[] = [[""], ["/usage-meters"]];

/** A read that was sent ahead: the path of the document, the address, and the answer once it has arrived. */
type Ahead = { path: string; address: string; answer: Promise<Answered>; arrived: Answered | null };

/** What is not taken within the time that an answer counts as new is forgotten. */
const KEPT_MS = 10_000;

let ahead: Ahead[] = [];

/** Sends the reads of a page while its code is on its way. */
export function readAhead(page: PageEntry, at: Location): void {
  const handle = at.pathname.split("/")[2] ?? "";
  const range = rangeOf(new URLSearchParams(at.search), Date.now());
  for (const [resource, query] of [...FRAME, ...(page.reads?.(range) ?? [])]) {
    const path = `/v2/handles/{handle}${resource}`;
    const filled = address(path, { handle }, query);
    const read: Ahead = { path, address: filled, answer: send(apiOrigin() + filled, {}).then(answered), arrived: null };
    // A failure is reported to the page, which takes it.
    read.answer.then((answer) => (read.arrived = answer), () => null);
    ahead.push(read);
  }
  setTimeout(() => (ahead = []), KEPT_MS);
}

/** The reads whose successful answer is there; each is given once. */
export function takeArrived(): (Answered & Pick<Ahead, "path" | "address">)[] {
  const arrived = ahead.flatMap(({ path, address: filled, arrived: answer }) => (answer?.response.ok ? [{ path, address: filled, ...answer }] : []));
  ahead = ahead.filter(({ address: filled }) => !arrived.some((taken) => taken.address === filled));
  return arrived;
}

/** The answer to a read that was sent ahead; it is given once. */
export function takeAhead(filled: string): Promise<Answered> | undefined {
  const read = ahead.find((sent) => sent.address === filled);
  ahead = ahead.filter((sent) => sent !== read);
  return read?.answer;
}
