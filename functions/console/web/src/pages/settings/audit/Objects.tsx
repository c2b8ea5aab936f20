import { Link } from "wouter";
import { useAddress } from "../../../app/context";
import { pageAt } from "../../../app/pages";
import { actorKind, type AuditEvent } from "../../../core/audit";
import css from "./audit.module.css";

/** Who acted; a press shows only what they did. */
export function Actor({ actor, onPick }: { actor: AuditEvent["actor"]; onPick: () => void }) {
  return (
    <span className={css.who}>
      <span className="tag">{actorKind(actor.kind)}</span>
      <button type="button" className={css.pick} title={`Show only ${actor.id}`} onClick={onPick}><bdi>{actor.id}</bdi></button>
    </span>
  );
}

/** What was changed, leading to it where the console has a page for it. */
export function Target({ event, page }: { event: AuditEvent; page: string | null }) {
  const address = useAddress();
  const exists = page !== null && pageAt(`/handle/${page.split("?")[0]}`) !== null;
  const name = <bdi className={css.target} title={event.target}>{event.target}</bdi>;
  return exists ? <Link href={address(page)}>{name}</Link> : name;
}
