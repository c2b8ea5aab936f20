import { useReport } from "../../../api/report";
import type { Schema } from "../../../api/client";
import { count, share } from "../../../core/numbers";
import type { Range } from "../../../core/range";
import { botReason } from "../../../core/why";
import { BarList } from "../../../ui/BarList";
import { Chart, Legend } from "../../../ui/Chart";
import type { Column } from "../../../ui/DataTable";
import { Card } from "../../../ui/Page";
import { Loaded } from "../../../ui/states";

type Row = Schema["ReportRow"];

const COLUMNS: Column<Row>[] = [
  { id: "reason", name: "Reason", cell: ({ key }) => key },
  { id: "words", name: "Because", cell: ({ key }) => botReason(key) },
  { id: "bots", name: "Bot clicks", align: "end", cell: ({ botClicks }) => count(botClicks) },
];

/** Why clicks are taken for bots'; a click can have several reasons. */
export function BotReasons({ range, campaignId }: { range: Range; campaignId: string }) {
  const report = useReport(range, { groupBy: "reason", campaignId });
  return (
    <Loaded of={report} lines={6}>
      {({ rows, totals }) => {
        const [first] = rows;
        if (!first) return <Card title="Why clicks are bots"><p className="muted">{totals.botClicks ? "The reasons of these days were not counted by key." : "No click on these days was taken for a bot's."}</p></Card>;
        return (
          <Chart
            title="Why clicks are bots" columns={COLUMNS} rows={rows} rowKey={({ key }) => key} requests={[report.request]} legend={<Legend marks={[["bots", "Bot clicks"]]} />}
            summary={`Mostly ${botReason(first.key)}: ${count(first.botClicks)} of ${count(totals.botClicks)} bot clicks (${share(first.botClicks, totals.botClicks)}). A click can have several reasons.`}
          >
            <BarList bars={rows.map(({ key, botClicks }) => ({ key, name: botReason(key), people: 0, bots: botClicks }))} />
          </Chart>
        );
      }}
    </Loaded>
  );
}
