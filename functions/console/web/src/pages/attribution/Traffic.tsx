import { useQueryParts, useRange } from "../../app/context";
import { useReport } from "../../api/report";
import { countryName } from "../../core/countries";
import { money } from "../../core/money";
import { count, plural, share } from "../../core/numbers";
import type { Schema } from "../../api/client";
import { BarList } from "../../ui/BarList";
import { Chart } from "../../ui/Chart";
import { WorldMap } from "../../ui/charts";
import type { Column } from "../../ui/DataTable";
import { Card, AsOf } from "../../ui/Page";
import { Empty, Loaded } from "../../ui/states";

type Row = Schema["ReportRow"];

const DIMENSIONS = [
  { id: "country", name: "Country", many: "countries" },
  { id: "device", name: "Device", many: "devices" },
  { id: "referrer", name: "Referrer", many: "referrers" },
  { id: "source", name: "Source", many: "sources" },
  { id: "segment", name: "Segment", many: "segments" },
] as const;

const SHOWN = 12;

/** Who came, by one dimension at a time; of a link, of a campaign, or of the handle. One request. */
export function Traffic({ slug, campaignId }: { slug?: string; campaignId?: string }) {
  const [range] = useRange();
  const [query, setParts] = useQueryParts();
  const dimension = DIMENSIONS.find(({ id }) => id === query.get("by")) ?? DIMENSIONS[0];
  const scope = { ...(slug ? { slug } : {}), ...(campaignId ? { campaignId } : {}) };
  const report = useReport(range, { groupBy: dimension.id, ...scope });
  const name = (key: string): string => (dimension.id === "country" ? countryName(key) : key);
  return (
    <div className="stack">
      <div className="segments segments-inline" role="group" aria-label="Dimension">
        {DIMENSIONS.map(({ id, name: text }) => (
          <button key={id} type="button" className="segment" aria-pressed={id === dimension.id} data-selected={id === dimension.id || undefined} onClick={() => setParts({ by: id === "country" ? null : id })}>{text}</button>
        ))}
      </div>
      <Loaded of={report}>
        {({ rows, totals, freshness }) =>
          rows.length ? (
            <>
              <Chart title={`Clicks by ${dimension.name.toLowerCase()}`} summary={summary(rows, totals, dimension.many, name)} columns={columns(dimension.name, totals, name)} rows={rows} rowKey={({ key }) => key} requests={[report.request]}>
                <div className={dimension.id === "country" ? "map-and-list" : undefined}>
                  {dimension.id === "country" && <WorldMap values={new Map(rows.map((row) => [row.key, row.qualifiedClicks]))} />}
                  <BarList bars={rows.slice(0, SHOWN).map(({ key, qualifiedClicks, botClicks }) => ({ key, name: name(key), people: qualifiedClicks, bots: botClicks }))} />
                </div>
                {rows.length > SHOWN && <p className="muted small">{plural(rows.length - SHOWN, "row")} more in the table.</p>}
              </Chart>
              <AsOf at={report.at} stale={freshness.status === "STALE"} />
            </>
          ) : (
            <Card><Empty title="No clicks on these days">Choose other days at the top.</Empty></Card>
          )
        }
      </Loaded>
    </div>
  );
}

function summary(rows: readonly Row[], totals: Schema["Totals"], many: string, name: (key: string) => string): string {
  const [first] = rows;
  const head = `${count(totals.qualifiedClicks)} clicks of people from ${rows.length === 1 ? "one" : rows.length} ${many}`;
  if (!first) return `${head}.`;
  return `${head}; most from ${name(first.key)} with ${count(first.qualifiedClicks)} (${share(first.qualifiedClicks, totals.qualifiedClicks)}).`;
}

function columns(title: string, totals: Schema["Totals"], name: (key: string) => string): Column<Row>[] {
  return [
    { id: "key", name: title, cell: ({ key }) => name(key) },
    { id: "people", name: "People", align: "end", cell: (row) => count(row.qualifiedClicks), total: count(totals.qualifiedClicks) },
    { id: "bots", name: "Bots", align: "end", cell: (row) => count(row.botClicks), total: count(totals.botClicks) },
    { id: "conversions", name: "Conversions", align: "end", cell: (row) => count(row.conversions), total: count(totals.conversions) },
    { id: "revenue", name: `Revenue ${totals.currency}`, align: "end", cell: (row) => money(row.revenueByCurrency[totals.currency], totals.currency), total: money(totals.revenue, totals.currency) },
  ];
}
