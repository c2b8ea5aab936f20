import type { Query, Schema } from "../api/client";
import { csvText } from "./csv";
import { differences, type Difference } from "./diff";
import { addDays, fromLocal, isDay, type Day } from "./time";

export type AuditEvent = Schema["AuditEvent"];

/** What the API calls an action, and what people do. */
const WORDS: Readonly<Record<string, string>> = {
  "handle.created": "Handle created",
  "handle.transferred": "Handle transferred",
  "handle.deleted": "Handle deleted",
  "handle.restored": "Handle restored",
  "handle.erased": "Handle erased",
  "collaborators.replaced": "Collaborators changed",
  "link.created": "Link created",
  "link.updated": "Link changed",
  "link.deleted": "Link deleted",
  "link.rolled_back": "Link rolled back",
  "rule.created": "Personalization rule created",
  "rule.updated": "Personalization rule changed",
  "rule.deleted": "Personalization rule deleted",
  "chain_rule.created": "Chain rule created",
  "chain_rule.updated": "Chain rule changed",
  "chain_rule.deleted": "Chain rule deleted",
  "campaign.created": "Campaign created",
  "campaign.updated": "Campaign changed",
  "campaign.deleted": "Campaign deleted",
  "campaign.tested": "Campaign tested",
  "conversion.adjusted": "Conversion adjusted",
  "conversion.confirmed": "Conversion confirmed",
  "conversion.mismatch": "Conversion reported with other data",
  "adjustment.mismatch": "Adjustment sent with other data",
  "webhook.created": "Webhook created",
  "webhook.updated": "Webhook changed",
  "webhook.deleted": "Webhook deleted",
  "webhook.tested": "Webhook tested",
  "webhook.secret_rotated": "Webhook secret rotated",
  "webhook.disabled": "Webhook disabled",
  "delivery.replayed": "Delivery sent again",
  "deliveries.replayed": "Deliveries sent again",
  "token.created": "Token created",
  "token.revoked": "Token revoked",
  "token.refused": "Token refused",
  "clicks.rescored": "Clicks rescored",
  "privacy.erase_requested": "Erasing a person requested",
  "privacy.erased": "Person erased",
  "privacy.exported": "Person's data exported",
  "account.updated": "Account changed",
};

/** An action in words; one that this console does not know yet as the API names it. */
export const actionName = (action: string): string => WORDS[action] ?? action;

/** What the list can be narrowed to: all actions of a kind. */
export const KINDS: readonly { id: string; name: string }[] = [
  { id: "link.*", name: "Links" },
  { id: "campaign.*", name: "Campaigns" },
  { id: "conversion.*", name: "Conversions" },
  { id: "rule.*", name: "Personalization rules" },
  { id: "chain_rule.*", name: "Chain rules" },
  { id: "webhook.*", name: "Webhooks" },
  { id: "delivery.*", name: "One delivery" },
  { id: "deliveries.*", name: "Ranges of deliveries" },
  { id: "token.*", name: "Tokens" },
  { id: "collaborators.*", name: "Collaborators" },
  { id: "handle.*", name: "Handle" },
  { id: "privacy.*", name: "Privacy" },
];

/** An action, or all of a kind, in words. */
export const filterName = (action: string): string => KINDS.find(({ id }) => id === action)?.name ?? actionName(action);

const PAGES: Readonly<Record<string, (target: string) => string>> = {
  link: (slug) => `attribution/links/${slug}`,
  campaign: (id) => `attribution/campaigns/${id}`,
  conversion: (id) => `attribution/conversions/${id}`,
  adjustment: (id) => `attribution/conversions/${id}`,
  rule: (id) => `attribution/rules?rule=${encodeURIComponent(id)}`,
  chain_rule: (id) => `lifecycle/rules/${id}/edit`,
  webhook: (id) => `lifecycle/webhooks/${id}`,
  delivery: (id) => `lifecycle/deliveries/${id}`,
  deliveries: () => "lifecycle/deliveries",
  token: (id) => `settings/tokens?token=${id}`,
  handle: () => "settings/collaborators",
  collaborators: () => "settings/collaborators",
  privacy: () => "settings/privacy",
  account: () => "settings/plan",
};
const GONE = ["deleted", "erased", "revoked"];

/** The page below the handle that shows what an event was done to; null if there is none, or not any more. */
export function pageOf({ action, target }: Pick<AuditEvent, "action" | "target">): string | null {
  const [kind = "", verb = ""] = action.split(".");
  return GONE.includes(verb) ? null : (PAGES[kind]?.(target) ?? null);
}

/** The parts of an address that choose events: the days are those of the account's zone. */
export type AuditFilter = { target: string | null; action: string | null; actor: string | null; since: Day | null; until: Day | null };

export const NO_FILTER = { target: null, action: null, actor: null, since: null, until: null } as const;

const day = (text: string | null): Day | null => (isDay(text) ? text : null);

export function filterOf(query: URLSearchParams): AuditFilter {
  const text = (name: string): string | null => query.get(name)?.trim() || null;
  return { target: text("target"), action: text("action"), actor: text("actor"), since: day(query.get("since")), until: day(query.get("until")) };
}

/** The moment at which a day begins in a zone; null for one that is still being typed, such as of the year 20. */
const startOf = (when: Day | null, timeZone: string): string | null => (when && when >= "2000" ? fromLocal(`${when}T00:00`, timeZone) : null);

/** The parameters of the API for a filter: a day lasts until the last millisecond before the next one. */
export function auditQuery(filter: AuditFilter, timeZone: string): Query<"/v2/handles/{handle}/audit-events"> {
  const { target, action, actor, since, until } = filter;
  const next = startOf(until && addDays(until, 1), timeZone);
  const from = startOf(since, timeZone);
  return {
    limit: 50,
    ...(target ? { target } : {}),
    ...(action ? { action } : {}),
    ...(actor ? { actor } : {}),
    ...(from ? { since: from } : {}),
    ...(next ? { until: new Date(Date.parse(next) - 1).toISOString() } : {}),
  };
}

/** What an event changed, field by field. */
export const changesOf = ({ before, after }: Pick<AuditEvent, "before" | "after">): Difference[] => differences(before ?? {}, after ?? {});

/** The fields an event changed, in few words. */
export function changedFields(event: Pick<AuditEvent, "before" | "after">, most = 3): string {
  const fields = [...new Set(changesOf(event).map(({ field }) => field))];
  return fields.length > most ? `${fields.slice(0, most).join(", ")} and ${fields.length - most} more` : fields.join(", ");
}

const ACTORS = { JWT: "user", PAT: "token", SYSTEM: "system" } as const;
/** What kind of caller an actor is, in one word. */
export const actorKind = (kind: AuditEvent["actor"]["kind"]): string => ACTORS[kind];

/** The events as CSV, in the order they are shown; moments are UTC. */
export function auditCsv(events: readonly AuditEvent[]): string {
  const header = ["at", "actor_kind", "actor", "action", "target", "before", "after", "request_id", "audit_id"];
  const json = (value: unknown): string => (value == null ? "" : JSON.stringify(value));
  return csvText([
    header,
    ...events.map(({ at, actor, action, target, before, after, requestId, auditId }) => [at, actorKind(actor.kind), actor.id, action, target, json(before), json(after), requestId, auditId]),
  ]);
}
