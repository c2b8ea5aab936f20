import type { Request, Schema } from "../api/client";

export type Scope = Schema["Scope"];
export type Token = Schema["PersonalAccessToken"];

/** One scope: what it permits, and a request that it suffices for. */
export type Grant = { scope: Scope; text: string; request: (handle: string) => Request };
export type Resource = { name: string; family: Scope; read?: Grant; write?: Grant };

const of = (handle: string, path: string): string => `/v2/public/handles/${handle}/${path}`;
const get = (path: string) => (handle: string): Request => ({ verb: "get", address: of(handle, path) });

/** What programs reach, by resource. */
export const RESOURCES: readonly Resource[] = [
  {
    name: "Links", family: "links.*",
    read: { scope: "links.read", text: "List and read links and their versions, preview where visitors go", request: get("links?limit=5") },
    write: {
      scope: "links.write", text: "Create, replace, delete and roll back links",
      request: (handle) => ({ verb: "put", address: of(handle, "links/from-a-program"), body: { destinationUrl: "https://example.com/" } }),
    },
  },
  {
    name: "Campaigns", family: "campaigns.*",
    read: { scope: "campaigns.read", text: "Read campaigns and their health", request: get("campaigns?limit=5") },
    write: {
      scope: "campaigns.write", text: "Create, change and delete campaigns, send test conversions",
      request: (handle) => ({ verb: "post", address: of(handle, "campaigns"), body: { campaignId: "from-a-program", goalType: "PRODUCT_SALE" } }),
    },
  },
  {
    name: "Analytics", family: "analytics.*",
    read: { scope: "analytics.read", text: "Read reports, clicks and conversions, and export them", request: get("analytics?groupBy=day") },
  },
  {
    name: "Conversions", family: "conversions.*",
    write: {
      scope: "conversions.write", text: "Confirm the conversions it reports, and adjust them: refunds and corrections",
      request: () => ({
        verb: "post", address: "/v2/public/conversions",
        body: { ctx: "c1.…", idempotencyKey: "order-1", eventType: "purchase", value: 24.99, currency: "EUR" },
      }),
    },
  },
  {
    name: "Webhooks", family: "webhooks.*",
    read: { scope: "webhooks.read", text: "Read endpoints, deliveries and notifications", request: get("webhooks") },
    write: {
      scope: "webhooks.write", text: "Create, change and delete endpoints, rotate secrets, test, send deliveries again",
      request: (handle) => ({ verb: "post", address: of(handle, "webhooks"), body: { endpointUrl: "https://example.com/hook", eventTypes: ["conversion.recorded"] } }),
    },
  },
  {
    name: "Personalization", family: "personalization.*",
    read: { scope: "personalization.read", text: "Read personalization rules, chain rules and sessions, preview decisions", request: get("chain/rules") },
  },
  {
    name: "Signals", family: "chain.*",
    write: {
      scope: "chain.signal.write", text: "Append signals for a visitor, from a server",
      request: (handle) => ({ verb: "post", address: of(handle, "chain/signals"), body: { sessionId: "visit-1", signals: [{ signalKey: "view" }] } }),
    },
  },
];

const grants = (resource: Resource): Grant[] => [resource.read, resource.write].filter((grant) => grant !== undefined);

/** Every single scope. */
export const SCOPES: readonly Scope[] = RESOURCES.flatMap(grants).map(({ scope }) => scope);

/** The scopes that read. */
export const READS: readonly Scope[] = RESOURCES.flatMap(({ read }) => (read ? [read.scope] : []));

/** Whether scopes, single ones or whole families, contain a scope. */
export const permits = (scopes: readonly Scope[], grant: Grant, family: Scope): boolean => scopes.includes(grant.scope) || scopes.includes(family);

/** What scopes permit, by resource: `Links: read, write`. A family also has what is added to it later. */
export function permitted(scopes: readonly Scope[]): { name: string; may: string; whole: boolean }[] {
  return RESOURCES.flatMap((resource) => {
    const { read, write, family, name } = resource;
    const may = [...(read && permits(scopes, read, family) ? ["read"] : []), ...(write && permits(scopes, write, family) ? ["write"] : [])];
    return may.length ? [{ name, may: may.join(", "), whole: scopes.includes(family) }] : [];
  });
}

/** A request to try a token with: one that reads, if the token may. */
export function trial(handle: string, scopes: readonly Scope[]): Request | null {
  const usable = RESOURCES.flatMap((resource) => grants(resource).filter((grant) => permits(scopes, grant, resource.family)));
  const first = usable.find(({ scope }) => READS.includes(scope)) ?? usable[0];
  return first ? first.request(handle) : null;
}

/** What a token is called: its name, or its id without one that can be seen. */
export const tokenName = ({ name, tokenId }: Pick<Token, "name" | "tokenId">): string => (name && /[^\p{Z}\p{C}\s]/u.test(name) ? name.trim() : tokenId);

/** The id within what a person pastes: an id, or a whole token, of which the secret is not looked at. */
export const tokenIdOf = (text: string): string | null => /^(?:patv1_)?([0-9A-Za-z]{16})(?:\..*)?$/.exec(text.trim())?.[1] ?? null;

/** The name of a file for a token: of letters, digits and hyphens. */
export const fileNameOf = (handle: string, name: string): string => `${handle}-${name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "") || "token"}.env`;

/** When a token ends, as people choose it. */
export const LIVES = [
  { id: "30", name: "30 days" },
  { id: "90", name: "90 days" },
  { id: "365", name: "1 year" },
  { id: "never", name: "Never" },
  { id: "date", name: "At a time" },
] as const;
export type Life = (typeof LIVES)[number]["id"];

/** The moment a token ends; null for never. */
export function endOf(life: Life, until: string | null, now: number): string | null {
  if (life === "never") return null;
  return life === "date" ? until : new Date(now + Number(life) * 86_400_000).toISOString();
}
