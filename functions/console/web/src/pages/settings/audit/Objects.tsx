import { Link, matchRoute, useRouter } from "wouter";
import { useAddress } from "../../../app/context";
import { PAGES } from "../../../app/routes";
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
  const { parser } = useRouter();
  const exists = page !== null && PAGES.some(({ path }) => matchRoute(parser, `/:handle/${path}`, `/h/${page.split("?")[0]}`)[0]);
  const name = <bdi className={css.target} title={event.target}>{event.target}</bdi>;
  return exists ? <Link href={address(page)}>{name}</Link> : name;
}
