import { Bar, CartesianGrid, ComposedChart, Line, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import { count, shortCount } from "../../core/numbers";
import { longDay, shortDay } from "../../core/time";
import type { Used } from "../../core/usage";

type Props = { days: readonly Used[]; limit: number; height?: number };

/** The writes of each day as bars, and the limit of a day as a line where the bars come near it. */
export default function Writes({ days, limit, height = 220 }: Props) {
  const most = Math.max(...days.map(({ writes }) => writes), 1);
  const near = most * 3 >= limit;
  return (
    <ResponsiveContainer width="100%" height={height} initialDimension={{ width: 640, height }}>
      <ComposedChart data={days.map((day) => ({ ...day, limit }))} margin={{ top: 12, right: 0, bottom: 0, left: 0 }} barCategoryGap="22%" accessibilityLayer>
        <CartesianGrid vertical={false} className="grid" />
        <XAxis dataKey="day" tickFormatter={shortDay} tickLine={false} axisLine={false} minTickGap={32} tickMargin={8} />
        <YAxis width={44} tickFormatter={shortCount} tickLine={false} axisLine={false} allowDecimals={false} domain={[0, near ? Math.max(limit, most) : most]} />
        <Tooltip content={({ active, payload }) => (active && payload[0] ? <Hint day={payload[0].payload as Used} limit={limit} /> : null)} cursor={{ className: "chart-cursor" }} />
        <Bar dataKey="writes" className="fill-people" isAnimationActive={false} />
        {near && <Line dataKey="limit" className="line-before" dot={false} isAnimationActive={false} type="linear" />}
      </ComposedChart>
    </ResponsiveContainer>
  );
}

function Hint({ day, limit }: { day: Used; limit: number }) {
  return (
    <div className="chart-hint">
      <strong>{longDay(day.day)}{day.today ? " (until now)" : ""}</strong>
      <dl><dt>Writes</dt><dd>{count(day.writes)}</dd><dt>Limit today</dt><dd>{count(limit)}</dd></dl>
    </div>
  );
}
