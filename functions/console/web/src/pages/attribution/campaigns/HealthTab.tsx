import { useAddress } from "../../../app/context";
import type { Schema } from "../../../api/client";
import { useGet } from "../../../api/use";
import type { Campaign } from "../../../core/campaigns";
import { ApiRequest } from "../../../ui/ApiRequest";
import { Button, ButtonLink } from "../../../ui/Button";
import { CopyButton } from "../../../ui/Copy";
import { AsOf, Card } from "../../../ui/Page";
import { Loaded } from "../../../ui/states";
import css from "./health.module.css";
import { Moves } from "./Moves";
import { TestConversion } from "./TestConversion";

type Check = Schema["HealthCheck"];

const NAMES: Readonly<Record<string, string>> = {
  campaign_active: "The campaign is active",
  primary_link_live: "Its link is open",
  destination_valid: "The destinations lead elsewhere",
  click_seen: "Clicks arrive",
  ctx_minted: "Clicks carry a ctx",
  conversion_seen: "Conversions arrive",
  confidence: "The figures are reliable",
};
const WORDS = { PASS: "Works", WARN: "Attention", FAIL: "Broken" } as const;
const TAGS = { PASS: "tag-good", WARN: "tag-warn", FAIL: "tag-bad" } as const;

/** What works and what does not, each with the one action that helps, and a way to try the whole chain. */
export function HealthTab({ campaign }: { campaign: Campaign }) {
  const health = useGet("/v2/handles/{handle}/campaigns/{campaignId}/health", { path: { campaignId: campaign.campaignId } });
  return (
    <div className="grid-2">
      <Card
        title="Checks" note="Of the last 30 days"
        actions={<><AsOf at={health.at} /><Button size="small" icon="refresh" onPress={health.again}>Check again</Button><ApiRequest requests={[health.request]} /></>}
      >
        <Loaded of={health} lines={7}>
          {({ checks }) => (
            <ul className={css.checks}>
              {checks.map((check) => (
                <li key={check.id}>
                  <span className={`tag ${TAGS[check.status]}`}>{WORDS[check.status]}</span>
                  <span className={css.text}>
                    <strong>{NAMES[check.id] ?? check.id}</strong>
                    <span className="muted">{sentence(check.message)}</span>
                  </span>
                  <span className="row">{check.status !== "PASS" && <Fix check={check} campaign={campaign} />}</span>
                </li>
              ))}
            </ul>
          )}
        </Loaded>
      </Card>
      <TestConversion campaign={campaign} />
    </div>
  );
}

const sentence = (message: string): string => `${message.slice(0, 1).toUpperCase()}${message.slice(1)}.`;

/** The action that repairs a check. */
function Fix({ check, campaign }: { check: Check; campaign: Campaign }) {
  const address = useAddress();
  const { campaignId, primarySlug, shortUrl, conversionEventType, currency } = campaign;
  const steps = new URLSearchParams({ event: conversionEventType, ...(primarySlug ? { link: primarySlug } : {}), ...(currency ? { currency } : {}) });
  const edit = address(`attribution/campaigns/${campaignId}/edit`);
  const link = (words: string) =>
    primarySlug ? <ButtonLink size="small" href={address(`attribution/links/${primarySlug}/edit`)}>{words}</ButtonLink> : <ButtonLink size="small" href={edit}>Choose a link</ButtonLink>;
  switch (check.id) {
    case "campaign_active":
      return <Moves campaign={campaign} />;
    case "primary_link_live":
    case "destination_valid":
      return link("Edit the link");
    case "ctx_minted":
      return check.status === "FAIL" ? link("Edit its tracking") : null;
    case "click_seen":
      return shortUrl ? <><ButtonLink size="small" icon="open" href={shortUrl} target="_blank" rel="noopener">Follow it</ButtonLink><CopyButton text={shortUrl} label="Copy the short address" /></> : null;
    case "conversion_seen":
      return <ButtonLink size="small" href={address(`attribution/get-started?${steps}`)}>How to report one</ButtonLink>;
    case "confidence":
      return <ButtonLink size="small" href={address(`attribution/campaigns/${campaignId}`)}>See why</ButtonLink>;
    default:
      return null;
  }
}
