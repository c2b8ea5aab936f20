// What opens over a page: accessible, closed by Esc with the focus back; the keyboard's list; and every page while the API fails.
import assert from "node:assert/strict";
import { test } from "node:test";
import { findings } from "./axe.mjs";
import { environment, eventually, go, HANDLE, open, press, settled, tab } from "./harness.mjs";
import { PAGES } from "./pages.mjs";

let server, browser;
environment({}, (env) => ({ server, browser } = env));

const OVERLAYS = [
  ["overview", "Days: Last 30 days"],
  ["overview", "Notifications"],
  ["overview", "Account and settings of this browser"],
  ["overview", "API request"],
  ["overview", "Search ⌘K"],
  ["attribution/links/summer-sale/edit", "Add a rule"],
  ["attribution/links", "Columns"],
  ["attribution/links/summer-sale", "Delete"],
  ["attribution/links/boots/history", "Roll back"],
  ["settings/tokens", "New token"],
  ["settings/collaborators", "Add a person"],
  ["settings/collaborators", "Transfer ownership"],
];

for (const theme of ["light", "dark"]) {
  test(`overlays in ${theme}`, async (t) => {
    const own = await tab(browser, server, { theme });
    await open(own, server, `${HANDLE}/overview`);
    for (const [place, name] of OVERLAYS) {
      await t.test(`${name} on ${place}`, async () => {
        await go(own, `${HANDLE}/${place}`);
        await eventually(name, () => press(own, name).then(() => own.waitForSelector("[role=dialog]", { timeout: 1000 }))).catch(async () => {
          await press(own, `${name}, new ones`);
          await own.waitForSelector("[role=dialog]");
        });
        await new Promise((resolve) => setTimeout(resolve, 150));
        assert.deepEqual(await findings(own, "[role=dialog]"), []);
        await own.keyboard.press("Escape");
        await own.waitForFunction(() => !document.querySelector("[role=dialog]"));
        // It is given back in the frame after the one that removes the overlay.
        await eventually("the focus is back on the page", () => own.evaluate(() => document.activeElement !== document.body));
        assert.deepEqual(own.faults, []);
      });
    }
  });
}

test("the keyboard does what its list says", async () => {
  const page = await tab(browser, server);
  await open(page, server, `${HANDLE}/overview`);
  await page.keyboard.press("?");
  const listed = await eventually("the list", () => page.$$eval(".keys kbd", (all) => all.map((key) => key.innerText)).then((keys) => keys.length && keys));
  for (const key of ["⌘K", "c", "/", "?", "g l", "j k", "⌘S"]) assert.ok(listed.includes(key), key);
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !document.querySelector("[role=dialog]"));
  await page.keyboard.press("g");
  await page.keyboard.press("l");
  await page.waitForFunction(() => location.pathname.endsWith("/attribution/links"));
  await settled(page);
  await page.keyboard.press("w");
  await page.waitForFunction(() => location.search.includes("range=7d"));
  await page.focus(".row-name");
  await page.keyboard.press("j");
  const second = await page.evaluate(() => document.activeElement.closest("tr").dataset.key);
  assert.equal(second, await page.$$eval("tbody tr", (rows) => rows[1].dataset.key));
  await page.keyboard.press("x");
  await page.waitForSelector(".bulk");
  await page.keyboard.press("x");
  await page.keyboard.press("Enter");
  await page.waitForFunction((slug) => location.pathname.endsWith(`/links/${slug}`), {}, second);
  await settled(page);
  await page.keyboard.press("e");
  await page.waitForFunction(() => location.pathname.endsWith("/edit"));
  await page.keyboard.down("Control");
  await page.keyboard.press("k");
  await page.keyboard.up("Control");
  await page.waitForSelector(".palette-search input");
  await page.keyboard.type("boots");
  await eventually("a result", () => page.$("::-p-text(Boots)"));
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => location.pathname.endsWith("/links/boots"));
  assert.deepEqual(page.faults, []);
});

test("every page while the API fails: the error with its request id and a retry, and the frame stays", async (t) => {
  const page = await tab(browser, server);
  let failing = false;
  const FRAME = /\/v2\/handles(\?|$)|\/v2\/handles\/\w+$|usage-meters/;
  await page.setRequestInterception(true);
  page.on("request", (request) => {
    const address = request.url().replace(/\?.*/, "");
    if (!failing || !address.includes("/v2/handles") || FRAME.test(address)) return void request.continue();
    const body = JSON.stringify({ error: "invalid_payload", message: "Refused by the test.", requestId: "req_of_the_test" });
    return void request.respond({ status: 400, contentType: "application/json", body });
  });
  await open(page, server, `${HANDLE}/attribution/get-started`);
  failing = true;
  for (const place of PAGES.filter((one) => !/get-started|links\/new|campaigns\/new|settings\/(plan|account|snippet)|exports/.test(one))) {
    await t.test(place, async () => {
      await go(page, `${HANDLE}/attribution/get-started`);
      await page.evaluate((to) => {
        history.pushState(null, "", `/console/${to}`);
        dispatchEvent(new PopStateEvent("popstate"));
      }, `${HANDLE}/${place}`);
      await page.waitForSelector("::-p-text(req_of_the_test)");
      assert.ok(await page.$(".rail"), "the frame stays");
      assert.deepEqual(await findings(page), []);
      assert.deepEqual(page.faults, []);
    });
  }
});
