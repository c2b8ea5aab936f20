import type { Schema } from "../api/client";
import type { Fault } from "../api/problem";
import type { LinkBody } from "./linkBody";
import type { Link } from "./links";
import { fromLocal, toLocal } from "./time";

export type Conditions = Schema["Conditions"];
/** A rule while it is edited; `id` follows it when it is moved. */
export type RuleForm = { id: string; destinationUrl: string; conditions: Conditions };

/** A link while it is edited: every field as it is typed. */
export type LinkForm = {
  slug: string;
  destinationUrl: string;
  title: string;
  description: string;
  tags: string;
  categories: string;
  campaignId: string;
  enabled: boolean;
  redirectType: "302" | "307";
  scheduledStartAt: string;
  scheduledEndAt: string;
  expiresAt: string;
  maxClicks: string;
  fallbackUrl: string;
  utmSource: string;
  utmMedium: string;
  utmCampaign: string;
  utmTerm: string;
  utmContent: string;
  mode: "DIRECT" | "BRIDGE";
  appendContextParam: boolean;
  queryPassthrough: boolean;
  ogTitle: string;
  ogDescription: string;
  ogImage: string;
  rules: RuleForm[];
};

/** The names of the form's fields as the API names them. */
export const FIELDS = [
  "slug", "destinationUrl", "title", "description", "tags", "categories", "campaignId", "enabled", "redirectType", "scheduledStartAt",
  "scheduledEndAt", "expiresAt", "maxClicks", "fallbackUrl", "tracking", "trackingPolicy", "queryPassthrough", "password", "ogTitle",
  "ogDescription", "ogImage", "routingRules",
] as const;

/** A form for a link, or an empty one. */
export function formOf(link: Link | null, slug: string, timeZone: string): LinkForm {
  const tracking = link?.tracking ?? {};
  return {
    slug: link?.slug ?? slug,
    destinationUrl: link?.destinationUrl ?? "",
    title: link?.title ?? "",
    description: link?.description ?? "",
    tags: link?.tags?.join(", ") ?? "",
    categories: link?.categories?.join(", ") ?? "",
    campaignId: link?.campaignId ?? "",
    enabled: link?.enabled ?? true,
    redirectType: String(link?.redirectType) === "307" ? "307" : "302",
    scheduledStartAt: toLocal(link?.scheduledStartAt, timeZone),
    scheduledEndAt: toLocal(link?.scheduledEndAt, timeZone),
    expiresAt: toLocal(link?.expiresAt, timeZone),
    maxClicks: link?.maxClicks == null ? "" : String(link.maxClicks),
    fallbackUrl: link?.fallbackUrl ?? "",
    utmSource: tracking.utmSource ?? "",
    utmMedium: tracking.utmMedium ?? "",
    utmCampaign: tracking.utmCampaign ?? "",
    utmTerm: tracking.utmTerm ?? "",
    utmContent: tracking.utmContent ?? "",
    mode: link?.trackingPolicy?.mode === "BRIDGE" ? "BRIDGE" : "DIRECT",
    appendContextParam: link?.trackingPolicy?.appendContextParam ?? true,
    queryPassthrough: link?.queryPassthrough ?? false,
    ogTitle: link?.ogTitle ?? "",
    ogDescription: link?.ogDescription ?? "",
    ogImage: link?.ogImage ?? "",
    rules: inOrder(link?.routingRules ?? []).map((rule, index) => ({
      id: `r${index}`,
      destinationUrl: rule.destinationUrl,
      conditions: rule.conditions ?? {},
    })),
  };
}

/** Rules in the order in which they are evaluated. */
export const inOrder = <R extends { priority?: number }>(rules: readonly R[]): R[] =>
  [...rules].sort((a, b) => (a.priority ?? 0) - (b.priority ?? 0));

const words = (text: string): string[] => [...new Set(text.split(",").map((word) => word.trim()).filter(Boolean))];

/** The password to send: undefined leaves the present one, null removes it. */
export type Password = string | null | undefined;

/** The body of a form; the rules get priorities of 10, 20, 30 … in their order. */
export function bodyOf(form: LinkForm, timeZone: string, stored: Link | null = null, password?: Password): LinkBody {
  const text = (value: string): string | null => value.trim() || null;
  return {
    destinationUrl: form.destinationUrl.trim(),
    title: text(form.title),
    description: text(form.description),
    tags: words(form.tags),
    categories: words(form.categories),
    campaignId: text(form.campaignId),
    enabled: form.enabled,
    redirectType: form.redirectType === "307" ? 307 : 302,
    scheduledStartAt: fromLocal(form.scheduledStartAt, timeZone, stored?.scheduledStartAt),
    scheduledEndAt: fromLocal(form.scheduledEndAt, timeZone, stored?.scheduledEndAt),
    expiresAt: fromLocal(form.expiresAt, timeZone, stored?.expiresAt),
    maxClicks: form.maxClicks.trim() ? Number(form.maxClicks) : null,
    fallbackUrl: text(form.fallbackUrl),
    tracking: {
      utmSource: text(form.utmSource),
      utmMedium: text(form.utmMedium),
      utmCampaign: text(form.utmCampaign),
      utmTerm: text(form.utmTerm),
      utmContent: text(form.utmContent),
    },
    trackingPolicy: { mode: form.mode, appendContextParam: form.appendContextParam },
    queryPassthrough: form.queryPassthrough,
    ogTitle: text(form.ogTitle),
    ogDescription: text(form.ogDescription),
    ogImage: text(form.ogImage),
    routingRules: form.rules.map((rule, index) => ({
      priority: (index + 1) * 10,
      destinationUrl: rule.destinationUrl.trim(),
      conditions: filled(rule.conditions),
    })),
    ...(password === undefined ? {} : { password }),
  } as LinkBody;
}

/** Conditions without the empty ones. */
export function filled(conditions: Conditions): Conditions {
  const entries = Object.entries(conditions).filter(([, value]) => value != null && (!Array.isArray(value) || value.length > 0));
  return Object.fromEntries(entries) as Conditions;
}

/** What can be seen to be wrong before asking the API. */
export function faultsOf(form: LinkForm): Fault[] {
  const faults: Fault[] = [];
  const max = form.maxClicks.trim();
  if (max && !/^[1-9]\d{0,9}$/.test(max)) faults.push({ field: "maxClicks", message: "A whole number from 1 on, or nothing for no limit." });
  return faults;
}
