import { Link } from "wouter";
import { useAddress } from "../../../app/context";
import { useGet } from "../../../api/use";
import { inOrder } from "../../../core/linkForm";
import { bare } from "../../../core/links";
import { sentence } from "../../../core/rules";

/** The handle's own rules, which follow those of the link. They are changed on their own page. */
export function HandleRules() {
  const address = useAddress();
  const rules = useGet("/v2/handles/{handle}/personalization-rules", { query: { limit: 100 } });
  const on = inOrder((rules.data?.items ?? []).filter(({ enabled }) => enabled));
  if (!on.length) return null;
  return (
    <div className="rules-after">
      <p className="muted small">Then the <Link href={address("attribution/rules")}>rules of the handle</Link>:</p>
      {on.map(({ ruleId, when, variant }) => (
        <p key={ruleId} className="small">{sentence(when)} <span className="muted">→ {bare(variant.destinationUrl)} ({ruleId})</span></p>
      ))}
    </div>
  );
}
