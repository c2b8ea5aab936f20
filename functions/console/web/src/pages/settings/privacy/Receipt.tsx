import { useZone } from "../../../app/context";
import type { Schema } from "../../../api/client";
import { instant } from "../../../core/time";
import { AuditLink } from "../audit/AuditLink";

export type ErasureReceipt = Schema["ErasureReceipt"];

/** What happens when, after an erasure was requested. */
export function Receipt({ of: { erasureId, erasedBy, repeatedUntil } }: { of: ErasureReceipt }) {
  const zone = useZone();
  return (
    <div className="alert alert-good" role="status">
      <div className="stack-small">
        <strong>The erasure is requested.</strong>
        <span>It is done by <time dateTime={erasedBy}>{instant(erasedBy, zone)}</time>, usually within minutes.</span>
        <span>It is repeated once a day until <time dateTime={repeatedUntil}>{instant(repeatedUntil, zone)}</time>, for clicks that were still waiting in a queue.</span>
        <span className="row"><code>{erasureId}</code><AuditLink target={erasureId} /></span>
      </div>
    </div>
  );
}
