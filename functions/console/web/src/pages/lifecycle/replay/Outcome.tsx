import { useList } from "../../../api/list";
import { hasEnded, STATUSES, type Delivery } from "../../../core/deliveries";
import { count } from "../../../core/numbers";
import { Failed } from "../../../ui/states";

const EVERY_MS = 2_000;
const SHOWN = 100;

const replaysOf = (items: readonly Delivery[]): Delivery[] => items.filter(({ trigger }) => trigger === "MANUAL");

/** What became of the replayed events so far, read again while they are under way. */
export function Outcome({ since, endpoint, sent }: { since: string; endpoint: string | null; sent: number }) {
  const list = useList("/v2/handles/{handle}/deliveries", {
    query: { limit: SHOWN, since, ...(endpoint ? { subscriptionId: endpoint } : {}) },
    every: EVERY_MS,
    until: ({ items }) => replaysOf(items).length >= Math.min(sent, SHOWN) && items.every(hasEnded),
  });
  const replays = replaysOf(list.data ?? []);
  if (list.problem) return <Failed problem={list.problem} again={list.again} />;
  const open = replays.filter((delivery) => !hasEnded(delivery)).length;
  return (
    <div className="row" role="status">
      {STATUSES.map(({ id, name, tag }) => {
        const those = replays.filter(({ status }) => status === id).length;
        return those > 0 && <span key={id} className={`tag ${tag}`}>{count(those)} {name.toLowerCase()}</span>;
      })}
      <span className="muted small">{sent > SHOWN ? `Of the newest ${SHOWN}.` : open ? "Still under way." : ""}</span>
    </div>
  );
}
