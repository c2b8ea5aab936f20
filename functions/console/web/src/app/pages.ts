import type { ComponentType } from "react";
import { funnelQuery, reportQuery } from "../api/queries";
import { before, type Range } from "../core/range";
import type { Action } from "../core/roles";
import type { IconName } from "../ui/Icon";

export type Section = "Attribution" | "Lifecycle messaging" | "Settings" | null;

/** A read of the API: the path below the handle, and the query. */
export type Read = readonly [resource: string, query?: object];

/** A page: its path below the handle, its code, where it is in the navigation, and what it takes to see it. */
export type PageEntry = {
  path: string;
  title: string;
  section: Section;
  code: () => Promise<{ default: ComponentType }>;
  /** Shown in the navigation; details are not. */
  listed?: boolean;
  /** Pressed after `g`, leads there. */
  key?: string;
  needs?: Action;
  icon?: IconName;
  /** Whether its figures are those of the range of days. */
  ranged?: boolean;
  /** What it asks the API for at once: sent while its code is on its way. What is missing here is only asked for later. */
  reads?: (range: Range) => readonly Read[];
};

type Code = PageEntry["code"];
type Rest = Partial<PageEntry>;

const page = (section: Section, path: string, title: string, code: Code, rest: Rest = {}): PageEntry => ({ section, path, title, code, ...rest });
const attribution = (path: string, title: string, code: Code, rest?: Rest): PageEntry => page("Attribution", `attribution/${path}`, title, code, rest);
const lifecycle = (path: string, title: string, code: Code, rest?: Rest): PageEntry => page("Lifecycle messaging", `lifecycle/${path}`, title, code, rest);
const settings = (path: string, title: string, code: Code, rest?: Rest): PageEntry => page("Settings", `settings/${path}`, title, code, rest);

const listed = true;
const ranged = true;

const overviewReads = (range: Range): readonly Read[] => [
  ["/analytics", reportQuery(range, { groupBy: "day" })],
  ...(range.compare ? [["/analytics", reportQuery(before(range), { groupBy: "day" })] as const] : []),
  ["/analytics", funnelQuery(range)],
  ["/conversions", { limit: 5 }],
];

/** Every page of a handle, in the order of the navigation. The first path that matches is taken. */
export const PAGES: readonly PageEntry[] = [
  page(null, "overview", "Overview", () => import("../pages/attribution/Overview"), { listed, ranged, key: "o", icon: "overview", reads: overviewReads }),
  attribution("get-started", "Get started", () => import("../pages/attribution/GetStarted"), { listed, icon: "check" }),
  attribution("links", "Links", () => import("../pages/attribution/links/Links"), { listed, ranged, key: "l", icon: "link" }),
  attribution("links/new", "New link", () => import("../pages/attribution/builder/Builder")),
  attribution("links/new/several", "Several links", () => import("../pages/attribution/bulk/SeveralLinks")),
  attribution("links/:slug/edit", "Edit link", () => import("../pages/attribution/builder/Builder")),
  attribution("links/:slug/qr", "QR code", () => import("../pages/attribution/qr/Qr")),
  attribution("links/:slug/:tab?", "Link", () => import("../pages/attribution/link/LinkPage"), { ranged }),
  attribution("campaigns", "Campaigns", () => import("../pages/attribution/campaigns/Campaigns"), { listed, ranged, key: "c", icon: "flag" }),
  attribution("campaigns/new", "New campaign", () => import("../pages/attribution/campaigns/CampaignEditor")),
  attribution("campaigns/:campaignId/edit", "Edit campaign", () => import("../pages/attribution/campaigns/CampaignEditor")),
  attribution("campaigns/:campaignId", "Campaign", () => import("../pages/attribution/campaigns/Campaign"), { ranged }),
  attribution("conversions", "Conversions", () => import("../pages/attribution/conversions/Conversions"), { listed, ranged, key: "v", icon: "coin" }),
  attribution("conversions/:conversionId", "Conversion", () => import("../pages/attribution/conversions/Conversion")),
  attribution("rules", "Personalization", () => import("../pages/attribution/rules/HandleRulesPage"), { listed, key: "p", icon: "split" }),
  attribution("traffic", "Traffic", () => import("../pages/attribution/traffic/TrafficPage"), { listed, ranged, key: "f", icon: "chart" }),
  attribution("clicks", "Clicks", () => import("../pages/attribution/clicks/Clicks"), { listed, ranged, key: "k", icon: "list" }),
  attribution("exports", "Exports", () => import("../pages/attribution/exports/Exports"), { listed, ranged, key: "x", icon: "download" }),
  lifecycle("get-started", "Get started", () => import("../pages/lifecycle/GetStarted"), { listed, icon: "check" }),
  lifecycle("rules", "Chain rules", () => import("../pages/lifecycle/rules/ChainRules"), { listed, key: "r", icon: "split" }),
  lifecycle("rules/new", "New rule", () => import("../pages/lifecycle/rules/RuleEditor")),
  lifecycle("rules/:ruleId/edit", "Edit rule", () => import("../pages/lifecycle/rules/RuleEditor")),
  lifecycle("tester", "Decision tester", () => import("../pages/lifecycle/tester/Tester"), { listed, key: "t", icon: "help" }),
  lifecycle("sessions", "Sessions", () => import("../pages/lifecycle/sessions/Sessions"), { listed, key: "e", icon: "clock" }),
  lifecycle("sessions/:sessionId", "Session", () => import("../pages/lifecycle/sessions/Session")),
  lifecycle("segments", "Segments", () => import("../pages/lifecycle/segments/Segments"), { listed, ranged, key: "m", icon: "people" }),
  settings("tokens", "Access tokens", () => import("../pages/settings/tokens/Tokens"), { listed, needs: "tokens", icon: "key" }),
  settings("collaborators", "Collaborators", () => import("../pages/settings/people/Collaborators"), { listed, icon: "people" }),
  settings("plan", "Plan and usage", () => import("../pages/settings/Plan"), { listed, key: "s", icon: "chart" }),
  settings("audit", "Audit", () => import("../pages/settings/audit/Audit"), { listed, needs: "audit", key: "a", icon: "list" }),
  settings("privacy", "Privacy", () => import("../pages/settings/privacy/Privacy"), { listed, needs: "privacy", icon: "lock" }),
  settings("snippet", "Snippet", () => import("../pages/settings/Snippet"), { listed, icon: "code" }),
  settings("account", "Your account", () => import("../pages/settings/Account"), { listed, icon: "gear" }),
  lifecycle("webhooks", "Webhooks", () => import("../pages/lifecycle/webhooks/Webhooks"), { listed, key: "w", icon: "bolt", needs: "webhooks" }),
  lifecycle("webhooks/new", "New endpoint", () => import("../pages/lifecycle/webhooks/NewWebhook"), { needs: "webhooks" }),
  lifecycle("webhooks/:subscriptionId", "Endpoint", () => import("../pages/lifecycle/webhooks/WebhookPage"), { needs: "webhooks" }),
  lifecycle("deliveries", "Deliveries", () => import("../pages/lifecycle/deliveries/Deliveries"), { listed, key: "d", icon: "send", needs: "deliveries" }),
  lifecycle("deliveries/:deliveryId", "Delivery", () => import("../pages/lifecycle/deliveries/DeliveryPage"), { needs: "deliveries" }),
  lifecycle("replay", "Replay", () => import("../pages/lifecycle/replay/Replay"), { listed, icon: "undo", needs: "deliveries" }),
  page(null, "notifications", "Notifications", () => import("../pages/notifications/Notifications"), { listed, key: "n", icon: "bell" }),
];

/** The pages of the navigation by section. */
export const SECTIONS: readonly Section[] = [null, "Attribution", "Lifecycle messaging", "Settings"];

const pattern = (path: string): RegExp => new RegExp(`^/[^/]+/${path.replace(/\/:\w+\?/g, "(?:/[^/]+)?").replace(/:\w+/g, "[^/]+")}/?$`);
const PATTERNS = PAGES.map((entry) => [pattern(entry.path), entry] as const);

/** The page at a path of the console, which begins with the handle; null if there is none. */
export const pageAt = (path: string): PageEntry | null => PATTERNS.find(([known]) => known.test(path))?.[1] ?? null;
