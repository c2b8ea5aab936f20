// Handles of their own with links, visits and orders, made through the API.
import assert from "node:assert/strict";
import { eventually } from "./harness.mjs";

export const BOT = "Googlebot/2.1 (+http://www.google.com/bot.html)";

const random = () => Math.random().toString(36).slice(2, 10);

/** Numbers from 0 to 1, the same in every run (mulberry32). */
export function seeded(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The instant so many minutes ago. */
export const minutesAgo = (minutes) => new Date(Date.now() - 60_000 * minutes).toISOString();

/** A new handle of the owner. */
export async function newHandle(server) {
  const handle = `t-${random()}`;
  const answer = await fetch(`${server.origin}/v2/handles`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.tokens.JWT_TOKEN}`, "content-type": "application/json" },
    body: JSON.stringify({ handle }),
  });
  assert.equal(answer.status, 201, await answer.text());
  return handle;
}

/** Calls the API in a handle, and expects success. */
export async function must(server, handle, verb, resource, body) {
  const { status, body: answer } = await server.api(verb, resource, body, { handle });
  assert.ok(status < 300, `${verb} ${resource}: ${status} ${JSON.stringify(answer)}`);
  return answer;
}

let visitors = 0;

/** Follows a link as a visitor of its own; returns the ctx that arrived. */
export async function click(server, handle, slug, headers = {}) {
  visitors += 1;
  const address = `${20 + (visitors % 200)}.${Math.floor(visitors / 200) % 250}.${Math.floor(Math.random() * 250)}.9:443`;
  const location = await server.visit(slug, { handle, headers: { "cloudfront-viewer-address": address, "cloudfront-viewer-country": "DE", ...headers } });
  return new URL(location).searchParams.get("ctx");
}

/** Reports an order as a page does. */
export async function order(server, ctx, idempotencyKey, parts) {
  const answer = await fetch(`${server.origin}/v2/public/conversions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    // An amount that is given as text is written with its own digits.
    body: JSON.stringify({ ctx, idempotencyKey, eventType: "purchase", ...parts }).replace(/"value":"([\d.]+)"/, '"value":$1'),
  });
  assert.ok(answer.ok, await answer.clone().text());
  return answer.json();
}

/** Waits until reports have counted so many clicks and conversions. */
export async function counted(server, handle, wanted) {
  const totals = async () => (await server.api("GET", "analytics?groupBy=day", undefined, { handle })).body.totals;
  const sum = ({ clicks, conversions }) => clicks + conversions;
  // Many clicks take long, but not without progress.
  for (let seen = await totals(); sum(seen) < sum(wanted); ) {
    const before = sum(seen);
    seen = await eventually(`more than ${before} of ${sum(wanted)} clicks and conversions are counted`, async () => {
      const now = await totals();
      return sum(now) > before && now;
    });
  }
  const { clicks, conversions } = await totals();
  assert.deepEqual({ clicks, conversions }, wanted);
}

/** The answer of the API as text, so that amounts have their digits. */
export async function raw(server, handle, resource) {
  const answer = await fetch(`${server.origin}/v2/handles/${handle}/${resource}`, { headers: { authorization: `Bearer ${server.tokens.JWT_TOKEN}` } });
  return answer.text();
}

/** Saves what the page downloads into a folder. */
export async function downloads(page, folder) {
  const session = await page.createCDPSession();
  await session.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: folder, browserContextId: page.browserContext().id });
}
