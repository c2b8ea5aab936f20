import { Link } from "wouter";
import { useAddress } from "../../../app/context";
import { useNow } from "../../../app/clock";
import { useReport } from "../../../api/report";
import { hourName } from "../../../core/clicks";
import { hourDays, hours, hoursSummary, MAX_HOUR_DAYS, type Hour } from "../../../core/hours";
import { count } from "../../../core/numbers";
import { daysBetween, longDay } from "../../../core/time";
import type { Range } from "../../../core/range";
import { Chart } from "../../../ui/Chart";
import { HeatMap } from "../../../ui/charts";
import type { Column } from "../../../ui/DataTable";
import { AsOf } from "../../../ui/Page";
import { Loaded } from "../../../ui/states";
import type { Scope } from "./useScope";

/** When people come: weekday by hour, of at most seven days. An hour leads to its clicks. */
export function Hours({ range, scope }: { range: Range; scope: Scope }) {
  const now = useNow();
  const address = useAddress();
  const days = hourDays(range);
  const report = useReport({ ...range, ...days }, { groupBy: "hour", ...scope.query });
  const { slug, campaignId } = scope.query;
  const href = ({ key }: Hour): string =>
    address(`attribution/clicks?${new URLSearchParams({ hour: key, ...(slug ? { slug } : {}), ...(campaignId ? { campaign: campaignId } : {}) })}`);
  const columns: Column<Hour>[] = [
    { id: "hour", name: "Hour", cell: (hour) => <Link href={href(hour)}>{hourName(hour.key)}</Link> },
    { id: "people", name: "People", align: "end", cell: ({ people }) => count(people) },
    { id: "bots", name: "Bots", align: "end", cell: ({ bots }) => count(bots) },
    { id: "conversions", name: "Conversions", align: "end", cell: ({ conversions }) => count(conversions) },
  ];
  return (
    <Loaded of={report} lines={8}>
      {({ rows, freshness }) => {
        const all = hours(days, rows, now);
        return (
          <>
            <Chart
              title="People by weekday and hour (UTC)" summary={hoursSummary(all)} columns={columns} rows={all.filter(({ future }) => !future)}
              rowKey={({ key }) => key} requests={[report.request]}
            >
              {daysBetween(range.from, range.to) > MAX_HOUR_DAYS && <p className="muted small">Hours are reported for seven days at a time: these are {longDay(days.from)} to {longDay(days.to)}.</p>}
              <HeatMap hours={all} href={href} />
            </Chart>
            <AsOf at={report.at} freshness={freshness} />
          </>
        );
      }}
    </Loaded>
  );
}
