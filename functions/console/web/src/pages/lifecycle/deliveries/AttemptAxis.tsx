import { axis, countdown, duration, type Axis, type Delivery } from "../../../core/deliveries";
import { useSecond } from "../../../app/clock";
import { plural } from "../../../core/numbers";
import css from "./deliveries.module.css";

/** Labels closer together than this share of the axis would cover each other. */
const APART = 0.09;

/** The attempts on a time axis from the first one: when each began, how long it took, and when those that may follow are due. */
export function AttemptAxis({ of: delivery }: { of: Delivery }) {
  const now = useSecond();
  const found = axis(delivery);
  const { start, length, bars, next, planned } = found;
  const percent = (at: number): string => `${(100 * (at - start)) / length}%`;
  const marks = [...bars.map(({ from }) => from), ...(next === null ? [] : [next]), ...planned];
  const ticks = marks.filter((at, index) => marks.slice(0, index).every((other) => Math.abs(at - other) / length > APART));
  return (
    <figure className={css.axis} role="img" aria-label={words(found, now)}>
      <span className={css.line} />
      {bars.map(({ attempt, from, until, good }) => (
        <span
          key={attempt.n} className={`${css.bar} ${good ? css.barGood : ""}`} title={`Attempt ${attempt.n}: ${duration(attempt.durationMs)}`}
          style={{ insetInlineStart: percent(from), width: `${(100 * (until - from)) / length}%` }}
        />
      ))}
      {next !== null && <span className={`${css.planned} ${css.nextMark}`} style={{ insetInlineStart: percent(next) }} title={`Next attempt ${countdown(next, now)}`} />}
      {planned.map((at) => <span key={at} className={css.planned} style={{ insetInlineStart: percent(at) }} title="Only if those before it fail" />)}
      {ticks.map((at) => (
        <span key={at} className={`${css.tick} ${at === start ? css.tickFirst : (at - start) / length > 0.9 ? css.tickLast : ""}`} style={{ insetInlineStart: percent(at) }}>
          {at === start ? "0 s" : `+${duration(at - start)}`}
        </span>
      ))}
    </figure>
  );
}

function words({ start, bars, next }: Axis, now: number): string {
  if (!bars.length) return next === null ? "No attempt was made." : `No attempt yet; the first one ${countdown(next, now)}.`;
  const each = bars.map(({ from, attempt, good }) => `${duration(from - start)} after the first one ${good ? "it succeeded" : "it failed"}, taking ${duration(attempt.durationMs)}`);
  return `${plural(bars.length, "attempt")}: ${each.join("; ")}.${next === null ? "" : ` The next one ${countdown(next, now)}.`}`;
}
