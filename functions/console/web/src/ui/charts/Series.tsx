import { memo } from "react";
import { Bar, CartesianGrid, ComposedChart, Line, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import { count, shortCount } from "../../core/numbers";
import { longDay, shortDay, type Day } from "../../core/time";

// In the same file as what it shares: a chart more would make a request more.
export { default as Writes } from "./Writes";

export type Point = { day: Day; people: number; bots: number; conversions: number; before: number | null; incomplete: boolean };

type Props = { points: readonly Point[]; height?: number };

/** Clicks of each day as bars of people and bots, conversions as a line, people of the period before as a dashed line. */
export default memo(function Series({ points, height = 260 }: Props) {
  const before = points.some((point) => point.before !== null);
  return (
    <ResponsiveContainer width="100%" height={height} initialDimension={{ width: 640, height }}>
      <ComposedChart data={[...points]} margin={{ top: 8, right: 0, bottom: 0, left: 0 }} barCategoryGap="22%" accessibilityLayer>
        <defs>
          <pattern id="bots-pattern" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect width="5" height="5" className="fill-bots-ground" />
            <rect width="2" height="5" className="fill-bots" />
          </pattern>
          <pattern id="incomplete-pattern" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)">
            <rect width="5" height="5" className="fill-people-ground" />
            <rect width="2.5" height="5" className="fill-people" />
          </pattern>
        </defs>
        <CartesianGrid vertical={false} className="grid" />
        <XAxis dataKey="day" tickFormatter={shortDay} tickLine={false} axisLine={false} minTickGap={32} tickMargin={8} />
        <YAxis yAxisId="clicks" width={44} tickFormatter={shortCount} tickLine={false} axisLine={false} allowDecimals={false} />
        <YAxis yAxisId="conversions" orientation="right" width={36} tickFormatter={shortCount} tickLine={false} axisLine={false} allowDecimals={false} />
        <Tooltip content={({ active, payload }) => (active && payload[0] ? <Hint point={payload[0].payload as Point} /> : null)} cursor={{ className: "chart-cursor" }} />
        <Bar yAxisId="clicks" dataKey="people" stackId="clicks" className="bar-people" isAnimationActive={false} shape={(bar: BarShape) => <Column {...bar} />} />
        <Bar yAxisId="clicks" dataKey="bots" stackId="clicks" fill="url(#bots-pattern)" isAnimationActive={false} />
        {before && <Line yAxisId="clicks" dataKey="before" className="line-before" dot={false} isAnimationActive={false} type="linear" />}
        <Line yAxisId="conversions" dataKey="conversions" className="line-conversions" dot={points.length < 15} isAnimationActive={false} type="linear" />
      </ComposedChart>
    </ResponsiveContainer>
  );
});

type BarShape = { x?: number; y?: number; width?: number; height?: number; payload?: Point };

function Column({ x = 0, y = 0, width = 0, height = 0, payload }: BarShape) {
  if (height <= 0) return <g />;
  return <rect {...{ x, y, width, height }} {...(payload?.incomplete ? { fill: "url(#incomplete-pattern)", } : { className: "fill-people" })} />;
}

function Hint({ point }: { point: Point }) {
  return (
    <div className="chart-hint">
      <strong>{longDay(point.day)}{point.incomplete ? " (until now)" : ""}</strong>
      <dl>
        <dt>People</dt><dd>{count(point.people)}</dd>
        <dt>Bots</dt><dd>{count(point.bots)}</dd>
        <dt>Conversions</dt><dd>{count(point.conversions)}</dd>
        {point.before !== null && <><dt>People before</dt><dd>{count(point.before)}</dd></>}
      </dl>
    </div>
  );
}
