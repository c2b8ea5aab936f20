import { useReport } from "../../../api/report";
import { useAddress } from "../../../app/context";
import type { Schema } from "../../../api/client";
import { count, share } from "../../../core/numbers";
import type { Range } from "../../../core/range";
import { botReason } from "../../../core/why";
import { BarList } from "../../../ui/BarList";
import { ButtonLink } from "../../../ui/Button";
import { Chart, Legend } from "../../../ui/Chart";
import type { Column } from "../../../ui/DataTable";
import { Card } from "../../../ui/Page";
import { Loaded } from "../../../ui/states";
import type { Scope } from "./useScope";

type Row = Schema["ReportRow"];

const COLUMNS: Column<Row>[] = [
  { id: "reason", name: "Reason", cell: ({ key }) => key },
  { id: "words", name: "Because", cell: ({ key }) => botReason(key) },
  { id: "bots", name: "Bot clicks", align: "end", cell: ({ botClicks }) => count(botClicks) },
];

/** Why clicks are taken for bots'; each counts under its first reason, so that they add up. */
export function BotReasons({ range, scope }: { range: Range; scope: Scope }) {
  const address = useAddress();
  const report = useReport(range, { groupBy: "reason", ...scope.query });
  const { slug, campaignId } = scope.query;
  const where = new URLSearchParams({ verdict: "bot", ...(slug ? { slug } : {}), ...(campaignId ? { campaign: campaignId } : {}) });
  return (
    <Loaded of={report} lines={6}>
      {({ rows, totals }) => {
        const bots = rows.filter(({ botClicks }) => botClicks > 0);
        const [first] = bots;
        if (!first) return <Card title="Why clicks are bots"><p className="muted">{totals.botClicks ? "The reasons of these days were not counted by key." : "No click on these days was taken for a bot's."}</p></Card>;
        return (
          <Chart
            title="Why clicks are bots" columns={COLUMNS} rows={bots} rowKey={({ key }) => key} requests={[report.request]} legend={<Legend marks={[["bots", "Bot clicks"]]} />}
            actions={<ButtonLink kind="quiet" size="small" href={address(`attribution/clicks?${where}`)}>Each click</ButtonLink>}
            summary={`Mostly because ${botReason(first.key)}: ${count(first.botClicks)} of ${count(totals.botClicks)} bot clicks (${share(first.botClicks, totals.botClicks)}). A click with several reasons counts under the first.`}
          >
            <BarList bars={bots.map(({ key, botClicks }) => ({ key, name: botReason(key), people: 0, bots: botClicks }))} />
          </Chart>
        );
      }}
    </Loaded>
  );
}
