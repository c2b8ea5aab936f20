import { Choice } from "../../../ui/Choice";
import { TextBox, Toggle } from "../../../ui/fields";
import { Card } from "../../../ui/Page";
import type { SectionProps } from "./Builder";

const MODES = [
  { id: "DIRECT", name: "Redirect", note: "302 or 307" },
  { id: "BRIDGE", name: "Bridge page", note: "200, then on" },
] as const;
const TYPES = [
  { id: "302", name: "302 Found" },
  { id: "307", name: "307, keeps the method" },
] as const;

/** What the destination learns of the visit. */
export function TrackingFields({ form, set, fault }: SectionProps) {
  return (
    <Card title="Tracking" note="utm parameters are added where the destination lacks them.">
      <div className="form">
        <div className="form-row">
          <TextBox label="utm_source" value={form.utmSource} onChange={(utmSource) => set({ utmSource })} {...fault("tracking.utmSource")} />
          <TextBox label="utm_medium" value={form.utmMedium} onChange={(utmMedium) => set({ utmMedium })} {...fault("tracking.utmMedium")} />
          <TextBox label="utm_campaign" value={form.utmCampaign} onChange={(utmCampaign) => set({ utmCampaign })} {...fault("tracking.utmCampaign")} />
          <TextBox label="utm_term" value={form.utmTerm} onChange={(utmTerm) => set({ utmTerm })} {...fault("tracking.utmTerm")} />
          <TextBox label="utm_content" value={form.utmContent} onChange={(utmContent) => set({ utmContent })} {...fault("tracking.utmContent")} />
        </div>
        <div className="form-row">
          <Choice label="How visitors are sent" options={MODES} value={form.mode} onChange={(mode) => set({ mode })} {...fault("trackingPolicy.mode")} />
          <Choice label="Status" options={TYPES} value={form.redirectType} onChange={(redirectType) => set({ redirectType })} {...fault("redirectType")} />
        </div>
        <div className="form-row">
          <Toggle label="Append ctx" help="Without it conversions cannot be attributed." value={form.appendContextParam} onChange={(appendContextParam) => set({ appendContextParam })} />
          <Toggle label="Pass the visitor's query on" value={form.queryPassthrough} onChange={(queryPassthrough) => set({ queryPassthrough })} />
        </div>
      </div>
    </Card>
  );
}
