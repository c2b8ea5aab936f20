// Signing in and out, tokens that expire, an API that goes away, and a day's last write.
import assert from "node:assert/strict";
import { test } from "node:test";
import { environment, eventually, fill, go, open, press, settled, textOf } from "./harness.mjs";

const HANDLE = "demo";
let server, page;
environment({ plan: "FREE", month: false, tabs: true }, (env) => ({ server, page } = env));

/** Answers requests in place of the server while `answer` gives a response for them. */
async function intercept(answer) {
  await page.setRequestInterception(true);
  page.on("request", (request) => {
    const instead = answer(request);
    if (instead) void request.respond(instead);
    else void request.continue();
  });
}

const expired = { status: 401, contentType: "application/json", body: JSON.stringify({ error: "token_expired", message: "Sign in again.", requestId: "req_1" }) };
const isApi = (request) => new URL(request.url()).pathname.startsWith("/v2/handles");
const isToken = (request) => request.url().endsWith("/_dev/login/token");

for (const [user, role] of [["demo-owner", "OWNER"], ["demo-operator", "OPERATOR"], ["demo-creator", "CREATOR"]]) {
  test(`${user} signs in, comes back to the page, and signs out`, async () => {
    await open(page, server, `${HANDLE}/attribution/links?status=live&sort=slug`, user);
    assert.equal(await page.evaluate(() => location.search), "?status=live&sort=slug");
    await press(page, "Account and settings of this browser");
    await page.waitForSelector(`.user-menu ::-p-text(${role})`);
    const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
    assert.doesNotMatch(stored, /eyJ/, "no access token is stored");
    await press(page, "Sign out");
    await page.waitForSelector(".signin");
    assert.equal(await page.evaluate(() => sessionStorage.getItem("refresh-token")), null);
  });
}

test("a reload needs one token call and no sign-in", async () => {
  await open(page, server, `${HANDLE}/overview`);
  const calls = [];
  page.on("request", (request) => isToken(request) && request.method() === "POST" && calls.push(request.url()));
  await page.reload();
  await page.waitForSelector(".shell");
  await settled(page);
  assert.equal(calls.length, 1);
});

/** Loads the page again with the code of the frame held back until `before` has been asked for; returns everything that was asked for. */
async function reloaded(before) {
  await page.setCacheEnabled(false);
  await page.setRequestInterception(true);
  let frame = null;
  const asked = [];
  page.on("request", (request) => {
    const { pathname, search } = new URL(request.url());
    asked.push(pathname + search);
    if (/\/frame-/.test(pathname)) frame = request;
    else void request.continue();
  });
  const reload = page.reload();
  await eventually("what is asked for while the frame has not come", async () => frame && before.every((part) => asked.some((path) => path.includes(part))));
  await frame.continue();
  await reload;
  await page.waitForSelector(".page h1");
  await settled(page);
  return asked;
}

test("the figures of the overview are asked for beside the code of the frame, each once, and notifications after them", async () => {
  await open(page, server, `${HANDLE}/overview`);
  const asked = await reloaded(["/usage-meters", "analytics?groupBy=day", "analytics?funnel=true", "/conversions?limit=5"]);
  const reads = asked.filter((path) => path.startsWith(`/v2/handles/${HANDLE}`));
  assert.equal(new Set(reads).size, reads.length, reads.join("\n"));
  const last = (part) => reads.findLastIndex((path) => path.includes(part));
  assert.ok(reads.findIndex((path) => path.includes("/notifications")) > Math.max(last("/analytics"), last("/conversions")), reads.join("\n"));
});

test("the code of another page is asked for beside that of the frame", async () => {
  await open(page, server, `${HANDLE}/attribution/links`);
  await reloaded(["/Links-"]);
});

test("an access token that has expired is refreshed once for all that fail together", async () => {
  await open(page, server, `${HANDLE}/attribution/get-started`);
  const refused = new Set();
  let tokens = 0;
  await intercept((request) => {
    if (isToken(request)) tokens += 1;
    if (!isApi(request) || tokens > 0) return null;
    refused.add(request.url());
    return expired;
  });
  await go(page, `${HANDLE}/overview`);
  await page.waitForSelector(".figures, .empty");
  assert.ok(refused.size >= 3, "several failed together");
  assert.equal(tokens, 1);
});

test("a session that has ended leads to sign-in, and what was typed is kept", async () => {
  await open(page, server, `${HANDLE}/attribution/links/new`);
  await fill(page, "Title", "typed before");
  let over = true;
  await intercept((request) => {
    if (!over) return null;
    if (isApi(request)) return expired;
    return isToken(request) ? { status: 400, contentType: "application/json", body: JSON.stringify({ error: "invalid_grant" }) } : null;
  });
  await fill(page, "Destination", "https://example.com/kept");
  // The preview of what is typed is refused.
  await page.waitForSelector(".signin");
  over = false;
  await press(page, "Sign in");
  await (await page.waitForSelector('button[value="demo-owner"]')).click();
  await page.waitForSelector("::-p-text(What you typed before is restored.)");
  // What was typed while the session ended may be cut short; what was there before is not.
  const values = await page.$$eval("input.input", (all) => all.map(({ value }) => value));
  assert.ok(values.includes("typed before"), values.join());
});

test("the API goes away while a link is edited, comes back, and the link is saved once", async () => {
  await open(page, server, `${HANDLE}/attribution/links/shop/edit`);
  await fill(page, "Title", "after the outage");
  const { body: before } = await server.api("GET", "links/shop", undefined, { handle: HANDLE });
  await server.kill();
  await press(page, "Save");
  await page.waitForSelector("::-p-text(The server cannot be reached)");
  assert.equal(await page.evaluate(() => [...document.querySelectorAll("input")].some(({ value }) => value === "after the outage")), true);
  await server.open();
  await press(page, "Save");
  await page.waitForFunction(() => location.pathname.endsWith("/links/shop"), { timeout: 20_000 });
  const { body } = await server.api("GET", "links/shop", undefined, { handle: HANDLE });
  assert.deepEqual([body.title, body.version], ["after the outage", before.version + 1]);
  page.faults = page.faults.filter((fault) => !/ERR_CONNECTION_REFUSED|ERR_EMPTY/.test(fault));
});

test("on the plan FREE the writes left are shown, and the one too many says when the next is", async () => {
  await open(page, server, `${HANDLE}/overview`);
  for (let write = 0; write < 3; write++) {
    await fill(page, "Destination", `https://example.com/${write}`);
    await press(page, "Shorten");
    const refused = await eventually("the link, or the limit", async () => {
      if (await page.$(".alert-bad[role=alert]")) return "limit";
      return (await page.$(`[data-created="${write}"]`)) || (await page.$eval("[role=status] a", () => true).catch(() => false)) ? "made" : null;
    });
    if (refused === "limit") break;
    await settled(page);
  }
  const alert = await eventually("the limit", () => textOf(page, ".alert-bad[role=alert]"));
  assert.match(alert, /Try again/);
  assert.match(await page.$eval(".writes", (meter) => meter.getAttribute("aria-label")), /^0 writes left of 2 today/);
});
