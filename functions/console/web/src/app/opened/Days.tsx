import { before, MAX_DAYS, PRESETS, rangeOf } from "../../core/range";
import { dayOf, daysBetween, longDay } from "../../core/time";
import { Toggle } from "../../ui/fields";
import { later } from "../../ui/later";
import { useNow } from "../clock";
import { useRange } from "../context";

// Few change the days by a calendar: it comes once it is shown.
const Calendar = later(async () => (await import("./Calendar")).default, <div className="calendar calendar-space" />);

export type DaysProps = { close: () => void };

/** What the range of a page is chosen by: presets, a calendar, and whether the period before is shown too. */
export default function Days({ close }: DaysProps) {
  const [range, setRange] = useRange();
  const now = useNow();
  const previous = before(range);
  return (
    <div className="range">
      <ul className="range-presets">
        {PRESETS.map(({ id, name, key }) => (
          <li key={id}>
            <button
              type="button"
              className="menu-item"
              aria-pressed={range.preset === id}
              onClick={() => {
                setRange({ ...rangeOf(new URLSearchParams({ range: id }), now), compare: range.compare });
                close();
              }}
            >
              {name} <kbd>{key}</kbd>
            </button>
          </li>
        ))}
      </ul>
      <div className="stack">
        <Calendar
          from={range.from}
          to={range.to}
          today={dayOf(now)}
          onChange={(from, to) => {
            if (daysBetween(from, to) > MAX_DAYS) return;
            setRange({ from, to, preset: null, compare: range.compare });
            close();
          }}
        />
        <Toggle
          label="Compare with the period before"
          help={`${longDay(previous.from)} to ${longDay(previous.to)}`}
          value={range.compare}
          onChange={(compare) => setRange({ ...range, compare })}
        />
        <p className="muted small">Days are UTC, as in reports and exports.</p>
      </div>
    </div>
  );
}
