import { useReport } from "../../../api/report";
import type { Schema } from "../../../api/client";
import { keyName, type Dimension } from "../../../core/dimensions";
import { money } from "../../../core/money";
import { count, share } from "../../../core/numbers";
import type { Range } from "../../../core/range";
import { BarList } from "../../../ui/BarList";
import { Chart, Legend } from "../../../ui/Chart";
import type { Column } from "../../../ui/DataTable";
import { Card } from "../../../ui/Page";
import { Loaded } from "../../../ui/states";
import { BotReasons } from "./BotReasons";

type Props = { range: Range; campaignId: string };
type Row = Schema["ReportRow"];

const SHOWN: readonly { id: Dimension; title: string }[] = [
  { id: "country", title: "Countries" },
  { id: "referrer", title: "Referrers" },
  { id: "segment", title: "Segments" },
  { id: "slug", title: "Links" },
];

/** Where a campaign's clicks and conversions come from. */
export function ReportsTab({ range, campaignId }: Props) {
  return (
    <div className="grid-2">
      {SHOWN.map(({ id, title }) => <Breakdown key={id} dimension={id} title={title} range={range} campaignId={campaignId} />)}
      <BotReasons range={range} campaignId={campaignId} />
    </div>
  );
}

const TOP = 8;

function Breakdown({ dimension, title, range, campaignId }: Props & { dimension: Dimension; title: string }) {
  const report = useReport(range, { groupBy: dimension, campaignId });
  return (
    <Loaded of={report} lines={6}>
      {({ rows, totals }) => {
        if (!rows.length) return <Card title={title}><p className="muted">Nothing on these days.</p></Card>;
        const top = rows.slice(0, TOP);
        return (
          <Chart
            title={title} summary={summary(dimension, rows, totals)} columns={columns(dimension, title, totals)} rows={rows} rowKey={({ key }) => key}
            requests={[report.request]} legend={<Legend marks={[["people", "People"], ["bots", "Bots"]]} />}
          >
            <BarList bars={top.map(({ key, qualifiedClicks, botClicks }) => ({ key, name: keyName(dimension, key), people: qualifiedClicks, bots: botClicks }))} />
            {rows.length > TOP && <p className="muted small">and {count(rows.length - TOP)} more, in the table</p>}
          </Chart>
        );
      }}
    </Loaded>
  );
}

function columns(dimension: Dimension, title: string, totals: Schema["Totals"]): Column<Row>[] {
  // A visitor can be in several segments, so that segments do not add up.
  const adds = dimension !== "segment";
  const total = (value: string): { total?: string } => (adds ? { total: value } : {});
  return [
    { id: "key", name: title.replace(/ies$/, "y").replace(/s$/, ""), cell: ({ key }) => <bdi>{keyName(dimension, key)}</bdi> },
    { id: "people", name: "People", align: "end", cell: ({ qualifiedClicks }) => count(qualifiedClicks), ...total(count(totals.qualifiedClicks)) },
    { id: "bots", name: "Bots", align: "end", cell: ({ botClicks }) => count(botClicks), ...total(count(totals.botClicks)) },
    { id: "conversions", name: "Conversions", align: "end", cell: ({ conversions }) => count(conversions), ...total(count(totals.conversions)) },
    {
      id: "revenue", name: `Revenue ${totals.currency}`, align: "end", ...total(money(totals.revenue, totals.currency)),
      cell: ({ revenueByCurrency }) => money(revenueByCurrency[totals.currency], totals.currency),
    },
  ];
}

function summary(dimension: Dimension, rows: readonly Row[], totals: Schema["Totals"]): string {
  const best = rows.reduce((top, row) => (row.qualifiedClicks > top.qualifiedClicks ? row : top));
  const worst = rows.filter(({ clicks }) => clicks >= 20).reduce<Row | null>((top, row) => (row.botClicks / row.clicks > (top ? top.botClicks / top.clicks : 0.4) ? row : top), null);
  const parts = [`Most people: ${keyName(dimension, best.key)} with ${count(best.qualifiedClicks)} (${share(best.qualifiedClicks, totals.qualifiedClicks)})`];
  if (worst) parts.push(`${share(worst.botClicks, worst.clicks)} of ${keyName(dimension, worst.key)} are bots`);
  return `${parts.join("; ")}.`;
}
