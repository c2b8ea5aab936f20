// Every kind of write leaves an event that the audit shows in words, with what it changed: for every role, and on every plan.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { callAs, environment, eventually, open, prepare, settled, tab, textOf } from "./harness.mjs";
import { Receiver } from "./receiver.mjs";
import { click, must, newHandle, order } from "./world.mjs";

let server, browser, handle, receiver;
environment({ month: false }, (env) => ({ server, browser } = env));

/** Every action that the console has words for. */
const WORDS = new Map([...readFileSync(new URL("../src/core/audit.ts", import.meta.url), "utf8").matchAll(/^ {2}"(\w+\.\w+)": "([^"]+)",$/gm)].map(([, action, words]) => [action, words]));
/** What no request causes, what is recorded with an account and belongs to no handle, and what privacy.test.mjs waits for. */
const OTHERS = ["clicks.rescored", "account.updated", "handle.erased", "privacy.erased"];

const write = (verb, resource, body) => must(server, handle, verb, resource, body);
const refused = (resource, token) => fetch(`${server.origin}/v2/public/handles/${handle}/${resource}`, { headers: { authorization: `Bearer ${token}` } });

/** Links, rules and campaigns, each made, changed and deleted. */
async function writeLinks() {
  for (const title of ["one", "two"]) await write("PUT", "links/first", { destinationUrl: "https://example.com/", title });
  await write("POST", "links/first/rollback", { version: 1 });
  await write("PUT", "links/gone", { destinationUrl: "https://example.com/" });
  await write("DELETE", "links/gone");
  for (const end of ["a", "b"]) await write("PUT", "personalization-rules/r1", { variant: { id: "v", destinationUrl: `https://example.com/${end}` } });
  await write("DELETE", "personalization-rules/r1");
  for (const title of ["a", "b"]) await write("PUT", "chain/rules/welcome", { trigger: "landing", when: {}, action: { type: "banner", title } });
  await write("DELETE", "chain/rules/welcome");
  await write("POST", "campaigns", { campaignId: "autumn", goalType: "PRODUCT_SALE", status: "ACTIVE", primaryLink: { slug: "autumn", destinationUrl: "https://example.com/" } });
  await write("PUT", "campaigns/autumn", { goalType: "PRODUCT_SALE", status: "ACTIVE", name: "Of this year" });
  await write("POST", "campaigns/autumn/test-conversion", {});
  await write("POST", "campaigns", { campaignId: "winter", goalType: "PRODUCT_SALE" });
  await write("DELETE", "campaigns/winter");
}

/** A conversion that is confirmed, reported with other data, adjusted, and adjusted with other data; and a token that is refused. */
async function writeConversions() {
  const ctx = await click(server, handle, "first");
  const made = await order(server, ctx, "order-1", { value: "20.00", currency: "EUR" });
  await order(server, ctx, "order-1", { value: "99.00", currency: "EUR" });
  const { token, tokenId } = await write("POST", "tokens", { name: "shop", scopes: ["conversions.write"] });
  const confirmed = await fetch(`${server.origin}/v2/public/conversions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify({ ctx, idempotencyKey: "order-1", eventType: "purchase", value: 20, currency: "EUR" }),
  });
  assert.ok(confirmed.ok, await confirmed.text());
  const adjustment = { idempotencyKey: "refund-1", reason: "returned" };
  await write("POST", `conversions/${made.conversionId}/adjustments`, { ...adjustment, amount: -5 });
  await server.api("POST", `conversions/${made.conversionId}/adjustments`, { ...adjustment, amount: -6 }, { handle });
  await write("DELETE", `tokens/${tokenId}`);
  assert.equal((await refused("links", token)).status, 401);
}

/** A person who is exported and erased. */
async function writePrivacy() {
  await write("GET", "privacy/export?sessionId=unknown");
  await write("POST", "privacy/erase", { sessionId: "unknown" });
}

/** An endpoint that is changed, tested, rotated, sent to again, disabled by its own answer, and one that is deleted. */
async function writeWebhooks() {
  receiver = await Receiver.start();
  const { subscriptionId } = await write("POST", "webhooks", { endpointUrl: receiver.url, eventTypes: ["link.created"] });
  await write("PUT", `webhooks/${subscriptionId}`, { description: "Ledger" });
  await write("POST", `webhooks/${subscriptionId}/secret/rotate`, {});
  await write("POST", `webhooks/${subscriptionId}/test`, {});
  const [{ deliveryId }] = await eventually("its delivery", async () => {
    const { items } = await write("GET", "deliveries?status=DELIVERED");
    return items.length && items;
  });
  await write("POST", "deliveries/replay", { since: new Date(Date.now() - 3_600_000).toISOString(), subscriptionId, status: "DELIVERED" });
  await write("POST", `deliveries/${deliveryId}/replay`, {});
  // A message that is on its way may be answered so too: then it is disabled already.
  receiver.status = 410;
  await server.api("POST", `webhooks/${subscriptionId}/test`, {}, { handle });
  const other = await write("POST", "webhooks", { endpointUrl: receiver.url, eventTypes: ["link.created"] });
  await write("DELETE", `webhooks/${other.subscriptionId}`);
}

prepare(async () => {
  handle = await newHandle(server);
  await writeLinks();
  await writeConversions();
  await writeWebhooks();
  await writePrivacy();
  await write("PUT", "collaborators", { collaborators: [{ userId: "demo-operator", role: "OPERATOR" }] });
  assert.equal((await callAs(server, "demo-owner", "DELETE", `/v2/handles/${handle}`, { confirm: handle })).status, 202);
  await write("POST", "restore");
  await write("POST", "transfer-ownership", { newOwnerUserId: "demo-operator" });
});
after(() => receiver?.down());

test("every kind of write is in the audit, in words, and opens with what it changed", async () => {
  const events = await eventually("every event", async () => {
    const { body } = await callAs(server, "demo-operator", "GET", `/v2/handles/${handle}/audit-events?limit=100`);
    const missing = [...WORDS.keys()].filter((action) => !OTHERS.includes(action) && !body.items.some((event) => event.action === action));
    return missing.length ? assert.fail(`not yet: ${missing}`) : body.items;
  });
  assert.deepEqual(events.filter(({ action }) => !WORDS.has(action)).map(({ action }) => action), [], "actions without words");
  const page = await tab(browser, server);
  await open(page, server, `${handle}/settings/audit`, "demo-operator");
  for (const action of WORDS.keys()) {
    if (OTHERS.includes(action)) continue;
    const event = events.find((each) => each.action === action);
    await page.goto(`${server.origin}/console/${handle}/settings/audit?action=${action}&event=${event.auditId}`);
    await page.waitForSelector("table[aria-label='Audit events'] .row-name");
    await settled(page);
    const listed = await textOf(page, `table[aria-label='Audit events'] tr[data-key="${event.auditId}"]`);
    assert.ok(listed.includes(WORDS.get(action)), `${action}: ${listed}`);
    const opened = await eventually(`${action} opens`, () => textOf(page, "[role=dialog]"));
    for (const shown of [WORDS.get(action), event.requestId, event.actor.id]) assert.ok(opened.includes(shown), `${action}: ${shown} in ${opened}`);
    const [before, now] = [event.before ?? {}, event.after ?? {}];
    const changed = Object.keys({ ...before, ...now }).filter((field) => JSON.stringify(before[field] ?? null) !== JSON.stringify(now[field] ?? null));
    for (const field of changed) assert.ok(opened.includes(field), `${action}: ${field} in ${opened}`);
  }
  assert.deepEqual(page.faults, []);
  await page.browserContext().close();
});
