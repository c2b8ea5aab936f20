import { useQueryParts, useRange } from "../../../app/context";
import type { Dimension } from "../../../core/dimensions";
import { Chips } from "../../../ui/Filters";
import { Segments } from "../../../ui/Segments";
import { ClickStream } from "../clicks/ClickStream";
import { BotReasons } from "./BotReasons";
import { Breakdown } from "./Breakdown";
import { Hours } from "./Hours";
import { useScope, type Fixed } from "./useScope";

type View = { id: Dimension | "hour" | "reason" | "clicks"; name: string; title: string };

const VIEWS: readonly View[] = [
  { id: "country", name: "Country", title: "Countries" },
  { id: "device", name: "Device", title: "Devices" },
  { id: "referrer", name: "Referrer", title: "Referrers" },
  { id: "source", name: "Source", title: "Sources" },
  { id: "segment", name: "Segment", title: "Segments" },
  { id: "slug", name: "Link", title: "Links" },
  { id: "campaign", name: "Campaign", title: "Campaigns" },
  { id: "hour", name: "Hour", title: "Hours" },
  { id: "reason", name: "Bots", title: "Bots" },
  { id: "clicks", name: "Each click", title: "Clicks" },
];

const SHOWN = 12;

/** Who came, by one dimension at a time, and click by click; of a link, of a campaign, or of the handle. One request. */
export function Traffic(fixed: Fixed) {
  const [range] = useRange();
  const [query, setParts] = useQueryParts();
  const scope = useScope(fixed);
  const views = VIEWS.filter(({ id }) => !(id === "slug" && fixed.slug) && !(id === "campaign" && fixed.campaignId));
  const view = views.find(({ id }) => id === query.get("by")) ?? VIEWS[0];
  if (!view) return null;
  return (
    <div className="stack">
      <Segments label="Dimension" options={views} value={view.id} onChange={(id) => setParts({ by: id === "country" ? null : id })} />
      {view.id === "clicks" ? (
        <ClickStream scope={fixed} />
      ) : (
        <>
          <Chips chips={scope.chips} clear={scope.clear} />
          {view.id === "hour" ? (
            <Hours range={range} scope={scope} />
          ) : view.id === "reason" ? (
            <BotReasons range={range} scope={scope} />
          ) : (
            <Breakdown key={view.id} dimension={view.id} title={view.title} range={range} scope={scope} top={SHOWN} map={view.id === "country"} asOf />
          )}
        </>
      )}
    </div>
  );
}
