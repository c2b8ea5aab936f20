import { Link, useLocation, useParams, useSearchParams } from "wouter";
import { useAddress, useHandle, useZone } from "../../../app/context";
import { call, type Schema } from "../../../api/client";
import { useChange, useGet } from "../../../api/use";
import { hasEnded, place } from "../../../core/deliveries";
import { filterOf, filterText } from "../../../core/deliveryFilter";
import { instant } from "../../../core/time";
import type { Webhook } from "../../../core/webhooks";
import { ApiRequest } from "../../../ui/ApiRequest";
import { Button, IconButton } from "../../../ui/Button";
import { CopyButton } from "../../../ui/Copy";
import { Card, Page } from "../../../ui/Page";
import { PageOf } from "../../../ui/PageOf";
import { toast } from "../../../ui/toasts";
import { Attempts } from "./Attempts";
import { StatusTag } from "./Dots";
import { Message } from "./Message";
import { SameEvent } from "./SameEvent";
import { useEndpoints, type Endpoints } from "./useEndpoints";
import { useNeighbours } from "./useNeighbours";

/** While it goes on, a delivery is read again this often. */
const EVERY_MS = 1_000;

const TRIGGERS = { AUTO: "The event", TEST: "A test send", MANUAL: "A replay" } as const;

/** One delivery: its attempts, what was sent, and a way to send it again. Three requests. */
export default function DeliveryPage() {
  const { deliveryId = "" } = useParams<{ deliveryId: string }>();
  const delivery = useGet("/v2/handles/{handle}/deliveries/{deliveryId}", { path: { deliveryId }, every: EVERY_MS, until: hasEnded });
  const endpoints = useEndpoints();
  return <PageOf of={delivery} title="Delivery">{(data) => <Shown delivery={data} at={delivery.at} request={delivery.request} endpoints={endpoints} />}</PageOf>;
}

type Props = { delivery: Schema["DeliveryWithRequest"]; at: number; request: Parameters<typeof ApiRequest>[0]["requests"][number]; endpoints: Endpoints };

function Shown({ delivery, at, request, endpoints }: Props) {
  const endpoint = endpoints.known.get(delivery.subscriptionId);
  const title = <span className="row">{delivery.eventType} <StatusTag status={delivery.status} /></span>;
  return (
    <Page
      title={title}
      name={delivery.eventType}
      note={<span className="row"><code>{delivery.deliveryId}</code><CopyButton text={delivery.deliveryId} label="Copy the delivery's id" /></span>}
      asOf={at}
      actions={
        <>
          <Walk deliveryId={delivery.deliveryId} />
          <Resend key={delivery.deliveryId} delivery={delivery} endpoint={endpoint} known={endpoints.reading.data !== undefined} />
          <ApiRequest requests={[request]} />
        </>
      }
    >
      <div className="grid-2">
        <div className="stack">
          <Attempts of={delivery} />
          <SameEvent of={delivery} nameOf={endpoints.nameOf} />
        </div>
        <div className="stack">
          <About delivery={delivery} endpoint={endpoint} nameOf={endpoints.nameOf} />
          <Message request={delivery.request} type={delivery.eventType} />
        </div>
      </div>
    </Page>
  );
}

function Walk({ deliveryId }: { deliveryId: string }) {
  const address = useAddress();
  const [query] = useSearchParams();
  const { go, can } = useNeighbours(deliveryId);
  return (
    <>
      <Link href={address(`lifecycle/deliveries${filterText(filterOf(query))}`)} className="small">All deliveries</Link>
      <IconButton icon="left" label="Newer delivery (←)" onPress={() => go("newer")} isDisabled={!can("newer")} />
      <IconButton icon="right" label="Older delivery (→)" onPress={() => go("older")} isDisabled={!can("older")} />
    </>
  );
}

function Resend({ delivery, endpoint, known }: { delivery: Schema["DeliveryView"]; endpoint: Webhook | undefined; known: boolean }) {
  const handle = useHandle();
  const address = useAddress();
  const [, navigate] = useLocation();
  const { deliveryId } = delivery;
  const resend = useChange(async () => (await call("post", "/v2/handles/{handle}/deliveries/{deliveryId}/replay", { path: { handle, deliveryId } })).data);
  const submit = () =>
    resend.mutate(undefined, {
      onSuccess: (again) => {
        toast("Sent again, under the same event id.");
        navigate(address(`lifecycle/deliveries/${again.deliveryId}`));
      },
      onError: (problem) => toast(problem.message, "bad"),
    });
  if (known && endpoint?.status !== "ACTIVE") {
    return endpoint ? <Link href={address(`lifecycle/webhooks/${endpoint.subscriptionId}?tab=settings`)} className="small">Enable the endpoint to resend</Link> : <span className="muted small">Its endpoint is deleted.</span>;
  }
  return <Button icon="send" onPress={submit} isDisabled={!hasEnded(delivery) || resend.isPending}>Resend</Button>;
}

function About({ delivery, endpoint, nameOf }: { delivery: Schema["DeliveryView"]; endpoint: Webhook | undefined; nameOf: Endpoints["nameOf"] }) {
  const address = useAddress();
  const zone = useZone();
  return (
    <Card title="About">
      <dl className="facts">
        <dt>Endpoint</dt>
        <dd>{endpoint ? <Link href={address(`lifecycle/webhooks/${endpoint.subscriptionId}`)}><bdi>{nameOf(endpoint.subscriptionId)}</bdi></Link> : nameOf(delivery.subscriptionId)}</dd>
        {endpoint?.description && <><dt>Address</dt><dd>{place(endpoint.endpointUrl)}</dd></>}
        <dt>Event</dt><dd><span className="row"><code>{delivery.eventId}</code><CopyButton text={delivery.eventId} label="Copy the event's id" /></span></dd>
        <dt>Sent because of</dt><dd>{TRIGGERS[delivery.trigger]}</dd>
        <dt>Created</dt><dd><time dateTime={delivery.createdAt}>{instant(delivery.createdAt, zone)}</time></dd>
      </dl>
    </Card>
  );
}
