// The playbook AT-01 to AT-08 with the types that openapi-typescript makes of the document and fetch typed by openapi-fetch.
// Needs a local server with an account of its own: API_BASE, HANDLE, PUBLIC_DOMAIN, JWT_TOKEN, JWT_PLATFORM_ADMIN.
import { request } from "node:http";
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

const env = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
};
const [baseUrl, handle, slug] = [env("API_BASE"), env("HANDLE"), "generated-ts"];
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const owner = createClient<paths>({ baseUrl, headers: bearer(env("JWT_TOKEN")) });
const admin = createClient<paths>({ baseUrl, headers: bearer(env("JWT_PLATFORM_ADMIN")) });
const page = createClient<paths>({ baseUrl });

type Outcome<T, E> = { data?: T; error?: E; response: Response };
function expect<T, E>(name: string, outcome: Outcome<T, E>, status: number): T {
  if (outcome.response.status !== status || outcome.data === undefined)
    throw new Error(`${name}: ${outcome.response.status} ${JSON.stringify(outcome.error ?? outcome.data)}`);
  console.log(`${name} ok`);
  return outcome.data;
}
function expectError<T, E>(name: string, outcome: Outcome<T, E>, status: number): E {
  if (outcome.response.status !== status || outcome.error === undefined)
    throw new Error(`${name}: ${outcome.response.status} ${JSON.stringify(outcome.data)}`);
  console.log(`${name} ok`);
  return outcome.error;
}
function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

const write = (members: Partial<components["schemas"]["LinkBody"]>) =>
  owner.PUT("/v2/handles/{handle}/links/{slug}", {
    params: { path: { handle, slug } },
    body: { destinationUrl: "https://example.com/product", ...members },
  });
const convert = (ctx: string, idempotencyKey: string) =>
  page.POST("/v2/public/conversions", { body: { ctx, idempotencyKey, eventType: "purchase" } });
const plan = (plan: "FREE" | "ENTERPRISE") =>
  admin.PUT("/v2/platform-admin/accounts/{userId}", { params: { path: { userId: "demo-owner" } }, body: { plan } });
const follow = (): Promise<string> =>
  new Promise((resolve, reject) => {
    const { port } = new URL(baseUrl);
    const headers = { host: `${handle}.${env("PUBLIC_DOMAIN")}` };
    const sent = request({ host: "127.0.0.1", port, path: `/${slug}`, headers }, (answer) => {
      answer.resume();
      if (answer.statusCode === 302) resolve(answer.headers.location ?? "");
      else reject(new Error(`AT-03: ${answer.statusCode}`));
    });
    sent.on("error", reject).end();
  });

const tracking = { utmSource: "suite", utmCampaign: "spring" };
check(expect("AT-01", await write({ tracking, routingRules: [] }), 201).slug === slug, "another slug");
const visit = { country: "US", device: "mobile", source: "ad", campaign: "spring" };
const preview = await owner.POST("/v2/handles/{handle}/links/{slug}/route-preview", {
  params: { path: { handle, slug } },
  body: visit,
});
const previewed = expect("AT-02", preview, 200);
check("matched" in previewed && previewed.matched.kind === "DEFAULT", "another route");
const ctx = new URL(await follow()).searchParams.get("ctx") ?? "";
console.log("AT-03 ok");
check(expect("AT-04", await page.GET("/v2/public/context", { params: { query: { ctx } } }), 200).valid, "not valid");
const first = expect("AT-05", await convert(ctx, "generated-ts-1"), 202);
const again = expect("AT-06", await convert(ctx, "generated-ts-1"), 200);
check(!first.deduped && again.deduped && first.conversionId === again.conversionId, "not deduplicated");
check(expectError("AT-07", await convert("not-a-token", "generated-ts-2"), 400).error === "invalid_ctx", "another error");
check(expect("password set", await write({ password: "open sesame" }), 200).hasPassword, "no password");
check(expect("password kept", await write({}), 200).hasPassword, "the password is lost");
check(!expect("password removed", await write({ password: null }), 200).hasPassword, "the password stays");
expect("FREE plan", await plan("FREE"), 200);
check(expectError("AT-08", await write({}), 429).error === "rate_limited", "another error");
expect("ENTERPRISE plan", await plan("ENTERPRISE"), 200);
