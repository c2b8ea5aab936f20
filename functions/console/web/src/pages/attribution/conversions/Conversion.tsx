import { Link, useParams } from "wouter";
import { useAddress, useRole } from "../../../app/context";
import type { Schema } from "../../../api/client";
import { useGet } from "../../../api/use";
import type { Conversion as ConversionData } from "../../../core/conversions";
import { eventOfConversion } from "../../../core/deliveries";
import { steps } from "../../../core/ledger";
import { money } from "../../../core/money";
import { may } from "../../../core/roles";
import { campaignIsUnnamed, campaignOf, credited } from "../../../core/why";
import { ApiRequest } from "../../../ui/ApiRequest";
import { ButtonLink } from "../../../ui/Button";
import { CopyButton } from "../../../ui/Copy";
import { Card, Page } from "../../../ui/Page";
import { Loaded } from "../../../ui/states";
import { Waterfall } from "../../../ui/Waterfall";
import { PrivacyLink } from "../../settings/privacy/PrivacyLink";
import { Adjust } from "./Adjust";
import { StateTag } from "./columns";
import { Path } from "./Path";

/** One conversion explained: from the click over its submissions to what it is worth, and a way to adjust it. At most three requests. */
export default function Conversion() {
  const { conversionId = "" } = useParams<{ conversionId: string }>();
  const conversion = useGet("/v2/handles/{handle}/conversions/{conversionId}", { path: { conversionId } });
  const explained = useGet("/v2/handles/{handle}/conversions/{conversionId}/explain", { path: { conversionId } });
  const data = conversion.data;
  return (
    <Page
      title={data ? `${data.eventType}${data.value != null ? ` · ${money(data.netValue ?? data.value, data.currency)}` : ""}` : "Conversion"}
      note={<span className="row"><code>{conversionId}</code><CopyButton text={conversionId} label="Copy the conversion's id" />{data && <Tags item={data} />}</span>}
      asOf={explained.at}
      actions={<>{data && <PrivacyLink by="clickId" id={data.clickId} />}<Deliveries conversionId={conversionId} /><ApiRequest requests={[explained.request, conversion.request]} /></>}
    >
      <Loaded of={explained} lines={12}>
        {(explanation) => (
          <div className="stack">
            <Credit explanation={explanation} />
            <div className="grid-2">
              <Path explanation={explanation} item={data} />
              <div className="stack">
                <Money explanation={explanation} request={explained.request} />
                {data && <Adjusting item={data} explanation={explanation} />}
                {data && <Sent item={data} />}
              </div>
            </div>
          </div>
        )}
      </Loaded>
    </Page>
  );
}

/** To the deliveries of the event that reported it. */
function Deliveries({ conversionId }: { conversionId: string }) {
  const address = useAddress();
  const role = useRole();
  if (!may(role, "deliveries")) return null;
  return <ButtonLink icon="send" href={address(`lifecycle/deliveries?event=${eventOfConversion(conversionId)}`)}>Its deliveries</ButtonLink>;
}

function Tags({ item }: { item: ConversionData }) {
  return <><StateTag item={item} /><span className={`tag ${item.trust === "confirmed" ? "tag-good" : ""}`}>{item.trust}</span></>;
}

/** Where it counts, and in plain words why not for the campaign. */
function Credit({ explanation }: { explanation: Schema["Explanation"] }) {
  const { outcome, verdict, click } = explanation;
  const versions = useGet("/v2/handles/{handle}/links/{slug}/history", { path: { slug: click.slug }, query: { limit: 50 }, when: campaignIsUnnamed(explanation) });
  const campaignId = verdict.campaignId ?? click.campaignId ?? campaignOf(click, versions.data?.items);
  const address = useAddress();
  const { title, because, todo, kind } = credited(outcome, campaignId, click.slug);
  return (
    <div className={`alert ${kind === "plain" ? "" : `alert-${kind}`}`}>
      <div>
        <strong>{title}.</strong>
        {because && <p>{because}</p>}
        {todo && <p className="muted">{todo}</p>}
        {campaignId && outcome !== "not_credited_campaign_deleted" && <p><Link href={address(`attribution/campaigns/${campaignId}`)}>Open the campaign</Link></p>}
      </div>
    </div>
  );
}

function Money({ explanation, request }: { explanation: Schema["Explanation"]; request: Parameters<typeof Waterfall>[0]["requests"][number] }) {
  const found = steps(explanation.entries);
  if (found.length && explanation.currency) return <Waterfall steps={found} currency={explanation.currency} requests={[request]} />;
  return <Card title="Ledger"><p className="muted">{explanation.outcome === "test" ? "A test writes nothing into the ledger." : "It was reported without a value, so there is nothing to sum."}</p></Card>;
}

function Adjusting({ item, explanation }: { item: ConversionData; explanation: Schema["Explanation"] }) {
  const role = useRole();
  if (item.test || item.value == null || !item.currency) return null;
  if (!may(role, "adjust")) return <Card title="Adjust"><p className="muted">An OPERATOR or the OWNER can append a refund or a correction.</p></Card>;
  return <Adjust key={explanation.entries.length} conversionId={item.conversionId} present={explanation.netValue ?? item.value} currency={item.currency} />;
}

/** What the shop sent along. */
function Sent({ item }: { item: ConversionData }) {
  const metadata = Object.entries(item.metadata ?? {});
  if (!metadata.length && !item.occurredAt) return null;
  return (
    <Card title="Sent along" note="By the shop, shown as it came.">
      <dl className="facts">
        {item.occurredAt && <><dt>Occurred</dt><dd>{item.occurredAt}</dd></>}
        {metadata.map(([name, value]) => [<dt key={name}><bdi>{name}</bdi></dt>, <dd key={`${name}-value`}><bdi>{typeof value === "string" ? value : JSON.stringify(value)}</bdi></dd>])}
      </dl>
    </Card>
  );
}
