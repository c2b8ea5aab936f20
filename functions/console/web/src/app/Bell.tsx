import { useState } from "react";
import { Button as AriaButton } from "react-aria-components";
import { Link } from "wouter";
import { useNow } from "./clock";
import { useGet } from "../api/use";
import { remember, remembered } from "../core/device";
import { notes } from "../core/notes";
import { relative } from "../core/time";
import { Dialog } from "../ui/Dialog";
import { Icon } from "../ui/Icon";
import { Empty, Loaded } from "../ui/states";
import { useAddress, useHandle } from "./context";

/** What needs attention in this handle: a drawer, with a dot while there is something newer than the last look. */
export function Bell() {
  const handle = useHandle();
  const now = useNow();
  const panel = useGet("/v2/handles/{handle}/notifications", { every: 60_000 });
  const [seen, setSeen] = useState(() => remembered("seen") ?? "");
  const found = panel.data ? notes(panel.data) : [];
  const newest = `${handle} ${found.map(({ id }) => id).join(" ")}`;
  const unread = found.length > 0 && seen !== newest;
  const look = (open: boolean) => {
    if (!open) return;
    remember("seen", newest);
    setSeen(newest);
  };
  const address = useAddress();
  const trigger = (
    <AriaButton className="button button-quiet button-icon bell" aria-label={unread ? "Notifications, new ones" : "Notifications"}>
      <Icon name="bell" />
      {unread && <span className="dot" aria-hidden="true" />}
    </AriaButton>
  );
  return (
    <Dialog title="Notifications" kind="drawer" trigger={trigger} onOpenChange={look}>
      {(close) => (
        <Loaded of={panel}>
          {() =>
            found.length ? (
              <ul className="notes">
                {found.map(({ id, level, title, text, at, page, action }) => (
                  <li key={id} className={`note note-${level}`}>
                    <strong>{title}</strong>
                    <span className="muted">{text}</span>
                    <span className="row small">
                      {at && <time className="muted" dateTime={at}>{relative(at, now)}</time>}
                      <Link href={address(page)} onClick={close}>{action}</Link>
                    </span>
                  </li>
                ))}
              </ul>
            ) : (
              <Empty title="Nothing needs attention">Failing endpoints and exhausted deliveries would be here.</Empty>
            )
          }
        </Loaded>
      )}
    </Dialog>
  );
}
