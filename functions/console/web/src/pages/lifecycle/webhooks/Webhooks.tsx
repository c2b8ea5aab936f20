import { useAddress, useQueryParts } from "../../../app/context";
import { useGet } from "../../../api/use";
import { place } from "../../../core/deliveries";
import { count, plural } from "../../../core/numbers";
import { sortOf, sortText } from "../../../core/query";
import { eventWords, MAX_ENDPOINTS, type Notified } from "../../../core/webhooks";
import { ButtonLink } from "../../../ui/Button";
import { DataTable, type Column } from "../../../ui/DataTable";
import { Card, Page } from "../../../ui/Page";
import { Empty, Loaded } from "../../../ui/states";
import { Ago } from "../../../ui/When";
import { StatusTag } from "../deliveries/Dots";
import { Day, WebhookStatusTag } from "./Health";
import { RowStrip } from "./Strip";
import css from "./webhooks.module.css";

const EVERY_MS = 15_000;

/** With more endpoints their hours are on their own pages only: each row's strip is one request. */
const MAX_STRIPS = 6;

/** The columns, with the strips of hours if there are few endpoints. */
const columns = (few: boolean): Column<Notified>[] => [
  {
    id: "endpoint", name: "Endpoint", sort: ({ endpointUrl, description }) => description ?? endpointUrl,
    cell: ({ endpointUrl, description }) => (
      <span className={css.name}>
        <bdi className="cut">{description || place(endpointUrl)}</bdi>
        {description && <span className="muted small cut link-destination">{place(endpointUrl)}</span>}
      </span>
    ),
  },
  { id: "status", name: "Status", sort: ({ status }) => status, cell: ({ status }) => <WebhookStatusTag status={status} /> },
  { id: "events", name: "Events", cell: (webhook) => <span className={`${css.events} cut small`} title={eventWords(webhook)}>{eventWords(webhook)}</span> },
  { id: "day", name: "Last 24 hours", sort: ({ counts24h }) => counts24h.failed, cell: ({ counts24h, subscriptionId }) => <Day of={counts24h} strip={few ? <RowStrip subscriptionId={subscriptionId} /> : null} /> },
  {
    id: "last", name: "Last delivery", align: "end", sort: ({ lastDelivery }) => lastDelivery?.createdAt,
    cell: ({ lastDelivery }) => (lastDelivery ? <span className={css.last}><StatusTag status={lastDelivery.status} /><Ago at={lastDelivery.createdAt} /></span> : <span className="muted">–</span>),
  },
];

/** The endpoints of the handle, each with how it did in the last day. One request, and one for each strip of up to six endpoints. */
export default function Webhooks() {
  const address = useAddress();
  const [query, setParts] = useQueryParts();
  const panel = useGet("/v2/handles/{handle}/notifications", { every: EVERY_MS });
  const create = <ButtonLink kind="primary" icon="plus" href={address("lifecycle/webhooks/new")}>New endpoint</ButtonLink>;
  const actions = <><ButtonLink icon="list" href={address("lifecycle/deliveries")}>Deliveries</ButtonLink>{create}</>;
  return (
    <Page title="Webhooks" note="Your servers receive clicks, conversions and changes as they happen." actions={actions} asOf={panel.at}>
      <Card flush>
        <Loaded of={panel} lines={6}>
          {({ webhooks }) => (
            <DataTable
              label="Webhooks"
              columns={columns(webhooks.length <= MAX_STRIPS)}
              rows={webhooks}
              rowKey={({ subscriptionId }) => subscriptionId}
              href={({ subscriptionId }) => address(`lifecycle/webhooks/${subscriptionId}`)}
              sort={sortOf(query.get("sort"))}
              onSort={(sort) => setParts({ sort: sortText(sort) })}
              requests={[panel.request]}
              foot={`${plural(webhooks.length, "endpoint")} of at most ${count(MAX_ENDPOINTS)}`}
              empty={
                <Empty title="No endpoints yet" action={create}>
                  An endpoint is an address of yours that receives signed messages, for example one for each conversion.
                </Empty>
              }
            />
          )}
        </Loaded>
      </Card>
    </Page>
  );
}
