import { useZone } from "../../../app/context";
import { agoText, placeOf } from "../../../core/timeline";
import { byKey, type Signal } from "../../../core/sessions";
import { plural } from "../../../core/numbers";
import { instant } from "../../../core/time";
import { Axis, Ticks } from "./Knob";
import css from "./timeline.module.css";

/** The signals of a session on a time line that ends at a moment: a line for each key. */
export function Lanes({ signals, at }: { signals: readonly Signal[]; at: number }) {
  const zone = useZone();
  const before = (signal: Signal): number => Math.max(0, Math.round((at - Date.parse(signal.occurredAt)) / 1000));
  if (!signals.length) return null;
  return (
    <div className={css.line}>
      <div className={css.laneAxis}><span /><Axis /></div>
      <ul className={css.lanes} aria-label="Signals of the session">
        {byKey(signals).map(([key, list]) => (
          <li key={key} className={css.lane}>
            <span className={css.name}>{key} <span className="muted small">{list.length}</span></span>
            <div className={css.track}>
              <Ticks />
              {list.map((signal, index) => (
                <span
                  key={`${signal.occurredAt}${index}`} className={css.dot} style={{ insetInlineStart: `${100 * placeOf(before(signal))}%` }} aria-hidden="true"
                  title={`${key}${signal.signalValue ? ` ${signal.signalValue}` : ""}, ${instant(signal.occurredAt, zone)}`}
                />
              ))}
              <span className="hidden">{plural(list.length, "signal")}, the last {agoText(Math.min(...list.map(before)))}</span>
            </div>
          </li>
        ))}
      </ul>
    </div>
  );
}
