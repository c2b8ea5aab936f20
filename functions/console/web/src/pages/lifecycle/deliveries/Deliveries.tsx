import { useAddress } from "../../../app/context";
import { endpointName } from "../../../core/deliveries";
import { ButtonLink } from "../../../ui/Button";
import { Page } from "../../../ui/Page";
import { Empty } from "../../../ui/states";
import { Log } from "./Log";
import { useEndpoints } from "./useEndpoints";

/** Everything that was sent to the endpoints of the handle in the last 30 days. Two requests. */
export default function Deliveries() {
  const address = useAddress();
  const { known, nameOf } = useEndpoints();
  const endpoints = [...known.values()].map((webhook) => ({ id: webhook.subscriptionId as string, name: endpointName(webhook) }));
  return (
    <Page
      title="Deliveries"
      note="Every event sent to an endpoint, with its attempts. Kept for 30 days."
      actions={<ButtonLink icon="undo" href={address("lifecycle/replay")}>Replay a range</ButtonLink>}
    >
      <Log
        nameOf={nameOf}
        endpoints={endpoints}
        empty={
          <Empty title="Nothing was sent yet" action={<ButtonLink kind="primary" href={address("lifecycle/webhooks")}>Webhooks</ButtonLink>}>
            Each event is delivered to every endpoint that asks for it, and is listed here with its attempts.
          </Empty>
        }
      />
    </Page>
  );
}
