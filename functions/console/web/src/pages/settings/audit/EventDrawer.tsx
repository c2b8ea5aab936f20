import { useEffect } from "react";
import { useAddress, useZone } from "../../../app/context";
import { useNow } from "../../../app/clock";
import { actionName, actorKind, changesOf, pageOf, type AuditEvent } from "../../../core/audit";
import { instant, relative } from "../../../core/time";
import { Button, ButtonLink, IconButton } from "../../../ui/Button";
import { CopyButton } from "../../../ui/Copy";
import { Dialog } from "../../../ui/Dialog";
import { Differences } from "../../../ui/Differences";
import { Empty } from "../../../ui/states";
import { Target } from "./Objects";

type Props = { events: readonly AuditEvent[]; open: string; show: (event: string | null) => void; more: (() => void) | null };

/** One event beside the list: its states before and after as a difference, and its request. ← and → lead to the next ones. */
export function EventDrawer({ events, open, show, more }: Props) {
  const index = events.findIndex(({ auditId }) => auditId === open);
  const event = events[index];
  const [newer, older] = [events[index - 1], events[index + 1]];
  useEffect(() => {
    const press = ({ key, target }: KeyboardEvent) => {
      if (target instanceof Element && target.closest("input, textarea")) return;
      const next = key === "ArrowLeft" ? newer : key === "ArrowRight" ? older : undefined;
      if (next) show(next.auditId);
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [newer, older, show]);
  return (
    <Dialog title={event ? actionName(event.action) : "Event"} kind="drawer" isOpen onOpenChange={(on) => !on && show(null)}>
      {() =>
        event ? (
          <div className="stack">
            <div className="row">
              <IconButton icon="left" label="Newer event" isDisabled={!newer} onPress={() => newer && show(newer.auditId)} />
              <IconButton icon="right" label="Older event" isDisabled={!older} onPress={() => older && show(older.auditId)} />
            </div>
            <Facts event={event} />
            <Differences of={changesOf(event)} />
          </div>
        ) : (
          <Empty title="This event is not among those shown" action={more ? <Button onPress={more}>Look further back</Button> : undefined}>It may be older, or another filter hides it.</Empty>
        )
      }
    </Dialog>
  );
}

function Facts({ event }: { event: AuditEvent }) {
  const zone = useZone();
  const now = useNow();
  const address = useAddress();
  const { at, actor, action, target, requestId } = event;
  const only = (name: string, value: string): string => address(`settings/audit?${new URLSearchParams({ [name]: value })}`);
  return (
    <>
      <dl className="facts">
        <dt>When</dt><dd><time dateTime={at}>{instant(at, zone)}</time> <span className="muted">{zone}, {relative(at, now)}</span></dd>
        <dt>Who</dt><dd><span className="tag">{actorKind(actor.kind)}</span> <bdi>{actor.id}</bdi></dd>
        <dt>What</dt><dd><code>{action}</code></dd>
        <dt>Target</dt><dd><Target event={event} page={pageOf(event)} /></dd>
        <dt>Request</dt><dd className="row"><code>{requestId}</code><CopyButton text={requestId} label="Copy the request id" /></dd>
      </dl>
      <div className="row">
        <ButtonLink size="small" href={only("target", target)}>All of this target</ButtonLink>
        <ButtonLink size="small" href={only("actor", actor.id)}>All by {actorKind(actor.kind) === "user" ? "this user" : `this ${actorKind(actor.kind)}`}</ButtonLink>
      </div>
    </>
  );
}
