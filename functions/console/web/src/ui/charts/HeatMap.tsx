import { useRef, useState, type KeyboardEvent } from "react";
import { Link } from "wouter";
import { HOURS, hourText, type Hour } from "../../core/hours";
import { count, level } from "../../core/numbers";
import { weekday } from "../../core/time";
import css from "./HeatMap.module.css";
import { useNarrow } from "./useNarrow";

const LEVELS = [1, 2, 3, 4, 5] as const;
const STEPS: Readonly<Record<string, readonly [row: number, column: number]>> = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** Days by hours: the more people, the larger and the deeper the mark of an hour. The arrow keys go from hour to hour, Enter opens one. */
export default function HeatMap({ hours, href }: { hours: readonly Hour[]; href: (hour: Hour) => string }) {
  const narrow = useNarrow();
  const table = useRef<HTMLTableElement>(null);
  const most = Math.max(0, ...hours.map(({ people }) => people));
  const [current, setCurrent] = useState(() => (hours.find(({ people }) => people === most) ?? hours[0])?.key);
  const days = [...new Set(hours.map(({ day }) => day))];
  const at = (day: number, hour: number): Hour | undefined => hours[24 * day + hour];
  const two = (hour: number): string => String(hour).padStart(2, "0");
  // On a small screen the hours go down, so that every mark is large enough for a finger.
  const lines = narrow
    ? HOURS.map((hour) => ({ name: two(hour), cells: days.map((_, day) => at(day, hour)) }))
    : days.map((day, index) => ({ name: weekday(day), cells: HOURS.map((hour) => at(index, hour)) }));
  const heads = narrow ? days.map(weekday) : HOURS.map(two);
  const move = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    const row = lines.findIndex(({ cells }) => cells.some((hour) => hour?.key === current));
    const column = lines[row]?.cells.findIndex((hour) => hour?.key === current) ?? -1;
    const next = lines[row + step[0]]?.cells[column + step[1]];
    if (!next || next.future) return;
    setCurrent(next.key);
    table.current?.querySelector<HTMLElement>(`[data-hour="${next.key}"]`)?.focus();
  };
  return (
    <div className={css.box}>
      <table ref={table} className={css.map} role="grid" aria-label="People by weekday and hour" onKeyDown={move}>
        <thead>
          <tr><td />{heads.map((head) => <th key={head} scope="col">{head}</th>)}</tr>
        </thead>
        <tbody>
          {lines.map(({ name, cells }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {cells.map((hour, index) => (
                <td key={hour?.key ?? index} className={css.cell}>
                  {hour && !hour.future && (
                    <Link
                      href={href(hour)} className={css.hour} data-hour={hour.key} tabIndex={hour.key === current ? 0 : -1} aria-label={hourText(hour)} title={hourText(hour)}
                      onFocus={() => setCurrent(hour.key)}
                    >
                      <span className={css[`level${level(hour.people, most)}`]} />
                    </Link>
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <p className={`${css.legend} muted small`} aria-hidden="true">
        0 {LEVELS.map((step) => <span key={step} className={css.sample}><span className={css[`level${step}`]} /></span>)} {count(most)} people an hour
      </p>
    </div>
  );
}
