import { Link, useParams } from "wouter";
import { useAddress, useRange } from "../../../app/context";
import { useReport } from "../../../api/report";
import { useGet } from "../../../api/use";
import { goalOf, type Campaign as CampaignData } from "../../../core/campaigns";
import { bare } from "../../../core/links";
import { rangeName } from "../../../core/range";
import { ButtonLink } from "../../../ui/Button";
import { CopyButton } from "../../../ui/Copy";
import { Page } from "../../../ui/Page";
import { QueryTabs, useTab } from "../../../ui/QueryTabs";
import { Loaded } from "../../../ui/states";
import { AuditLink } from "../../settings/audit/AuditLink";
import { CampaignStatusTag } from "./columns";
import css from "./campaigns.module.css";
import { ConversionsTab } from "./ConversionsTab";
import { HealthTab } from "./HealthTab";
import { Moves } from "./Moves";
import { OverviewTab } from "./OverviewTab";
import { PayoutTab } from "./PayoutTab";
import { ReportsTab } from "./ReportsTab";

const TABS = [
  { id: "overview", name: "Overview" },
  { id: "reports", name: "Reports" },
  { id: "health", name: "Health" },
  { id: "conversions", name: "Conversions" },
  { id: "payout", name: "Payout" },
] as const;

/** One campaign: its funnel, where its clicks come from, whether it works, and what it can be paid. */
export default function Campaign() {
  const { campaignId = "" } = useParams<{ campaignId: string }>();
  const [range] = useRange();
  const tab = useTab(TABS);
  const campaign = useGet("/v2/handles/{handle}/campaigns/{campaignId}", { path: { campaignId } });
  const report = useReport(range, { groupBy: "day", campaignId, confidence: true }, tab === "overview" || tab === "payout");
  // A deleted campaign has figures, but is not there any more.
  const deleted = campaign.problem?.status === 404;
  return (
    <Page
      title={campaign.data?.name ?? campaignId}
      note={campaign.data ? <Facts campaign={campaign.data} /> : `${rangeName(range)}, UTC days`}
      asOf={report.at}
      freshness={report.data?.freshness}
      actions={campaign.data && <Actions campaign={campaign.data} />}
    >
      {deleted && <p className="alert alert-warn">There is no campaign “{campaignId}” now. If it was deleted, its figures remain below.</p>}
      <QueryTabs label="Views of the campaign" tabs={TABS} current={tab} />
      {tab === "overview" && <OverviewTab range={range} campaignId={campaignId} shortUrl={campaign.data?.shortUrl} report={report} />}
      {tab === "reports" && <ReportsTab range={range} campaignId={campaignId} />}
      {tab === "health" && <Loaded of={campaign}>{(data) => <HealthTab campaign={data} />}</Loaded>}
      {tab === "conversions" && <ConversionsTab campaignId={campaignId} range={range} />}
      {tab === "payout" && <PayoutTab range={range} campaignId={campaignId} report={report} />}
    </Page>
  );
}

function Facts({ campaign }: { campaign: CampaignData }) {
  return (
    <span className={css.facts}>
      <CampaignStatusTag status={campaign.status} />
      <code>{campaign.campaignId}</code>
      <span>{goalOf(campaign.goalType)?.name ?? campaign.goalType}</span>
      <span>Event <code>{campaign.conversionEventType}</code></span>
      {campaign.currency && <span>{campaign.currency}</span>}
      <ShortAddress campaign={campaign} />
    </span>
  );
}

/** What the partner is given. */
function ShortAddress({ campaign: { campaignId, shortUrl } }: { campaign: CampaignData }) {
  const address = useAddress();
  if (!shortUrl) return <Link href={address(`attribution/campaigns/${campaignId}/edit`)}>Choose its link</Link>;
  return <span className="row"><a href={shortUrl} target="_blank" rel="noreferrer">{bare(shortUrl)}</a><CopyButton text={shortUrl} label="Copy the short address" /></span>;
}

function Actions({ campaign }: { campaign: CampaignData }) {
  const address = useAddress();
  return (
    <>
      <AuditLink target={campaign.campaignId} />
      <Moves campaign={campaign} />
      <ButtonLink icon="edit" href={address(`attribution/campaigns/${campaign.campaignId}/edit`)} data-edit>Edit</ButtonLink>
    </>
  );
}
