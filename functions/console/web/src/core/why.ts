import type { Schema } from "../api/client";
import { together } from "./words";

type Outcome = Schema["ConversionOutcome"];
type Credited = { title: string; because: string | null; todo: string | null; kind: "good" | "warn" | "plain" };

/** Whether a conversion is kept from a campaign that its explanation does not name: the click counts for none. */
export const campaignIsUnnamed = ({ outcome, verdict, click }: Pick<Schema["Explanation"], "outcome" | "verdict" | "click">): boolean =>
  outcome.startsWith("not_credited_") && !verdict.campaignId && !click.campaignId && click.linkVersion != null;

/** The campaign that the link named when it was followed, by the version of it that the click has. */
export const campaignOf = ({ linkVersion }: Pick<Schema["ExplainedClick"], "linkVersion">, versions: readonly Pick<Schema["LinkView"], "version" | "campaignId">[] = []): string | null =>
  versions.find(({ version }) => version === linkVersion)?.campaignId ?? null;

/** Where a conversion counts, and why it is not credited to the campaign of its click, in plain words. */
export function credited(outcome: Outcome, campaignId: string | null | undefined, slug: string): Credited {
  const link = `Counts for the link ${slug} alone`;
  const campaign = campaignId ? `the campaign ${campaignId}` : "the campaign";
  switch (outcome) {
    case "credited_to_campaign":
      return { title: `Credited to ${campaignId ?? "its campaign"}`, because: null, todo: null, kind: "good" };
    case "credited_to_link":
      return { title: link, because: "The link belonged to no campaign when it was followed.", todo: "Give the link a campaign: later clicks then count for it.", kind: "plain" };
    case "not_credited_campaign_paused":
      return {
        title: `${link}: ${campaign} was not active`, kind: "warn",
        because: "The campaign was paused or a draft when the conversion arrived. What happens while a campaign is not active is not credited to it.",
        todo: "Activate the campaign: later conversions are credited. This one stays as it is; settle it with the partner by hand.",
      };
    case "not_credited_click_not_tracked":
      return {
        title: `${link}: the click came before the campaign was active`, kind: "warn",
        because: "The campaign was paused or a draft when the link was followed, so the click belongs to no campaign.",
        todo: "Nothing to repair: clicks since the activation are credited.",
      };
    case "not_credited_campaign_deleted":
      return { title: `${link}: ${campaign} is deleted`, kind: "warn", because: "The campaign was deleted before the conversion arrived.", todo: null };
    case "test":
      return { title: "A test: in no figure", because: "It was made to try out a campaign. Reports, exports and commissions leave it out.", todo: null, kind: "plain" };
  }
}

const NOT_CREDITED: Readonly<Record<Schema["NotCredited"], string>> = {
  campaign_paused: "campaign not active",
  click_not_tracked: "click before activation",
  campaign_deleted: "campaign deleted",
};

/** Why a conversion is not credited, in a few words. */
export const notCredited = (code: Schema["NotCredited"]): string => NOT_CREDITED[code];

const REASONS: Readonly<Record<string, string>> = {
  empty_user_agent: "it named no browser",
  head_request: "it asked for the headers alone",
  prefetch: "a browser fetched the page ahead of a click",
  declared_bot: "it says that it is a crawler or a preview",
  automation_tool: "it is a program or a remote-controlled browser",
  not_a_browser: "its name is not that of a browser",
  no_accept_language: "it named no language, which every browser does",
  burst_hits: "one sender made many clicks in seconds",
  burst_links: "one sender followed many links in seconds",
  instant_conversion: "a conversion followed faster than a page loads",
};

/** Why a click is taken for a bot's. */
export const botReason = (code: string): string => REASONS[code] ?? code;

const ATTEMPTS: Readonly<Record<Schema["AttemptOutcome"], { name: string; text: string; kind: "good" | "warn" | "plain" }>> = {
  accepted: { name: "Accepted", text: "It became the conversion.", kind: "good" },
  deduped: { name: "Same key again", text: "The same order was sent again. Nothing changed, nothing is counted twice.", kind: "plain" },
  deduped_with_mismatch: { name: "Same key, other content", text: "The first one stays as it was. The difference is in the audit log.", kind: "warn" },
  confirmed: { name: "Confirmed", text: "Sent with the handle's own token: what it says replaced what was claimed.", kind: "good" },
};

/** One submission of an order key, in words. */
export const attempt = (outcome: Schema["AttemptOutcome"]): { name: string; text: string; kind: "good" | "warn" | "plain" } => ATTEMPTS[outcome];

const FIELDS: Readonly<Record<string, string>> = { eventType: "event type", value: "value", currency: "currency", ctx: "ctx" };

/** Names of fields as a list: `value and currency`. */
export const fieldNames = (names: readonly string[]): string => together(names.map((name) => FIELDS[name] ?? name));
