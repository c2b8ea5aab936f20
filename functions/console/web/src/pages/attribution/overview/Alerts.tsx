import { Link } from "wouter";
import { useAddress, useRole } from "../../../app/context";
import { useNotes } from "../../../app/useNotes";
import { mayOpen, type Note } from "../../../core/notes";

/** The worst of what needs attention, with the one action that helps. The line is there before that is known, so that nothing moves. */
export function Alerts() {
  const { panel, found } = useNotes(false);
  const [worst, ...others] = found;
  if (worst) return <Alert of={worst} others={others.length} />;
  return <p className="attention muted small">{panel.data ? "Nothing needs attention." : ""}</p>;
}

function Alert({ of: { level, title, text, page, action }, others }: { of: Note; others: number }) {
  const address = useAddress();
  const role = useRole();
  return (
    <p className={`alert alert-${level} attention`}>
      <span className="attention-text" title={`${title}. ${text}`}><strong>{title}.</strong> {text}</span>
      <span className="row tags">
        {mayOpen(page, role) && <Link href={address(page)}>{action}</Link>}
        {others > 0 && <Link href={address("notifications")}>{others} more</Link>}
      </span>
    </p>
  );
}
