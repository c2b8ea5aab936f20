import type { QueryClient } from "@tanstack/react-query";
import { useNow } from "../../../app/clock";
import { useGet } from "../../../api/use";
import { duration } from "../../../core/deliveries";
import { count } from "../../../core/numbers";
import { bars, clockHour, lastDays, lastHours, line, slowest, summary, type Hour } from "../../../core/webhookStats";
import { Chart } from "../../../ui/Chart";
import type { Column } from "../../../ui/DataTable";
import { Loaded } from "../../../ui/states";
import css from "./strip.module.css";

const EVERY_MS = 60_000;
const STATS = "/v2/handles/{handle}/webhooks/{subscriptionId}/stats";

/** Reads the hours again, after a delivery has ended. */
export const readHoursAgain = (client: QueryClient): void => void client.invalidateQueries({ queryKey: [STATS] });

function useHours(subscriptionId: string) {
  const now = useNow();
  return useGet(STATS, { path: { subscriptionId }, query: { ...lastDays(now), by: "hour" }, every: EVERY_MS });
}

/** The last 24 hours: what was delivered stands above the line, what failed hangs below it. */
function Hours({ of, label }: { of: readonly Hour[]; label: string }) {
  return (
    <svg className={css.hours} viewBox={`0 0 ${of.length} 2`} preserveAspectRatio="none" role="img" aria-label={label}>
      {bars(of).map(({ hour, delivered, failed, title }, index) => (
        <g key={hour}>
          <title>{title}</title>
          <rect x={index} y={0} width={1} height={2} className={css.space} />
          <rect x={index + 0.12} y={1 - delivered} width={0.76} height={delivered} className={css.delivered} />
          <rect x={index + 0.12} y={1} width={0.76} height={failed} className={css.failed} />
        </g>
      ))}
      <line x1={0} x2={of.length} y1={1} y2={1} className={css.line} />
    </svg>
  );
}

/** A small strip for a row of the list. */
export function RowStrip({ subscriptionId }: { subscriptionId: string }) {
  const stats = useHours(subscriptionId);
  if (!stats.data) return null;
  const hours = lastHours(stats.data.rows);
  return <span className={css.row}><Hours of={hours} label={summary(hours)} /></span>;
}

const COLUMNS: Column<Hour>[] = [
  { id: "hour", name: "Hour (UTC)", cell: ({ hour }) => `${hour.slice(0, 10)} ${clockHour(hour)}` },
  { id: "delivered", name: "Delivered", align: "end", cell: ({ delivered }) => count(delivered) },
  { id: "failed", name: "Failed", align: "end", cell: ({ failed }) => count(failed) },
  { id: "attempts", name: "Attempts", align: "end", cell: ({ attempts }) => count(attempts) },
  { id: "p50", name: "Half within", align: "end", cell: ({ p50Ms }) => (p50Ms == null ? "–" : duration(p50Ms)) },
  { id: "p95", name: "95 % within", align: "end", cell: ({ p95Ms }) => (p95Ms == null ? "–" : duration(p95Ms)) },
];

/** Whether an endpoint works: its hours, and how long it took. One request. */
export function StripChart({ subscriptionId }: { subscriptionId: string }) {
  const stats = useHours(subscriptionId);
  return (
    <Loaded of={stats} lines={5}>
      {({ rows }) => {
        const hours = lastHours(rows);
        const most = slowest(hours);
        return (
          <Chart title="Last 24 hours" summary={summary(hours)} columns={COLUMNS} rows={hours} rowKey={({ hour }) => hour} requests={[stats.request]} legend={<Legend />}>
            <div className={css.chart}>
              <Hours of={hours} label="Delivered and failed by hour" />
              {most !== null && (
                <svg className={css.pace} viewBox="0 0 1 1" preserveAspectRatio="none" role="img" aria-label={`How long attempts took by hour; the top is ${duration(most)}`}>
                  {line(hours, ({ p95Ms }) => p95Ms, most).map((piece, index) => <Piece key={`95-${index}`} of={piece} className={css.p95} />)}
                  {line(hours, ({ p50Ms }) => p50Ms, most).map((piece, index) => <Piece key={`50-${index}`} of={piece} className={css.p50} />)}
                </svg>
              )}
              <p className={css.ends} aria-hidden="true">
                <span>{hours[0] && clockHour(hours[0].hour)} UTC</span>{most !== null && <span>top of the lines: {duration(most)}</span>}<span>now</span>
              </p>
            </div>
          </Chart>
        );
      }}
    </Loaded>
  );
}

/** A piece of a line; an hour between two without attempts is a short stroke. */
function Piece({ of: points, className }: { of: readonly [number, number][]; className: string | undefined }) {
  const [first] = points;
  const all = points.length === 1 && first ? [[first[0] - 0.012, first[1]], [first[0] + 0.012, first[1]]] : points;
  return <polyline className={className} points={all.map((point) => point.join(",")).join(" ")} vectorEffect="non-scaling-stroke" />;
}

function Legend() {
  return (
    <ul className="legend">
      <li><span className={`legend-mark ${css.deliveredMark}`} aria-hidden="true" />Delivered (above)</li>
      <li><span className={`legend-mark ${css.failedMark}`} aria-hidden="true" />Failed (below)</li>
      <li><span className={`${css.lineMark} ${css.p50Mark}`} aria-hidden="true" />Half of the attempts within</li>
      <li><span className={`${css.lineMark} ${css.p95Mark}`} aria-hidden="true" />95 % within</li>
    </ul>
  );
}
