import { Link } from "wouter";
import { useAddress, useQueryParts, useRange } from "../../../app/context";
import { useReport } from "../../../api/report";
import type { Schema } from "../../../api/client";
import { keyName } from "../../../core/dimensions";
import { money } from "../../../core/money";
import { count, plural, rate, share } from "../../../core/numbers";
import { sortOf, sortText } from "../../../core/query";
import { rangeName } from "../../../core/range";
import { definition } from "../../../core/sessions";
import { conversionRate } from "../../../core/series";
import { BarList } from "../../../ui/BarList";
import { Chart, Legend } from "../../../ui/Chart";
import { DataTable, type Column } from "../../../ui/DataTable";
import { Card, Page } from "../../../ui/Page";
import { Empty, Loaded } from "../../../ui/states";
import css from "./segments.module.css";

type Row = Schema["ReportRow"];
type Totals = Schema["Totals"];

const SHOWN = 12;
const nameOf = (key: string): string => keyName("segment", key);

/** Clicks, impressions and conversions by segment, with what each stands for. One request. */
export default function Segments() {
  const [range] = useRange();
  const [query, setParts] = useQueryParts();
  const address = useAddress();
  const report = useReport(range, { groupBy: "segment" });
  return (
    <Page title="Segments" note={`${rangeName(range)}, UTC days`} asOf={report.at} freshness={report.data?.freshness}>
      <Loaded of={report} lines={10}>
        {({ rows, totals }) =>
          rows.length ? (
            <div className="stack">
              <Chart
                title="People by segment" summary={summary(rows, totals)} columns={columns(totals).filter(({ id }) => id !== "definition")} rows={rows} rowKey={({ key }) => key} requests={[report.request]}
                legend={<Legend marks={[["people", "People"], ["bots", "Bots"]]} />}
              >
                <BarList bars={rows.slice(0, SHOWN).map(({ key, qualifiedClicks, botClicks }) => ({ key, name: nameOf(key), people: qualifiedClicks, bots: botClicks }))} />
              </Chart>
              <Card title="What they bring" note="A click and its conversions count under the first of the session's segments; impressions are signals intent." flush>
                <DataTable label="Segments" columns={columns(totals)} rows={rows} rowKey={({ key }) => key} sort={sortOf(query.get("sort"))} onSort={(sort) => setParts({ sort: sortText(sort) })} requests={[report.request]} />
              </Card>
            </div>
          ) : (
            <Card>
              <Empty title="No clicks on these days" action={<Link className="button button-plain" href={address("lifecycle/get-started")}>Get started</Link>}>
                Choose other days at the top. Pages send signals under a session, and links carry the session along.
              </Empty>
            </Card>
          )
        }
      </Loaded>
    </Page>
  );
}

function summary(rows: readonly Row[], totals: Totals): string {
  const without = rows.find(({ key }) => key === "none")?.qualifiedClicks ?? 0;
  const first = rows.filter(({ key }) => key !== "none").reduce<Row | null>((top, row) => (row.qualifiedClicks > (top?.qualifiedClicks ?? -1) ? row : top), null);
  const head = `${count(totals.qualifiedClicks)} clicks of people, ${share(totals.qualifiedClicks - without, totals.qualifiedClicks)} of them with a session`;
  return first ? `${head}; most in ${nameOf(first.key)} with ${plural(first.qualifiedClicks, "click")}.` : `${head}.`;
}

function columns(totals: Totals): Column<Row>[] {
  const { currency } = totals;
  return [
    { id: "key", name: "Segment", sort: ({ key }) => nameOf(key), cell: ({ key }) => <bdi className="row-name">{nameOf(key)}</bdi>, total: "All" },
    { id: "definition", name: "What it is", cell: ({ key }) => <span className={css.definition}>{definition(key)}</span> },
    { id: "people", name: "People", align: "end", sort: (row) => row.qualifiedClicks, cell: (row) => count(row.qualifiedClicks), total: count(totals.qualifiedClicks) },
    { id: "bots", name: "Bots", align: "end", sort: (row) => row.botClicks, cell: (row) => count(row.botClicks), total: count(totals.botClicks), wideOnly: true },
    { id: "impressions", name: "Impressions", align: "end", sort: (row) => row.impressions ?? 0, cell: (row) => count(row.impressions ?? 0), total: count(totals.impressions ?? 0) },
    { id: "conversions", name: "Conversions", align: "end", sort: (row) => row.conversions, cell: (row) => count(row.conversions), total: count(totals.conversions) },
    { id: "rate", name: "Rate", align: "end", sort: conversionRate, cell: (row) => <span title={`${row.conversions} of ${row.qualifiedClicks}`}>{rate(conversionRate(row))}</span>, total: rate(conversionRate(totals)) },
    { id: "revenue", name: `Revenue ${currency}`, align: "end", sort: (row) => Number(row.revenueByCurrency[currency] ?? 0), cell: (row) => money(row.revenueByCurrency[currency], currency), total: money(totals.revenue, currency) },
  ];
}
