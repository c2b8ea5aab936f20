import { Link as RouteLink } from "wouter";
import { useAddress, useRange, useZone } from "../../../app/context";
import { useReport, useReportBefore } from "../../../api/report";
import type { Link } from "../../../core/links";
import { instant } from "../../../core/time";
import { DailyChart } from "../../../ui/DailyChart";
import { AsOf, Card } from "../../../ui/Page";
import { Loaded } from "../../../ui/states";
import { TotalsFigures } from "../../../ui/TotalsFigures";

/** Figures and days of a link, and how it is set. */
export function OverviewTab({ link }: { link: Link }) {
  const [range] = useRange();
  const now = useReport(range, { groupBy: "day", slug: link.slug });
  const before = useReportBefore(range, { groupBy: "day", slug: link.slug });
  const requests = range.compare ? [now.request, before.request] : [now.request];
  return (
    <div className="grid-side">
      <Loaded of={now} lines={8}>
        {(report) => (
          <div className="stack">
            <TotalsFigures now={report.totals} before={range.compare ? before.data?.totals : undefined} />
            <DailyChart now={report} before={range.compare ? before.data : undefined} requests={requests} />
            <AsOf at={now.at} freshness={report.freshness} />
          </div>
        )}
      </Loaded>
      <Settings link={link} />
    </div>
  );
}

function Settings({ link }: { link: Link }) {
  const zone = useZone();
  const address = useAddress();
  const moment = (at: string | null | undefined) => (at ? instant(at, zone) : null);
  const utm = Object.entries(link.tracking ?? {}).filter(([, value]) => value).map(([name, value]) => `${name.replace(/([A-Z])/g, "_$1").toLowerCase()}=${value}`);
  const facts: [string, React.ReactNode][] = [
    ["Destination", <code key="d">{link.destinationUrl}</code>],
    ["Campaign", link.campaignId && <RouteLink key="c" href={address(`attribution/campaigns/${link.campaignId}`)}>{link.campaignId}</RouteLink>],
    ["Tags", link.tags?.join(", ")],
    ["Rules", link.routingRules?.length ? String(link.routingRules.length) : null],
    ["Sent by", link.trackingPolicy?.mode === "BRIDGE" ? "a bridge page" : `redirect ${link.redirectType ?? 302}`],
    ["ctx", link.trackingPolicy?.appendContextParam === false ? "not appended" : "appended"],
    ["utm", utm.length ? utm.join(", ") : null],
    ["Starts", moment(link.scheduledStartAt)],
    ["Ends", moment(link.scheduledEndAt)],
    ["Expires", moment(link.expiresAt)],
    ["Most clicks", link.maxClicks],
    ["Fallback", link.fallbackUrl && <code key="f">{link.fallbackUrl}</code>],
    ["Password", link.hasPassword ? "asked of visitors" : null],
    ["Version", link.version],
    ["Created", moment(link.createdAt)],
    ["Changed", moment(link.updatedAt)],
  ];
  return (
    <Card title="Settings">
      <dl className="facts">
        {facts.filter(([, value]) => value != null && value !== "").map(([name, value]) => (
          <div key={name} className="fact"><dt>{name}</dt><dd>{value}</dd></div>
        ))}
      </dl>
    </Card>
  );
}
