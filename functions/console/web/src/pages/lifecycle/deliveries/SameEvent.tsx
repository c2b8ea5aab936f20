import { Link } from "wouter";
import { useAddress } from "../../../app/context";
import { useList } from "../../../api/list";
import type { Delivery } from "../../../core/deliveries";
import { ButtonLink } from "../../../ui/Button";
import { Card } from "../../../ui/Page";
import { Loaded } from "../../../ui/states";
import { Ago } from "../../../ui/When";
import { Dots, StatusTag } from "./Dots";

/** The other deliveries of the event: to other endpoints, and replays. */
export function SameEvent({ of: { eventId, deliveryId }, nameOf }: { of: Delivery; nameOf: (endpoint: string) => string }) {
  const address = useAddress();
  const list = useList("/v2/handles/{handle}/deliveries", { query: { limit: 50, eventId } });
  const all = address(`lifecycle/deliveries?event=${eventId}`);
  return (
    <Card title="Other deliveries of this event" note="To other endpoints, and replays. A receiver acts once for each event id." actions={<ButtonLink size="small" kind="quiet" href={all}>Show in the log</ButtonLink>}>
      <Loaded of={list} lines={2}>
        {(deliveries) => {
          const others = deliveries.filter((other) => other.deliveryId !== deliveryId);
          if (!others.length) return <p className="muted">None: it was sent to one endpoint, once.</p>;
          return (
            <ul className="stack-small">
              {others.map((other) => (
                <li key={other.deliveryId} className="row">
                  <Link href={address(`lifecycle/deliveries/${other.deliveryId}?event=${eventId}`)}><bdi>{nameOf(other.subscriptionId)}</bdi></Link>
                  <StatusTag status={other.status} /><Dots of={other} /><span className="muted small"><Ago at={other.createdAt} /></span>
                </li>
              ))}
            </ul>
          );
        }}
      </Loaded>
    </Card>
  );
}
