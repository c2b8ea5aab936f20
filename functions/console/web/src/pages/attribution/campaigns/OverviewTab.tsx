import { useReportBefore } from "../../../api/report";
import type { Schema } from "../../../api/client";
import type { Reading } from "../../../api/use";
import type { Range } from "../../../core/range";
import { ConfidenceReasons } from "../../../ui/ConfidenceBar";
import { DailyChart } from "../../../ui/DailyChart";
import { FunnelChart } from "../../../ui/FunnelChart";
import { Card } from "../../../ui/Page";
import { Empty, Loaded } from "../../../ui/states";
import { TotalsFigures } from "../../../ui/TotalsFigures";

type Props = { range: Range; campaignId: string; report: Reading<Schema["Analytics"]> };

/** Figures, funnel, confidence and days of a campaign. With the campaign itself three requests. */
export function OverviewTab({ range, campaignId, report }: Props) {
  const before = useReportBefore(range, { groupBy: "day", campaignId });
  const earlier = range.compare ? before.data : undefined;
  const requests = range.compare ? [report.request, before.request] : [report.request];
  return (
    <Loaded of={report} lines={10}>
      {(now) =>
        now.totals.clicks === 0 && now.totals.conversions === 0 && !earlier?.totals.clicks ? (
          <Empty title="No clicks on these days">Choose other days at the top, or open the health tab: it says what is missing.</Empty>
        ) : (
          <div className="stack">
            <TotalsFigures now={now.totals} before={earlier?.totals} />
            <div className="grid-2">
              <FunnelChart figures={now.totals} requests={[report.request]} />
              <Card title="Confidence" note="How reliable these figures are: below 50, examine before paying.">
                <ConfidenceReasons score={now.confidence ?? 100} penalties={now.penalties ?? []} />
              </Card>
            </div>
            <DailyChart range={range} now={now} before={earlier} requests={requests} />
          </div>
        )
      }
    </Loaded>
  );
}
