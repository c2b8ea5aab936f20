// The same pages in Firefox: signed in, drawn, and without an error or a violation of the policy.
import assert from "node:assert/strict";
import { test } from "node:test";
import { environment, go, HANDLE, open, tab } from "./harness.mjs";
import { PAGES } from "./pages.mjs";

let server, browser;
environment({ browser: "firefox" }, (env) => ({ server, browser } = env));

test("every page in Firefox", async (t) => {
  const page = await tab(browser, server);
  await open(page, server, `${HANDLE}/${PAGES[0]}`);
  for (const place of PAGES) {
    await t.test(place, async () => {
      page.faults.length = 0;
      await go(page, `${HANDLE}/${place}`);
      assert.ok(await page.$(".page h1"));
      // What could not be read; a webhook that fails is no error of the page.
      assert.equal(await page.$(".alert-bad[role=alert]"), null);
      assert.deepEqual(page.faults, []);
    });
  }
});
