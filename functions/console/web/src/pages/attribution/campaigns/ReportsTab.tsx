import type { Dimension } from "../../../core/dimensions";
import type { Range } from "../../../core/range";
import { Chips } from "../../../ui/Filters";
import { BotReasons } from "../traffic/BotReasons";
import { Breakdown } from "../traffic/Breakdown";
import { useScope } from "../traffic/useScope";

const SHOWN: readonly { id: Dimension; title: string }[] = [
  { id: "country", title: "Countries" },
  { id: "referrer", title: "Referrers" },
  { id: "segment", title: "Segments" },
  { id: "slug", title: "Links" },
];

/** Where a campaign's clicks and conversions come from; pressing a link shows the reports of that link in the campaign. */
export function ReportsTab({ range, campaignId }: { range: Range; campaignId: string }) {
  const scope = useScope({ campaignId });
  return (
    <div className="stack">
      <Chips chips={scope.chips} clear={scope.clear} />
      <div className="grid-2">
        {SHOWN.map(({ id, title }) => <Breakdown key={id} dimension={id} title={title} range={range} scope={scope} top={8} />)}
        <BotReasons range={range} scope={scope} />
      </div>
    </div>
  );
}
