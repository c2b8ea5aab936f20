import type { Body, Schema } from "../api/client";
import type { Endpoint } from "./deliveries";

export type Webhook = Schema["SubscriptionView"];
export type Notified = Schema["NotifiedWebhook"];
export type WebhookStatus = Schema["SubscriptionStatus"];

/** A handle has at most this many endpoints. */
export const MAX_ENDPOINTS = 20;

export const WEBHOOK_STATUSES: readonly { id: WebhookStatus; name: string; tag: string; text: string }[] = [
  { id: "ACTIVE", name: "Active", tag: "tag-good", text: "It receives its events." },
  { id: "DISABLED", name: "Disabled", tag: "", text: "It was disabled in its settings and receives nothing." },
  { id: "DISABLED_AUTO", name: "Disabled: failing", tag: "tag-bad", text: "20 deliveries in a row were exhausted over at least 24 hours, so it was disabled. It receives nothing." },
  { id: "DISABLED_GONE", name: "Disabled: gone", tag: "tag-bad", text: "It answered 410, which says that the address is gone for good. It receives nothing." },
];

export const webhookStatus = (id: WebhookStatus): (typeof WEBHOOK_STATUSES)[number] =>
  WEBHOOK_STATUSES.find((status) => status.id === id) ?? { id, name: id, tag: "", text: "" };

/** The events of an endpoint in words. */
export const eventWords = ({ eventTypes }: Pick<Webhook, "eventTypes">): string => (eventTypes.includes("*") ? "All events" : eventTypes.join(", "));

/** An endpoint while it is edited. */
export type WebhookForm = { endpointUrl: string; description: string; all: boolean; eventTypes: readonly string[]; includeBots: boolean; enabled: boolean };

/** The names of the form's fields as the API names them. */
export const WEBHOOK_FIELDS = ["endpointUrl", "eventTypes", "description", "includeBots", "enabled"] as const;

export function webhookForm(webhook: Webhook | null): WebhookForm {
  const types = webhook?.eventTypes ?? ["conversion.recorded"];
  return {
    endpointUrl: webhook?.endpointUrl ?? "",
    description: webhook?.description ?? "",
    all: types.includes("*"),
    eventTypes: types.filter((type) => type !== "*"),
    includeBots: webhook?.includeBots ?? false,
    enabled: webhook?.enabled ?? true,
  };
}

type Created = Body<"/v2/handles/{handle}/webhooks", "post">;
type Changed = Body<"/v2/handles/{handle}/webhooks/{subscriptionId}", "put">;

/** Whether clicks are among the events, so that those of bots can be too. */
export const hasClicks = ({ all, eventTypes }: Pick<WebhookForm, "all" | "eventTypes">): boolean => all || eventTypes.includes("link.clicked");

/** The body of a new endpoint. */
export function webhookBody(form: WebhookForm): Created {
  return {
    endpointUrl: form.endpointUrl.trim(),
    eventTypes: (form.all ? ["*"] : [...form.eventTypes].sort()) as Created["eventTypes"],
    description: form.description.trim() || null,
    includeBots: form.includeBots && hasClicks(form),
    enabled: form.enabled,
  };
}

/** What of an endpoint was changed in a form; the rest is not sent, so that others' changes stay. */
export function webhookChange(form: WebhookForm, initial: WebhookForm): Changed {
  const before = new Map(Object.entries(webhookBody(initial)));
  return Object.fromEntries(Object.entries(webhookBody(form)).filter(([name, value]) => JSON.stringify(before.get(name)) !== JSON.stringify(value))) as Changed;
}

/** A previous secret that still signs, and until when, in milliseconds. */
export type Grace = { rotatedAt: string; endsAt: number };

/** The longest time for which a previous secret may sign. */
export const MAX_GRACE_DAYS = 7;

/** The previous secrets that still sign: from the audit events of the rotations, newest first. */
export function graces(events: readonly { at: string; after?: object | null }[], now: number): Grace[] {
  let live: Grace[] = [];
  for (const { at, after } of [...events].reverse()) {
    const seconds = Number((after as { gracePeriodSeconds?: number } | null | undefined)?.gracePeriodSeconds ?? 0);
    // Without an overlap every previous secret ends at once.
    live = seconds === 0 ? [] : [...live, { rotatedAt: at, endsAt: Date.parse(at) + seconds * 1000 }];
  }
  return live.filter(({ endsAt }) => endsAt > now);
}

export const GRACES: readonly { id: string; name: string; seconds: number }[] = [
  { id: "1d", name: "One day", seconds: 86_400 },
  { id: "1h", name: "One hour", seconds: 3_600 },
  { id: "7d", name: "Seven days", seconds: 604_800 },
  { id: "0", name: "None: after a leak", seconds: 0 },
];

/** The endpoints of a list by their id. */
export const byId = <T extends Endpoint>(endpoints: readonly T[] | undefined): ReadonlyMap<string, T> => new Map(endpoints?.map((one) => [one.subscriptionId, one]));
