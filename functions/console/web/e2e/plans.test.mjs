// The plan FREE: what it does not include names the plan that does, and the write too many says when the next one is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { callAs, environment, eventually, fill, go, open, prepare, press, tab, textOf } from "./harness.mjs";

const HANDLE = "demo";
const ZONE = "Pacific/Kiritimati";

let server, browser, page;
environment({ plan: "FREE", month: false }, (env) => ({ server, browser } = env));
prepare(async () => {
  page = await tab(browser, server);
  await open(page, server, `${HANDLE}/settings/plan`);
});

const meter = () => page.$eval(".writes", (shown) => shown.getAttribute("aria-label"));

test("what the plan locks names the plan PRO, and is not asked for", async () => {
  const plans = await textOf(page, "table[aria-label=Plans]");
  assert.match(plans, /FREE \(yours\)/);
  assert.match(plans, /Access tokens[\s\S]*from PRO/);
  page.calls.length = 0;
  await go(page, `${HANDLE}/settings/tokens`);
  await page.waitForSelector("::-p-text(Access tokens need the plan PRO)");
  assert.ok(!page.calls.some((call) => call.includes("/tokens")), page.calls.join("\n"));
  await press(page, "See the plans");
  await page.waitForFunction(() => location.pathname.endsWith("/settings/plan"));
  await go(page, `${HANDLE}/attribution/exports`);
  await page.waitForSelector("::-p-text(Exports need the plan PRO)");
  assert.deepEqual(page.faults, []);
});

test("a token from before can be revoked on the plan FREE", async () => {
  await callAs(server, "demo-admin", "PUT", "/v2/platform-admin/accounts/demo-owner", { plan: "PRO" });
  const { body } = await callAs(server, "demo-owner", "POST", `/v2/handles/${HANDLE}/tokens`, { name: "old", scopes: ["links.read"] });
  await callAs(server, "demo-admin", "PUT", "/v2/platform-admin/accounts/demo-owner", { plan: "FREE" });
  await go(page, `${HANDLE}/settings/tokens`);
  // A token that is pasted arrives at once.
  await fill(page, "Token id", "");
  await page.keyboard.sendCharacter(body.token);
  const kept = await page.$$eval("input", (all) => all.map(({ value }) => value));
  assert.ok(kept.includes(body.tokenId) && !kept.join().includes(body.token.split(".")[1]), "only the id stays in the field");
  await press(page, "Revoke");
  await page.waitForSelector("::-p-text(The token is revoked.)");
  assert.deepEqual(page.faults, []);
});

test("the audit is on the plan FREE too", async () => {
  await go(page, `${HANDLE}/settings/audit`);
  const rows = await page.$$eval("table[aria-label='Audit events'] tbody tr", (all) => all.map((row) => row.innerText));
  assert.ok(rows.some((row) => row.includes("Token revoked")) && rows.some((row) => row.includes("Token created")), rows.join("\n"));
  await page.click("table[aria-label='Audit events'] .row-name");
  const opened = await eventually("the event", () => textOf(page, "[role=dialog]"));
  assert.match(opened, /Token revoked[\s\S]*demo-owner[\s\S]*req_/);
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !document.querySelector("[role=dialog]"));
  assert.deepEqual(page.faults, []);
});

test("the meter counts the writes down, and the one too many shows the midnight of the account's zone", async () => {
  // The token was the first write; the zone is the second.
  await open(page, server, `${HANDLE}/settings/plan`);
  assert.equal(await meter(), "1 write left of 2 today");
  await go(page, `${HANDLE}/settings/account`);
  await fill(page, "Zone", "Kiritimati");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await press(page, "Save");
  await page.waitForSelector(`::-p-text(The zone of your account is ${ZONE}.)`);
  const { body: account } = await callAs(server, "demo-owner", "GET", "/v2/account");
  assert.equal(account.timeZone, ZONE);
  // The day of the new zone has its own writes: those of the day there are used up first.
  for (let left = account.limits.writesPerDay - account.writesToday; left > 0; left--) {
    await callAs(server, "demo-owner", "PUT", `/v2/handles/${HANDLE}/links/filler`, { destinationUrl: `https://example.com/${left}` });
  }
  await open(page, server, `${HANDLE}/attribution/links/new`);
  assert.equal(await meter(), "0 writes left of 2 today");
  await fill(page, "Destination", "https://example.com/third");
  await press(page, "Create link");
  const alert = await eventually("the refusal", () => textOf(page, ".alert-bad"));
  const midnight = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium", timeZone: ZONE }).format(Date.parse(account.resetsAt));
  assert.match(midnight, /, 00:00:00$/);
  assert.ok(alert.includes(`Try again from ${midnight} on (${ZONE}).`), alert);
  await go(page, `${HANDLE}/settings/plan`);
  assert.ok((await textOf(page, ".figures")).includes(`${midnight}, ${ZONE}`));
  assert.deepEqual(page.faults, []);
});
