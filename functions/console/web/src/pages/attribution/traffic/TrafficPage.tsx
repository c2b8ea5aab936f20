import { useRange } from "../../../app/context";
import { rangeName } from "../../../core/range";
import { Page } from "../../../ui/Page";
import { Traffic } from "./Traffic";

/** Who followed the links of a handle. */
export default function TrafficPage() {
  const [range] = useRange();
  return <Page title="Traffic" note={`${rangeName(range)}, UTC days`}><Traffic /></Page>;
}
