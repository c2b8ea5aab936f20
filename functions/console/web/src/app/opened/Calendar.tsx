import { parseDate } from "@internationalized/date";
import { CalendarCell, CalendarGrid, Heading, RangeCalendar } from "react-aria-components";
import type { Day } from "../../core/time";
import { Button } from "../../ui/Button";

type Props = { from: Day; to: Day; today: Day; onChange: (from: Day, to: Day) => void };

/** A calendar in which a range of days is chosen, up to today. */
export default function Calendar({ from, to, today, onChange }: Props) {
  return (
    <RangeCalendar
      aria-label="Days"
      className="calendar"
      defaultValue={{ start: parseDate(from), end: parseDate(to) }}
      maxValue={parseDate(today)}
      onChange={({ start, end }) => onChange(start.toString(), end.toString())}
    >
      <header className="calendar-head">
        <Button slot="previous" kind="quiet" size="small" icon="left" />
        <Heading />
        <Button slot="next" kind="quiet" size="small" icon="right" />
      </header>
      <CalendarGrid>{(date) => <CalendarCell date={date} className="calendar-day" />}</CalendarGrid>
    </RangeCalendar>
  );
}
