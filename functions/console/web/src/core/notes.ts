import type { Schema } from "../api/client";
import { PAYABLE_FROM } from "./confidence";
import { endpointName } from "./deliveries";
import { count, plural } from "./numbers";
import { quota } from "./quota";
import { momentOf } from "./replay";
import { may, type Role } from "./roles";

/** Something that needs a person, with the one page that helps. */
export type Note = { id: string; level: "bad" | "warn"; kind: "endpoint" | "delivery" | "campaign" | "health" | "quota"; title: string; text: string; at: string | null; page: string; action: string };

/** Whether a role reaches the page that helps. */
export const mayOpen = (page: string, role: Role | undefined): boolean => !page.startsWith("lifecycle/") || may(role, "webhooks");

type Panel = Schema["NotificationsPanel"];
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Failures that the panel lists at most. */
const LISTED = 20;
/** Deliveries that were given up are shown this long. */
const GIVEN_UP_DAYS = 7;

/** What of the webhooks needs a person: endpoints that are disabled or failing, and deliveries that were given up. */
export function notes(panel: Pick<Panel, "webhooks" | "recentFailures">, now: number): Note[] {
  return [...panel.webhooks.flatMap(endpoint), ...givenUp(panel, now)];
}

function endpoint(webhook: Panel["webhooks"][number]): Note[] {
  const { failed, delivered } = webhook.counts24h;
  const page = `lifecycle/webhooks/${webhook.subscriptionId}`;
  const name = endpointName(webhook);
  const about = { kind: "endpoint", id: `${webhook.subscriptionId}:${webhook.status}:${failed}` } as const;
  if (webhook.status === "DISABLED_AUTO" || webhook.status === "DISABLED_GONE") {
    const text = webhook.status === "DISABLED_AUTO" ? "20 deliveries in a row failed. It receives nothing until it is enabled again." : "It answered 410. It receives nothing until it has a new address.";
    return [{ ...about, level: "bad", title: `${name} is disabled`, text, at: webhook.updatedAt, page: `${page}?tab=settings`, action: "Repair and enable it" }];
  }
  if (!failed || webhook.status !== "ACTIVE") return [];
  return [{
    ...about, level: delivered ? "warn" : "bad", title: `${name} is failing`, at: webhook.lastDelivery?.createdAt ?? null,
    text: `${count(failed)} of ${count(failed + delivered)} deliveries failed in 24 hours.`, page, action: "See what it answers",
  }];
}

/** One note an endpoint for all of its exhausted deliveries: the replay that sends them again. */
function givenUp({ webhooks, recentFailures }: Pick<Panel, "webhooks" | "recentFailures">, now: number): Note[] {
  const recent = recentFailures.filter(({ createdAt }) => Date.parse(createdAt) > now - GIVEN_UP_DAYS * DAY_MS);
  return webhooks.flatMap((webhook): Note[] => {
    const id = webhook.subscriptionId;
    const deliveries = recent.filter(({ subscriptionId }) => subscriptionId === id);
    const newest = deliveries[0];
    if (!newest) return [];
    // Ranges go by the moments in the ids. A whole minute is what a field shows.
    const oldest = Math.min(...deliveries.map(({ deliveryId }) => momentOf(deliveryId)));
    const since = new Date(Math.floor(oldest / MINUTE_MS) * MINUTE_MS).toISOString();
    // There are more than are listed: then all that is kept is looked at.
    const isFull = recentFailures.length >= LISTED;
    return [{
      id: newest.deliveryId, kind: "delivery", level: "warn", at: newest.createdAt,
      title: `${isFull ? "At least " : ""}${plural(deliveries.length, "delivery", "deliveries")} to ${endpointName(webhook)} ${deliveries.length === 1 ? "was" : "were"} given up`,
      text: "Every attempt failed. Once the endpoint works, a replay sends each event once more.",
      page: `lifecycle/replay?endpoint=${id}${isFull ? "" : `&since=${encodeURIComponent(since)}`}`, action: "Replay them",
    }];
  });
}

/** Campaigns with figures that should not be paid on. */
export function campaignNotes(funnel: readonly Pick<Schema["CampaignFunnel"], "campaignId" | "confidence" | "clicks" | "conversions" | "deleted">[]): Note[] {
  return funnel
    .filter(({ confidence, clicks, conversions, deleted }) => confidence < PAYABLE_FROM && !deleted && clicks + conversions > 0)
    .map(({ campaignId, confidence }): Note => ({
      id: `${campaignId}:${confidence}`, kind: "campaign", level: "warn", at: null, title: `${campaignId}: confidence ${confidence} of 100`,
      text: `Below ${PAYABLE_FROM} its figures should be examined before anything is paid.`, page: `attribution/campaigns/${campaignId}`, action: "See the reasons",
    }));
}

/** Changes of campaigns' health, from the deliveries of their events; the message itself says which campaign. */
export function healthNotes(deliveries: readonly Pick<Schema["DeliveryView"], "deliveryId" | "eventId" | "createdAt">[]): Note[] {
  const events = new Map(deliveries.map((delivery) => [delivery.eventId, delivery]));
  return [...events.values()].map(({ deliveryId, eventId, createdAt }): Note => ({
    id: eventId, kind: "health", level: "warn", at: createdAt, title: "The health of a campaign changed",
    text: "The message says which campaign, and its health before and after.", page: `lifecycle/deliveries/${deliveryId}`, action: "Read the message",
  }));
}

/** That the day's writes are nearly used up. */
export function quotaNotes(usage: Parameters<typeof quota>[0]): Note[] {
  const { left, limit, low, resetsAt } = quota(usage);
  if (!low) return [];
  const title = left ? `${plural(left, "write")} left today` : "No writes left today";
  const text = left ? `Of ${count(limit)} a day. Reading, redirects and conversions go on without a limit.` : "Saving, testing and replaying wait until the day ends. Redirects and conversions go on.";
  return [{ id: `quota:${resetsAt}:${left === 0}`, kind: "quota", level: left ? "warn" : "bad", at: null, title, text, page: "settings/plan", action: "Compare the plans" }];
}

/** Notes in the order in which they should be read: the bad ones first, then the newest. */
export const ordered = (all: readonly Note[]): Note[] =>
  [...all].sort((a, b) => Number(a.level !== "bad") - Number(b.level !== "bad") || (b.at ?? "").localeCompare(a.at ?? ""));

/** The last look at the notes of a handle: the ones that were there. */
export type Look = { ids: readonly string[] };

const MAX_IDS = 60;

export const look = (all: readonly Note[]): Look => ({ ids: all.slice(0, MAX_IDS).map(({ id }) => id) });

/** A remembered look; null for a text that is none. */
export function lookOf(text: string | null): Look | null {
  try {
    const found = JSON.parse(text ?? "null") as Partial<Look> | null;
    return Array.isArray(found?.ids) ? { ids: found.ids } : null;
  } catch {
    return null;
  }
}

/** Whether a note is newer than the last look: it was not there, or has become another one since, as more deliveries failed. */
export const isUnread = ({ id }: Pick<Note, "id">, last: Look | null): boolean => !last?.ids.includes(id);
