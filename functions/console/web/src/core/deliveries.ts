import type { Schema } from "../api/client";
import { plural } from "./numbers";

export type Delivery = Schema["DeliveryView"];
export type Attempt = Schema["DeliveryAttempt"];
export type Status = Schema["DeliveryStatus"];
export type Endpoint = Pick<Schema["SubscriptionView"], "subscriptionId" | "endpointUrl" | "description">;

/** The seconds between the end of an attempt and the next one. */
export const WAITS = [5, 10, 20, 40, 80] as const;
export const MAX_ATTEMPTS = WAITS.length + 1;
/** Deliveries are kept this long. */
export const KEPT_DAYS = 30;

export const STATUSES: readonly { id: Status; name: string; tag: string; text: string }[] = [
  { id: "PENDING", name: "Pending", tag: "tag-accent", text: "The first attempt is about to be made." },
  { id: "IN_FLIGHT", name: "In flight", tag: "tag-accent", text: "An attempt is being made now." },
  { id: "SCHEDULED", name: "Retrying", tag: "tag-warn", text: "The last attempt failed; another one follows." },
  { id: "DELIVERED", name: "Delivered", tag: "tag-good", text: "The endpoint answered with a 2xx status." },
  { id: "EXHAUSTED", name: "Exhausted", tag: "tag-bad", text: "No attempt succeeded, and no other follows." },
  { id: "CANCELLED", name: "Cancelled", tag: "", text: "The endpoint was disabled or deleted before it arrived." },
];

export const statusOf = (id: Status): (typeof STATUSES)[number] => STATUSES.find((status) => status.id === id) ?? { id, name: id, tag: "", text: "" };

export const EVENT_TYPES: readonly Schema["WebhookEventType"][] = [
  "link.clicked", "link.created", "link.updated", "link.deleted", "conversion.recorded", "conversion.tested", "campaign.health_changed",
  "webhook.test", "webhook.disabled",
];

/** Whether nothing happens to a delivery any more. */
export const hasEnded = ({ status }: Pick<Delivery, "status">): boolean => status === "DELIVERED" || status === "EXHAUSTED" || status === "CANCELLED";

export const succeeded = ({ statusCode }: Pick<Attempt, "statusCode">): boolean => statusCode != null && statusCode >= 200 && statusCode < 300;

export const endOf = ({ startedAt, durationMs }: Pick<Attempt, "startedAt" | "durationMs">): number => Date.parse(startedAt) + durationMs;

export type Dot = "good" | "bad" | "now" | "next" | "open";

/** The attempts of a delivery as dots: those made, and, while it goes on, those that may follow. */
export function dots({ attempts, status }: Pick<Delivery, "attempts" | "status">): Dot[] {
  const made = attempts.map((attempt): Dot => (succeeded(attempt) ? "good" : "bad"));
  if (hasEnded({ status })) return made;
  const next: Dot = status === "IN_FLIGHT" ? "now" : "next";
  return [...made, next, ...Array<Dot>(MAX_ATTEMPTS).fill("open")].slice(0, Math.max(MAX_ATTEMPTS, made.length));
}

/** The dots in words: `2 of 6 attempts made, the last one failed`. */
export function dotWords({ attempts, status }: Pick<Delivery, "attempts" | "status">): string {
  if (!attempts.length) return "No attempt yet";
  const last = attempts.at(-1);
  const outcome = last && succeeded(last) ? "the last one succeeded" : "the last one failed";
  return hasEnded({ status }) ? `${plural(attempts.length, "attempt")}, ${outcome}` : `${attempts.length} of ${MAX_ATTEMPTS} attempts made, ${outcome}`;
}

const OUTCOMES: Readonly<Record<string, { name: string; todo: string }>> = {
  timeout: { name: "No answer within 10 seconds", todo: "Answer first and work afterwards: put the message into a queue of yours and answer 2xx at once." },
  dns: { name: "Host name not found", todo: "Check the spelling of the endpoint's address and its DNS entry." },
  connect: { name: "Connection refused", todo: "Nothing listens at this address and port: check that the receiver runs and that a firewall lets it be reached." },
  tls: { name: "TLS handshake failed", todo: "Check the certificate: it has to be valid for this host name, with its whole chain." },
  blocked_address: { name: "Not a public address", todo: "The host name leads to a private address. Use one that can be reached from the internet." },
  disconnected: { name: "Closed without an answer", todo: "The receiver closed the connection before it answered: look into its log for a crash." },
  bad_response: { name: "Answer is not HTTP", todo: "Check that the port belongs to an HTTP server." },
  no_secret: { name: "No secret to sign with", todo: "Rotate the secret of the endpoint, then resend." },
};

/** What an attempt came to, and what to do about it; nothing to do after a success. */
export function outcomeOf({ outcome, statusCode }: Pick<Attempt, "outcome" | "statusCode">): { name: string; todo: string | null } {
  if (statusCode == null) return OUTCOMES[outcome] ?? { name: outcome, todo: null };
  const name = `Answered ${statusCode}`;
  if (succeeded({ statusCode })) return { name, todo: null };
  if (statusCode === 410) return { name, todo: "410 says that the address is gone for good, so the endpoint was disabled. Give it its new address, then enable it." };
  if (statusCode < 400) return { name, todo: "Redirects are never followed: give the endpoint the address where they end." };
  if (statusCode === 401 || statusCode === 403) return { name, todo: "The receiver refuses the message: check that it verifies with the present secret, and the body as it came." };
  if (statusCode === 404 || statusCode === 405) return { name, todo: "Nothing takes POST requests at this path: check the endpoint's address." };
  if (statusCode === 429) return { name, todo: "The receiver limits its callers: raise the limit for this sender." };
  return { name, todo: statusCode >= 500 ? "The receiver failed: look into its log for this webhook-id." : "The receiver refuses the message: its answer may say why." };
}

/** One attempt on the time axis: where it begins and ends, and how long was waited before it, in milliseconds. */
export type Bar = { attempt: Attempt; from: number; until: number; waited: number | null; good: boolean };
export type Axis = { start: number; length: number; bars: Bar[]; next: number | null; planned: number[] };

/** The attempts of a delivery on an axis from the first one to the last, with those that may follow while it goes on. */
export function axis(delivery: Pick<Delivery, "attempts" | "status" | "createdAt" | "nextAttemptAt">): Axis {
  const { attempts } = delivery;
  const bars = attempts.map((attempt, index): Bar => {
    const previous = attempts[index - 1];
    const from = Date.parse(attempt.startedAt);
    return { attempt, from, until: endOf(attempt), waited: previous ? from - endOf(previous) : null, good: succeeded(attempt) };
  });
  const start = bars[0]?.from ?? Date.parse(delivery.createdAt);
  const next = delivery.nextAttemptAt && !hasEnded(delivery) ? Date.parse(delivery.nextAttemptAt) : null;
  const planned: number[] = [];
  for (let at = next, n = attempts.length; at !== null && n + 1 < MAX_ATTEMPTS; n++) {
    at += (WAITS[n] ?? 0) * 1000;
    planned.push(at);
  }
  const last = Math.max(bars.at(-1)?.until ?? start, next ?? start, planned.at(-1) ?? start);
  return { start, length: Math.max(last - start, 1_000), bars, next, planned };
}

/** `0.4 s`, `12 ms`, `1 min 20 s`. */
export function duration(ms: number): string {
  if (ms < 1) return "under 1 ms";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${Math.round(ms / 100) / 10} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** How long until a moment, for counting down: `in 7 s`, `in 1 min 20 s`, `in 23 h 4 min`, `now`. */
export function countdown(at: number, now: number): string {
  const seconds = Math.ceil((at - now) / 1000);
  if (seconds <= 0) return "now";
  if (seconds < 60) return `in ${seconds} s`;
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)];
  if (hours >= 48) return `in ${Math.floor(hours / 24)} days`;
  return hours ? `in ${hours} h ${minutes % 60} min` : `in ${minutes} min ${seconds % 60} s`;
}

/** An address without its scheme and query. */
export function place(address: string): string {
  const url = URL.parse(address);
  return url ? `${url.host}${url.pathname === "/" ? "" : url.pathname}` : address;
}

/** What an endpoint is called: its description, else its address. */
export const endpointName = ({ description, endpointUrl }: Pick<Endpoint, "description" | "endpointUrl">): string => description || place(endpointUrl);

const PREFIX = /^[a-z]+_/;
/** The id of the event that reports a conversion: it has the conversion's own ULID. */
export const eventOfConversion = (conversionId: string): string => conversionId.replace(PREFIX, "evt_");

/** The page about what a message reports, where there is one. */
export function subjectOf(type: string, payload: Readonly<Record<string, unknown>>): { name: string; page: string } | null {
  const text = (name: string): string | null => (typeof payload[name] === "string" ? (payload[name] as string) : null);
  const [conversion, slug, campaign, endpoint] = [text("conversionId"), text("slug"), text("campaignId"), text("subscriptionId")];
  if (type.startsWith("conversion.") && conversion) return { name: "Open the conversion", page: `attribution/conversions/${conversion}` };
  if (type.startsWith("campaign.") && campaign) return { name: "Open the campaign", page: `attribution/campaigns/${campaign}?tab=health` };
  if (type === "webhook.disabled" && endpoint) return { name: "Open the endpoint", page: `lifecycle/webhooks/${endpoint}` };
  if (type.startsWith("link.") && type !== "link.deleted" && slug) return { name: "Open the link", page: `attribution/links/${slug}` };
  return null;
}
