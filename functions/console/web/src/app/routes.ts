import { createElement } from "react";
import type { Action } from "../core/roles";
import type { IconName } from "../ui/Icon";
import { later, type Later } from "../ui/later";
import { SkeletonPage } from "../ui/Skeleton";
import { LOADERS, type PagePath } from "./loaders";

export type Section = "Attribution" | "Lifecycle messaging" | "Settings" | null;

/** A page: its path below the handle, where it is in the navigation, and what it takes to see it. */
export type PageEntry = {
  path: string;
  title: string;
  section: Section;
  component: Later;
  /** Shown in the navigation; details are not. */
  listed?: boolean;
  /** Pressed after `g`, leads there. */
  key?: string;
  needs?: Action;
  icon?: IconName;
  /** Whether its figures are those of the range of days. */
  ranged?: boolean;
};

/** The pages of a section, by the rest of their path. */
type In<Of extends string, Path = PagePath> = Path extends `${Of}/${infer Rest}` ? Rest : never;

const page = (section: Section, path: PagePath, title: string, rest: Partial<PageEntry> = {}): PageEntry => ({
  section, path, title, component: later(async () => (await LOADERS[path]()).default, createElement(SkeletonPage)), ...rest,
});

const listed = true;
const ranged = true;

const attribution = (path: In<"attribution">, title: string, rest: Partial<PageEntry> = {}): PageEntry => page("Attribution", `attribution/${path}`, title, rest);

const lifecycle = (path: In<"lifecycle">, title: string, rest: Partial<PageEntry> = {}): PageEntry => page("Lifecycle messaging", `lifecycle/${path}`, title, rest);
const settings = (path: In<"settings">, title: string, rest: Partial<PageEntry> = {}): PageEntry => page("Settings", `settings/${path}`, title, rest);

/** Every page of a handle, in the order of the navigation. The first path that matches is taken. */
export const PAGES: readonly PageEntry[] = [
  page(null, "overview", "Overview", { listed, ranged, key: "o", icon: "overview" }),
  attribution("get-started", "Get started", { listed, icon: "check" }),
  attribution("links", "Links", { listed, ranged, key: "l", icon: "link" }),
  attribution("links/new", "New link"),
  attribution("links/new/several", "Several links"),
  attribution("links/:slug/edit", "Edit link"),
  attribution("links/:slug/qr", "QR code"),
  attribution("links/:slug/:tab?", "Link", { ranged }),
  attribution("campaigns", "Campaigns", { listed, ranged, key: "c", icon: "flag" }),
  attribution("campaigns/new", "New campaign"),
  attribution("campaigns/:campaignId/edit", "Edit campaign"),
  attribution("campaigns/:campaignId", "Campaign", { ranged }),
  attribution("conversions", "Conversions", { listed, ranged, key: "v", icon: "coin" }),
  attribution("conversions/:conversionId", "Conversion"),
  attribution("rules", "Personalization", { listed, key: "p", icon: "split" }),
  attribution("traffic", "Traffic", { listed, ranged, key: "f", icon: "chart" }),
  attribution("clicks", "Clicks", { listed, ranged, key: "k", icon: "list" }),
  attribution("exports", "Exports", { listed, ranged, key: "x", icon: "download" }),
  lifecycle("get-started", "Get started", { listed, icon: "check" }),
  lifecycle("rules", "Chain rules", { listed, key: "r", icon: "split" }),
  lifecycle("rules/new", "New rule"),
  lifecycle("rules/:ruleId/edit", "Edit rule"),
  lifecycle("tester", "Decision tester", { listed, key: "t", icon: "help" }),
  lifecycle("sessions", "Sessions", { listed, key: "e", icon: "clock" }),
  lifecycle("sessions/:sessionId", "Session"),
  lifecycle("segments", "Segments", { listed, ranged, key: "m", icon: "people" }),
  settings("tokens", "Access tokens", { listed, needs: "tokens", icon: "key" }),
  settings("collaborators", "Collaborators", { listed, icon: "people" }),
  settings("plan", "Plan and usage", { listed, key: "s", icon: "chart" }),
  settings("audit", "Audit", { listed, needs: "audit", key: "a", icon: "list" }),
  settings("privacy", "Privacy", { listed, needs: "privacy", icon: "lock" }),
  settings("snippet", "Snippet", { listed, icon: "code" }),
  settings("account", "Your account", { listed, icon: "gear" }),
  lifecycle("webhooks", "Webhooks", { listed, key: "w", icon: "bolt", needs: "webhooks" }),
  lifecycle("webhooks/new", "New endpoint", { needs: "webhooks" }),
  lifecycle("webhooks/:subscriptionId", "Endpoint", { needs: "webhooks" }),
  lifecycle("deliveries", "Deliveries", { listed, key: "d", icon: "send", needs: "deliveries" }),
  lifecycle("deliveries/:deliveryId", "Delivery", { needs: "deliveries" }),
  lifecycle("replay", "Replay", { listed, icon: "undo", needs: "deliveries" }),
  page(null, "notifications", "Notifications", { listed, key: "n", icon: "bell" }),
];

/** The pages of the navigation by section. */
export const SECTIONS: readonly Section[] = [null, "Attribution", "Lifecycle messaging", "Settings"];
