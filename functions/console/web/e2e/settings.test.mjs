// Settings: tokens, collaborators, plan and usage, audit, snippet, and the platform's administration.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { findings } from "./axe.mjs";
import { callAs, check, choose, environment, eventually, fill, go, open, prepare, press, settled, tab, textOf } from "./harness.mjs";
import { downloads, must, newHandle } from "./world.mjs";

const random = () => Math.random().toString(36).slice(2, 10);

let server, browser, page, handle;
environment({ month: false, tabs: true }, (env) => ({ server, browser, page } = env));
prepare(async () => {
  handle = await newHandle(server);
  await must(server, handle, "PUT", "links/first", { destinationUrl: "https://example.com/before", title: "one" });
  await must(server, handle, "PUT", "links/first", { destinationUrl: "https://example.com/after", title: "one" });
  await must(server, handle, "POST", "campaigns", { campaignId: "autumn", goalType: "PRODUCT_SALE" });
});

const withToken = (token, resource) => fetch(`${server.origin}/v2/public/handles/${handle}/${resource}`, { headers: { authorization: `Bearer ${token}` } });

/** Makes a token on the page; returns it as the dialog shows it, which stays open. */
async function makeToken(name, scopes) {
  await press(page, "New token");
  await fill(page, "Name", name);
  for (const scope of scopes) await check(page, scope);
  await press(page, "Create");
  const token = await eventually("the secret", () => page.$eval('[role=dialog] pre[aria-label="Access token"]', (shown) => shown.innerText));
  assert.match(token, /^patv1_[0-9A-Za-z]{16}\.[\w-]{43}$/);
  return token;
}

/** Presses Tab until an element with this name has the focus. */
async function tabTo(name) {
  for (let pressed = 0; pressed < 120; pressed++) {
    if (await page.evaluate((wanted) => [document.activeElement.getAttribute("aria-label"), document.activeElement.innerText].includes(wanted), name)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`Tab does not reach ${name}`);
}

test("a token is shown once and nowhere afterwards, and does what its scopes say", async () => {
  const written = [];
  page.on("console", (message) => written.push(message.text()));
  const folder = mkdtempSync(path.join(os.tmpdir(), "token-"));
  await downloads(page, folder);
  await open(page, server, `${handle}/settings/tokens`);
  const token = await makeToken("nightly import", ["links.read"]);
  const secret = token.split(".")[1];
  await page.keyboard.press("Escape");
  assert.ok(await page.$("[role=dialog]"), "it has to be answered");
  const command = await page.$eval('[role=dialog] pre[aria-label="A request with the token"]', (shown) => shown.innerText);
  assert.ok(command.includes(`/v2/public/handles/${handle}/links`) && command.includes("$TOKEN") && !command.includes(secret), command);
  await press(page, `Save as ${handle}-nightly-import.env`);
  const saved = await eventually("the file", async () => readdirSync(folder).find((name) => name.endsWith(".env")));
  assert.equal(readFileSync(path.join(folder, saved), "utf8"), `TOKEN='${token}'\n`);
  rmSync(folder, { recursive: true });
  assert.equal((await withToken(token, "links")).status, 200);
  assert.equal((await withToken(token, "campaigns")).status, 403, "outside its scopes");

  await press(page, "I stored it");
  await page.waitForFunction(() => !document.querySelector("[role=dialog]"));
  await page.waitForSelector("::-p-text(nightly import)");
  const nowhere = async (when) => {
    const kept = await page.evaluate(() => [document.documentElement.outerHTML, JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage }), location.href, JSON.stringify(history.state), document.cookie].join("\n"));
    assert.ok(!kept.includes(secret), `not kept ${when}`);
    const fields = await page.$$eval("input, textarea", (all) => all.map(({ value }) => value).join("\n"));
    assert.ok(!fields.includes(secret), `in no field ${when}`);
  };
  await nowhere("after the dialog");
  await go(page, `${handle}/settings/plan`);
  await page.goBack();
  await settled(page);
  await nowhere("after going back");
  assert.ok(!written.join("\n").includes(secret), "not in the browser's console");
  const row = await page.$eval("table[aria-label='Access tokens'] tbody tr", (first) => first.innerText);
  assert.match(row, /nightly import[\s\S]*Links: read[\s\S]*demo-owner/);
});

test("a token is revoked by the keyboard alone, by typing its name, and the focus is not lost", async () => {
  const name = `t-${random()}`;
  const { token, tokenId } = await must(server, handle, "POST", "tokens", { name, scopes: ["links.*"] });
  assert.equal((await withToken(token, "links")).status, 200);
  await open(page, server, `${handle}/settings/tokens`);
  await tabTo(`Revoke ${name}`);
  await page.keyboard.press("Enter");
  await page.waitForSelector("[role=dialog] input");
  await page.keyboard.type("something else");
  await page.keyboard.press("Enter");
  assert.ok(await page.$("[role=dialog]"), "another name revokes nothing");
  assert.equal((await withToken(token, "links")).status, 200);
  await page.keyboard.down("Control");
  await page.keyboard.press("a");
  await page.keyboard.up("Control");
  await page.keyboard.type(name);
  await page.keyboard.press("Enter");
  await page.waitForFunction((id) => !document.querySelector("[role=dialog]") && !document.querySelector(`tr[data-key="${id}"]`), {}, tokenId);
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.notEqual(await page.evaluate(() => document.activeElement.tagName), "BODY", "the focus is not lost");
  const refused = await withToken(token, "links");
  assert.deepEqual([refused.status, (await refused.json()).error], [401, "token_revoked"]);
});

test("people are added, changed and removed, and the handle is transferred by typing it", async () => {
  const own = await newHandle(server);
  await open(page, server, `${own}/settings/collaborators`);
  await press(page, "Transfer ownership");
  await page.waitForSelector("::-p-text(Add the person first)");
  await press(page, "Close");
  await press(page, "Add a person");
  await fill(page, "User id", "demo-owner");
  await page.waitForSelector("::-p-text(This person is on the list already.)");
  await fill(page, "User id", "demo-creator");
  await press(page, "Add");
  await page.waitForSelector('tr[data-key="demo-creator"]');
  await press(page, "Change role of demo-creator");
  await choose(page, "Role", "OPERATOR");
  await press(page, "Change");
  await eventually("the new role", async () => (await textOf(page, 'tr[data-key="demo-creator"]')).includes("OPERATOR"));
  const list = async () => (await server.api("GET", "collaborators", undefined, { handle: own })).body;
  assert.deepEqual((await list()).collaborators, [{ userId: "demo-creator", role: "OPERATOR" }]);

  // Another person changes the list while the dialog is open: nothing is written over.
  await press(page, "Add a person");
  await fill(page, "User id", "third");
  await must(server, own, "PUT", "collaborators", { collaborators: [{ userId: "demo-creator", role: "OPERATOR" }, { userId: "second", role: "CREATOR" }] });
  await press(page, "Add");
  await page.waitForSelector("::-p-text(The list was changed meanwhile.)");
  await press(page, "Add");
  await page.waitForSelector('tr[data-key="third"]');
  assert.deepEqual((await list()).collaborators.map(({ userId }) => userId).sort(), ["demo-creator", "second", "third"]);
  await press(page, "Remove second");
  await press(page, "Remove");
  await page.waitForFunction(() => !document.querySelector('tr[data-key="second"]') && !document.querySelector("[role=dialog]"));

  await press(page, "Transfer ownership");
  await choose(page, "New owner", "demo-creator OPERATOR");
  await fill(page, "Type the handle", own.slice(0, -1));
  assert.ok(await page.$eval("[role=dialog] button[type=submit]", (button) => button.disabled), "half a name transfers nothing");
  await fill(page, "Type the handle", own);
  await press(page, "Transfer");
  await page.waitForSelector(`::-p-text(demo-creator owns ${own} now.)`);
  assert.equal((await list()).ownerUserId, "demo-creator");
  await page.waitForFunction(() => ![...document.querySelectorAll("button")].some((button) => ["Add a person", "Transfer ownership"].includes(button.innerText)));
});

test("plan and usage: the figures, the chart and its table are the API's", async () => {
  await open(page, server, `${handle}/settings/plan`);
  const { body } = await server.api("GET", "usage-meters?days=30", undefined, { handle });
  const text = await textOf(page, ".figures");
  assert.match(text, new RegExp(`Plan\\s+${body.plan}`));
  assert.match(text, new RegExp(`Writes today\\s+${body.usage.writesToday}`));
  assert.match(text, new RegExp(`Writes left\\s+${body.limits.writesPerDay - body.usage.writesToday}`));
  await page.waitForSelector(".chart svg");
  await press(page, "As a table");
  const writes = await page.$$eval("table[aria-label='Writes by day'] tbody td[data-name=Writes]", (cells) => cells.map((cell) => Number(cell.innerText.replace(/\D/g, ""))));
  assert.deepEqual(writes, body.days.map((day) => day.writes));
  assert.equal(writes.length, 30);
  const plans = await textOf(page, "table[aria-label=Plans]");
  for (const name of ["FREE", "PRO", "ENTERPRISE (yours)", "Access tokens", "Exports"]) assert.ok(plans.includes(name), name);
});

test("the audit is filtered by its address, shows what changed, leads to the object and back, and is exported as it is shown", async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "audit-"));
  await downloads(page, folder);
  await open(page, server, `${handle}/attribution/links/first/history`);
  await press(page, "Audit");
  await page.waitForFunction(() => location.pathname.endsWith("/settings/audit") && location.search === "?target=first");
  await settled(page);
  const shown = () => page.$$eval("table[aria-label='Audit events'] tbody tr", (rows) => rows.map((row) => row.dataset.key));
  const asked = async (query) => (await server.api("GET", `audit-events?${query}`, undefined, { handle })).body.items;
  const ofLink = await asked("target=first");
  assert.equal(ofLink.length, 2);
  assert.deepEqual(await shown(), ofLink.map(({ auditId }) => auditId));
  await page.click("table[aria-label='Audit events'] .row-name");
  const drawer = await eventually("the event", () => textOf(page, "[role=dialog]"));
  assert.match(drawer, /Link changed/);
  assert.match(drawer, /destinationUrl\s+https:\/\/example\.com\/before https:\/\/example\.com\/after/);
  assert.ok(drawer.includes(ofLink[0].requestId) && drawer.includes("demo-owner"), drawer);
  assert.deepEqual(await findings(page, "[role=dialog]"), []);
  await page.keyboard.press("ArrowRight");
  await page.waitForFunction((id) => location.search.includes(id), {}, ofLink[1].auditId);
  await eventually("the one before", async () => (await textOf(page, "[role=dialog]")).includes("Link created"));
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !document.querySelector("[role=dialog]"));

  await press(page, "Export what is loaded");
  const file = await eventually("the file", async () => readdirSync(folder).find((name) => name.endsWith(".csv")));
  const lines = readFileSync(path.join(folder, file), "utf8").trim().split("\r\n");
  rmSync(folder, { recursive: true });
  assert.equal(lines.length, 3);
  for (const [index, { at, auditId, requestId }] of ofLink.entries()) for (const part of [at, auditId, requestId]) assert.ok(lines[index + 1].includes(part), part);

  for (const [query, filter] of [["action=campaign.*", "action=campaign.*"], ["actor=demo-owner", "actor=demo-owner"], ["action=link.created", "action=link.created"], ["since=2026-01-01", "since=2026-01-01T00:00:00Z"], ["until=2026-01-01", "until=2026-01-01T23:59:59.999Z"]]) {
    await go(page, `${handle}/settings/audit?${query}`);
    assert.deepEqual(await shown(), (await asked(filter)).map(({ auditId }) => auditId), query);
  }
  assert.match(await textOf(page, ".page"), /No event matches/);
  await press(page, "Clear filters");
  await settled(page);
  const all = await asked("limit=50");
  assert.deepEqual(await shown(), all.map(({ auditId }) => auditId));

  // Targets lead to their pages, and those of links, campaigns and webhooks lead back.
  await go(page, `${handle}/settings/audit?action=campaign.*`);
  await press(page, "autumn");
  await page.waitForFunction(() => location.pathname.endsWith("/attribution/campaigns/autumn"));
  await settled(page);
  await press(page, "Audit");
  await page.waitForFunction(() => location.search === "?target=autumn");
  const { subscriptionId } = await must(server, handle, "POST", "webhooks", { endpointUrl: "http://127.0.0.1:9/hook", eventTypes: ["link.created"] });
  await go(page, `${handle}/settings/audit?action=webhook.*`);
  await press(page, subscriptionId);
  await page.waitForFunction((id) => location.pathname.endsWith(`/lifecycle/webhooks/${id}`), {}, subscriptionId);
  await settled(page);
  await press(page, "Audit");
  await page.waitForFunction((id) => location.search === `?target=${id}`, {}, subscriptionId);
});

test("the snippet: a test signal is seen to arrive, and the tag works on a site under the policy shown", async (t) => {
  await open(page, server, `${handle}/settings/snippet`);
  await press(page, "Send a test signal");
  await page.waitForSelector("::-p-text(Last signal)");
  assert.match(await textOf(page, ".alert-good"), /Last signal \d+ seconds? ago/);
  await eventually("the seconds pass", async () => /Last signal [2-9] seconds ago/.test(await textOf(page, ".alert-good")));

  const code = (name) => page.$eval(`pre[aria-label="${name}"]`, (shown) => shown.innerText);
  const [tag, policy] = [await code("Tag"), await code("Content-Security-Policy")];
  const site = http.createServer((_, answer) => {
    answer.setHeader("content-security-policy", `default-src 'none'; ${policy}`);
    answer.setHeader("content-type", "text/html");
    answer.end(`<!doctype html><title>Shop</title>${tag}<p>Shop`);
  });
  site.listen(0, "127.0.0.1");
  await once(site, "listening");
  t.after(() => {
    site.closeAllConnections();
    site.close();
  });
  const visitor = await (await browser.createBrowserContext()).newPage();
  const refused = [];
  visitor.on("console", (message) => message.type() === "error" && refused.push(message.text()));
  await visitor.goto(`http://localhost:${site.address().port}/`);
  const session = await visitor.evaluate(async () => {
    await globalThis.tenx.ready;
    globalThis.tenx.signal("intent", { value: "basket" });
    return globalThis.tenx.session;
  });
  await fill(page, "Session", session);
  await press(page, "Watch this session");
  await eventually("the signal of the site", async () => /intent: basket/.test(await textOf(page, ".alert-good")));
  assert.deepEqual(refused.filter((text) => !text.includes("favicon")), []);
  await visitor.browserContext().close();
});

test("a platform administrator sets the plan and the zone of an account; others are told that they cannot", async () => {
  await open(page, server, "home/platform", "demo-admin");
  await fill(page, "User id", "demo-creator");
  await choose(page, "Plan", "PRO 10 writes a day");
  await check(page, "Keep the time zone as it is");
  await fill(page, "Zone", "Kiritimati");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await press(page, "Set");
  await page.waitForSelector("::-p-text(demo-creator is on PRO, in Pacific/Kiritimati.)");
  const { body } = await callAs(server, "demo-creator", "GET", "/v2/account");
  assert.deepEqual([body.plan, body.timeZone], ["PRO", "Pacific/Kiritimati"]);

  const other = await tab(browser, server);
  await open(other, server, `${handle}/settings/account`);
  assert.ok(!(await textOf(other, ".page")).includes("Platform administration"));
  await go(other, "home/platform");
  await other.waitForSelector("::-p-text(This page is for platform administrators)");
  assert.deepEqual(other.faults, []);
  await other.browserContext().close();
});
