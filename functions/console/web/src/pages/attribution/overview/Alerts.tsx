import { Link } from "wouter";
import { useNow } from "../../../app/clock";
import { useAddress } from "../../../app/context";
import { useGet } from "../../../api/use";
import { notes } from "../../../core/notes";

/** Endpoints that fail or were disabled: conversions that partners do not hear of. */
export function Alerts() {
  const address = useAddress();
  const panel = useGet("/v2/handles/{handle}/notifications");
  const now = useNow();
  const found = panel.data ? notes(panel.data, now).filter(({ kind }) => kind === "endpoint") : [];
  if (!found.length) return null;
  return (
    <div className="stack-small">
      {found.slice(0, 2).map(({ id, level, title, text, page, action }) => (
        <p key={id} className={`alert alert-${level} alert-line`}>
          <span><strong>{title}.</strong> {text}</span>
          <Link href={address(page)}>{action}</Link>
        </p>
      ))}
    </div>
  );
}
