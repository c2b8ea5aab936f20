import { useState } from "react";
import { Button as AriaButton } from "react-aria-components";
import { Link } from "wouter";
import { plural } from "../core/numbers";
import type { Look } from "../core/notes";
import { Dialog } from "../ui/Dialog";
import { Icon } from "../ui/Icon";
import { Notes } from "../ui/Notes";
import { Empty, Loaded } from "../ui/states";
import { useAddress } from "./context";
import { useNotes } from "./useNotes";

const EVERY_MS = 60_000;

/** What needs attention in this handle: a drawer, with a dot while there is something newer than the last look. */
export function Bell() {
  const [open, setOpen] = useState(false);
  const address = useAddress();
  const { panel, found, unread, last, seen } = useNotes(open, EVERY_MS);
  // While it is open, it shows what was new when it was opened.
  const [before, setBefore] = useState<Look | null>(null);
  const toggle = (next: boolean) => {
    if (next) setBefore(last);
    else seen();
    setOpen(next);
  };
  const trigger = (
    <AriaButton className="button button-quiet button-icon bell" aria-label={unread ? "Notifications, new ones" : "Notifications"}>
      <Icon name="bell" />
      {unread > 0 && <span className="dot" aria-hidden="true" />}
    </AriaButton>
  );
  return (
    <Dialog title="Notifications" kind="drawer" trigger={trigger} isOpen={open} onOpenChange={toggle}>
      {(close) => (
        <Loaded of={panel}>
          {() => (
            <div className="stack">
              <p className="between small"><span className="muted">{found.length ? plural(found.length, "notification") : ""}</span><Link href={address("notifications")} onClick={close}>All on one page</Link></p>
              {found.length ? <Notes notes={found} last={before} onGo={close} /> : <Empty title="Nothing needs attention">Failing endpoints, exhausted deliveries, doubtful figures and the end of the day's writes would be here.</Empty>}
            </div>
          )}
        </Loaded>
      )}
    </Dialog>
  );
}
