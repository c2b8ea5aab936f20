import type { Request } from "../api/client";
import { confirmedShare, stages, type Funnel, type Stage } from "../core/campaigns";
import { money } from "../core/money";
import { count, rate, share } from "../core/numbers";
import { Chart } from "./Chart";
import type { Column } from "./DataTable";
import css from "./FunnelChart.module.css";

type Figures = Pick<Funnel, "clicks" | "botClicks" | "qualifiedClicks" | "conversions" | "revenue" | "revenueConfirmed" | "currency">;

const COLUMNS: Column<Stage>[] = [
  { id: "stage", name: "Stage", cell: ({ name }) => name },
  { id: "count", name: "Count", align: "end", cell: ({ count: value }) => count(value) },
  { id: "of", name: "Of the stage before", align: "end", cell: ({ count: value, of }) => (of === null ? "–" : share(value, of)) },
  { id: "left", name: "Left before it", align: "end", cell: ({ left }) => (left ? `${count(left.count)} ${left.name}` : "–") },
];

/** Where visitors get lost: clicks, those of people, conversions, and how much of the revenue is confirmed. */
export function FunnelChart({ figures, requests }: { figures: Figures; requests: readonly Request[] }) {
  const found = stages(figures);
  const most = Math.max(1, figures.clicks, figures.conversions);
  return (
    <Chart title="Funnel" summary={summary(figures)} columns={COLUMNS} rows={found} rowKey={({ id }) => id} requests={requests}>
      <ol className={css.funnel}>
        {found.map((stage) => <StageBar key={stage.id} stage={stage} most={most} bots={stage.id === "clicks" ? figures.botClicks : 0} />)}
        <Confirmed figures={figures} />
      </ol>
    </Chart>
  );
}

function StageBar({ stage, most, bots }: { stage: Stage; most: number; bots: number }) {
  const width = (value: number): string => `${(100 * Math.max(0, value)) / most}%`;
  return (
    <li>
      {stage.left && stage.left.count > 0 && <p className={css.left}>{count(stage.left.count)} {stage.left.name} end here ({share(stage.left.count, stage.of ?? 0)})</p>}
      <div className={css.stage}>
        <span className={css.name}>{stage.name}</span>
        <span className={css.track}>
          <span className={stage.id === "conversions" ? css.conversions : css.people} style={{ width: width(stage.count - bots) }} />
          <span className={css.bots} style={{ width: width(bots) }} />
        </span>
        <span className={css.count}>{count(stage.count)}</span>
        <span className={css.share}>{stage.of === null ? "" : share(stage.count, stage.of)}</span>
      </div>
    </li>
  );
}

function Confirmed({ figures }: { figures: Figures }) {
  const part = confirmedShare(figures);
  return (
    <li className={css.confirmed}>
      <div className={css.stage}>
        <span className={css.name}>Revenue</span>
        <span className={css.track}>
          {part !== null && <><span className={css.revenue} style={{ width: `${part}%` }} /><span className={css.claimed} style={{ width: `${100 - part}%` }} /></>}
        </span>
        <span className={css.amount}>{money(figures.revenue, figures.currency)}</span>
      </div>
      <p className={css.left}>
        {part === null ? "no revenue" : `${money(figures.revenueConfirmed, figures.currency)} confirmed by your own token (${rate(part / 100)}), the rest is claimed by the page`}
      </p>
    </li>
  );
}

function summary({ clicks, botClicks, qualifiedClicks, conversions }: Figures): string {
  if (clicks === 0) return conversions ? `No clicks, but ${count(conversions)} conversions.` : "No clicks on these days.";
  return `Of ${count(clicks)} clicks ${share(botClicks, clicks)} were bots; of ${count(qualifiedClicks)} qualified clicks ${count(conversions)} became conversions (${share(conversions, qualifiedClicks)}).`;
}
