import type { ComponentType } from "react";

type Load = () => Promise<{ default: ComponentType }>;

/** The code of each page by its path below the handle, in the order of the routes: the first path that matches is taken. */
export const LOADERS = {
  overview: () => import("../pages/attribution/Overview"),
  "attribution/get-started": () => import("../pages/attribution/GetStarted"),
  "attribution/links": () => import("../pages/attribution/links/Links"),
  "attribution/links/new": () => import("../pages/attribution/builder/Builder"),
  "attribution/links/new/several": () => import("../pages/attribution/bulk/SeveralLinks"),
  "attribution/links/:slug/edit": () => import("../pages/attribution/builder/Builder"),
  "attribution/links/:slug/qr": () => import("../pages/attribution/qr/Qr"),
  "attribution/links/:slug/:tab?": () => import("../pages/attribution/link/LinkPage"),
  "attribution/campaigns": () => import("../pages/attribution/campaigns/Campaigns"),
  "attribution/campaigns/new": () => import("../pages/attribution/campaigns/CampaignEditor"),
  "attribution/campaigns/:campaignId/edit": () => import("../pages/attribution/campaigns/CampaignEditor"),
  "attribution/campaigns/:campaignId": () => import("../pages/attribution/campaigns/Campaign"),
  "attribution/conversions": () => import("../pages/attribution/conversions/Conversions"),
  "attribution/conversions/:conversionId": () => import("../pages/attribution/conversions/Conversion"),
  "attribution/rules": () => import("../pages/attribution/rules/HandleRulesPage"),
  "attribution/traffic": () => import("../pages/attribution/traffic/TrafficPage"),
  "attribution/clicks": () => import("../pages/attribution/clicks/Clicks"),
  "attribution/exports": () => import("../pages/attribution/exports/Exports"),
  "lifecycle/get-started": () => import("../pages/lifecycle/GetStarted"),
  "lifecycle/rules": () => import("../pages/lifecycle/rules/ChainRules"),
  "lifecycle/rules/new": () => import("../pages/lifecycle/rules/RuleEditor"),
  "lifecycle/rules/:ruleId/edit": () => import("../pages/lifecycle/rules/RuleEditor"),
  "lifecycle/tester": () => import("../pages/lifecycle/tester/Tester"),
  "lifecycle/sessions": () => import("../pages/lifecycle/sessions/Sessions"),
  "lifecycle/sessions/:sessionId": () => import("../pages/lifecycle/sessions/Session"),
  "lifecycle/segments": () => import("../pages/lifecycle/segments/Segments"),
  "settings/tokens": () => import("../pages/settings/tokens/Tokens"),
  "settings/collaborators": () => import("../pages/settings/people/Collaborators"),
  "settings/plan": () => import("../pages/settings/Plan"),
  "settings/audit": () => import("../pages/settings/audit/Audit"),
  "settings/privacy": () => import("../pages/settings/privacy/Privacy"),
  "settings/snippet": () => import("../pages/settings/Snippet"),
  "settings/account": () => import("../pages/settings/Account"),
  "lifecycle/webhooks": () => import("../pages/lifecycle/webhooks/Webhooks"),
  "lifecycle/webhooks/new": () => import("../pages/lifecycle/webhooks/NewWebhook"),
  "lifecycle/webhooks/:subscriptionId": () => import("../pages/lifecycle/webhooks/WebhookPage"),
  "lifecycle/deliveries": () => import("../pages/lifecycle/deliveries/Deliveries"),
  "lifecycle/deliveries/:deliveryId": () => import("../pages/lifecycle/deliveries/DeliveryPage"),
  "lifecycle/replay": () => import("../pages/lifecycle/replay/Replay"),
  notifications: () => import("../pages/notifications/Notifications"),
} satisfies Record<string, Load>;

export type PagePath = keyof typeof LOADERS;

const pattern = (path: string): RegExp => new RegExp(`^/console/[^/]+/${path.replace(/\/:\w+\?/g, "(?:/[^/]+)?").replace(/:\w+/g, "[^/]+")}/?$`);

/** The page at an address of the console; null if there is none. */
export const pageAt = (pathname: string): PagePath | null => (Object.keys(LOADERS) as PagePath[]).find((path) => pattern(path).test(pathname)) ?? null;
