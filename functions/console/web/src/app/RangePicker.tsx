import { Button as AriaButton } from "react-aria-components";
import { rangeName } from "../core/range";
import { Popup } from "../ui/Dialog";
import { Icon } from "../ui/Icon";
import { later } from "../ui/later";
import { useRange } from "./context";
import type { DaysProps } from "./opened/Days";

const Days = later<DaysProps>(async () => (await import("./opened/Days")).default, null);

/** The days of all figures of a page: presets or a calendar, in UTC, with or without the period before. */
export function RangePicker() {
  const [range] = useRange();
  const trigger = (
    <AriaButton className="button button-plain button-small range-button" aria-label={`Days: ${rangeName(range)}`}>
      <Icon name="clock" />
      {rangeName(range)}
      <Icon name="down" size={12} />
    </AriaButton>
  );
  return <Popup label="Days" trigger={trigger}>{(close) => <Days close={close} />}</Popup>;
}
