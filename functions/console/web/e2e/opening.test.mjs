// What is loaded only when it is opened: it takes the keyboard as if it had been there, and a failure to load it leaves the page as it is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { environment, eventually, open, press } from "./harness.mjs";

let server, browser, page;
environment({ month: false, tabs: true }, (env) => ({ server, browser, page } = env));

const focused = () => page.evaluate(() => document.activeElement.className);

test("the menu of handles is opened, walked and closed by keyboard", async () => {
  await open(page, server, "demo/overview");
  await page.focus(".switcher");
  await page.keyboard.press("ArrowDown");
  await page.waitForSelector("[role=menu] [role=menuitemradio]");
  assert.equal(await page.$eval(".switcher", (button) => button.getAttribute("aria-expanded")), "true");
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !document.querySelector("[role=menu]"));
  await eventually("the focus is back", async () => (await focused()) === "switcher");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[role=menu] [role=menuitemradio]");
  await eventually("the focus is in the menu", () => page.evaluate(() => document.activeElement.role?.startsWith("menuitem")));
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => !document.querySelector("[role=menu]") && location.pathname === "/console/demo/overview");
});

test("what cannot be loaded when it is opened leaves the page as it is", async () => {
  const own = await (await browser.createBrowserContext()).newPage();
  await own.setViewport({ width: 1280, height: 900 });
  await own.setRequestInterception(true);
  own.on("request", (request) => void (/\/shared-/.test(request.url()) ? request.abort() : request.continue()));
  await open(own, server, "demo/overview");
  await press(own, "Search ⌘K");
  await own.waitForSelector("::-p-text(Load it again)");
  assert.equal(await own.$eval(".page h1", (title) => title.innerText), "Overview");
  await own.browserContext().close();
});
