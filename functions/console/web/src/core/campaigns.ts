import type { Body, Schema } from "../api/client";
import { add, decimal, sign, type Decimal } from "./decimal";
import { isPayable } from "./confidence";

export type Campaign = Schema["CampaignView"];
export type Funnel = Schema["CampaignFunnel"];
export type Status = Schema["CampaignStatus"];
export type Goal = Schema["GoalType"];

export const CAMPAIGN_ID = /^[a-z0-9][a-z0-9_-]{2,63}$/;

export const STATUSES: readonly { id: Status; name: string; tag: string; text: string }[] = [
  { id: "ACTIVE", name: "Active", tag: "tag-good", text: "Clicks and conversions are credited." },
  { id: "PAUSED", name: "Paused", tag: "tag-warn", text: "Links lead on; nothing is credited to the campaign." },
  { id: "DRAFT", name: "Draft", tag: "", text: "Not started: nothing is credited yet." },
];

/** The goals with what they preset, as the API does. */
export const GOALS: readonly { id: Goal; name: string; preset: string; event: string }[] = [
  { id: "PRODUCT_SALE", name: "Product sale", preset: "ga4_purchase", event: "purchase" },
  { id: "LEAD_CAPTURE", name: "Lead", preset: "ga4_lead", event: "lead" },
  { id: "NEWSLETTER", name: "Newsletter sign-up", preset: "ga4_sign_up", event: "newsletter_signup" },
  { id: "AFFILIATE_CLICKOUT", name: "Affiliate click-out", preset: "custom_webhook", event: "affiliate_click" },
  { id: "APP_INSTALL", name: "App install", preset: "ga4_app_install", event: "app_install" },
];

export const goalOf = (id: Goal): (typeof GOALS)[number] | undefined => GOALS.find((goal) => goal.id === id);

/** What a campaign can become next, with the word for it. */
export const MOVES: Readonly<Record<Status, readonly { to: Status; verb: string }[]>> = {
  DRAFT: [{ to: "ACTIVE", verb: "Activate" }],
  ACTIVE: [{ to: "PAUSED", verb: "Pause" }],
  PAUSED: [{ to: "ACTIVE", verb: "Activate" }, { to: "DRAFT", verb: "Back to draft" }],
};

/** A campaign with its figures of the range; a deleted one has figures only, a new one none. */
export type Row = { id: string; campaign: Campaign | null; funnel: Funnel | null };

/** All campaigns and all that have figures, each once. */
export function rowsOf(campaigns: readonly Campaign[], funnel: readonly Funnel[]): Row[] {
  const figures = new Map(funnel.map((row) => [row.campaignId as string, row]));
  const known = campaigns.map((campaign): Row => ({ id: campaign.campaignId, campaign, funnel: figures.get(campaign.campaignId) ?? null }));
  const ids = new Set(known.map(({ id }) => id));
  return [...known, ...funnel.filter(({ campaignId }) => !ids.has(campaignId)).map((row): Row => ({ id: row.campaignId, campaign: null, funnel: row }))];
}

export type Payout = { payable: number; held: number; payableAmounts: Map<string, Decimal>; heldAmounts: Map<string, Decimal> };

/** What can be paid and what is on hold: revenue by currency of the campaigns from 50 on, and below. Those without figures are neither. */
export function payout(funnel: readonly Funnel[]): Payout {
  const result: Payout = { payable: 0, held: 0, payableAmounts: new Map(), heldAmounts: new Map() };
  for (const row of funnel) {
    if (row.clicks === 0 && row.conversions === 0) continue;
    const good = isPayable(row.confidence);
    result[good ? "payable" : "held"] += 1;
    const amounts = good ? result.payableAmounts : result.heldAmounts;
    for (const [currency, amount] of Object.entries(row.revenueByCurrency)) amounts.set(currency, add(amounts.get(currency) ?? ("0" as Decimal), amount));
  }
  return result;
}

/** The confirmed part of an amount, in hundredths; null without an amount. Only for the length of a bar. */
export function confirmedShare({ revenue, revenueConfirmed }: Pick<Funnel, "revenue" | "revenueConfirmed">): number | null {
  return sign(revenue) > 0 ? Math.max(0, Math.min(100, (100 * Number(revenueConfirmed)) / Number(revenue))) : null;
}

/** A stage of the funnel: how many reached it, and out of how many. */
export type Stage = { id: "clicks" | "qualified" | "conversions"; name: string; count: number; of: number | null; left: { count: number; name: string } | null };

/** The way from clicks to conversions, with those that leave it. */
export function stages({ clicks, botClicks, qualifiedClicks, conversions }: Pick<Funnel, "clicks" | "botClicks" | "qualifiedClicks" | "conversions">): Stage[] {
  const lost = Math.max(0, qualifiedClicks - conversions);
  return [
    { id: "clicks", name: "Clicks", count: clicks, of: null, left: null },
    { id: "qualified", name: "Qualified clicks", count: qualifiedClicks, of: clicks, left: { count: botClicks, name: "of bots" } },
    { id: "conversions", name: "Conversions", count: conversions, of: qualifiedClicks, left: { count: lost, name: "without a conversion" } },
  ];
}

/** How the campaign's primary link is chosen. */
export type LinkChoice = "none" | "existing" | "new";

/** A campaign while it is edited. */
export type CampaignForm = {
  campaignId: string;
  name: string;
  goalType: Goal;
  status: Status;
  link: LinkChoice;
  primarySlug: string;
  newSlug: string;
  newDestination: string;
  newTitle: string;
  trackingPreset: string;
  conversionEventType: string;
  currency: string;
};

/** The names of the form's fields as the API names them. */
export const CAMPAIGN_FIELDS = [
  "campaignId", "name", "goalType", "status", "primarySlug", "primaryLink", "trackingPreset", "conversionEventType", "currency",
] as const;

/** A form for a campaign, or an empty one. What the goal presets is left empty. */
export function campaignForm(campaign: Campaign | null, slug: string): CampaignForm {
  const goal = campaign && goalOf(campaign.goalType);
  const own = (value: string | undefined, preset: string | undefined): string => (value && value !== preset ? value : "");
  return {
    campaignId: campaign?.campaignId ?? "",
    name: campaign?.name ?? "",
    goalType: campaign?.goalType ?? "PRODUCT_SALE",
    status: campaign?.status ?? "ACTIVE",
    link: campaign ? (campaign.primarySlug ? "existing" : "none") : "new",
    primarySlug: campaign?.primarySlug ?? "",
    newSlug: slug,
    newDestination: "",
    newTitle: "",
    trackingPreset: own(campaign?.trackingPreset, goal?.preset),
    conversionEventType: own(campaign?.conversionEventType, goal?.event),
    currency: campaign?.currency ?? "",
  };
}

export type CampaignBody = Body<"/v2/handles/{handle}/campaigns", "post">;

/** The body of a form. `patch` names what is to be removed with null, as a change does; a new campaign leaves it out. */
export function campaignBody(form: CampaignForm, patch: boolean): CampaignBody {
  const text = (value: string): string | null | undefined => value.trim() || (patch ? null : undefined);
  const link =
    form.link === "existing" ? { primarySlug: text(form.primarySlug) }
    : form.link === "new" ? { primaryLink: { slug: form.newSlug.trim(), destinationUrl: form.newDestination.trim(), title: form.newTitle.trim() || null } }
    : patch ? { primarySlug: null } : {};
  const body = {
    ...(patch ? {} : { campaignId: form.campaignId.trim() }),
    name: text(form.name),
    goalType: form.goalType,
    status: form.status,
    trackingPreset: text(form.trackingPreset),
    conversionEventType: text(form.conversionEventType),
    currency: text(form.currency.toUpperCase()),
    ...link,
  };
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as CampaignBody;
}

/** An amount that was typed, if any; `false` when it is none. */
export const typedAmount = (text: string): Decimal | null | false => (text.trim() === "" ? null : (decimal(text.trim().replace(",", ".")) ?? false));

/** What of a campaign was changed in a form; the rest is not sent, so that others' changes stay. */
export function campaignChange(form: CampaignForm, initial: CampaignForm): Body<"/v2/handles/{handle}/campaigns/{campaignId}", "put"> {
  const before = new Map(Object.entries(campaignBody(initial, true)));
  const entries = Object.entries(campaignBody(form, true)).filter(([name, value]) => JSON.stringify(before.get(name)) !== JSON.stringify(value));
  return Object.fromEntries(entries) as Body<"/v2/handles/{handle}/campaigns/{campaignId}", "put">;
}
