import { Link } from "wouter";
import { useAddress, useRole } from "../app/context";
import { isUnread, mayOpen, type Look, type Note } from "../core/notes";
import { Ago } from "./When";

/** Notes, each with the one action that helps; those that are new since the last look say so. */
export function Notes({ notes, last, onGo }: { notes: readonly Note[]; last: Look | null; onGo?: () => void }) {
  const address = useAddress();
  const role = useRole();
  return (
    <ul className="notes" aria-label="Notifications">
      {notes.map((note) => {
        const { id, level, title, text, at, page, action } = note;
        const allowed = mayOpen(page, role);
        return (
          <li key={id} className={`note note-${level}`}>
            <strong>{title}{isUnread(note, last) && <> <span className="tag tag-accent">new</span></>}</strong>
            <span className="muted">{text}</span>
            <span className="row small">
              {at && <span className="muted"><Ago at={at} /></span>}
              {allowed ? <Link href={address(page)} {...(onGo ? { onClick: onGo } : {})}>{action}</Link> : <span className="muted">An OPERATOR or the OWNER can see to it.</span>}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
