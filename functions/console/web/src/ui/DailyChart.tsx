import { useMemo } from "react";
import { useNow } from "../app/clock";
import type { Request, Schema } from "../api/client";
import { money } from "../core/money";
import { count } from "../core/numbers";
import { points, seriesSummary, type Point } from "../core/series";
import { dayOf, longDay } from "../core/time";
import { Series } from "./charts";
import { Chart, Legend, type Mark } from "./Chart";
import type { Column } from "./DataTable";

type Props = { now: Schema["Analytics"]; before: Schema["Analytics"] | undefined; requests: readonly Request[]; title?: string };

/** Clicks and conversions of each day of a report. */
export function DailyChart({ now, before: previous, requests, title = "Clicks and conversions by day" }: Props) {
  const today = dayOf(useNow());
  // A period without any clicks is from before there was anything to count.
  const before = previous?.totals.clicks ? previous : undefined;
  // The same while another report is on its way, so that the chart is not drawn again.
  const series = useMemo(() => points(now, before, today), [now, before, today]);
  const revenue = new Map(now.rows.map((row) => [row.key, row]));
  const marks: [Mark, string][] = [["people", "People"], ["bots", "Bots"], ["conversions", "Conversions (right axis)"]];
  // Its bar is drawn in another way: more may come until the day is over.
  if (series.some(({ incomplete, people }) => incomplete && people > 0)) marks.splice(1, 0, ["today", "People, today until now"]);
  if (before) marks.push(["before", "People, period before"]);
  const columns: Column<Point>[] = [
    { id: "day", name: "Day (UTC)", cell: ({ day, incomplete }) => `${longDay(day)}${incomplete ? " (until now)" : ""}` },
    { id: "people", name: "People", align: "end", cell: ({ people }) => count(people), total: count(now.totals.qualifiedClicks) },
    { id: "bots", name: "Bots", align: "end", cell: ({ bots }) => count(bots), total: count(now.totals.botClicks) },
    { id: "conversions", name: "Conversions", align: "end", cell: ({ conversions }) => count(conversions), total: count(now.totals.conversions) },
    {
      id: "revenue", name: `Revenue ${now.totals.currency}`, align: "end", total: money(now.totals.revenue, now.totals.currency),
      cell: ({ day }) => money(revenue.get(day)?.revenueByCurrency[now.totals.currency], now.totals.currency),
    },
    ...(before ? [{ id: "before", name: "People before", align: "end" as const, cell: (point: Point) => count(point.before ?? 0), total: count(before.totals.qualifiedClicks) }] : []),
  ];
  return (
    <Chart
      title={title}
      summary={seriesSummary(series, now.totals, before?.totals)}
      columns={columns}
      rows={series}
      rowKey={({ day }) => day}
      requests={requests}
      legend={<Legend marks={marks} />}
    >
      <Series points={series} />
    </Chart>
  );
}
