import { Link } from "wouter";
import { useAddress } from "../../../app/context";
import type { Schema } from "../../../api/client";
import type { Reading } from "../../../api/use";
import { observation } from "../../../core/confidence";
import { count } from "../../../core/numbers";
import { ApiRequest } from "../../../ui/ApiRequest";
import { Confidence } from "../../../ui/Confidence";
import { Card } from "../../../ui/Page";
import { Loaded } from "../../../ui/states";

/** The campaigns whose figures are the least reliable. */
export function CampaignQuality({ of }: { of: Reading<Schema["Funnel"]> }) {
  const address = useAddress();
  return (
    <Card title="Data quality by campaign" note="Below 50, examine before paying." actions={<ApiRequest requests={[of.request]} />}>
      <Loaded of={of}>
        {({ funnel }) => {
          const worst = funnel.filter(({ clicks, conversions }) => clicks + conversions > 0).sort((a, b) => a.confidence - b.confidence).slice(0, 5);
          if (!worst.length) return <p className="muted">No campaign has figures on these days.</p>;
          return (
            <ul className="bar-list">
              {worst.map(({ campaignId, confidence, qualifiedClicks, penalties }) => (
                <li key={campaignId} className="bar-row">
                  <Link href={address(`attribution/campaigns/${campaignId}`)} className="bar-name">{campaignId}</Link>
                  <span className="muted small">{penalties[0] ? observation(penalties[0]) : `${count(qualifiedClicks)} people`}</span>
                  <Confidence score={confidence} penalties={penalties} />
                </li>
              ))}
            </ul>
          );
        }}
      </Loaded>
    </Card>
  );
}
