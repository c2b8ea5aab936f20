import { useState } from "react";
import { Button as AriaButton } from "react-aria-components";
import { before, MAX_DAYS, PRESETS, rangeName, rangeOf } from "../core/range";
import { dayOf, daysBetween, longDay } from "../core/time";
import { Popup } from "../ui/Dialog";
import { Toggle } from "../ui/fields";
import { Icon } from "../ui/Icon";
import { later } from "../ui/later";
import { useNow } from "./clock";
import { useRange } from "./context";

// Few change the days by a calendar: it comes once the picker is opened.
const Calendar = later(async () => (await import("./opened/Calendar")).default, <div className="calendar calendar-space" />);

/** The days of all figures of a page: presets or a calendar, in UTC, with or without the period before. */
export function RangePicker() {
  const [range, setRange] = useRange();
  const [isOpen, setOpen] = useState(false);
  const now = useNow();
  const previous = before(range);
  const trigger = (
    <AriaButton className="button button-plain button-small range-button" aria-label={`Days: ${rangeName(range)}`}>
      <Icon name="clock" />
      {rangeName(range)}
      <Icon name="down" size={12} />
    </AriaButton>
  );
  return (
    <Popup label="Days" trigger={trigger} isOpen={isOpen} onOpenChange={setOpen}>
      {(close) => (
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
      )}
    </Popup>
  );
}
