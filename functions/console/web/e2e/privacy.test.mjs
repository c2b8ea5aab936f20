// A person's data: exported in pages into one file, erased once what names the person is typed, and by the owner only.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { findings } from "./axe.mjs";
import { callAs, choose, environment, eventually, fill, go, open, prepare, press, settled, textOf } from "./harness.mjs";
import { click, counted, downloads, must, newHandle, order } from "./world.mjs";

/** More than one answer of an export has. */
const CLICKS = 230;
const PERSON = "visitor:of-1";
/** A sweep a minute erases. */
const SWEPT_MS = 100_000;

let server, page, handle, folder, conversionId;
environment({ month: false, tabs: true }, (env) => ({ server, page } = env));

const report = (by) => must(server, handle, "GET", `analytics?groupBy=${by}`);

prepare(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), "privacy-"));
  handle = await newHandle(server);
  await must(server, handle, "PUT", "links/first", { destinationUrl: "https://example.com/" });
  await must(server, handle, "PUT", "collaborators", { collaborators: [{ userId: "demo-operator", role: "OPERATOR" }] });
  await must(server, handle, "POST", "chain/signals", { sessionId: PERSON, signals: [{ signalKey: "view" }, { signalKey: "intent" }] });
  const ctx = await click(server, handle, `first?sid=${PERSON}`);
  for (let one = 1; one < CLICKS; one++) await click(server, handle, `first?sid=${PERSON}`);
  ({ conversionId } = await order(server, ctx, "order-1", { value: "20.00", currency: "EUR" }));
  const other = await click(server, handle, "first?sid=another");
  await order(server, other, "order-2", { value: "5.00", currency: "EUR" });
  await counted(server, handle, { clicks: CLICKS + 1, conversions: 2 });
});
after(() => folder && rmSync(folder, { recursive: true }));

/** Exports the person that the page names; returns the records of the file. */
async function exported(name) {
  const file = path.join(folder, `${handle}-person-${name}.json`);
  rmSync(file, { force: true });
  await downloads(page, folder);
  page.calls.length = 0;
  await press(page, "Export");
  await page.waitForSelector("::-p-text(Saved )");
  await eventually("the file", async () => existsSync(file));
  return JSON.parse(readFileSync(file, "utf8"));
}

const kinds = (records) => Object.fromEntries(["signal", "click", "conversion"].map((kind) => [kind, records.filter((record) => record.kind === kind).length]));

test("a person is exported page by page into one file, reached from their session", async () => {
  await open(page, server, `${handle}/lifecycle/sessions/${encodeURIComponent(PERSON)}`);
  await press(page, "Privacy");
  await page.waitForFunction(() => location.pathname.endsWith("/settings/privacy"));
  await settled(page);
  const records = await exported("visitor_of-1");
  assert.deepEqual(kinds(records), { signal: 2, click: CLICKS, conversion: 1 });
  assert.ok(!JSON.stringify(records).includes("another"), "nothing of another person");
  assert.ok(page.calls.filter((call) => call.includes("/privacy/export?")).length > 1, page.calls.join("\n"));
  assert.match(await textOf(page, ".page"), /Saved 233 records in \d+ pages, .*: 2 signals, 230 clicks, and 1 conversion\./);
  assert.deepEqual(await findings(page), []);
});

test("a conversion leads to the same person, and a key of no conversion says so", async () => {
  await open(page, server, `${handle}/attribution/conversions/${conversionId}`);
  await press(page, "Privacy");
  await page.waitForSelector("::-p-text(Export a copy)");
  const { clickId } = await must(server, handle, "GET", `conversions/${conversionId}`);
  assert.deepEqual(kinds(await exported(clickId)), { signal: 2, click: CLICKS, conversion: 1 });
  await choose(page, "Named by", "Order key");
  await fill(page, "Order key", "no-such-order");
  await press(page, "Export");
  await page.waitForSelector("[role=alert] ::-p-text(conversion of this key)");
});

test("a person is erased once their name is typed; figures stay, and the page follows it to the end", async () => {
  const before = await report("slug");
  await open(page, server, `${handle}/settings/privacy`);
  await choose(page, "Named by", "Order key");
  assert.ok(await page.$eval(".button-danger", (button) => button.disabled), "no person is named");
  await fill(page, "Order key", "order-1");
  await (await page.$$('main button[aria-label="API request"]'))[1].click();
  assert.match(await page.waitForSelector("[role=dialog] pre").then(() => textOf(page, "[role=dialog] pre")), /-X POST .*\/privacy\/erase'[^]*"idempotencyKey": "order-1"/);
  await page.waitForFunction(() => document.activeElement?.closest("[role=dialog]"));
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !document.querySelector("[role=dialog]"));
  await press(page, "Erase …");
  await fill(page, "Type the order key", "order");
  assert.ok(await page.$eval("[role=dialog] button[type=submit]", (button) => button.disabled), "half a name erases no one");
  assert.deepEqual(await findings(page), []);
  await fill(page, "Type the order key", "order-1");
  await press(page, "Erase");
  await page.waitForSelector("::-p-text(The erasure is requested.)");
  const [erasedBy, repeatedUntil] = await page.$$eval(".alert time", (times) => times.map((time) => Date.parse(time.dateTime)));
  const days = (at) => Math.round((at - Date.now()) / 86_400_000);
  assert.deepEqual([days(erasedBy), days(repeatedUntil)], [1, 15]);
  await page.waitForSelector("table[aria-label=Erasures] ::-p-text(Under way)");
  await page.waitForSelector("table[aria-label=Erasures] ::-p-text(Erased)", { timeout: SWEPT_MS });
  assert.match(await textOf(page, "table[aria-label=Erasures] tbody tr"), /demo-owner\s+the order key\s+Erased .*: 230 clicks, 1 conversion, and 1 session/);
  assert.deepEqual(await findings(page), []);

  assert.deepEqual((await report("slug")).totals, before.totals);
  const { items } = await must(server, handle, "GET", "clicks?limit=100");
  assert.deepEqual(items.filter(({ sessionId }) => sessionId).map(({ sessionId }) => sessionId), ["another"]);

  await page.click(".page-actions a");
  await page.waitForFunction(() => location.pathname.endsWith("/settings/audit") && location.search.includes("privacy"));
  await settled(page);
  const audit = await textOf(page, "table[aria-label='Audit events']");
  for (const words of ["Erasing a person requested", "Person erased", "Person's data exported"]) assert.ok(audit.includes(words), `${words}: ${audit}`);
  assert.ok(!audit.includes(PERSON) && !audit.includes("order-1"), "it names no person");
});

test("an operator is not offered it, and is told who may", async () => {
  await open(page, server, `${handle}/settings/privacy?sessionId=${PERSON}`, "demo-operator");
  assert.match(await textOf(page, ".page"), /You are OPERATOR of this handle\. Its OWNER can open it\./);
  assert.ok(!(await page.$$eval(".rail a", (links) => links.map(({ innerText }) => innerText.trim()))).includes("Privacy"));
  assert.ok(!page.calls.some((call) => call.includes("/privacy/")), page.calls.join("\n"));
  assert.equal((await callAs(server, "demo-operator", "POST", `/v2/handles/${handle}/privacy/erase`, { sessionId: PERSON })).status, 403);
  await go(page, `${handle}/lifecycle/sessions/another`);
  assert.ok(!(await textOf(page, ".page")).includes("Privacy"));
});
