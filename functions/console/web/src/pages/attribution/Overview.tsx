import { useAddress, useRange } from "../../app/context";
import { useFunnel, useReport, useReportBefore } from "../../api/report";
import { useGet } from "../../api/use";
import { rangeName } from "../../core/range";
import { ButtonLink } from "../../ui/Button";
import { DailyChart } from "../../ui/DailyChart";
import { Page } from "../../ui/Page";
import { Loaded } from "../../ui/states";
import { TotalsFigures } from "../../ui/TotalsFigures";
import { Alerts } from "./overview/Alerts";
import { CampaignQuality } from "./overview/CampaignQuality";
import { LatestConversions } from "./overview/LatestConversions";
import { NoClicks } from "./overview/NoClicks";
import { QuickCreate } from "./overview/QuickCreate";

/** How it is going: figures, days, what needs attention, the latest conversions. Five requests. */
export default function Overview() {
  const [range] = useRange();
  const address = useAddress();
  const now = useReport(range, { groupBy: "day" });
  const before = useReportBefore(range, { groupBy: "day" });
  const funnel = useFunnel(range);
  const latest = useGet("/v2/handles/{handle}/conversions", { query: { limit: 5 } });
  const requests = range.compare ? [now.request, before.request] : [now.request];
  return (
    <Page
      title="Overview"
      note={`${rangeName(range)}, UTC days`}
      asOf={now.at}
      freshness={now.data?.freshness}
      actions={<ButtonLink kind="primary" icon="plus" href={address("attribution/links/new")}>New link</ButtonLink>}
    >
      <Alerts />
      <div className={now.data ? undefined : "hold"}>
      <Loaded of={now} lines={10}>
        {(report) =>
          report.totals.clicks === 0 && report.totals.conversions === 0 && !before.data?.totals.clicks ? (
            <NoClicks range={range} />
          ) : (
            <div className="stack">
              <TotalsFigures now={report.totals} before={range.compare ? before.data?.totals : undefined} />
              <DailyChart now={report} before={range.compare ? before.data : undefined} requests={requests} />
            </div>
          )
        }
      </Loaded>
      </div>
      <div className="grid-2">
        <LatestConversions of={latest} />
        <div className="stack">
          <QuickCreate />
          <CampaignQuality of={funnel} />
        </div>
      </div>
    </Page>
  );
}
