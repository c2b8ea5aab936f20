import type { ReactNode } from "react";
import { useReport } from "../../../api/report";
import type { Schema } from "../../../api/client";
import { keyName, type Dimension } from "../../../core/dimensions";
import { money } from "../../../core/money";
import { count, plural, share } from "../../../core/numbers";
import type { Range } from "../../../core/range";
import { BarList } from "../../../ui/BarList";
import { Chart, Legend } from "../../../ui/Chart";
import { WorldMap } from "../../../ui/charts";
import type { Column } from "../../../ui/DataTable";
import { AsOf, Card } from "../../../ui/Page";
import { Pick } from "../../../ui/Pick";
import { Empty, Loaded } from "../../../ui/states";
import { isValue, type Scope } from "./useScope";

type Row = Schema["ReportRow"];
type Picks = ReturnType<Scope["picks"]>;

type Props = {
  dimension: Dimension;
  title: string;
  range: Range;
  scope: Scope;
  /** How many bars are drawn; all rows are in the table. */
  top: number;
  /** Countries are drawn on a map too. */
  map?: boolean;
  asOf?: boolean;
};

/** A report by one dimension as bars, people and bots apart. Pressing a value filters by it, where reports can be filtered by it. */
export function Breakdown({ dimension, title, range, scope, top, map, asOf }: Props) {
  const picks = scope.picks(dimension);
  // All values stay visible while one of them filters the other reports.
  const report = useReport(range, { groupBy: dimension, ...without(scope.query, picks && dimension) });
  return (
    <Loaded of={report} lines={6}>
      {({ rows, totals, freshness }) => (
        <>
          {rows.length ? (
            <Chart
              title={title} summary={summary(dimension, rows, totals)} columns={columns(dimension, title, totals, picks)} rows={rows} rowKey={({ key }) => key}
              requests={[report.request]} legend={<Legend marks={[["people", "People"], ["bots", "Bots"]]} />}
            >
              <WithMap rows={map ? rows : null}>
                <BarList
                  bars={rows.slice(0, top).map(({ key, qualifiedClicks, botClicks }) => ({ key, name: keyName(dimension, key), people: qualifiedClicks, bots: botClicks, fixed: !isValue(key) }))}
                  {...(picks ? { onPick: picks.pick, picked: picks.picked } : {})}
                />
              </WithMap>
              {rows.length > top && <p className="muted small">{plural(rows.length - top, "row")} more in the table.</p>}
            </Chart>
          ) : (
            <Card title={title}><Empty title="No clicks on these days">Choose other days at the top.</Empty></Card>
          )}
          {asOf && <AsOf at={report.at} freshness={freshness} />}
        </>
      )}
    </Loaded>
  );
}

const without = ({ slug, campaignId }: Scope["query"], dimension: Dimension | null): Scope["query"] => ({
  ...(slug && dimension !== "slug" ? { slug } : {}),
  ...(campaignId && dimension !== "campaign" ? { campaignId } : {}),
});

function WithMap({ rows, children }: { rows: readonly Row[] | null; children: ReactNode }) {
  if (!rows) return <>{children}</>;
  return (
    <div className="map-and-list">
      <WorldMap values={new Map(rows.map((row) => [row.key, row.qualifiedClicks]))} />
      {children}
    </div>
  );
}

function columns(dimension: Dimension, title: string, totals: Schema["Totals"], picks: Picks): Column<Row>[] {
  return [
    {
      id: "key", name: title.replace(/ies$/, "y").replace(/s$/, ""),
      cell: ({ key }) =>
        picks && isValue(key) ? <Pick value={keyName(dimension, key)} picked={picks.picked === key} onPick={() => picks.pick(key)} /> : <bdi>{keyName(dimension, key)}</bdi>,
    },
    { id: "people", name: "People", align: "end", cell: ({ qualifiedClicks }) => count(qualifiedClicks), total: count(totals.qualifiedClicks) },
    { id: "bots", name: "Bots", align: "end", cell: ({ botClicks }) => count(botClicks), total: count(totals.botClicks) },
    { id: "conversions", name: "Conversions", align: "end", cell: ({ conversions }) => count(conversions), total: count(totals.conversions) },
    {
      id: "revenue", name: `Revenue ${totals.currency}`, align: "end", total: money(totals.revenue, totals.currency),
      cell: ({ revenueByCurrency }) => money(revenueByCurrency[totals.currency], totals.currency),
    },
  ];
}

function summary(dimension: Dimension, rows: readonly Row[], totals: Schema["Totals"]): string {
  const best = rows.reduce((top, row) => (row.qualifiedClicks > top.qualifiedClicks ? row : top));
  const worst = rows.filter(({ clicks }) => clicks >= 20).reduce<Row | null>((top, row) => (row.botClicks / row.clicks > (top ? top.botClicks / top.clicks : 0.4) ? row : top), null);
  const parts = [`${count(totals.qualifiedClicks)} clicks of people; most from ${keyName(dimension, best.key)} with ${count(best.qualifiedClicks)} (${share(best.qualifiedClicks, totals.qualifiedClicks)})`];
  if (worst) parts.push(`${share(worst.botClicks, worst.clicks)} of ${keyName(dimension, worst.key)} are bots`);
  return `${parts.join("; ")}.`;
}
