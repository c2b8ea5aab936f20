import { useEffect, useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { Link } from "wouter";
import { useAddress, useHandle } from "../../../app/context";
import { call } from "../../../api/client";
import { useChange, useGet } from "../../../api/use";
import { duration, hasEnded, outcomeOf, succeeded, type Delivery } from "../../../core/deliveries";
import type { Webhook } from "../../../core/webhooks";
import { Button } from "../../../ui/Button";
import { Card } from "../../../ui/Page";
import { Failed, Loaded } from "../../../ui/states";
import { Countdown } from "../../../ui/When";
import { AttemptAxis } from "../deliveries/AttemptAxis";
import { Dots, StatusTag } from "../deliveries/Dots";
import { readHoursAgain } from "./Strip";

const EVERY_MS = 500;

/** Sends a test message, waits for its delivery, and shows each attempt as it is made. */
export function TestSend({ webhook: { subscriptionId, status } }: { webhook: Webhook }) {
  const handle = useHandle();
  const [sent, setSent] = useState<string | null>(null);
  const send = useChange(async () => {
    const { data } = await call("post", "/v2/handles/{handle}/webhooks/{subscriptionId}/test", { path: { handle, subscriptionId } });
    setSent(data.deliveryId);
  });
  const active = status === "ACTIVE";
  return (
    <Card
      title="Test"
      note={active ? "Sends a webhook.test message now, whatever the events of the endpoint. It costs one write." : "A disabled endpoint receives nothing, tests neither: enable it first."}
      actions={<Button size="small" icon="send" onPress={() => send.mutate(undefined)} isDisabled={!active || send.isPending}>{sent ? "Send another test" : "Send a test"}</Button>}
    >
      {send.error && <Failed problem={send.error} />}
      {sent ? <Arrival key={sent} deliveryId={sent} /> : <p className="muted">Its delivery is shown here as it happens.</p>}
    </Card>
  );
}

function Arrival({ deliveryId }: { deliveryId: string }) {
  const delivery = useGet("/v2/handles/{handle}/deliveries/{deliveryId}", { path: { deliveryId }, every: EVERY_MS, until: hasEnded });
  const client = useQueryClient();
  const ended = delivery.data !== undefined && hasEnded(delivery.data);
  useEffect(() => {
    if (ended) readHoursAgain(client);
  }, [client, ended]);
  return (
    <Loaded of={delivery} lines={2}>
      {(data) => (
        <div className="stack">
          <p className="row" role="status"><StatusTag status={data.status} /><Dots of={data} /><span><Said of={data} /></span></p>
          {data.attempts.length > 1 && <AttemptAxis of={data} />}
          <OpenIt deliveryId={deliveryId} />
        </div>
      )}
    </Loaded>
  );
}

function OpenIt({ deliveryId }: { deliveryId: string }) {
  const address = useAddress();
  return <p className="small"><Link href={address(`lifecycle/deliveries/${deliveryId}`)}>Open the delivery</Link></p>;
}

/** What happened so far, in words. */
function Said({ of: { attempts, status, nextAttemptAt } }: { of: Delivery }) {
  const last = attempts.at(-1);
  if (!last) return <>On its way …</>;
  const { name, todo } = outcomeOf(last);
  if (succeeded(last)) return <>It arrived: {name.toLowerCase()} in {duration(last.durationMs)}.</>;
  return (
    <>
      {name} after {duration(last.durationMs)}. {todo}{" "}
      {status === "SCHEDULED" && nextAttemptAt && <strong>Attempt {attempts.length + 1} follows <Countdown to={nextAttemptAt} />.</strong>}
    </>
  );
}
