import { useAddress } from "../../../app/context";
import { useReportBefore } from "../../../api/report";
import type { Schema } from "../../../api/client";
import type { Reading } from "../../../api/use";
import { bare } from "../../../core/links";
import type { Range } from "../../../core/range";
import { ButtonLink } from "../../../ui/Button";
import { ConfidenceReasons } from "../../../ui/ConfidenceBar";
import { CopyButton } from "../../../ui/Copy";
import { DailyChart } from "../../../ui/DailyChart";
import { FunnelChart } from "../../../ui/FunnelChart";
import { Card } from "../../../ui/Page";
import { Empty, Loaded } from "../../../ui/states";
import { TotalsFigures } from "../../../ui/TotalsFigures";

type Props = { range: Range; campaignId: string; shortUrl: string | null | undefined; report: Reading<Schema["Analytics"]> };

/** Figures, funnel, confidence and days of a campaign. With the campaign itself three requests. */
export function OverviewTab({ range, campaignId, shortUrl, report }: Props) {
  const before = useReportBefore(range, { groupBy: "day", campaignId });
  const earlier = range.compare ? before.data : undefined;
  const requests = range.compare ? [report.request, before.request] : [report.request];
  return (
    <Loaded of={report} lines={10}>
      {(now) =>
        now.totals.clicks === 0 && now.totals.conversions === 0 && !earlier?.totals.clicks ? (
          <NoClicks campaignId={campaignId} shortUrl={shortUrl} />
        ) : (
          <div className="stack">
            <TotalsFigures now={now.totals} before={earlier?.totals} />
            <div className="grid-2">
              <FunnelChart figures={now.totals} requests={[report.request]} />
              <Card title="Confidence" note="How reliable these figures are: below 50, examine before paying.">
                <ConfidenceReasons score={now.confidence ?? 100} penalties={now.penalties ?? []} />
              </Card>
            </div>
            <DailyChart now={now} before={earlier} requests={requests} />
          </div>
        )
      }
    </Loaded>
  );
}

/** What makes the first click: the address that the partner is given. */
function NoClicks({ campaignId, shortUrl }: Pick<Props, "campaignId" | "shortUrl">) {
  const address = useAddress();
  const health = <ButtonLink href={address(`attribution/campaigns/${campaignId}?tab=health`)}>Check its health</ButtonLink>;
  if (!shortUrl) return <Empty title="No clicks on these days" action={health}>Choose other days at the top, or see what is missing.</Empty>;
  return (
    <Empty
      title="No clicks on these days"
      action={<span className="row"><ButtonLink kind="primary" icon="open" href={shortUrl} target="_blank" rel="noopener">Open {bare(shortUrl)}</ButtonLink><CopyButton text={shortUrl} label="Copy the short address" words="Copy" />{health}</span>}
    >
      Give the partner the short address {bare(shortUrl)}. A click on it is counted here within seconds. If there were clicks before, choose other days at the top.
    </Empty>
  );
}
