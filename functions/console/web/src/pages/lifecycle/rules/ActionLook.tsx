import type { Action } from "../../../core/chain";
import { Icon } from "../../../ui/Icon";
import css from "./rules.module.css";

/** What an action looks like on a page: a sketch, as each shop draws it in its own way. */
export function ActionLook({ action, ofDecision }: { action: Action; ofDecision?: boolean }) {
  const { type, data } = action;
  return (
    <figure className={css.look}>
      <div className={`${css.sheet} ${type === "message" ? css.message : ""}`}>
        {type === "banner" && <div className={`${css.shown} ${css.banner}`}><Words {...action} /></div>}
        {type === "redirect" ? (
          <p className={css.goes}><Icon name="open" /><span>The page goes to <bdi>{action.destinationUrl || "the address below"}</bdi></span></p>
        ) : type !== "popup" && (
          <div className={css.lines} aria-hidden="true"><span /><span /><span /></div>
        )}
        {type === "cta" && <div className={`${css.shown} ${css.cta}`}><Words {...action} /></div>}
        {type === "message" && <div className={css.shown}><Words {...action} /></div>}
        {type === "popup" && <div className={css.popup}><div className={css.shown}><Words {...action} /></div></div>}
      </div>
      <figcaption className="muted small">
        {type === "none" ? "Nothing is shown." : ofDecision ? "A sketch." : "A sketch: the shop's page draws it in its own style."}
        {data ? " The page also gets its data." : ""}
      </figcaption>
    </figure>
  );
}

function Words({ type, title, text, label, destinationUrl }: Action) {
  const button = label || (type === "cta" ? "Button" : destinationUrl ? "Open" : null);
  return (
    <>
      {title && <strong><bdi>{title}</bdi></strong>}
      {text && <span><bdi>{text}</bdi></span>}
      {!title && !text && !label && <span className="muted">No words yet.</span>}
      {button && <span className={css.press}><bdi>{button}</bdi></span>}
    </>
  );
}
