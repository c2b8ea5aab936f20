import { Button as AriaButton } from "react-aria-components";
import { Link } from "wouter";
import type { Schema } from "../api/client";
import type { Reading } from "../api/use";
import { count, plural } from "../core/numbers";
import { quota } from "../core/quota";
import { instant } from "../core/time";
import { Popup } from "../ui/Dialog";
import { useAddress } from "./context";

/** What is left of today's writes, seen before one is spent. */
export function WritesMeter({ usage }: { usage: Reading<Schema["Usage"]> }) {
  const address = useAddress();
  if (!usage.data) return null;
  const { left, limit, used, low, resetsAt } = quota(usage.data);
  const { plan, timeZone } = usage.data;
  const trigger = (
    <AriaButton className={`writes${low ? " writes-low" : ""}`} aria-label={`${plural(left, "write")} left of ${count(limit)} today`}>
      <meter min={0} max={limit} value={left} aria-hidden="true" />
      <span>{count(left)}<span className="wide-only-inline"> writes left</span></span>
    </AriaButton>
  );
  return (
    <Popup label="Writes" trigger={trigger} placement="bottom end">
      {(close) => (
        <div className="stack">
          <dl className="facts">
            <dt>Plan</dt><dd>{plan}</dd>
            <dt>Writes today</dt><dd>{count(used)} of {count(limit)}</dd>
            <dt>Starts again</dt><dd>{instant(resetsAt, timeZone)}</dd>
            <dt>Time zone</dt><dd>{timeZone}</dd>
          </dl>
          <Link href={address("settings/plan")} onClick={close}>Plan and usage</Link>
        </div>
      )}
    </Popup>
  );
}
